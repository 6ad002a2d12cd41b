"""What is not a page: exports of a result, feeds, captured bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from email.utils import format_datetime

import msgspec
from starlette.responses import Response

from archive import feeds, metrics, warc
from archive.errors import CollectionError
from archive.record import NewsRecord, to_json
from archive.replay import replay
from archive.search import index
from archive.sheet import csv_file
from archive.web.page import Ask
from archive.web.params import Wish
from archive.web.safety import REPLAY_HEADERS
from archive.web.show import link
from archive.web.streams import Stream

_FEED_ITEMS = 50
_EXPORT_SECONDS = 3600


def export_csv(ask: Ask) -> Response:
    """Every hit as a row of CSV."""
    return _export(ask, _csv, "text/csv; charset=utf-8", "bayegan.csv")


def export_jsonl(ask: Ask) -> Response:
    """Every hit as a line of JSON: the whole record."""
    return _export(ask, _jsonl, "application/x-ndjson", "bayegan.jsonl")


def _export(ask: Ask, rows: Callable[[Ask], Iterator[bytes]], media_type: str, filename: str) -> Response:
    total = index.search(ask.reading.db, Wish.of(ask.values).query(), limit=0).total
    ask.reading.limit(_EXPORT_SECONDS)
    return Stream(ask, rows(ask), total, media_type, filename)


def _hits(ask: Ask) -> Iterator[NewsRecord]:
    wish = Wish.of(ask.values)
    for docid in index.search_ids(ask.reading.db, wish.query(), sort=wish.sort):
        yield ask.reading.by_docid(docid)


def _jsonl(ask: Ask) -> Iterator[bytes]:
    for record in _hits(ask):
        yield to_json(record) + b"\n"


def _csv(ask: Ask) -> Iterator[bytes]:
    return csv_file(_hits(ask))


def state_metrics(ask: Ask) -> Response:
    """The state of the collection for Prometheus."""
    found = metrics.exposition(ask.reading, ask.reading.root, dt.datetime.now(dt.UTC))
    return Response(found, media_type=metrics.CONTENT_TYPE)


def feed_atom(ask: Ask) -> Response:
    """The newest hits as Atom."""
    return Response(feeds.atom(_feed(ask, "/feed.atom")), media_type="application/atom+xml; charset=utf-8")


def feed_json(ask: Ask) -> Response:
    """The newest hits as a JSON Feed."""
    feed = feeds.json_feed(_feed(ask, "/feed.json"))
    return Response(msgspec.json.encode(feed), media_type="application/feed+json")


def _feed(ask: Ask, path: str) -> feeds.Feed:
    wish = Wish.of(ask.values)
    asked = {name: value for name, value in wish.values if name != "sort"}
    found = index.search(ask.reading.db, wish.query(), limit=_FEED_ITEMS)
    records = [ask.reading.by_docid(docid) for docid in found.ids]
    return feeds.Feed(
        title=" · ".join(["بایگان", *asked.values()]),
        address=ask.base + link("fa", path, **asked),
        page=ask.base + link("fa", "/search", **asked),
        items=[(record, ask.base + link("fa", f"/item/{record.id}")) for record in records],
    )


def replay_capture(ask: Ask) -> Response:
    """The body of a capture as it was, to be shown where nothing runs and nothing is loaded from elsewhere."""
    capture = ask.reading.known_capture(ask.values["capture"])
    page = replay(ask.reading.read(capture), lambda url: _kept(ask, url))
    original = "".join(sign for sign in page.url if "!" <= sign <= "~" and sign not in '<>"')
    fetched = dt.datetime.fromisoformat(capture.fetched)
    headers = REPLAY_HEADERS | {
        "Link": f'<{original}>; rel="original"',
        "Memento-Datetime": format_datetime(fetched.astimezone(dt.UTC), usegmt=True),
    }
    response = Response(page.body, headers=headers)
    response.headers["Content-Type"] = _content_type(page.content_type)
    return response


def _kept(ask: Ask, url: str) -> str | None:
    found = ask.reading.original(url)
    return f"/replay/{found.record_id}" if found else None


def _content_type(captured: str) -> str:
    clean = "".join(sign for sign in captured if " " <= sign <= "~")[:200]
    return clean or "application/octet-stream"


def raw(ask: Ask) -> Response:
    """The gzip member of a response record, byte for byte as it is in its WARC file."""
    capture = ask.reading.known_capture(ask.values["capture"])
    ask.reading.read(capture)  # whole and readable, or an error
    try:
        with warc.locate(ask.reading.root, capture.warc).open("rb") as source:
            source.seek(capture.offset)
            data = source.read(capture.length)
    except OSError as error:
        raise CollectionError(f"{capture.warc} cannot be read: {error.strerror}.") from error
    name = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in capture.record_id)
    return Response(
        data,
        media_type="application/warc",
        headers={"Content-Disposition": f'attachment; filename="{name}.warc.gz"'},
    )
