"""schedule.toml: when each office is crawled, how much of it at once, and what is an alarm.

A file is a list of `[[schedule]]` blocks. Each names offices as `bayegan crawl` does; what a later block says of an
office replaces, key by key, what an earlier one said. Offices that no block names are not crawled by `bayegan run`.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec
from cronsim import CronSim, CronSimError

from archive.alarms import Limits
from archive.errors import UsageError
from archive.jalali import TEHRAN
from archive.offices import Offices

NAME = "schedule.toml"

_LONGEST = dt.timedelta(days=36525)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SIZES = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_SPAN = re.compile(r"(\d+)\s*([mhd])")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(|kb|mb|gb)", re.IGNORECASE)
_HOURS = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)")
_PLACE = re.compile(r"\$\.(?P<table>\w+)(?:\[(?P<number>\d+)\])?(?:\.(?P<key>\w+))?")


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the day in which an office may be crawled, in Tehran; over midnight when the end is the earlier."""

    start: dt.time
    end: dt.time

    def contains(self, moment: dt.datetime) -> bool:
        """Whether a moment (any zone) lies in it; the end does not."""
        time = moment.astimezone(TEHRAN).time()
        if self.start < self.end:
            return self.start <= time < self.end
        return time >= self.start or time < self.end

    def opening(self, moment: dt.datetime) -> dt.datetime:
        """When it opens next; the moment itself when it is open."""
        return moment if self.contains(moment) else _next(self.start, moment)

    def closing(self, moment: dt.datetime) -> dt.datetime:
        """When it closes next."""
        return _next(self.end, moment)


def _next(time: dt.time, moment: dt.datetime) -> dt.datetime:
    local = moment.astimezone(TEHRAN)
    today = dt.datetime.combine(local.date(), time, TEHRAN)
    return today if today > local else dt.datetime.combine(local.date() + dt.timedelta(days=1), time, TEHRAN)


@dataclass(frozen=True, slots=True)
class Rule:
    """How one office is crawled. Without `every` and `cron` the interval follows its news."""

    every: dt.timedelta | None = None
    cron: str | None = None
    window: Window | None = None
    requests: int | None = None
    bytes: int | None = None
    recheck: tuple[int, ...] | None = None  # days after which an item is looked at again; None: as the settings say
    paused: str = ""  # why


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a schedule.toml says: a rule for each office it names, what is an alarm, and who is told."""

    rules: dict[str, Rule]
    limits: Limits = field(default_factory=Limits)
    webhook: str | None = None
    mail: tuple[str, ...] = ()


class _Budget(msgspec.Struct, forbid_unknown_fields=True):
    requests: int | None = None
    bytes: int | str | None = None


class _Block(msgspec.Struct, forbid_unknown_fields=True):
    offices: list[str]
    every: str | None = None
    cron: str | None = None
    window: str | bool | None = None
    budget: _Budget | bool | None = None
    recheck: list[int] | bool | None = None
    paused: str | bool | None = None


class _Alarms(msgspec.Struct, forbid_unknown_fields=True):
    silent: str | None = None
    unfinished: str | None = None
    failures: int | None = None
    disk_free: int | str | None = None
    webhook: str | None = None
    mail: list[str] | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schedule: list[_Block] = []
    alarms: _Alarms = msgspec.field(default_factory=_Alarms)


def load_schedule(path: Path, offices: Offices, *, needed: bool = False) -> Schedule:
    """Read a schedule file; without one every office is crawled, as often as its news come.

    Raises UsageError naming file, line and key of what is wrong, and what would be right. `needed`: the file was
    named, so it has to be there.
    """
    if not path.exists() and not needed:
        return Schedule({office.id: Rule() for office in offices.all})
    text = _read(path)
    try:
        file = msgspec.convert(_decode(text, path), _File)
    except msgspec.ValidationError as error:
        raise UsageError(f"{_where(path, text, str(error))}: {_explain(str(error))}") from error
    rules: dict[str, dict[str, Any]] = {}
    for number, block in enumerate(file.schedule):
        try:
            chosen, said = offices.select(block.offices), _said(block)
        except _WrongError as error:
            place = f"$.schedule[{number}].{error.key}"
            raise UsageError(f"{_where(path, text, place)}: {error}") from None
        except UsageError as error:
            raise UsageError(f"{_where(path, text, f'$.schedule[{number}].offices')}: {error}") from None
        for office in chosen:
            rules.setdefault(office.id, {}).update(said)
    try:
        limits = _limits(file.alarms)
    except _WrongError as error:
        raise UsageError(f"{_where(path, text, f'$.alarms.{error.key}')}: {error}") from None
    named = {office.id: Rule(**rules[office.id]) for office in offices.all if office.id in rules}
    return Schedule(named, limits, file.alarms.webhook, tuple(file.alarms.mail or ()))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"There is no schedule file at {path}. Without one every office is crawled as often as its news come."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as a schedule: {error}.") from error


def _decode(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}.") from error


class _WrongError(ValueError):
    """A value that cannot be used, with its key."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _said(block: _Block) -> dict[str, Any]:
    """What a block says, as arguments of Rule; a key that it leaves out is not among them."""
    said: dict[str, Any] = {}
    if block.every is not None and block.cron is not None:
        raise _WrongError("cron", "a block has either `every` or `cron`, not both.")
    if block.every is not None:
        said |= {"every": span("every", block.every), "cron": None}
    if block.cron is not None:
        said |= {"every": None, "cron": _cron(block.cron)}
    if block.window is not None:
        said["window"] = _window(block.window)
    if block.budget is not None:
        said |= _budget(block.budget)
    if block.recheck is not None:
        said["recheck"] = _recheck(block.recheck)
    if block.paused is not None:
        said["paused"] = "no reason given" if block.paused is True else block.paused or ""
    return said


