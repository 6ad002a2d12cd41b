"""Fixity: seals finished WARC files, and verifies that everything kept is still what was written.

A file is sealed by a manifest (its SHA-256) and an index (CDXJ) beside it. `verify` looks at every byte.
"""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from archive import cdxj, manifest, warc
from archive.catalogue import Catalogue
from archive.collection import CATALOGUE, LOCK, Collection, seal
from archive.errors import CollectionError
from archive.filecheck import Fault, FileResult, check_file, key_of
from archive.itemcheck import item_faults
from archive.records import one_moment

__all__ = ["Fault", "Verification", "seal", "seal_all", "verify"]

_WORTH_A_PROCESS = 32_000_000  # bytes: below that, starting processes takes longer than they save
_IDS_AT_A_TIME = 1_000_000
_PATIENCE = 0.2
_SIDE_FILES = (".warc.gz" + manifest.SUFFIX, cdxj.SUFFIX)
_LITTER = re.compile(r"\..*|.*~|.*\.part|Thumbs\.db|desktop\.ini")
"""Names under which systems, editors and interrupted copies leave things behind."""


# --- sealing ----------------------------------------------------------------------------------------------------


def seal_all(root: Path) -> list[Path]:
    """Write the manifests and indexes that finished files lack. Returns the files that lacked one.

    A crawl needs no such call: it seals a file before the file gets its final name.
    """
    lacking = [
        path
        for path in warc.warc_files(root)
        if not path.name.endswith(warc.OPEN_SUFFIX)
        and not (manifest.manifest_of(path).exists() and cdxj.index_of(path).exists())
    ]
    for path in lacking:
        seal(path)
    return lacking


# --- verifying --------------------------------------------------------------------------------------------------


_CATALOGUE_FAULTS = {
    "not-in-catalogue", "catalogue-differs", "item-missing", "item-differs", "item-capture", "revision-missing",
    "record-malformed", "record-differs", "record-unstored", "table-differs", "index-differs",
}  # fmt: skip
"""Words for what a new catalogue mends, when the files are whole."""
_STRANGE = {"stray-file", "file-unknown"}


@dataclass(slots=True)
class Verification:
    """What was looked at and what was found wrong. Notes are worth knowing, and no fault of the data."""

    files: int = 0
    records: int = 0
    bytes: int = 0
    items: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


def advice(faults: list[Fault]) -> list[str]:
    """What to do about faults, in this order: a sentence for each sort of them that is there."""
    strange = {fault.warc for fault in faults if fault.what in _STRANGE}
    words = {fault.what for fault in faults if fault.warc not in strange}
    said = []
    if words - _CATALOGUE_FAULTS:
        said.append("Keep the damaged files, and restore them from a copy whose digests are right.")
    if strange:
        told = "Find out where the strange files come from, and move them away"
        said.append(f"{told}; what belongs here `bayegan rebuild` takes in.")
    if words & _CATALOGUE_FAULTS:
        first = "The catalogue is not what the WARC files give" + ("; when these are right, " if said else ": ")
        said.append(first + "`bayegan rebuild` makes it anew. Copy it before if you want to find out why.")
    return said


def verify(
    collection: Collection, progress: Callable[[int], None] = lambda _: None, processes: int | None = None
) -> Verification:
    """Check every byte of every WARC file, and that manifests, indexes, catalogue and records agree with them.

    Args:
        progress: called with the bytes read since the last call.
        processes: how many at most; as many as there are processors unless given.

    Raises CollectionError when the catalogue itself cannot be read.
    """
    result = Verification()
    try:
        checked = sorted(_check_files(collection.root, progress, processes), key=lambda one: one.name)
        for one in checked:
            result.files += 1
            result.records += one.records
            result.bytes += one.bytes
            result.faults += one.faults
            result.notes += one.notes
        result.faults += _identity_faults(checked)
        _look_for_strays(collection.root, result)
        with one_moment(collection.catalogue):
            result.faults += _missing_files(collection)
            result.items = collection.catalogue.count()
            result.faults += item_faults(collection.catalogue)
    except sqlite3.DatabaseError as error:
        raise CollectionError(
            f"The catalogue {collection.catalogue.path} cannot be read: {error}. "
            "`bayegan rebuild` makes it anew from the WARC files."
        ) from error
    result.faults.sort()
    return result


