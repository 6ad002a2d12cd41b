"""Every address there is: the one table from which the application and its OpenAPI description are made."""

from __future__ import annotations

from dataclasses import replace

from archive.web.page import Download, View
from archive.web.params import PAGE, SEARCH, Param
from archive.web.views import browse, coverage, download, front, item, search

_ID = Param(
    "id",
    "the id of an item, portal:code, such as behzisti:70583",
    {"type": "string", "maxLength": 120, "pattern": r"^[^/\s:]+:[^/\s]+$"},
    "path",
)
_CAPTURE = Param(
    "capture", "The WARC-Record-ID of a response, such as urn:uuid:…", {"type": "string", "maxLength": 300}, "path"
)
_PROVINCE, _OFFICE = (replace(param, where="path") for param in SEARCH if param.name in {"province", "office"})


def _number(name: str, description: str, low: int, high: int, where: str = "query") -> Param:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Param(name, description, schema, "path" if where == "path" else "query")


_YEAR = _number("year", "A Jalali year, such as 1402", 1300, 1599, "path")
_MONTH = _number("month", "A month, from 1", 1, 12, "path")
_COVERED_YEAR = _number("year", "A Jalali year; the last one with items unless named", 1300, 1599)
_REVISIONS = {
    name: _number(name, f"The {word} revision", 1, 999_999) for name, word in {"a": "older", "b": "newer"}.items()
}

VIEWS = (
    View("/", front.front, front.Front, "Latest items and the state of the archive"),
    View("/search", search.search, search.Results, "Hits of a query, with facets", (*SEARCH, PAGE)),
    View("/item/{id}", item.item, item.Item, "An item with its revisions, neighbours and citation", (_ID,)),
    View(
        "/item/{id}/diff",
        item.difference,
        item.Difference,
        "What changed between two revisions, word by word",
        (_ID, *_REVISIONS.values()),
    ),
    View(
        "/item/{id}/as-it-was",
        item.as_it_was,
        item.AsItWas,
        "The page of an item as it was captured",
        (_ID, _number("revision", "A revision; the newest unless named", 1, 999_999)),
    ),
    View("/places", browse.places, browse.Places, "Provinces and offices"),
    View("/province/{province}", browse.province, browse.PlacePage, "One province", (_PROVINCE,)),
    View("/office/{office}", browse.office, browse.PlacePage, "One office", (_OFFICE,)),
    View("/calendar", browse.calendar, browse.Calendar, "Every Jalali year and month"),
    View("/calendar/{year}/{month}", browse.month, browse.Month, "One Jalali month", (_YEAR, _MONTH)),
    View(
        "/coverage",
        coverage.coverage,
        coverage.Coverage,
        "What there is of each office month by month",
        (_COVERED_YEAR,),
    ),
    View("/help", front.help_page, front.Help, "How to search"),
)

DOWNLOADS = (
    Download("/search.csv", download.export_csv, "text/csv", "Every hit as CSV", SEARCH),
    Download("/search.jsonl", download.export_jsonl, "application/x-ndjson", "Every hit as a JSON line", SEARCH),
    Download("/feed.atom", download.feed_atom, "application/atom+xml", "The newest hits as Atom", SEARCH),
    Download("/feed.json", download.feed_json, "application/feed+json", "The newest hits as JSON Feed", SEARCH),
    *(
        Download(f"/item/{{id}}/cite.{form}", item.citation, media_type.partition(";")[0], "A citation", (_ID,))
        for form, media_type in item.CITATION_TYPES.items()
    ),
    Download(
        "/replay/{capture}", download.replay_capture, "*/*", "A captured body, to be shown in a sandbox", (_CAPTURE,)
    ),
    Download(
        "/coverage.svg",
        coverage.picture,
        "image/svg+xml",
        "A year as a calendar: how much there is of each day, and where something is missing",
        (_COVERED_YEAR, next(param for param in SEARCH if param.name == "office")),
    ),
    Download("/metrics", download.state_metrics, "text/plain", "The state of the collection for Prometheus"),
    Download("/raw/{capture}", download.raw, "application/warc", "The WARC record of a response", (_CAPTURE,)),
)
