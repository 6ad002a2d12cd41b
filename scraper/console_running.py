"""How `run` and `schedule` look on a terminal, and as JSON."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from archive.jalali import TEHRAN
from scraper.console import escape, plain, say, show_report, write
from scraper.due import Turn
from scraper.run import Outlook, RunResult

_SOON = 5


def plan(ahead: Outlook) -> dict[str, Any]:
    """What is due and what comes next, as plain values; times in UTC."""
    return {
        "now": _iso(ahead.now),
        "crawls": [
            {"offices": list(group.offices), "goes_on": group.goes_on, "budget": _budget(group.rule)}
            for group in ahead.groups
        ],
        "offices": [_turn(turn) | _last(ahead, turn) | {"due": turn.due(ahead.now)} for turn in ahead.turns],
    }


def plain_run(result: RunResult) -> dict[str, Any]:
    """What a run did, as plain values."""
    return {
        "crawls": [plain(report) for report in result.crawls],
        "stopped": result.stopped,
        "alarms": plain(result.alarms),
        "next": [_turn(turn) for turn in result.next],
        "notices": result.notices,
    }


def _turn(turn: Turn) -> dict[str, Any]:
    return {"office": turn.office, "next": _iso(turn.when), "why": turn.why, "goes_on": turn.goes_on}


def _last(ahead: Outlook, turn: Turn) -> dict[str, Any]:
    last = ahead.pasts[turn.office].last if turn.office in ahead.pasts else None
    if last is None:
        return {"last": None, "result": None}
    return {"last": _iso(last.began), "result": last.state if last.state == "finished" else last.reason or last.state}


def _budget(rule: Any) -> dict[str, Any]:
    return {"requests": rule.requests, "bytes": rule.bytes}


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else None


def show_plan(ahead: Outlook) -> None:
    """The crawls that `run` would make."""
    for group in ahead.groups:
        how = f"go on with crawl {group.goes_on}" if group.goes_on else "crawl"
        write(f"{len(group.offices)} offices are due, would {how}: {escape(', '.join(group.offices))}")
    if not ahead.groups:
        _say_idle(ahead.turns)


def show_schedule(ahead: Outlook) -> None:
    """A table of every office's last and next crawl. Times are Tehran's."""
    table = Table("Office", "Last crawl", "Result", "Next", "Why", box=None, pad_edge=False)
    for turn in ahead.turns:
        last = _last(ahead, turn)
        began = last["last"]
        when = "now" if turn.due(ahead.now) else _local(turn.when)
        shown = _local(dt.datetime.fromisoformat(began)) if began else "never"
        table.add_row(turn.office, shown, last["result"] or "", when, escape(turn.why))
    write(table)
    due = sum(turn.due(ahead.now) for turn in ahead.turns)
    say(f"{len(ahead.turns)} offices, {due} due now. Times are Tehran's; it is {_local(ahead.now)} there.")


def show_run(result: RunResult, *, quiet: bool) -> None:
    """The reports of a run, what is new about alarms, and when something is due next."""
    if not quiet:
        for report in result.crawls:
            show_report(report)
        if not result.crawls:
            _say_idle(result.next)
    if result.stopped:
        say(f"The crawl stopped: {result.stopped}. The next run goes on where it stopped, once that is mended.")
    for alarm in result.alarms.raised:
        write(f"[bold red]Alarm[/bold red] ({alarm.kind}): {escape(alarm.text)}")
    for alarm in result.alarms.cleared:
        write(f"[green]Over[/green] ({escape(f'{alarm.kind} {alarm.about}'.strip())})")
    older = len(result.alarms.standing) - len(result.alarms.raised)
    if older and not quiet:
        say(f"{older} alarms from before still stand; alarms.jsonl in the collection names them.")
    for notice in result.notices:
        say(notice)


def _say_idle(turns: list[Turn]) -> None:
    soon = ", ".join([f"{turn.office} at {_local(turn.when)}" for turn in turns if turn.when][:_SOON])
    say(f"Nothing is due. Next: {soon} (Tehran)." if soon else "Nothing is due, for every office is paused.")


def _local(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(TEHRAN):%Y-%m-%d %H:%M}" if moment else "—"


def show_units(files: list[Path], *, default: bool) -> None:
    """The units that were written, and how to switch them on."""
    for file in files:
        write(str(file))
    folder, timer = files[-1].parent.absolute(), files[-1].name
    if default:
        say(f"Switch it on: systemctl --user daemon-reload && systemctl --user enable --now {timer}")
        say("Let it run while nobody is logged in: loginctl enable-linger")
    else:
        say(f"Switch it on: systemctl --user link {folder}/bayegan-run.*; systemctl --user enable --now {timer}")
        say("Or for the whole machine: copy both to /etc/systemd/system, add User= to the service, leave --user out.")
    say("See it work: systemctl --user list-timers; journalctl --user -u bayegan-run")


def show_cron(lines: str) -> None:
    """The lines for a crontab, on stdout for a pipe."""
    sys.stdout.write(lines)
    say("Add them to your crontab: (crontab -l; bayegan schedule --install cron …) | crontab -")
