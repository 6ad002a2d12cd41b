"""From a capture to a record, live or again: the same steps for a crawl, for recovery and for a rebuild."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from archive import warc
from archive.catalogue import CaptureRow
from archive.collection import Collection
from archive.http import HttpError, HttpResponse, read_response
from archive.offices import Office, Offices
from archive.record import Capture, NewsRecord
from scraper.dialects import DIALECTS, GENERIC, detect
from scraper.extract import Extraction, extract
from scraper.listing import read_listing
from scraper.newscode import identify

_log = logging.getLogger("bayegan")
_OK = 200


@dataclass(slots=True, frozen=True)
class Context:
    """What decides beside the page itself: the offices known to the crawl and the range it was asked for."""

    offices: Offices
    since: str | None = None
    until: str | None = None


@dataclass(slots=True, frozen=True)
class Verdict:
    """What a captured item page is: a record to store, or the outcome and reason why there is none."""

    record: NewsRecord | None
    outcome: str = ""
    reason: str = ""


def judge(extraction: Extraction, capture: Capture, context: Context, found_by: str | None, item: str) -> Verdict:
    """Complete an extracted record with what the page cannot know, or say why it is not kept.

    Args:
        found_by: id of the office in whose listings the item was found.
        item: the id that the address names.
    """
    record = extraction.record
    if record is None:
        assert extraction.refusal is not None
        return Verdict(None, "refused", extraction.refusal.reason)
    if record.id != item:
        return Verdict(None, "refused", "code-mismatch")
    if not within(record, context.since, context.until):
        return Verdict(None, "out-of-range")
    publisher = context.offices.publisher(record.portal, record.province)
    record.office = publisher.id if publisher else found_by
    if publisher:
        record.organisation = publisher.organisation
    record.capture = capture
    return Verdict(record)


def within(record: NewsRecord, since: str | None, until: str | None) -> bool:
    """Whether a record's day lies in a range of Gregorian days; one without a visible date always does."""
    if record.published is None:
        return True
    day = record.published[:10]
    return (since or day) <= day <= (until or day)


def read_item(
    body: bytes, url: str, content_type: str | None, capture: Capture, portal: str, office: Office | None
) -> Extraction:
    """Extract an item page as a crawl does."""
    return extract(
        body,
        url,
        content_type=content_type,
        fetched=dt.datetime.fromisoformat(capture.fetched),
        portal=portal,
        office_province=office.province if office else None,
        organisation=office.organisation if office else None,
    )


# --- from WARC files --------------------------------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class Captured:
    """A response in a WARC file with what its metadata record says of it."""

    row: CaptureRow
    record: warc.Record
    facts: dict[str, str]
    context: Context


def read_warc(root: Path, path: Path) -> Iterator[Captured]:
    """The captures of one WARC file of ours, in order. Raises DamagedMemberError at a damaged member."""
    name = path.relative_to(root).as_posix().removesuffix(warc.OPEN_SUFFIX)
    context = Context(Offices((), {}, name))
    waiting: tuple[warc.Record, warc.Location] | None = None
    facts: dict[str, str] = {}
    for offset, length, data in warc.members(path):
        record = warc.parse(data, path, offset)
        if record.type == "warcinfo":
            context = _context(record, name)
        elif record.type in warc.CAPTURES:
            waiting, facts = (record, warc.Location(name, offset, length)), {}
        elif record.type == "metadata":
            facts = _fields(record.block)
        elif record.type == "request" and waiting:
            yield Captured(_row(*waiting, facts), waiting[0], facts, context)
            waiting = None


def index_captures(collection: Collection, path: Path) -> int:
    """Bring the captures of a WARC file that the catalogue lacks into it, with their records. Returns how many."""
    added = 0
    for captured in read_warc(collection.root, path):
        if collection.catalogue.has_capture(captured.row.capture.record_id):
            continue
        collection.catalogue.add_capture(captured.row)
        _index(collection, captured)
        added += 1
    return added


def _index(collection: Collection, captured: Captured) -> None:
    role, url = captured.facts.get("role"), captured.row.url
    if role is None or captured.row.capture.http_status != _OK or captured.record.get("WARC-Truncated"):
        return
    try:
        response = read_response(captured.record.block)
    except HttpError as error:
        _log.warning("%s in %s: %s", url, captured.row.capture.warc, error)
        return
    offices = captured.context.offices
    office = offices.get(captured.row.office)
    portal = office.portal if office else offices.portal_of_url(url)
    if role == "item":
        _index_item(collection, captured, response, portal, office)
    else:
        _index_listing(collection, captured, response, portal)


def _index_item(
    collection: Collection, captured: Captured, response: HttpResponse, portal: str, office: Office | None
) -> None:
    capture, url = captured.row.capture, captured.row.url
    address = identify(url, portal)
    if address is None:
        return
    extraction = read_item(response.body, url, response.get("content-type"), capture, portal, office)
    verdict = judge(extraction, capture, captured.context, captured.row.office, address.id)
    if verdict.record:
        collection.catalogue.store(verdict.record)


def _index_listing(collection: Collection, captured: Captured, response: HttpResponse, portal: str) -> None:
    url = captured.row.url
    found = detect(response.body) if captured.facts["role"] == "home" else None
    dialect = found[0] if found else DIALECTS.get(captured.facts.get("dialect", ""), GENERIC)
    listing = read_listing(response.body, url, dialect.name, response.get("content-type"))
    for entry in listing.entries:
        at = captured.context.offices.portal_of_url(entry.url)
        address = identify(entry.url, at)
        if address and at == portal:
            collection.catalogue.note_address(address.id, entry.url)


def _context(warcinfo: warc.Record, name: str) -> Context:
    fields = _fields(warcinfo.block)
    try:
        scope = json.loads(fields.get("scope", "{}"))
        offices = msgspec.json.decode(fields.get("offices", "[]"), type=tuple[Office, ...])
    except (ValueError, msgspec.MsgspecError) as error:
        _log.warning("The warcinfo record of %s is not one of ours: %s", name, error)
        return Context(Offices((), {}, name))
    return Context(Offices(offices, {}, name), scope.get("since"), scope.get("until"))


def _fields(block: bytes) -> dict[str, str]:
    pairs = (line.partition(": ") for line in block.decode("utf-8", "replace").split("\r\n"))
    return {name: value for name, colon, value in pairs if colon}


def _row(record: warc.Record, place: warc.Location, facts: dict[str, str]) -> CaptureRow:
    status, mime = _status_and_mime(record.block)
    capture = Capture(
        warc=place.warc,
        offset=place.offset,
        length=place.length,
        record_id=record.id,
        payload_digest=record.get("WARC-Payload-Digest") or "",
        fetched=record.get("WARC-Date") or "",
        http_status=status,
        ip=record.get("WARC-IP-Address"),
    )
    url = record.get("WARC-Target-URI") or ""
    return CaptureRow(capture, record.type, url, mime, facts.get("crawl"), facts.get("office"))


def _status_and_mime(block: bytes) -> tuple[int, str | None]:
    head = block.split(b"\n\r\n", 1)[0].split(b"\n\n", 1)[0]
    status = head[9:12]
    for line in head.splitlines()[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-type":
            mime = value.decode("latin-1").partition(";")[0].strip().lower()
            return int(status) if status.isdigit() else 0, mime or None
    return int(status) if status.isdigit() else 0, None
