"""Writes a dump: one pass over the records feeds every file, and all of it appears or nothing."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from archive import coverage
from archive.collection import Collection
from archive.coverage import Month
from archive.dump import describe
from archive.dump.files import Table, record_files, write_text
from archive.dump.graph import Graph, Link, Told
from archive.dump.options import MANIFEST, SUMS, Manifest, Options, manifest_text
from archive.errors import CollectionLockedError, NothingFoundError, UsageError, cannot_write
from archive.record import from_json, to_json
from archive.records import Facts, Records, facts_of, one_moment
from archive.warc import sync_folder

Progress = Callable[[int], None]


@dataclass
class Content:
    """What goes into a dump, wherever it comes from: lines in the order of `Records`, and what belongs to them."""

    lines: Iterable[bytes]
    links_of: Callable[[Facts], Iterable[Link]]
    told_by: Callable[[Facts], Iterable[Told]]
    gaps: list[Month]


@dataclass
class Tally:
    """What is counted while records go by."""

    html: bool
    records: int = 0
    newest: str | None = None
    counts: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def count(self, line: bytes) -> tuple[Facts, bytes]:
        """Count a record. Returns its facts, and its line as a dump with these options has it."""
        if not self.html:
            line = to_json(replace(from_json(line), body_html=None)) + b"\n"
        facts = facts_of(line)
        self._hash.update(line)
        self.records += 1
        if facts.last_seen and facts.last_seen > (self.newest or ""):
            self.newest = facts.last_seen
        self.counts[facts.office, (facts.published_jalali or "")[:4]] += 1
        return facts, line

    @property
    def content(self) -> str:
        """The SHA-256 of all lines so far."""
        return self._hash.hexdigest()


def dump(
    collection: Collection, dest: Path, options: Options | None = None, progress: Progress = lambda _: None
) -> Manifest:
    """Write the selected records below `dest`, which must not exist yet; all of the dump appears there or nothing.

    Args:
        progress: called with the records written since the last call.

    Raises UsageError when `dest` exists, NothingFoundError when nothing is selected, QueryError for a query that
    cannot be parsed, CollectionError when the disk refuses.
    """
    options = options or Options()
    with whole_or_nothing(dest) as part, reading(collection, options) as content:
        return write_version(part.folder, content, options, progress)


@contextmanager
def reading(collection: Collection, options: Options) -> Iterator[Content]:
    """The content of a dump as one moment of the collection has it. Raises NothingFoundError."""
    with one_moment(collection.catalogue):
        records = Records(collection.catalogue, options.selection)
        if options.selection.asked() and not len(records):
            raise NothingFoundError(
                f"No item is selected by: {options.selection.title()}. `bayegan search` shows what there is."
            )
        graph = Graph(collection.catalogue)
        gaps = [month for month in coverage.months_of(collection.catalogue.db) if month.recorded < month.listed]
        yield Content(records.lines(), graph.links_of, graph.told_by, gaps)


def write_version(folder: Path, content: Content, options: Options, progress: Progress) -> Manifest:
    """Write all files of a full dump into an empty folder."""
    tally = Tally(options.html)
    writers = record_files(folder, options)
    links, stories = Table(folder, "links", Link, options), Table(folder, "stories", Told, options)
    with ExitStack() as open_files:
        for writer in writers:
            open_files.enter_context(writer)
        open_files.enter_context(links)
        open_files.enter_context(stories)
        for stored in content.lines:
            facts, line = tally.count(stored)
            for writer in writers:
                writer.put(facts, line)
            for link in content.links_of(facts):
                links.put(link)
            for told in content.told_by(facts):
                stories.put(told)
            progress(1)
    files = [file for writer in writers for file in writer.files] + links.files + stories.files
    manifest = Manifest("full", options, tally.records, tally.content, tally.newest, files, gaps=content.gaps)
    files += [write_text(folder, name, text) for name, text in describe.describing(manifest, tally.counts)]
    write_manifest(folder, manifest)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write what lists and vouches for the files, last of all."""
    manifest.files.sort(key=lambda file: file.path)
    listed = [*manifest.files, write_text(folder, MANIFEST, manifest_text(manifest))]
    write_text(folder, SUMS, "".join(f"{file.sha256}  {file.path}\n" for file in listed))


@dataclass
class Part:
    """A folder that is being written, and where it goes when it is whole."""

    folder: Path
    dest: Path


@contextmanager
def whole_or_nothing(dest: Path) -> Iterator[Part]:
    """A folder beside `dest` that gets its name, durably, when the block ends well, and vanishes when it does not.

    Raises UsageError when `dest` exists, CollectionLockedError while another process writes it, CollectionError when
    the disk refuses.
    """
    part = Part(dest.with_name(f".{dest.name}.part"), dest)
    try:
        if dest.exists():
            raise UsageError(f"{dest} exists already and is left alone. Name a folder that does not exist yet.")
        with _alone(part):
            for left in part.folder.iterdir():  # by a process that was killed
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield part
            for below in [part.folder, *(path for path in part.folder.rglob("*") if path.is_dir())]:
                sync_folder(below)
            if not part.dest.exists():  # a name made of the content: the same bytes are there already
                part.folder = part.folder.rename(part.dest)
            sync_folder(part.dest.absolute().parent)
    except OSError as error:
        if error.errno:  # the libraries say it in words of their own
            error.strerror = os.strerror(error.errno)
        raise cannot_write(dest, error, "Name another place.") from error


@contextmanager
def _alone(part: Part) -> Iterator[None]:
    """Keep other processes from a folder; remove it afterwards unless it got its name."""
    above = [folder for folder in part.folder.parents if not folder.exists()]
    part.folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(part.folder, os.O_RDONLY)
    try:
        _lock(lock, part.dest)
        try:
            yield
        finally:
            if part.folder != part.dest:
                shutil.rmtree(part.folder, ignore_errors=True)
                with suppress(OSError):
                    for folder in above:
                        folder.rmdir()
    finally:
        os.close(lock)


def _lock(folder: int, dest: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CollectionLockedError(
            f"Another process writes {dest} just now. Wait until it is there, or name another folder."
        ) from None
