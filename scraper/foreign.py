"""WARC files that others wrote (wget, Heritrix, browsertrix, warcio …; WARC 1.0 and 1.1, gzip or plain; WACZ).

Their news pages become captures and records of ours. The response and its request are copied byte for byte, with their
own date, address and IP; a metadata record says which file and record they came from.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from archive import warc
from archive.collection import CollectionWriter, Exchange, lock_collection
from archive.http import HttpError, HttpResponse, read_response
from archive.offices import Offices
from archive.recovery import IMPORTED, NO_REQUEST
from archive.search import index
from scraper import warcinfo
from scraper.dialects import GENERIC
from scraper.newscode import identify
from scraper.reextract import index_recovered, judge, read_item
from scraper.warcinfo import Context

_WINDOW = 200  # records between a response and its request, at the most
_COMMIT = 200
_FOUND = range(200, 300)


@dataclass(slots=True)
class Imported:
    """What became of the responses of foreign files: outcome → number; and what could not be read."""

    files: int = 0
    responses: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    malformed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Foreign:
    """A record of a foreign file, its block as it stands there."""

    type: str
    id: str
    url: str
    date: str
    tie: str
    ip: str | None
    block: bytes


def import_files(
    root: Path, paths: list[Path], offices: Offices, operator: str, progress: Callable[[int], None] = lambda _: None
) -> Imported:
    """Take foreign files into the collection. A capture that is here already, same address and date, is left alone.

    Args:
        offices: whose portals are known, and who publishes.
        operator: who imports; written into the WARC files.
        progress: called with the bytes of each file when it is done.

    Raises CollectionLockedError and CollectionError when the collection cannot be written to.
    """
    collection = lock_collection(root)
    try:
        collection.info = warcinfo.compose(offices, operator, **dict([IMPORTED.split(": ")]))
        index_recovered(collection)
        return _import_files(collection, paths, Context(offices), progress)
    finally:
        collection.close()


def _import_files(
    collection: CollectionWriter, paths: list[Path], context: Context, progress: Callable[[int], None]
) -> Imported:
    result = Imported()
    for path in paths:
        result.files += 1
        try:
            for name, stream in _streams(path):
                with stream() as source:
                    _import_stream(collection, source, name, context, result)
        except (OSError, zipfile.BadZipFile) as error:
            result.malformed.append(f"{path.name}: {error}")
        collection.commit()
        progress(path.stat().st_size if path.exists() else 0)
    index.settle(collection.catalogue.db)
    return result


def _streams(path: Path) -> Iterator[tuple[str, Any]]:
    """The WARC files in a file: itself, or those inside a WACZ."""
    if not zipfile.is_zipfile(path):
        yield path.name, lambda: path.open("rb")
        return
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            if name.startswith("archive/") and name.endswith((".warc", ".warc.gz")):
                yield f"{path.name}/{name}", lambda name=name: packed.open(name)


def _import_stream(
    collection: CollectionWriter, source: IO[bytes], name: str, context: Context, result: Imported
) -> None:
    for number, (response, request) in enumerate(_exchanges(source, name, result), 1):
        result.responses += 1
        word = _take(collection, response, request, name, context, result)
        result.outcomes[word] = result.outcomes.get(word, 0) + 1
        if number % _COMMIT == 0:
            collection.commit()


def _exchanges(source: IO[bytes], name: str, result: Imported) -> Iterator[tuple[_Foreign, _Foreign | None]]:
    """Responses with their requests, which stand before or behind them, tied by WARC-Concurrent-To or by address."""
    requests: OrderedDict[str, _Foreign] = OrderedDict()
    waiting: OrderedDict[str, _Foreign] = OrderedDict()
    for record in _records(source, name, result):
        mine, others = (requests, waiting) if record.type == "request" else (waiting, requests)
        partner = next((o for o in others.values() if record.tie == o.id or o.tie == record.id), None)
        if partner is None and not record.tie:
            partner = next((o for o in others.values() if o.url == record.url and not o.tie), None)
        if partner:
            del others[partner.id]
            yield (partner, record) if record.type == "request" else (record, partner)
        else:
            mine[record.id] = record
        if len(requests) > _WINDOW:
            requests.popitem(last=False)
        if len(waiting) > _WINDOW:
            yield waiting.popitem(last=False)[1], None
    for response in waiting.values():
        yield response, None


def _records(source: IO[bytes], name: str, result: Imported) -> Iterator[_Foreign]:
    try:
        for record in ArchiveIterator(source, no_record_parse=True):
            if record.rec_type in {"request", "response"}:
                yield _foreign(record)
    except (ArchiveLoadFailed, EOFError, ValueError, AttributeError, OSError) as error:
        result.malformed.append(f"{name}: {' '.join(str(error).split())[:200] or type(error).__name__}")


def _foreign(record: Any) -> _Foreign:
    def get(header: str) -> str:
        return (record.rec_headers.get_header(header) or "").strip().strip("<>")

    return _Foreign(
        type=record.rec_type,
        id=get("WARC-Record-ID"),
        url=get("WARC-Target-URI"),
        date=get("WARC-Date"),
        tie=get("WARC-Concurrent-To"),
        ip=get("WARC-IP-Address") or None,
        block=record.raw_stream.read(),
    )


def _take(
    collection: CollectionWriter,
    response: _Foreign,
    request: _Foreign | None,
    name: str,
    context: Context,
    result: Imported,
) -> str:
    """Take one response in; the word for what became of it."""
    portal = context.offices.portal_of_url(response.url)
    address = identify(response.url, portal)
    if address is None:
        return "not-news"
    try:
        http = read_response(response.block)
        fetched = warc.warc_date(dt.datetime.fromisoformat(response.date))
    except (HttpError, ValueError) as error:
        result.malformed.append(f"{name}: {response.url}: {error}")
        return "malformed"
    if http.status not in _FOUND:
        return f"http-{http.status}"
    if _is_here(collection, response.url, fetched):
        return "already-here"
    return _keep(collection, response, request, name, context, http, fetched, address.id)


def _is_here(collection: CollectionWriter, url: str, fetched: str) -> bool:
    row = collection.catalogue.db.execute("SELECT 1 FROM captures WHERE url = ? AND fetched = ?", (url, fetched))
    return row.fetchone() is not None


def _keep(
    collection: CollectionWriter,
    response: _Foreign,
    request: _Foreign | None,
    name: str,
    context: Context,
    http: HttpResponse,
    fetched: str,
    item: str,
) -> str:
    portal = item.rpartition(":")[0]
    office = context.offices.at(response.url)
    extraction = read_item(http.body, response.url, http.get("content-type"), fetched, portal, office)
    if extraction.record is None:
        return f"refused-{extraction.refusal.reason if extraction.refusal else 'unknown'}"
    if extraction.dialect == GENERIC.name and all(o.portal != portal for o in context.offices.all):
        return "unknown-portal"
    mime = (http.get("content-type") or "").partition(";")[0].strip().lower() or None
    digest = warc.labelled(hashlib.sha256(http.payload).digest())
    records = _records_of(response, request, name, fetched, digest)
    capture = collection.keep(Exchange(portal, records, response.url, fetched, http.status, mime, digest, response.ip))
    verdict = judge(extraction, capture, context, office.id if office else None, item)
    return collection.catalogue.store(verdict.record) if verdict.record else verdict.reason or verdict.outcome


def _records_of(
    response: _Foreign, request: _Foreign | None, name: str, fetched: str, digest: str
) -> list[warc.Record]:
    common = [("WARC-Date", fetched), ("WARC-Target-URI", response.url)]
    ip = [("WARC-IP-Address", response.ip)] if response.ip else []
    main = warc.Record(
        "response",
        response.block,
        [*common, *ip, ("WARC-Payload-Digest", digest), ("Content-Type", "application/http; msgtype=response")],
    )
    tied = [*common, ("WARC-Concurrent-To", f"<{main.id}>")]
    facts = [("role", "item"), ("path", "import"), ("imported-from", name), ("imported-record", response.id)]
    if request is None:
        field_name, _, value = NO_REQUEST.partition(": ")
        facts.append((field_name, value))
    metadata = warc.Record("metadata", warc.fields_block(facts), [*tied, ("Content-Type", "application/warc-fields")])
    if request is None:
        return [main, metadata]
    sent = warc.Record("request", request.block, [*tied, *ip, ("Content-Type", "application/http; msgtype=request")])
    return [main, metadata, sent]
