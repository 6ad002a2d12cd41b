"""The news record: the one definition of what Bayegan keeps of an item, and its JSON form."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

SCHEMA_VERSION = 1

Organisation = Literal["welfare", "endowment"]
Status = Literal["live", "gone"]


def _said(description: str, source: str, **more: str) -> Meta:
    """What the JSON Schema says of a field: its meaning, where it comes from, and perhaps `unit`, `format` …"""
    extra = {"x-unit" if name == "unit" else name: value for name, value in more.items()}
    return Meta(description=description, extra_json_schema={"x-source": source} | extra)


@dataclass(slots=True, frozen=True)
class Image:
    """A picture of the item itself, at the largest size the page names."""

    url: Annotated[str, _said("address of the picture at the largest size the page names", "the page")]
    alt: Annotated[str, _said("its description; empty when the page has none", "the page")] = ""


@dataclass(slots=True, frozen=True)
class Attachment:
    """A file linked from the body: PDF, DOC, ZIP …"""

    url: Annotated[str, _said("address of the file", "the page: a link in the body")]
    title: Annotated[str, _said("text of the link", "the page: a link in the body")] = ""


@dataclass(slots=True, frozen=True)
class Capture:
    """Where the bytes are: one response record in one gzip member of one WARC file."""

    warc: Annotated[str, _said("path of the WARC file, relative to the collection", "the collection")]
    offset: Annotated[int, _said("first byte of the gzip member", "the WARC file", unit="bytes")]
    length: Annotated[int, _said("length of the gzip member", "the WARC file", unit="bytes")]
    record_id: Annotated[str, _said("id of the response record, without < >", "WARC-Record-ID")]
    payload_digest: Annotated[
        str, _said("digest of the transfer-decoded body, algorithm:base32", "WARC-Payload-Digest")
    ]
    fetched: Annotated[str, _said("when it was fetched: ISO 8601, UTC", "WARC-Date", format="date-time")]
    http_status: Annotated[int, _said("HTTP status code", "the status line of the response")]
    ip: Annotated[str | None, _said("IP address of the server; null where another program captured", "WARC-IP-Address")]


@dataclass(slots=True, frozen=True)
class Extractor:
    """Which rules read the page."""

    dialect: Annotated[str, _said("the content system whose rules read the page", "Bayegan")]
    version: Annotated[int, _said("version of those rules", "Bayegan")]


@dataclass(slots=True)
class NewsRecord:
    """One news item. Text is as published: half-spaces, Arabic letters and digits are untouched.

    The field order is the key order of the JSON. Nulls are written, never left out.
    """

    id: Annotated[str, _said("identity of the item: portal:code", "portal and code")]
    portal: Annotated[str, _said("the installation in which the code names one item", "the host, by the office list")]
    code: Annotated[str, _said("news code (کد خبر), in ASCII digits", "the address, checked against the page")]
    url: Annotated[str, _said("the address the item was read from, normalised", "the request")]
    title: Annotated[str, _said("headline", "the page", unit="text as published")]
    schema_version: Annotated[int, _said("version of this description", "Bayegan")] = SCHEMA_VERSION
    aliases: Annotated[list[str], _said("every other address seen for the item, sorted", "all pages crawled")] = field(
        default_factory=list
    )
    office: Annotated[str | None, _said("the office that publishes it; null when unknown", "portal and province")] = (
        None
    )
    organisation: Annotated[
        Organisation | None, _said("welfare (بهزیستی) or endowment (اوقاف)", "the portal, by the office list")
    ] = None
    province: Annotated[str | None, _said("the province it is about: ISO 3166-2:IR", "see province_source")] = None
    province_source: Annotated[
        str | None,
        _said("the evidence for the province: breadcrumb, dateline, title, office or host", "Bayegan"),
    ] = None
    kind: Annotated[str, _said("news, photo, video, report, talk, …", "the page, else news")] = "news"
    kicker: Annotated[
        str, _said("the line above the title (رو‌تیتر); empty when there is none", "the page", unit="text as published")
    ] = ""
    lead: Annotated[
        str, _said("the summary paragraph; empty when the page has none", "the page", unit="text as published")
    ] = ""
    body: Annotated[
        str,
        _said(
            "one block a line: paragraphs, subheads, list items, quotes, table rows",
            "the page, without boilerplate",
            unit="text as published",
        ),
    ] = ""
    body_html: Annotated[str | None, _said("sanitised markup of the body; null in a dump without it", "the page")] = (
        None
    )
    published: Annotated[
        str | None,
        _said(
            "when it was published: ISO 8601 with the offset of Tehran at that time; null when the page has no date",
            "the page",
            format="date-time",
        ),
    ] = None
    published_jalali: Annotated[
        str | None,
        _said("the day of publication in the Jalali calendar, YYYY-MM-DD", "published", pattern=r"^\d{4}-\d\d-\d\d$"),
    ] = None
    published_raw: Annotated[str | None, _said("the date line as the page shows it", "the page")] = None
    modified: Annotated[
        str | None, _said("when the page says it was edited: ISO 8601", "the page: article:modified_time")
    ] = None
    language: Annotated[str | None, _said("language of the text, such as fa", "the page: lang, og:locale")] = None
    authors: Annotated[list[str], _said("names of authors", "the page")] = field(default_factory=list)
    categories: Annotated[list[str], _said("breadcrumb or section, outermost first", "the page")] = field(
        default_factory=list
    )
    tags: Annotated[list[str], _said("key words, as published", "the page")] = field(default_factory=list)
    images: Annotated[list[Image], _said("pictures of the item itself", "the page")] = field(default_factory=list)
    attachments: Annotated[list[Attachment], _said("files that the body links to", "the page")] = field(
        default_factory=list
    )
    videos: Annotated[list[str], _said("addresses of video files", "the page")] = field(default_factory=list)
    links: Annotated[list[str], _said("addresses linked from the body", "the page")] = field(default_factory=list)
    short_url: Annotated[str | None, _said("the short address that the page offers", "the page")] = None
    content_sha256: Annotated[
        str | None,
        _said(
            "of the fields a reader sees, hexadecimal; equal means no new revision",
            "the record",
            pattern="^[0-9a-f]{64}$",
        ),
    ] = None
    revision: Annotated[int, _said("1 for the first version, one more for each edit that was seen", "all captures")] = 1
    status: Annotated[Status, _said("live, or gone when the site no longer has it", "the newest captures")] = "live"
    first_seen: Annotated[
        str | None, _said("first capture: ISO 8601, UTC", "WARC-Date of its captures", format="date-time")
    ] = None
    last_seen: Annotated[
        str | None, _said("newest capture that confirms it: ISO 8601, UTC", "WARC-Date", format="date-time")
    ] = None
    capture: Annotated[Capture | None, _said("where the bytes are that it was read from", "the collection")] = None
    extractor: Annotated[Extractor | None, _said("which rules read the page", "Bayegan")] = None
    warnings: Annotated[list[str], _said("what was doubtful when the page was read", "Bayegan")] = field(
        default_factory=list
    )


KEYS = (
    "schema_version id portal code url aliases office organisation province province_source kind title kicker lead "
    "body body_html published published_jalali published_raw modified language authors categories tags images "
    "attachments videos links short_url content_sha256 revision status first_seen last_seen capture extractor warnings"
).split()
"""The keys of a record in the order in which they are written."""

_CONTENT = "kind title kicker lead body published authors categories tags images attachments videos".split()
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(NewsRecord)


def content_sha256(record: NewsRecord) -> str:
    """Hash what a reader would notice; markup, addresses and our own notes are left out. Hex."""
    return hashlib.sha256(_encoder.encode([getattr(record, name) for name in _CONTENT])).hexdigest()


def to_dict(record: NewsRecord) -> dict[str, Any]:
    """The record as plain JSON types, keys in order."""
    return {name: msgspec.to_builtins(getattr(record, name)) for name in KEYS}


def to_json(record: NewsRecord) -> bytes:
    """One line of UTF-8 JSON, keys in order, nulls kept, no escapes for Persian letters."""
    return _encoder.encode({name: getattr(record, name) for name in KEYS})


def from_json(line: bytes | str) -> NewsRecord:
    """Read a record back. Raises msgspec.ValidationError for anything else."""
    return _decoder.decode(line)


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a record. `x-source` says where a field comes from, `x-unit` in what it is counted."""
    schema = msgspec.json.schema(NewsRecord)
    definition = schema["$defs"]["NewsRecord"]
    definition["properties"] = {key: definition["properties"][key] for key in KEYS}
    definition["required"] = list(KEYS)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


assert set(KEYS) == {f.name for f in fields(NewsRecord)}
