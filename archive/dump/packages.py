"""Descriptions of a dump for programs: Data Package v2 (datapackage.org) and Croissant 1.0 (mlcommons.org)."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from archive.dump.graph import Link, Told
from archive.dump.options import DumpFile, Manifest
from archive.record import KEYS, json_schema
from archive.sheet import COLUMNS

_NAME = "bayegan-news"
_TYPES = {"jsonl": "application/jsonlines", "parquet": "application/vnd.apache.parquet", "csv": "text/csv"}
_PACKED = {".zst": "application/zstd", ".gz": "application/gzip"}
_DESCRIPTION = (
    "Press releases and news of the provincial offices of welfare (بهزیستی) and endowment (اوقاف) in Iran, one record "
    "an item, as published, each with the place of the capture it was read from."
)
_KEYWORDS = ["news", "press releases", "Persian", "Iran", "بهزیستی", "اوقاف", "web archive"]


def datapackage(manifest: Manifest, title: str, rights: str) -> dict[str, Any]:
    """The descriptor: one resource a data file; a table schema for CSV, the JSON Schema beside it for all else."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": _NAME,
        "title": title,
        "description": _DESCRIPTION,
        "version": manifest.content[:16],
        "keywords": _KEYWORDS,
        "licenses": [{"name": "LicenseRef-rights-of-the-publishers", "title": rights}],
        "resources": [_resource(file) for file in manifest.files],
    }


def _format(file: DumpFile) -> str:
    return next(name for name in _TYPES if f".{name}" in file.path)


def _resource(file: DumpFile) -> dict[str, Any]:
    kind = _format(file)
    suffix = file.path.rpartition(".")[2]
    resource: dict[str, Any] = {
        "name": resource_name(file.path),
        "path": file.path,
        "format": kind if suffix == kind else f"{kind}.{suffix}",
        "mediatype": _PACKED.get(f".{suffix}", _TYPES[kind]),
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
    }
    if kind != "csv":
        resource["type"] = "file"  # there are readers that would take lists and objects for broken cells
    else:
        resource |= {"type": "table", "profile": "tabular-data-resource", "encoding": "utf-8"}
        resource["schema"] = _table_schema(file)
    return resource


def resource_name(path: str) -> str:
    """A name from a path: letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", path.removeprefix("data/").lower()).strip("-")


_INTEGERS = ("revision", "offset")


def _table_schema(file: DumpFile) -> dict[str, Any]:
    if file.path.startswith("graph/"):
        row = Link if "links" in file.path else Told
        return {"fields": [{"name": f.name, "type": "integer" if f.type == "int" else "string"} for f in fields(row)]}
    definitions = json_schema()["$defs"]
    said = definitions["Capture"]["properties"] | definitions["NewsRecord"]["properties"]
    said["captured"] = said["fetched"]
    columns = [
        {
            "name": name,
            "type": "integer" if name in _INTEGERS else "string",
            "description": said[name]["description"],
        }
        for name in COLUMNS
    ]
    return {"fields": columns, "primaryKey": ["id"]}


# --- Croissant --------------------------------------------------------------------------------------------------

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification of Croissant 1.0 prescribes."""

_PATTERNS = {
    "parquet": ("data/parquet/*/records.parquet", "application/x-parquet"),
    "jsonl": ("data/jsonl/*.jsonl*", "application/jsonlines"),
    "csv": ("data/csv/*.csv", "text/csv"),
}


def croissant(manifest: Manifest, title: str, rights: str) -> dict[str, Any]:
    """The JSON-LD: each data file with its SHA-256, and the fields of a record as columns of the richest format."""
    best = next(name for name in _PATTERNS if name in manifest.options.formats)
    pattern, media_type = _PATTERNS[best]
    files = [
        {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": resource_name(file.path),
            "contentUrl": file.path,
            "contentSize": f"{file.bytes} B",
            "encodingFormat": _TYPES[_format(file)],
            "sha256": file.sha256,
        }
        for file in manifest.files
    ]
    records = {"@type": "cr:FileSet", "@id": "records-files", "encodingFormat": media_type, "includes": pattern}
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": _NAME,
        "alternateName": title,
        "description": _DESCRIPTION,
        "license": rights,
        "citeAs": f"@misc{{{_NAME}, title = {{{title}}}, version = {{{manifest.content[:16]}}}}}",
        "url": f"urn:sha256:{manifest.content}",
        "version": f"{manifest.records}.0.0",
        "datePublished": (manifest.newest or "1970-01-01")[:10],
        "inLanguage": "fa",
        "keywords": _KEYWORDS,
        "distribution": [*files, records],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "records", "name": "records", "field": _fields(best)}],
    }


def _fields(best: str) -> list[dict[str, Any]]:
    properties = json_schema()["$defs"]["NewsRecord"]["properties"]
    names = [key for key in KEYS if best != "csv" or key in COLUMNS]
    made = []
    for name in names:
        said = properties[name]
        if "$ref" in str(said):
            continue  # objects; the JSON Schema describes them
        made.append(
            {
                "@type": "cr:Field",
                "@id": f"records/{name}",
                "name": name,
                "description": said["description"],
                "dataType": "sc:Integer" if said.get("type") == "integer" else "sc:Text",
                **({"repeated": True} if said.get("type") == "array" else {}),
                "source": {"fileSet": {"@id": "records-files"}, "extract": {"column": name}},
            }
        )
    return made
