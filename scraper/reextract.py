"""From a capture to a record, live or again: the same steps for a crawl, for recovery and for a rebuild."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from archive import warc
from archive.catalogue import CaptureRow, Catalogue
from archive.collection import Collection, CollectionWriter
from archive.http import NOT_FOUND, HttpError, HttpResponse, read_response
from archive.jalali import TEHRAN, jalali_text
from archive.members import Gap, scan
from archive.offices import Office, Offices
from archive.record import Capture, NewsRecord
from archive.recovery import NO_REQUEST, Recovered
from archive.search import index
from scraper import warcinfo
from scraper.dates import parse as parse_date
from scraper.dialects import DIALECTS, GENERIC, detect
from scraper.extract import Extraction, extract
from scraper.listing import Entry, read_listing
from scraper.newscode import identify
from scraper.refusals import leads_to_login
from scraper.warcinfo import Context

_log = logging.getLogger("bayegan")
_FOUND = range(200, 300)
_REDIRECTS = range(300, 400)
_NOT_MODIFIED = 304
SHARED_LISTINGS = frozenset({"tag", "service"})
"""Paths to listings that name items of other offices, too: they do not count as listed by this one."""


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
        item: the id of the item that was asked for.
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
    body: bytes,
    url: str,
    content_type: str | None,
    fetched: str,
    portal: str,
    office: Office | None,
    repeated: frozenset[bytes] = frozenset(),
) -> Extraction:
    """Extract an item page as a crawl does. `repeated`: what the crawl knew to repeat on the portal's pages."""
    return extract(
        body,
        url,
        content_type=content_type,
        fetched=dt.datetime.fromisoformat(fetched),
        portal=portal,
        office_province=office.province if office else None,
        organisation=office.organisation if office else None,
        repeated=repeated,
    )


# --- from WARC files --------------------------------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class Captured:
    """A response in a WARC file with what its metadata record says of it."""

    row: CaptureRow
    record: warc.Record
    facts: dict[str, str]
    context: Context
    original: Captured | None = None
    """Of a revisit: the capture that holds its payload."""

    @property
    def portal(self) -> str:
        """The portal in whose file the capture lies: warc/<portal>/<year>/…"""
        return self.row.capture.warc.split("/")[1]

    @property
    def item(self) -> str | None:
        """The id of the item that was asked for, told by its address or else by the crawl; None for other pages."""
        if self.facts.get("role") != "item":
            return None
        address = identify(self.row.url, self.portal)
        return address.id if address else self.facts.get("item")


def read_warc(root: Path, path: Path, damaged: Callable[[str], object] = _log.warning) -> Iterator[Captured]:
    """The captures of one WARC file of ours, in order. Damage is told to `damaged`, and reading goes on behind it."""
    name = path.relative_to(root).as_posix().removesuffix(warc.OPEN_SUFFIX)
    context = Context(Offices((), {}, name))
    waiting: tuple[warc.Record, warc.Location] | None = None
    facts: dict[str, str] = {}
    for found in scan(path):
        if isinstance(found, Gap):
            damaged(f"{path.name} at byte {found.offset}: {found.why}")
            waiting = None
            continue
        try:
            record = warc.parse(found.data, path, found.offset)
        except warc.DamagedMemberError as error:
            damaged(str(error))
            continue
        if record.type == "warcinfo":
            context = warcinfo.read(record, name)
        elif record.type in warc.CAPTURES:
            waiting, facts = (record, warc.Location(name, found.offset, found.length)), {}
        elif record.type == "metadata":
            facts = warcinfo.fields(record.block)
        if waiting and (record.type == "request" or NO_REQUEST.encode() in record.block):
            yield Captured(_row(*waiting, facts), waiting[0], facts, context)
            waiting = None


