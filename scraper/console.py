"""How results look on a terminal, and as JSON."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich import markup
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

import spiders
from archive.record import NewsRecord, to_dict

if TYPE_CHECKING:
    from archive.crawls import CrawlReport
    from archive.diff import Comparison, Piece
    from archive.fixity import Fault, Verification
    from archive.wacz import Packed
    from scraper.foreign import Imported
    from scraper.rebuild import Rebuilt

BUILTIN_OFFICES = Path(spiders.__file__).with_name("offices.toml")

# A file or a pipe has no width: tables are not to be folded there.
_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 250)
_err = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
_MANY = 20
_FEW = 3
_CONTROLS = {code: None for code in (*range(32), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}
_USUAL = {"walks-ended/empty", "walks-ended/repeating", "walks-ended/nothing-new"}
"""Counts that say nothing to a person."""


def escape(text: str) -> str:
    """Text of others as it may be shown: no markup of rich's, and no control character that a terminal would obey."""
    return markup.escape(text.translate(_CONTROLS))


def say(message: str) -> None:
    """A message to the person, on stderr."""
    _err.print(f"bayegan: {escape(message)}", soft_wrap=True)


def write(what: str | Table = "") -> None:
    """A result on stdout: a table, or text with rich's markup (escape what others wrote)."""
    _out.print(what)


def plain(value: Any) -> Any:
    """Dataclasses as plain JSON types, keys in order."""
    return to_dict(value) if isinstance(value, NewsRecord) else msgspec.to_builtins(asdict(value))


