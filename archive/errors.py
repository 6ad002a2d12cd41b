"""The errors Bayegan shows to people: what happened, why, and what to do next.

Every subclass carries the exit code of the command line (0 done, 1 failed, 2 wrong usage,
3 refused or nothing found, 4 partly done, 5 collection locked).
"""

from __future__ import annotations


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
