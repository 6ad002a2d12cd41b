"""How the ledger of coverage looks on a terminal."""

from __future__ import annotations

from itertools import groupby

from rich.table import Table

from archive.coverage import STATES, Ledger
from scraper import console
from scraper.console import escape

_MANY = 20


def show_ledger(ledger: Ledger) -> None:
    """Codes by portal, listed against recorded by office and year, and what is missing with the reason."""
    codes = Table("Portal", "Codes", *(state.capitalize() for state in STATES), box=None, pad_edge=False)
    for portal in ledger.portals:
        ends = f"{portal.lowest}–{portal.highest}" if portal.runs else "no numbers"
        codes.add_row(escape(portal.portal), ends, *(f"{portal.states[state]:,}" for state in STATES))
    console.write(codes)
    console.write()
    listed = Table("Office", "Year", "Listed", "In the archive", "Lacking", box=None, pad_edge=False)
    for (office, year), months in groupby(ledger.months, key=lambda m: (m.office, m.month[:4])):
        part = list(months)
        have, want = sum(m.recorded for m in part), sum(m.listed for m in part)
        listed.add_row(escape(office), year or "undated", f"{want:,}", f"{have:,}", f"{want - have:,}")
    console.write(listed)
    console.write("Listed: items that an office's own pages name. Offices of one portal name each other's.")
    console.write()
    if not ledger.missing:
        console.write("Nothing that the sites list is missing.")
        return
    console.write(f"{len(ledger.missing):,} items are listed and not in the archive:")
    for item in ledger.missing[:_MANY]:
        console.write(f"  {escape(item.id)}  {item.day or 'undated'}  {escape(item.office)}  {escape(item.reason)}")
    if len(ledger.missing) > _MANY:
        console.write(f"  … and {len(ledger.missing) - _MANY:,} more; --json names all.")
