"""What is kept, found and given out: the collection, its catalogue, its search and its dumps.

For analysts: `from archive import open_collection`; docs/python.md says what it gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.collection import Collection, open_collection
    from archive.record import NewsRecord
    from archive.records import Records

__all__ = ["Collection", "NewsRecord", "Records", "open_collection"]

_HOMES = {
    "Collection": "archive.collection",
    "NewsRecord": "archive.record",
    "Records": "archive.records",
    "open_collection": "archive.collection",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for only then: every module of the package passes through here."""
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
