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


@dataclass(slots=True, frozen=True)
class Image:
    """A picture of the item itself, at the largest size the page names."""

    url: str
    alt: str = ""


@dataclass(slots=True, frozen=True)
class Attachment:
    """A file linked from the body: PDF, DOC, ZIP …"""

    url: str
    title: str = ""


@dataclass(slots=True, frozen=True)
class Capture:
    """Where the bytes are: one response record in one gzip member of one WARC file."""

    warc: Annotated[str, Meta(description="path of the WARC file, relative to the collection")]
    offset: Annotated[int, Meta(description="first byte of the gzip member")]
    length: Annotated[int, Meta(description="bytes of the gzip member")]
    record_id: Annotated[str, Meta(description="WARC-Record-ID of the response, without < >")]
    payload_digest: Annotated[str, Meta(description="digest of the transfer-decoded body, algorithm:base32")]
    fetched: Annotated[str, Meta(description="WARC-Date: ISO 8601, UTC")]
    http_status: int
    ip: str | None


@dataclass(slots=True, frozen=True)
class Extractor:
    """Which rules read the page."""

    dialect: str
    version: int


@dataclass(slots=True)
class NewsRecord:
    """One news item. Text is as published: half-spaces, Arabic letters and digits are untouched.

    The field order is the key order of the JSON. Nulls are written, never left out.
    """

    id: Annotated[str, Meta(description="portal:code")]
    portal: Annotated[str, Meta(description="the installation in which the code names one item")]
    code: Annotated[str, Meta(description="کد خبر, in ASCII digits")]
    url: Annotated[str, Meta(description="the address the item was read from, normalised")]
    title: str
    schema_version: int = SCHEMA_VERSION
    aliases: Annotated[list[str], Meta(description="every other address seen for the item, sorted")] = field(
        default_factory=list
    )
    office: Annotated[str | None, Meta(description="the office that publishes it")] = None
    organisation: Organisation | None = None
    province: Annotated[str | None, Meta(description="ISO 3166-2:IR")] = None
    province_source: Annotated[
        str | None,
        Meta(description="the evidence for the province: breadcrumb, dateline, title, office or host"),
    ] = None
    kind: Annotated[str, Meta(description="news, photo, video, report, talk, …")] = "news"
    kicker: Annotated[str, Meta(description="رو‌تیتر; empty when the page has none")] = ""
    lead: Annotated[str, Meta(description="the summary paragraph; empty when the page has none")] = ""
    body: Annotated[str, Meta(description="one block a line: paragraphs, subheads, list items, quotes, table rows")] = (
        ""
    )
    body_html: Annotated[str | None, Meta(description="sanitised markup of the body")] = None
    published: Annotated[str | None, Meta(description="ISO 8601 with the offset of Tehran at that time")] = None
    published_jalali: Annotated[str | None, Meta(description="YYYY-MM-DD in the Jalali calendar")] = None
    published_raw: Annotated[str | None, Meta(description="the date line as the page shows it")] = None
    modified: str | None = None
    language: str | None = None
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)
    links: Annotated[list[str], Meta(description="addresses linked from the body")] = field(default_factory=list)
    short_url: str | None = None
    content_sha256: Annotated[
        str | None, Meta(description="of the fields a reader sees; equal means no new revision")
    ] = None
    revision: int = 1
    status: Status = "live"
    first_seen: str | None = None
    last_seen: str | None = None
    capture: Capture | None = None
    extractor: Extractor | None = None
    warnings: list[str] = field(default_factory=list)


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


assert set(KEYS) == {f.name for f in fields(NewsRecord)}
