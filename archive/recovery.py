"""What a killed process leaves behind: unfinished WARC files, cut back to whole exchanges."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from archive import warc
from archive.members import UNREADABLE, Gap, Member, read_members, scan

IMPORTED = "description: imported captures"
"""Line of the warcinfo record of a file that holds captures made by others."""
NO_REQUEST = "imported-request: absent"
"""Line of the metadata record of an imported response whose request its own archive had not kept."""


@dataclass(slots=True, frozen=True)
class Recovered:
    """What recovery found in an unfinished file: its final name, whole records kept, bytes cut from the tail."""

    warc: str
    records: int
    cut: int


def recover(root: Path) -> list[Recovered]:
    """Cut the torn tail of every `.open` file that a dead process left, so that it holds whole exchanges only.

    The files stay `.open`: they are to be finished when the catalogue knows what is in them. An exchange is written
    response, metadata, request; so a response that no request names yet was torn. So was a request that stands
    alone before the metadata that says why it got no response.
    """
    done = []
    for path in (p for p in warc.warc_files(root) if p.name.endswith(warc.OPEN_SUFFIX)):
        keep, records = _whole_exchanges(path)
        cut = path.stat().st_size - keep
        if records == 0:
            path.unlink()
            warc.sync_folder(path.parent)
            continue
        with path.open("r+b") as torn:
            torn.truncate(keep)
            os.fsync(torn.fileno())
        name = path.relative_to(root).as_posix().removesuffix(warc.OPEN_SUFFIX)
        done.append(Recovered(name, records, cut))
    return done


def _whole_exchanges(path: Path) -> tuple[int, int]:
    """Where the last whole exchange ends, and the number of whole records. Damage before it is left for `verify`."""
    keep = records = seen = 0
    waiting = closing = ""  # the record that begins an exchange, and the type of the one that ends it
    for found in scan(path):
        record = None if isinstance(found, Gap) else _parsed(found, path)
        if record is None:
            waiting = "what lies behind the damage must begin anew"
            continue
        seen += 1
        tie = record.get("WARC-Concurrent-To")
        if record.type in warc.CAPTURES:
            waiting, closing = f"<{record.id}>", "request"
        elif record.type == "request" and tie is None:
            waiting, closing = f"<{record.id}>", "metadata"
        elif tie is None or (tie == waiting and (record.type == closing or NO_REQUEST.encode() in record.block)):
            waiting = ""
        if not waiting:
            keep, records = found.offset + found.length, seen
    return keep, records


def unindexed(path: Path, start: int) -> int:
    """How many whole exchanges with a response lie behind a place in a file that a dead process left."""
    found, response = 0, False
    with path.open("rb", buffering=0) as source, contextlib.suppress(UNREADABLE):
        for member in read_members(source, start):
            record = _parsed(member, path)
            if record is not None and record.type in warc.CAPTURES:
                response = True
            elif record is not None and record.type == "request":
                found, response = found + response, False
    return found


def _parsed(member: Member, path: Path) -> warc.Record | None:
    try:
        return warc.parse(member.data, path, member.offset)
    except warc.DamagedMemberError:
        return None
