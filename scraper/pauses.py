"""Pauses: written into schedule.toml and taken out again, with everything else in the file left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from archive.errors import NothingFoundError, UsageError
from archive.offices import Offices
from scraper.schedule import load_schedule

_NEW = """\
# When each office is crawled: docs/operations.md says what can stand here.

[[schedule]]
offices = ["all"]
"""


def pause(path: Path, offices: Offices, target: str, reason: str) -> list[str]:
    """Pause the offices that a target names. Returns them.

    The file is made when there is none. Raises UsageError for a file that cannot be used or a reason that is empty,
    NothingFoundError when the schedule names none of these offices.
    """
    if not reason.strip():
        raise UsageError('A pause needs its reason, so that it can be lifted one day: --reason "the site is moving".')
    chosen = _scheduled(path, offices, target)
    document = _open(path)
    _set_paused(document, target, reason)
    _save(path, document, offices)
    return chosen


def resume(path: Path, offices: Offices, target: str) -> list[str]:
    """Lift the pauses of the offices that a target names. Returns those that were paused.

    Raises UsageError as `pause` does, NothingFoundError when none of them is paused.
    """
    chosen = _scheduled(path, offices, target)
    rules = load_schedule(path, offices).rules
    paused = [office for office in chosen if rules[office].paused]
    if not paused:
        raise NothingFoundError(f"Nothing of «{target}» is paused. `bayegan schedule` shows what is.")
    document = _open(path)
    blocks = document["schedule"]
    named = [{office.id for office in offices.select(list(block["offices"]))} for block in blocks]
    for i in reversed(range(len(blocks))):
        if "paused" in blocks[i] and named[i] <= set(chosen):
            del blocks[i]["paused"]
            if list(blocks[i]) == ["offices"] and named[i] <= set().union(*named[:i], *named[i + 1 :]):
                del blocks[i], named[i]  # it was there for the pause alone
    _save(path, document, offices)
    rules = load_schedule(path, offices).rules
    if any(rules[office].paused for office in paused if office in rules):  # by a block that names others, too
        _set_paused(document, target, reason=False)
        _save(path, document, offices)
    return paused


def _scheduled(path: Path, offices: Offices, target: str) -> list[str]:
    chosen = [office.id for office in offices.select([target])]
    rules = load_schedule(path, offices).rules
    if missing := [office for office in chosen if office not in rules]:
        raise NothingFoundError(
            f"{', '.join(missing[:3])} {'is' if len(missing) == 1 else 'are'} not in {path}, and so not crawled by "
            "`bayegan run`. Add a [[schedule]] block for them first."
        )
    return chosen


def _open(path: Path) -> Any:
    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else _NEW)
    if not isinstance(document.setdefault("schedule", tomlkit.aot()), AoT):
        raise UsageError(f"{path} has its blocks in one line. Write each as a [[schedule]] block of its own.")
    return document


def _set_paused(document: Any, target: str, reason: str | bool) -> None:
    """In the last block if that is about this target alone, else in a new one below: what stands last holds."""
    blocks = document["schedule"]
    if len(blocks) and list(blocks[-1]["offices"]) == [target]:
        blocks[-1]["paused"] = reason
        return
    block = tomlkit.table()
    block["offices"] = [target]
    block["paused"] = reason
    block.add(tomlkit.nl())
    blocks.append(block)


def _save(path: Path, document: Any, offices: Offices) -> None:
    """Write the file, whole or not at all, once it is known to be readable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(tomlkit.dumps(document), encoding="utf-8")
    try:
        load_schedule(temporary, offices)
    except UsageError:
        temporary.unlink()
        raise
    temporary.replace(path)