@dataclass(slots=True, frozen=True)
class Reading:
    """What a capture brings to the catalogue beside itself: a record, and addresses seen for items."""

    record: NewsRecord | None = None
    terms: index.Terms | None = None
    addresses: tuple[tuple[str, str], ...] = ()
    seen: str | None = None
    """When the record was seen, if a revisit says so."""
    seen_again: str | None = None
    """The item that the server said is as it was."""
    not_found: tuple[str, str] | None = None
    """The item that was looked for in vain, and the word for why."""
    looked: str | None = None
    """The item whose page told nothing about it."""
    listed: tuple[tuple[str, str, str], ...] = ()
    """Items that a listing named: id, office whose listing it is, Jalali day or nothing."""


def index_captures(collection: Collection, path: Path) -> int:
    """Bring the captures of a WARC file that the catalogue lacks into it, with their records. Returns how many.

    A page that was captured when the process died, and not yet read, is read now.
    """
    added = 0
    for captured in read_warc(collection.root, path):
        known = collection.catalogue.has_capture(captured.row.capture.record_id)
        if not known or _unread(captured, collection.catalogue):
            first = collection.catalogue.capture(captured.row.refers_to or "")
            place = warc.Location(first.warc, first.offset, first.length) if first else None
            captured = with_original(captured, collection.root, place)  # noqa: PLW2901
            reading = interpret(captured)
            index_reading(collection.catalogue, captured.row, reading)
            added += not known
            if reading.record:
                collection.catalogue.owe_files(reading.record.id)
    return added


def _unread(captured: Captured, catalogue: Catalogue) -> bool:
    """Whether nothing that a catalogue says of an item is as new as a capture of its page."""
    return captured.item is not None and not catalogue.looked_since(captured.item, captured.row.capture.fetched)


def with_original(captured: Captured, root: Path, place: warc.Location | None) -> Captured:
    """A revisit together with the response at the place it refers to; any other capture as it is."""
    if captured.row.refers_to is None or place is None:
        return captured
    record = warc.read_record(root, place)
    original = Captured(_row(record, place, captured.facts), record, captured.facts, captured.context)
    return replace(captured, original=original)


def index_recovered(writer: CollectionWriter) -> list[tuple[Recovered, int]]:
    """Index what a dead process wrote and did not commit, then finish its files. Returns them with captures added."""
    done = []
    for file in writer.recovered:
        added = index_captures(writer, warc.locate(writer.root, file.warc))
        writer.catalogue.commit()
        done.append((file, added))
    writer.finish_recovered()
    return done


def index_reading(catalogue: Catalogue, row: CaptureRow, reading: Reading) -> None:
    """Store a capture and what it was read as, in the order in which a crawl does."""
    catalogue.add_capture(row)
    for item, url in reading.addresses:
        catalogue.note_address(item, url)
    for named in reading.listed:
        catalogue.note_listed(*named)
    if reading.seen_again:
        catalogue.seen_again(reading.seen_again, row.capture.fetched)
    if reading.not_found:
        item, reason = reading.not_found
        catalogue.not_found(item, row.url, reason, row.capture.fetched)
    if reading.looked:
        catalogue.looked(reading.looked, row.capture.fetched)
    if reading.record:
        catalogue.store(reading.record, reading.seen, reading.terms)


def why_not_found(status: int, url: str, location: str, item: str, offices: Offices) -> str | None:
    """Why a response means that an item is not there: its status, or a redirect to something else; None if it does not.

    Args:
        url: the address asked for, one of the item's.
        location: where a redirect leads to, as the header says it.
    """
    if status in NOT_FOUND:
        return f"http-{status}"
    if status not in _REDIRECTS or not location:
        return None
    to = urljoin(url, location)
    if leads_to_login(to):
        return None
    portal = offices.portal_of_url(to)
    target = identify(to, portal)
    if portal != item.partition(":")[0] or (target and target.id == item):
        return None  # off-site, or another address of the same item
    asked = identify(url, portal)
    if target is None and (asked is None or asked.variant == "pointer") and urlsplit(to).path.strip("/"):
        return None  # addresses of its system may name no code; the page there says which item it is
    return f"redirected-to-{target.id}" if target else "redirected-to-no-item"


