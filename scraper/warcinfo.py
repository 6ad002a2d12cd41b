"""The warcinfo record that begins every WARC file: who made it, how, and all that reading the file again must know."""

from __future__ import annotations

import json
import logging
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

import msgspec

from archive import warc
from archive.offices import Office, Offices
from scraper.repeats import fingerprints

_log = logging.getLogger("bayegan")


@dataclass(slots=True, frozen=True)
class Context:
    """What decides beside the page itself: the offices known to the crawl, its range, and what it had learnt."""

    offices: Offices
    since: str | None = None
    until: str | None = None
    scope: str = "{}"
    """The scope of the crawl as its warcinfo record has it."""
    repeated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Portal → lines that repeat on its pages, learnt before the crawl began: see scraper.repeats."""

    def repeated_on(self, portal: str) -> frozenset[bytes]:
        """The fingerprints of what repeats on the pages of a portal."""
        return fingerprints(self.repeated.get(portal, ()))


def compose(offices: Offices, operator: str, **further: str) -> list[tuple[str, str]]:
    """The fields of a warcinfo record; `further` ones by name."""
    known = [
        {"id": o.id, "organisation": o.organisation, "province": o.province, "url": o.url, "portal": o.portal}
        | ({"insecure": True} if o.insecure else {})
        for o in offices.all
    ]
    return [
        ("software", f"Bayegan/{version('bayegan')} Scrapy/{version('scrapy')} Python/{platform.python_version()}"),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
        ("operator", operator),
        *further.items(),
        ("offices", json.dumps(known, ensure_ascii=False, separators=(",", ":"))),
    ]


def read(record: warc.Record, name: str) -> Context:
    """The context that a warcinfo record gives; an empty one, and a warning, for a record that is not ours."""
    found = fields(record.block)
    try:
        scope = json.loads(found.get("scope", "{}"))
        offices = msgspec.json.decode(found.get("offices", "[]"), type=tuple[Office, ...])
        repeated = msgspec.json.decode(found.get("repeated", "{}"), type=dict[str, tuple[str, ...]])
    except (ValueError, msgspec.MsgspecError) as error:
        _log.warning("The warcinfo record of %s is not one of ours: %s", name, error)
        return Context(Offices((), {}, name))
    since, until = scope.get("since"), scope.get("until")
    return Context(Offices(offices, {}, name), since, until, found.get("scope", "{}"), repeated)


def fields(block: bytes) -> dict[str, str]:
    """An `application/warc-fields` block by name."""
    pairs = (line.partition(": ") for line in block.decode("utf-8", "replace").split("\r\n"))
    return {name: value for name, colon, value in pairs if colon}
