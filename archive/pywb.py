"""Replay through pywb, a program of its own: its `wayback` command serves the WARC files as they are.

pywb lives in an environment of its own (it brings a module that would overwrite one of ours), so it is called, not
imported. It gets a folder of links to the finished WARC files and their CDXJ indexes; nothing is copied.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from archive import cdxj, warc
from archive.errors import BayeganError, NothingFoundError

NAME = "bayegan"
"""The collection's name inside pywb: pages are at /bayegan/<timestamp>/<address>."""


def wayback() -> str:
    """The path of pywb's command. Raises BayeganError saying how to get it."""
    found = shutil.which("wayback")
    if found is None:
        raise BayeganError(
            "pywb is not installed: there is no command `wayback` on the PATH. Install it in an environment of its "
            "own, for example with `pipx install pywb`; `bayegan serve` replays single pages without it."
        )
    return found


def prepare(root: Path, folder: Path) -> int:
    """Make the folder that `wayback -d` wants, with links into a collection. Returns the number of WARC files.

    Raises NothingFoundError when the collection has no finished file.
    """
    archive, indexes = (folder / "collections" / NAME / name for name in ("archive", "indexes"))
    archive.mkdir(parents=True)
    indexes.mkdir()
    files = [path for path in warc.warc_files(root) if not path.name.endswith(warc.OPEN_SUFFIX)]
    for path in files:
        (archive / path.name).symlink_to(path.resolve())
        (indexes / cdxj.index_of(path).name).symlink_to(cdxj.index_of(path).resolve())
    if not files:
        raise NothingFoundError(f"There is no finished WARC file in {root}. A crawl finishes its files when it ends.")
    return len(files)


def command(folder: Path, port: int) -> list[str]:
    """The command that serves a prepared folder on loopback."""
    return [wayback(), "--bind", "127.0.0.1", "--port", str(port), "--directory", str(folder)]