def print_json(value: Any) -> None:
    """Indented JSON on stdout, Persian letters as they are."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


@contextmanager
def progress(what: str, total: int | None, unit: str = "") -> Iterator[Callable[[int], None]]:
    """A bar on stderr while something long runs; yields the function that moves it."""
    amount = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        amount,
        TimeRemainingColumn(),
        console=_err,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)


def show_report(report: CrawlReport) -> None:
    """What a crawl did, for a person."""
    _show_sums(report)
    names = list(report.items)
    table = Table("Office", *[name.capitalize() for name in names], "Listings", "Files", box=None, pad_edge=False)
    for office, part in report.offices.items():
        table.add_row(office, *[str(part.items.get(name, 0)) for name in names], str(part.listings), str(part.assets))
    if len(report.offices) > 1:
        parts = report.offices.values()
        sums = [*(report.items[name] for name in names), sum(p.listings for p in parts), sum(p.assets for p in parts)]
        table.add_row("[bold]All", *[f"[bold]{number}" for number in sums])
    for column in table.columns[1:]:
        column.justify = "right"
    _out.print(table)
    if len(report.offices) > 1:
        _out.print(
            "An item counts once, for the office whose pages led to it first; `search office:…` tells whose it is."
        )
    removed = {k.removeprefix("removed/"): v for k, v in report.counts.items() if k.startswith("removed/")}
    if removed:
        _out.print(
            "Boilerplate removed: "
            + ", ".join(f"{name} {n}" for name, n in sorted(removed.items(), key=lambda p: -p[1]))
        )
    other = {k: v for k, v in report.counts.items() if not k.startswith("removed/") and k not in _USUAL}
    if other:
        _out.print("Noted: " + escape(", ".join(f"{name} {n}" for name, n in other.items())))
    _show_reasons(report)
    _show_problems(report)
    for drift in report.drift:
        _out.print(f"[bold red]This site changed:[/bold red] {escape(drift.sentence)}")


def _show_sums(report: CrawlReport) -> None:
    """State, time and captures of all runs on it."""
    how = (
        "finished"
        if report.state == "finished"
        else f"{report.state} ({report.reason})"
        if report.reason
        else report.state
    )
    took = f"{report.seconds:.1f} s" if report.seconds else "time not known"  # of a rebuilt one, or killed at once
    _out.print(
        f"[bold]Crawl {report.crawl}[/bold]: {escape(how)}, {took}"
        + (f" in {report.runs} runs" if report.runs > 1 else "")
    )
    rate = f", {report.rate:g} a second" if report.rate else ""
    _out.print(f"{report.fetched} captures{rate}, {size(report.bytes)} in {len(report.warc_files)} WARC files")
    if report.unrecovered:
        _out.print(
            f"{report.unrecovered} captures more lie in unfinished WARC files: "
            "the next crawl, import or rebuild takes them in."
        )


def _show_reasons(report: CrawlReport) -> None:
    reasons: dict[str, Counter[str]] = {}
    for part in report.offices.values():
        for outcome, numbers in part.reasons.items():
            reasons.setdefault(outcome, Counter()).update(numbers)
    for outcome in ("refused", "failed", "gone", "absent"):
        if outcome in reasons:
            words = ", ".join(f"{word} {number}" for word, number in reasons[outcome].most_common())
            _out.print(f"{outcome.capitalize()}: {escape(words)}")


def _show_problems(report: CrawlReport) -> None:
    if not report.problems:
        return
    _out.print(f"[bold]Missing or doubtful ({len(report.problems)}):[/bold]")
    for problem in report.problems[:_MANY]:
        _out.print(
            f"  {problem.outcome}: {problem.reason or 'no reason given'}  {problem.id or ''}  {escape(problem.url)}"
        )
    if len(report.problems) > _MANY:
        _out.print(f"  … and {len(report.problems) - _MANY} more: `bayegan report --json` names them all.")


def show_record(record: NewsRecord) -> None:
    """A record for reading."""
    if record.kicker:
        _out.print(escape(record.kicker))
    _out.print(f"[bold]{escape(record.title)}[/bold]")
    facts = (
        record.id,
        record.published_jalali,
        record.published,
        record.office,
        record.province,
        f"revision {record.revision}",
        record.status,
    )
    _out.print("[cyan]" + escape(" · ".join(str(f) for f in facts if f)) + "[/cyan]")
    for text in (record.lead, record.body):
        if text:
            _out.print("\n" + escape(text))
    _out.print()
    _out.print(f"Address: {escape(record.url)}")
    if record.capture:
        c = record.capture
        _out.print(f"Capture: {c.fetched}  {c.warc} at byte {c.offset}, {c.length} bytes  {c.payload_digest}")
    for warning in record.warnings:
        _out.print(f"[yellow]Warning:[/yellow] {escape(warning)}")


def show_diff(found: Comparison) -> None:
    """What changed, field by field: [-removed-] and {+added+} as in a word diff."""
    for part in found.fields:
        _out.print(f"[bold]{part.field}[/bold]")
        _out.print("".join(_changed(piece) for piece in part.pieces))
    if not found.fields:
        _err.print(f"Revisions {found.older} and {found.newer} of {found.id} do not differ.")


def _changed(piece: Piece) -> str:
    text = escape(piece.text)
    if piece.change == "same":
        return text
    if piece.change == "removed":
        return f"[red]{escape('[-')}{text}-][/red]"
    return f"[green]{{+{text}+}}[/green]"


def show_verification(result: Verification) -> None:
    """Faults and notes, one a line, the first few of each kind in each file; the sum, and what to do."""
    from archive.fixity import advice  # noqa: PLC0415 - not for the other verbs

    for found in (result.faults, result.notes):
        kinds: dict[tuple[str, str], list[Fault]] = {}
        for fault in found:
            kinds.setdefault((fault.warc, fault.what), []).append(fault)
        for (where, what), some in kinds.items():
            for fault in some[: _FEW if len(some) > _FEW + 1 else None]:
                place = f"{where} at byte {fault.offset}" if fault.offset else where
                _out.print(escape(f"{what}: {place}: {fault.message}"))
            if len(some) > _FEW + 1:
                _out.print(escape(f"{what}: {where}: {len(some) - _FEW} more like this; `--json` names them all."))
    looked_at = f"{result.files} files, {result.records} records, {result.items} items, {size(result.bytes)}"
    if not result.faults:
        _err.print(f"{looked_at}: all as written.")
        return
    faults = "1 fault" if len(result.faults) == 1 else f"{len(result.faults)} faults"
    _err.print(" ".join([f"{faults} in {looked_at}.", *advice(result.faults)]))


def show_packed(packed: Packed) -> None:
    """What a WACZ file holds."""
    _err.print(f"{packed.items} items, {packed.captures} captures, {size(packed.bytes)} in {escape(packed.path)}.")


def show_imported(result: Imported) -> None:
    """What became of the responses of foreign files."""
    for outcome, number in sorted(result.outcomes.items(), key=lambda pair: -pair[1]):
        _out.print(f"{number:7} {outcome}")
    for fault in result.malformed[:_MANY]:
        _out.print(f"Malformed, skipped: {escape(fault)}")
    _err.print(f"{result.responses} responses in {result.files} files, {len(result.malformed)} malformed.")


def show_rebuilt(result: Rebuilt) -> None:
    """What a rebuild found, and what it could not read."""
    for fault in result.damaged:
        _out.print(f"Unreadable, left out: {escape(fault)}")
    lost = result.lost
    for name in lost.files:
        _out.print(f"Lost, not here or not whole: {escape(name)}")
    _err.print(f"{result.records} records from {result.captures} captures in {result.files} WARC files.")
    if lost.files:
        _err.print(
            f"Lost with {len(lost.files)} files: {lost.captures} captures and the newest text of {lost.items} items. "
            "The next crawls walk all listings again for what the sites still have."
        )
    elif not lost.compared:
        _err.print("No old catalogue could be read to compare with: whether WARC files are missing cannot be told.")


def size(number: float) -> str:
    """A number of bytes for a person."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:  # noqa: PLR2004
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
