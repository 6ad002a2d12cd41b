"""The errors Bayegan shows to people: what happened, why, and what to do next.

Every subclass carries the exit code of the command line (0 done, 1 failed, 2 wrong usage,
3 refused or nothing found, 4 partly done, 5 collection locked).
"""

from __future__ import annotations

import errno
from pathlib import Path

MAKE_ROOM = "Make room and run it again."

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


class BayeganError(Exception):
    """Something failed in a way a person can act on. The message is one paragraph, without a traceback."""

    exit_code = 1


class UsageError(BayeganError):
    """What was asked for cannot be understood: an unknown office, a bad date, a broken query."""

    exit_code = 2


class NothingFoundError(BayeganError):
    """The question was understood and the answer is empty."""

    exit_code = 3


class CollectionLockedError(BayeganError):
    """Another process writes to the collection."""

    exit_code = 5


class CollectionError(BayeganError):
    """The collection on disk cannot be used as it is."""


class QueryError(UsageError):
    """A search query that cannot be parsed; says where and what would be right."""


def refused_by_disk(error: BaseException) -> bool:
    """Whether the system does not let a file be read or written: no room, no right. No defect of the program."""
    return isinstance(error, OSError) and error.errno in _FULL | _NOT_ALLOWED


def cannot_write(what: Path | str, error: OSError, otherwise: str = "") -> CollectionError:
    """The error for a file or folder that the system keeps from us, with what to do about it.

    Args:
        otherwise: what else could be done where there is no right to write; there may be room elsewhere, too.
    """
    advice = MAKE_ROOM if error.errno in _FULL else otherwise or "Give the right to read and write there."
    return CollectionError(f"{what} cannot be written to: {error.strerror or error}. {advice}")
