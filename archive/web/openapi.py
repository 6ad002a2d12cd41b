"""The OpenAPI description of the JSON, from the table of routes and the types that views give."""

from __future__ import annotations

from typing import Any

import msgspec

from archive.record import json_schema
from archive.web.page import Download, View
from archive.web.params import Param

_REFERENCE = "#/components/schemas/{name}"


class Problem(msgspec.Struct):
    """Why there is no answer (RFC 9457)."""

    title: str
    status: int
    detail: str


def description(views: tuple[View, ...], downloads: tuple[Download, ...]) -> dict[str, Any]:
    """The document served as /openapi.json."""
    types = [*(view.data for view in views), Problem]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    record = json_schema()["$defs"]
    assert isinstance(record, dict)
    record = msgspec.json.decode(msgspec.json.encode(record).replace(b"#/$defs/", b"#/components/schemas/"))
    paths = {
        view.twin: _operation(view.summary, view.params, "application/json", schema)
        for view, schema in zip(views, schemas, strict=False)
    }
    paths |= {each.path: _operation(each.summary, each.params, each.media_type, None) for each in downloads}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bayegan", "version": "1", "description": "Every page has a JSON twin; these are they."},
        "paths": paths,
        "components": {"schemas": components | record},
    }


def _operation(summary: str, params: tuple[Param, ...], media_type: str, schema: Any) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
    wrong = {"400": "A parameter that cannot be understood", "404": "There is no such thing", "503": "Too slow or busy"}
    return {
        "get": {
            "summary": summary,
            "parameters": [
                {
                    "name": param.name,
                    "in": param.where,
                    "required": param.where == "path",
                    "description": param.description,
                    "schema": param.schema,
                }
                for param in params
            ],
            "responses": {
                "200": {"description": summary, "content": {media_type: {"schema": schema} if schema else {}}},
                **{status: {"description": text, "content": problem} for status, text in wrong.items()},
            },
        }
    }
