"""How `doctor`, `offices add` and `offices check` look on a terminal."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import unquote

from rich.table import Table

from archive.officechecks import Check, Finding
from scraper.console import escape, say, write

if TYPE_CHECKING:
    from pathlib import Path

    from archive.offices import Offices
    from scraper.doctor import Point
    from scraper.examine import Examination, Field
    from scraper.newoffice import Added

_LONGEST = 110
_FINDINGS = {finding: finding.replace("-", " ") for finding in get_args(Finding)}


def show_offices(offices: Offices, checks: dict[str, Check]) -> None:
    """A table of the offices, with what their systems are proven on and the last visit to each."""
    from scraper.dialects import proven  # noqa: PLC0415 - slow to load

    table = Table(
        "Office", "Organisation", "Province", "", "Address", "System", "Proven on", "Verified", box=None, pad_edge=False
    )
    if checks:
        table.add_column("Last check")
    for o in offices.all:
        row = [o.id, o.organisation, o.province or "", o.province_name, o.url, o.dialect, proven(o.dialect)]
        row.append("yes" if o.verified else "no")
        table.add_row(*map(escape, row), *([_checked(checks.get(o.id))] if checks else []))
    write(table)
    verified = sum(o.verified for o in offices.all)
    say(f"{len(offices.all)} offices, {verified} with an address that has been seen to work.")


def _checked(check: Check | None) -> str:
    if check is None:
        return ""
    detail = f": {escape(unquote(check.detail))}" if check.detail else ""
    return f"{_FINDINGS[check.finding]} {check.checked[:10]}{detail}"


def show_checks(checks: list[Check], own: Path | None) -> None:
    """What was found at each office, and where to correct what is wrong; `own` is the person's own offices file."""
    table = Table("Office", "Address", "Found", box=None, pad_edge=False)
    for check in checks:
        detail = f": {escape(unquote(check.detail))}" if check.detail else ""
        table.add_row(check.office, escape(check.url), f"{_FINDINGS[check.finding]}{detail}")
    write(table)
    found = Counter(check.finding for check in checks)
    sums = ", ".join(f"{number} {_FINDINGS[finding]}" for finding, number in found.most_common())
    advice = (
        f" Correct the address or the system in {own}."
        if own
        else (" The built-in list is never changed: correct the address or the system in an offices file of your own.")
    )
    say(f"{sums}.{advice if found.keys() - {'verified'} else ''}")


def show_examination(found: Examination) -> None:
    """What a page is and what was read from it."""
    for hop in found.hops:
        write(f"Redirected from {_address(hop)}")
    write(f"[bold]Address:[/bold]   {_address(found.url)}")
    answer = [f"status {found.status}" if found.status else "no answer", found.ip, found.content_type]
    write(f"[bold]Answer:[/bold]    {escape(', '.join(filter(None, answer)))}, {found.bytes} bytes")
    if found.encoding:
        write(f"[bold]Encoding:[/bold]  {found.encoding}")
    if found.dialect:
        write(
            f"[bold]System:[/bold]    {found.dialect}: {escape('; '.join(found.evidence))} (proven on {found.proven})"
        )
    write(f"[bold]Office:[/bold]    {found.office or 'none of the offices file has this host'}")
    write(f"[bold]This is:[/bold]   {escape(_what(found))}")
    if found.fields:
        write(_fields(found.fields))
    for address in (*found.sample, *(f"further: {page}" for page in found.pages)):
        write(f"  {_address(address)}")
    if found.removed:
        write(f"[bold]Boilerplate removed:[/bold] {', '.join(f'{rule} {n}' for rule, n in found.removed.items())}")
    for warning in found.warnings:
        write(f"[yellow]Warning:[/yellow] {escape(warning)}")
    for advice in found.advice:
        write(f"[bold]Next:[/bold] {escape(advice)}")
    if not found.usable:
        say(f"{unquote(found.asked)} is no page that a crawl could use ({found.reason}). {found.message or ''}".strip())


def _what(found: Examination) -> str:
    if found.kind == "article":
        return f"an article, {found.id}"
    if found.usable:
        return f"a {found.kind} with {found.entries} entries" + (", and further pages" if found.pages else "")
    return f"nothing usable: {found.reason}"


def _fields(fields: list[Field]) -> Table:
    table = Table("Field", "Value", "From", box=None, pad_edge=False)
    for field in fields:
        value = "[red]missing[/red]" if field.missing else escape(_short(field.value)) if field.value else "—"
        table.add_row(field.name, value, escape(field.source or ""))
    return table


def _short(value: Any) -> str:
    text = "، ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " / ".join(text.split("\n"))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} letters)"


def show_findings(found: list[Point]) -> None:
    """One line a check, with what to do below those that are not well."""
    colours = {"ok": "green", "warn": "yellow", "bad": "bold red"}
    for finding in found:
        colour = colours[finding.state]
        write(f"[{colour}]{finding.state:4}[/{colour}]  {finding.what:10}  {escape(finding.message)}")
        if finding.advice and finding.state != "ok":
            write(f"                  {escape(finding.advice)}")
    bad, warned = (sum(finding.state == state for finding in found) for state in ("bad", "warn"))
    say("All is well." if not bad + warned else f"{bad} bad, {warned} to look at, {len(found)} checked.")


def show_added(added: Added, resolve: dict[str, str]) -> None:
    """The block that was written, on what evidence, and how to crawl it."""
    write(escape(added.block))
    office = added.office
    title = next((f.value for f in added.article.fields if f.name == "title"), "")
    say(f"System: {office.dialect} ({'; '.join(added.evidence)}); proven on {added.proven}.")
    say(f"Read for a trial: {added.article.id} «{title}» at {unquote(added.article.url)}")
    for advice in added.article.advice:
        if advice.startswith("Missing"):
            say(advice)
    further = "".join(f" --resolve {shlex.quote(f'{host}={to}')}" for host, to in resolve.items())
    say(f"{added.file} has it now. Crawl it: bayegan crawl {office.id} --offices {added.file} --limit 5{further}")


def _address(url: str) -> str:
    return escape(unquote(url))
