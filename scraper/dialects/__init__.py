"""The content systems we know, and which of them a page comes from."""

from __future__ import annotations

from scraper.dialects.asam import ASAM
from scraper.dialects.aspnet import ASPNET, DOTNETNUKE, SHAREPOINT
from scraper.dialects.base import Dialect, Proven
from scraper.dialects.generic import GENERIC
from scraper.dialects.iransamaneh import IRANSAMANEH
from scraper.dialects.nastooh import NASTOOH
from scraper.dialects.studiokhabar import STUDIOKHABAR
from scraper.dialects.tasnim import TASNIM
from scraper.dialects.wordpress import WORDPRESS

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        NASTOOH,
        IRANSAMANEH,
        TASNIM,
        STUDIOKHABAR,
        ASAM,
        WORDPRESS,
        DOTNETNUKE,
        SHAREPOINT,
        ASPNET,
        GENERIC,
    )
}
"""By name. `generic` is the fallback: it is never detected, only chosen."""

_ENOUGH = 2
_PLAIN = 4
"""A weight that no other system can have beside it; the rest of the marks need not be looked for."""


def detect(body: bytes, likely: str | None = None) -> tuple[Dialect, list[str]] | None:
    """Find the dialect whose marks weigh most in the bytes of a page, and say which marks were found.

    None when the marks are too few to tell. The `likely` one is tried first: that saves time and changes no answer.
    """
    head = body.find(b"</head>")
    head = head if head >= 0 else len(body)
    if likely in DIALECTS:
        weight, found = _weigh(DIALECTS[likely], body, head, _PLAIN)
        if weight >= _PLAIN:
            return DIALECTS[likely], found
    best: tuple[int, Dialect, list[str]] | None = None
    for dialect in DIALECTS.values():
        least = max(_ENOUGH, best[0] + 1 if best else 0)
        weight, found = _weigh(dialect, body, head, least)
        if weight >= _PLAIN:
            return dialect, found
        if weight >= least:
            best = weight, dialect, found
    return best and (best[1], best[2])


def _weigh(dialect: Dialect, body: bytes, head: int, least: int) -> tuple[int, list[str]]:
    """Look for the marks of a dialect until they are plain, or can no longer weigh as much as `least`."""
    weight, found = 0, list[str]()
    left = sum(mark.weight for mark in dialect.marks)
    for mark in dialect.marks:
        if weight + left < least or weight >= _PLAIN:
            break
        left -= mark.weight
        if body.find(mark.sign, 0, head if mark.in_head else len(body)) >= 0:
            weight += mark.weight
            found.append(mark.says)
    return weight, found


def proven(name: str) -> Proven:
    """What the dialect of an office has been tried on; nothing yet, while its system is unknown."""
    return DIALECTS[name].proven if name in DIALECTS else "nothing yet"


__all__ = ["DIALECTS", "GENERIC", "Dialect", "Proven", "detect", "proven"]