def span(key: str, text: str) -> dt.timedelta:
    """`30m`, `6h` or `2d` as a time span."""
    match = _SPAN.fullmatch(text.strip())
    if not match or not int(match[1]):
        raise _WrongError(key, f'«{text}» is not a time span. Write minutes, hours or days: {key} = "6h".')
    try:
        found = dt.timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        found = dt.timedelta.max
    if found > _LONGEST:
        raise _WrongError(key, f"«{text}» is longer than a hundred years.")
    return found


def _size(key: str, value: int | str) -> int:
    match = _SIZE.fullmatch(str(value).strip())
    if not match or float(match[1]) <= 0:
        raise _WrongError(key, f'«{value}» is not a size. Write a number and a unit: "500 MB", "2 GB".')
    return int(float(match[1]) * _SIZES[match[2].lower()])


def _cron(text: str) -> str:
    try:
        next(CronSim(text, dt.datetime(2026, 1, 1, tzinfo=TEHRAN)))
    except (CronSimError, StopIteration):
        raise _WrongError(
            "cron",
            f"«{text}» is no cron expression that ever comes true. It has five fields, minute, hour, day, month and "
            'weekday, in Tehran time: cron = "30 2 * * *" is half past two every night.',
        ) from None
    return text


def _window(text: str | bool) -> Window | None:
    # False lifts the window of an earlier block.
    if text is False:
        return None
    match = _HOURS.fullmatch(str(text).strip())
    try:
        start, end = (dt.time(int(match[i]), int(match[i + 1])) for i in (1, 3)) if match else (None, None)
    except ValueError:
        start = end = None
    if start is None or end is None or start == end:
        raise _WrongError("window", f'«{text}» are not hours of a day. Write them so: window = "01:00-06:00" (Tehran).')
    return Window(start, end)


def _budget(budget: _Budget | bool) -> dict[str, int | None]:
    if budget is False:
        return {"requests": None, "bytes": None}
    if budget is True or (budget.requests is None and budget.bytes is None):
        raise _WrongError("budget", 'a budget names requests, bytes or both: {requests = 5000, bytes = "500 MB"}.')
    if budget.requests is not None and budget.requests < 1:
        raise _WrongError("budget", "a budget of requests is a number from 1.")
    size = None if budget.bytes is None else _size("budget", budget.bytes)
    return {"requests": budget.requests, "bytes": size}


