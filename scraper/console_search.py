"""Search hits on a terminal: facts, the passage with its matches marked, facets; right to left where that is needed."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Mapping
from typing import Literal

from arabic_reshaper import ArabicReshaper
from rich.console import Console

from archive.names import kind_name, office_name, organisation_name, province_name, status_name
from archive.search.facets import Facet
from archive.search.find import Found, Hit
from archive.withdrawal import Withdrawal
from scraper.bidi import visual
from scraper.console import escape

Bidi = Literal["auto", "on", "off"]

_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 250)
_err = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
_INDENT = 4
_VALUES = 8
_VTE_REORDERS = 5800  # GNOME Terminal and its kin, from version 0.58 on
_REORDERING = {"Apple_Terminal", "mintty"}
_NAMES = {
    "org": organisation_name,
    "province": province_name,
    "office": office_name,
    "kind": kind_name,
    "status": status_name,
}


def reorders(environment: Mapping[str, str]) -> bool:
    """Whether the terminal lays out right-to-left text itself, by what it says of itself; most do not."""
    vte = environment.get("VTE_VERSION", "")
    return (
        environment.get("TERM_PROGRAM") in _REORDERING
        or "KONSOLE_VERSION" in environment
        or environment.get("TERM", "").startswith("mlterm")
        or (vte.isdigit() and int(vte) >= _VTE_REORDERS)
    )


def wants_layout(bidi: Bidi) -> bool:
    """Whether lines are to be laid out here. A file or a program gets text as it is, unless that is asked for."""
    return bidi == "on" or (bidi == "auto" and sys.stdout.isatty() and not reorders(os.environ))


def laid_out(text: str, width: int) -> list[str]:
    """Lines of a right-to-left text as they are to be put down from left to right: joined letters, visual order.

    The last line of a paragraph is the last here, too: a text is cut into lines before each is turned.
    """
    shaper = ArabicReshaper({"language": "Farsi", "delete_harakat": False, "ARABIC LIGATURE ALLAH": False})
    lines = textwrap.wrap(text, width) or [""]
    return [visual(shaper.reshape(line), "R").rjust(width) for line in lines]


def show_hits(found: Found, facets: list[Facet], bidi: Bidi) -> None:
    """Hits: day, id and title, the passage with the words that matched marked, who else tells it. Then the facets."""
    layout = wants_layout(bidi)
    for hit in found.hits:
        _show_laid_out(hit, min(_out.width, 100)) if layout else _show(hit, folded=found.folded)
    for facet in facets:
        values = [f"{_name(facet.name, each.value)} {each.count}" for each in facet.values[:_VALUES]]
        more = len(facet.values) - _VALUES
        line = f"{facet.name}: " + ", ".join(values) + (f" … and {more} more" if more > 0 else "")
        _out.print(f"[cyan]{escape(visual(line, 'L') if layout else line)}[/cyan]")
    told = f" that tell {found.stories} stories" if found.folded and found.stories < found.total else ""
    shown = f", {len(found.hits)} shown" if len(found.hits) < (found.stories if found.folded else found.total) else ""
    _err.print(f"{found.total} found{told}{shown}.")


def show_withdrawal(found: Withdrawal) -> None:
    """When an item was found to be gone from its site, and where the captures are that say so."""
    _out.print(f"Withdrawn: its site had it last at {found.last_seen}; looked for in vain at {found.checked}.")
    for c in found.captures:
        _out.print(f"Answered {c.http_status} at {c.fetched}: {c.record_id}, {c.warc} at byte {c.offset}.")


def _name(facet: str, value: str) -> str:
    name = _NAMES.get(facet)
    return (name(value, "fa") or value) if name else value


def _show(hit: Hit, *, folded: bool) -> None:
    _out.print(f"{hit.published_jalali or '—':10}  [cyan]{escape(hit.id)}[/cyan]  [bold]{escape(hit.title)}[/bold]")
    text = "".join(_marked(part) if matched else escape(part) for part, matched in hit.snippet)
    _out.print(" " * _INDENT + " ".join(text.split("\n")))
    if folded and hit.elsewhere:
        others = ", ".join(f"{each.id} ({each.office or each.portal})" for each in hit.elsewhere)
        _out.print(f"{' ' * _INDENT}[dim]{escape(_told(hit))}: {escape(others)}[/dim]")


def _show_laid_out(hit: Hit, width: int) -> None:
    _out.print(f"{hit.published_jalali or '—':10}  [cyan]{escape(hit.id)}[/cyan]")
    for line in laid_out(hit.title, width):
        _out.print(f"[bold]{escape(line)}[/bold]")
    passage = "".join(f"*{part}*" if matched else part for part, matched in hit.snippet)
    notes = [_told(hit)] if hit.elsewhere else []
    for text in (passage, *notes):
        for line in laid_out(" ".join(text.split()), width - _INDENT):
            _out.print(escape(line))


def _told(hit: Hit) -> str:
    return f"همین خبر در {hit.places} پایگاه"


def _marked(part: str) -> str:
    return f"[bold yellow]{escape(part)}[/bold yellow]" if _out.is_terminal else f"*{escape(part)}*"
