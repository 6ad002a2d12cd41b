"""Runs `bayegan` and kills its own process, as with kill -9, at a named point: `python -m tests.crash POINT N WORDS…`.

The Nth time the point is reached is the last. Real signals, real files; only the moment is chosen.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from archive import manifest, warc
from archive.catalogue import Catalogue

_left = [0]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def due() -> bool:
    _left[0] -= 1
    return _left[0] == 0


def before(owner: Any, name: str) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def wrapped(*args: Any, **options: Any) -> Any:
        if due():
            die()
        return real(*args, **options)

    setattr(owner, name, wrapped)


def after(owner: Any, name: str) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def wrapped(*args: Any, **options: Any) -> Any:
        result = real(*args, **options)
        if due():
            die()
        return result

    setattr(owner, name, wrapped)


def half_a_record() -> None:
    real = warc._compressed

    def wrapped(pieces: Any) -> Iterator[bytes]:
        if not due():
            yield from real(pieces)
            return
        whole = b"".join(real(pieces))
        yield whole[: len(whole) // 2]
        die()

    warc._compressed = wrapped


def inside_commit() -> None:
    real = Catalogue.commit

    def wrapped(self: Catalogue) -> None:
        if due():
            delay = random.SystemRandom().uniform(0, 0.003)
            threading.Thread(target=lambda: (time.sleep(delay), die())).start()
        real(self)

    Catalogue.commit = wrapped  # type: ignore[method-assign]


POINTS: dict[str, Callable[[], None]] = {
    "before-write": lambda: before(warc.WarcWriter, "write"),
    "mid-record": half_a_record,
    "after-write-before-fsync": lambda: after(warc.WarcWriter, "write"),
    "after-fsync-before-commit": lambda: before(Catalogue, "commit"),
    "mid-commit": inside_commit,
    "after-commit": lambda: after(Catalogue, "commit"),
    "mid-seal": lambda: before(manifest, "seal"),
    "before-rename": lambda: before(warc, "finish_file"),
    "mid-rename": lambda: before(warc, "sync_folder"),
    "mid-rotation": lambda: before(warc.WarcWriter, "_begin"),
}

if __name__ == "__main__":
    _left[0] = int(sys.argv[2])
    POINTS[sys.argv[1]]()
    sys.argv[:] = ["bayegan", *sys.argv[3:]]
    from scraper.cli import main

    main()