def _recheck(days: list[int] | bool) -> tuple[int, ...] | None:
    if days is True:
        return None
    days = days or []
    if any(day < 1 for day in days) or days != sorted(set(days)):
        raise _WrongError("recheck", "days from 1 that grow: recheck = [1, 3, 7, 30, 180], or recheck = false.")
    return tuple(days)


def _limits(alarms: _Alarms) -> Limits:
    default = Limits()
    if alarms.webhook is not None and not alarms.webhook.startswith(("http://", "https://")):
        raise _WrongError("webhook", f"«{alarms.webhook}» is not an http or https address.")
    if alarms.mail == []:
        raise _WrongError("mail", 'a command and its arguments: mail = ["mail", "-s", "Bayegan", "you@example.org"].')
    if alarms.failures is not None and alarms.failures < 1:
        raise _WrongError("failures", "how often in a row an office may fail before it is an alarm: a number from 1.")
    return Limits(
        silent=None if alarms.silent is None else span("silent", alarms.silent),
        unfinished=default.unfinished if alarms.unfinished is None else span("unfinished", alarms.unfinished),
        failures=alarms.failures or default.failures,
        disk_free=default.disk_free if alarms.disk_free is None else _size("disk_free", alarms.disk_free),
    )


# --- saying where -------------------------------------------------------------------------------------------------


def _where(path: Path, text: str, error: str) -> str:
    """File and line that an error (which holds a path like `$.schedule[1].every`) is about."""
    match = _PLACE.search(error)
    unknown = re.search(r"unknown field `(.+?)`", error)
    key = match["key"] if match and match["key"] else unknown[1] if unknown else None
    lines = text.splitlines()
    table = match["table"] if match else ""
    begins = [i for i, line in enumerate(lines) if re.match(rf"\s*\[+\s*{table}\s*\]+", line)] if table else [-1]
    number = int(match["number"] or 0) if match else 0
    if number >= len(begins):  # written in a form that the search above does not know
        return str(path)
    start = begins[number] + 1
    for i, line in enumerate(lines[start:], start + 1):
        if line.lstrip().startswith("[["):
            break
        if key and re.match(rf"\s*\[?\s*{re.escape(key)}\b", line):
            return f"{path}, line {i}"
    return f"{path}, line {max(start, 1)}"


def _explain(error: str) -> str:
    """What is wrong, in other words than the decoder's."""
    if unknown := re.search(r"unknown field `(.+?)`", error):
        place = _PLACE.search(error)
        inside = (place["key"] or place["table"]) if place else ""
        known = {"schedule": _Block, "budget": _Budget, "alarms": _Alarms}.get(inside, _File).__struct_fields__
        near = get_close_matches(unknown[1], known, 1, 0.5)
        hint = f"Did you mean «{near[0]}»?" if near else f"There are {', '.join(known)}."
        return f"there is no key «{unknown[1]}». {hint}"
    if "missing required field `offices`" in error:
        return (
            'the block does not say whom it is about: offices = ["behzisti-hormozgan"], as `bayegan crawl` takes them.'
        )
    match = _PLACE.search(error)
    key = match["key"] if match else None
    example = _EXAMPLES.get(key or "", "")
    return f"{error.partition(' - at')[0]}.{f' Write for example {example}.' if example else ''}"


_EXAMPLES = {
    "offices": 'offices = ["behzisti", "oghaf-qom"]',
    "every": 'every = "6h"',
    "cron": 'cron = "30 2 * * *"',
    "window": 'window = "01:00-06:00"',
    "budget": 'budget = {requests = 5000, bytes = "500 MB"}',
    "recheck": "recheck = [1, 3, 7, 30, 180]",
    "paused": 'paused = "the site is being moved"',
    "silent": 'silent = "5d"',
    "unfinished": 'unfinished = "3d"',
    "failures": "failures = 3",
    "disk_free": 'disk_free = "5 GB"',
    "webhook": 'webhook = "https://example.org/hook"',
    "mail": 'mail = ["mail", "-s", "Bayegan", "you@example.org"]',
}