def interpret(captured: Captured) -> Reading:
    """Read a capture again as the crawl did when it was made. Pure: the same capture gives the same reading."""
    role, status = captured.facts.get("role"), captured.row.capture.http_status
    if captured.row.type == "revisit":
        return _interpret_revisit(captured)
    readable = status in _FOUND or status in _REDIRECTS or (role == "item" and status in NOT_FOUND)
    if role in {None, "asset"} or not readable or captured.row.truncated:
        return Reading()
    try:
        response = read_response(captured.record.block)
    except HttpError as error:
        _log.warning("%s in %s: %s", captured.row.url, captured.row.capture.warc, error)
        return Reading()
    if status not in _FOUND:
        return _read_elsewhere(captured, response)
    return _read_item(captured, response, captured.portal) if role == "item" else _read_listing(captured, response)


def _read_elsewhere(captured: Captured, response: HttpResponse) -> Reading:
    """A redirect or a page that is not there: where it leads to, and whether an item was looked for in vain."""
    row = captured.row
    location = (response.get("location") or "").encode("latin-1").decode("utf-8", "replace")
    led_to = [Entry(urljoin(row.url, location))] if location else []
    item = captured.item
    why = item and why_not_found(row.capture.http_status, row.url, location, item, captured.context.offices)
    return Reading(addresses=tuple(_addresses(captured, led_to)), not_found=(item, why) if item and why else None)


def _interpret_revisit(captured: Captured) -> Reading:
    """A listing that was seen before brings nothing; an item is read from its original."""
    if captured.facts.get("role") != "item":
        return Reading()
    if captured.row.capture.http_status == _NOT_MODIFIED:
        return Reading(seen_again=captured.item)
    if captured.original is None:
        return Reading()
    return replace(interpret(captured.original), seen=captured.row.capture.fetched)


def _read_item(captured: Captured, response: HttpResponse, portal: str) -> Reading:
    row, context = captured.row, captured.context
    if captured.item is None:
        return Reading()
    office = context.offices.get(row.office)
    mime, repeated = response.get("content-type"), context.repeated_on(portal)
    extraction = read_item(response.body, row.url, mime, row.capture.fetched, portal, office, repeated)
    record = judge(extraction, row.capture, context, row.office, captured.item).record
    if record is None:
        return Reading(looked=captured.item)
    return Reading(record, index.terms_of(record))


def _read_listing(captured: Captured, response: HttpResponse) -> Reading:
    found = detect(response.body) if captured.facts["role"] == "home" else None
    dialect = found[0] if found else DIALECTS.get(captured.facts.get("dialect", ""), GENERIC)
    listing = read_listing(response.body, captured.row.url, dialect.name, response.get("content-type"))
    fetched, office = captured.row.capture.fetched, captured.row.office or ""
    days = {entry.url: listed_under(entry, fetched) for entry in listing.entries}
    addresses = tuple(_addresses(captured, listing.entries))
    own = captured.facts.get("path") not in SHARED_LISTINGS
    return Reading(addresses=addresses, listed=tuple((i, office, days[u]) for i, u in addresses) if own else ())


def listed_under(entry: Entry, fetched: str) -> str:
    """The Jalali day under which a listing names an item, YYYY-MM-DD; empty when it does not say."""
    when = parse_date(entry.published_raw, dt.datetime.fromisoformat(fetched)) if entry.published_raw else None
    return jalali_text(when.astimezone(TEHRAN).date()) if when else ""


def _addresses(captured: Captured, entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        at = captured.context.offices.portal_of_url(entry.url)
        if at == captured.portal and (item := entry.item(at)):
            yield item, entry.url


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
    refers_to = (record.get("WARC-Refers-To") or "").strip("<>") or None
    cut = record.get("WARC-Truncated")
    return CaptureRow(capture, record.type, url, mime, facts.get("crawl"), facts.get("office"), refers_to, cut)


def _status_and_mime(block: bytes) -> tuple[int, str | None]:
    head = block.split(b"\n\r\n", 1)[0].split(b"\n\n", 1)[0]
    status = head[9:12]
    for line in head.splitlines()[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-type":
            mime = value.decode("latin-1").partition(";")[0].strip().lower()
            return int(status) if status.isdigit() else 0, mime or None
    return int(status) if status.isdigit() else 0, None