def _check_files(root: Path, progress: Callable[[int], None], processes: int | None) -> Iterator[FileResult]:
    held = writer_active(root)
    paths = sorted(warc.warc_files(root), key=lambda path: path.stat().st_size, reverse=True)
    processes = min(processes or len(os.sched_getaffinity(0)), len(paths))
    if processes > 1 and sum(path.stat().st_size for path in paths) >= _WORTH_A_PROCESS:
        yield from _in_processes(root, paths, held, progress, processes)
        return
    catalogue = Catalogue(root / CATALOGUE)
    try:
        for path in paths:
            yield check_file(root, path, catalogue, held=held, progress=progress)
    finally:
        catalogue.close()


def _in_processes(
    root: Path, paths: list[Path], held: bool, progress: Callable[[int], None], processes: int
) -> Iterator[FileResult]:
    context = multiprocessing.get_context("spawn")  # a fork would inherit the progress bar's thread and the database
    read = context.Value("Q", 0)
    told = 0
    with ProcessPoolExecutor(processes, context, _begin, (root, held, read)) as pool:
        waiting: set[Future[FileResult]] = {pool.submit(_work, path) for path in paths}
        while waiting:
            done, waiting = wait(waiting, _PATIENCE, FIRST_COMPLETED)
            now = read.value
            progress(now - told)
            told = now
            for future in done:
                yield future.result()


_job: tuple[Path, bool, Synchronized[int], Catalogue]


def _begin(root: Path, held: bool, read: Synchronized[int]) -> None:
    global _job  # noqa: PLW0603 - what a process of the pool keeps from one file to the next
    _job = (root, held, read, Catalogue(root / CATALOGUE))


def _work(path: Path) -> FileResult:
    root, held, read, catalogue = _job

    def progress(size: int) -> None:
        with read.get_lock():
            read.value += size

    return check_file(root, path, catalogue, held=held, progress=progress)


def writer_active(root: Path) -> bool:
    """Whether a living process holds the collection's lock."""
    try:
        with (root / LOCK).open(encoding="utf-8") as lock:
            # Asking for the lock would stand in the way of a crawl that starts now: ask only if the holder lives.
            if not Path(f"/proc/{json.load(lock)['pid']}").exists() and Path("/proc/self").exists():
                return False
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return False


def _missing_files(collection: Collection) -> Iterator[Fault]:
    root = collection.root
    known = {
        name: "the catalogue has captures in this file, the folder lacks it."
        for (name,) in collection.catalogue.db.execute("SELECT DISTINCT warc FROM captures")
    }
    for suffix in _SIDE_FILES:
        for path in (root / "warc").rglob(f"*{suffix}"):
            name = path.relative_to(root).as_posix().removesuffix(suffix) + ".warc.gz"
            known.setdefault(name, f"{path.name} is there, the file to which it belongs is not.")
    for name, message in sorted(known.items()):
        if not warc.locate(root, name).exists():
            yield Fault(name, 0, "file-missing", message)


def _look_for_strays(root: Path, result: Verification) -> None:
    """Name what lies among the WARC files and is none, nor manifest or index of one."""
    for path in sorted((root / "warc").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_dir() or name.endswith((".warc.gz", *_SIDE_FILES)):
            continue
        if not name.endswith(f".warc.gz{warc.OPEN_SUFFIX}"):
            litter = _LITTER.fullmatch(path.name)
            message = (
                "a rest that some program left; it can be deleted." if litter else "no program of ours wrote this."
            )
            (result.notes if litter else result.faults).append(Fault(name, 0, "stray-file", message))
        elif path.with_name(path.name.removesuffix(warc.OPEN_SUFFIX)).exists():
            message = "an older state of a file that is finished, from an earlier copy; it can be deleted."
            result.notes.append(Fault(name, 0, "stray-file", message))


def _identity_faults(checked: list[FileResult]) -> Iterator[Fault]:
    """Record ids that stand twice anywhere, and ids that are named in WARC-Concurrent-To and stand nowhere."""
    loose = {key_of(target): (one.name, at, target) for one in checked for at, target in one.loose}
    parts = 1 + sum(one.records for one in checked) // _IDS_AT_A_TIME
    for part in range(parts):  # a part of the ids at a time, so that a big collection needs no more memory
        seen: dict[bytes, tuple[int, int]] = {}
        for number, one in enumerate(checked):
            for index, offset in enumerate(one.offsets):
                key = bytes(one.keys[index * 16 : index * 16 + 16])
                if key[0] % parts != part:
                    continue
                loose.pop(key, None)
                first = seen.setdefault(key, (number, offset))
                if first != (number, offset):
                    where = f"{checked[first[0]].name} at byte {first[1]}"
                    message = f"the record has the same WARC-Record-ID as the one in {where}."
                    yield Fault(one.name, offset, "duplicate-id", message)
    for name, offset, target in loose.values():
        yield Fault(name, offset, "concurrent-to", f"WARC-Concurrent-To names {target}, which is nowhere.")
