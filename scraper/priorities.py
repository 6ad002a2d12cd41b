"""What is fetched before what: the one order of everything that a crawl asks a host for."""

from __future__ import annotations

PRIORITY = {
    "asset": 20,
    "home": 19,
    "feed": 18,
    "item": 10,
    "recheck": 6,
    "archive": 5,
    "sitemap": 4,
    "service": 3,
    "tag": 3,
    "sweep": 1,
}
"""Higher first: home pages and feeds before items that wait, so that a small budget still meets what is new."""

_OF_PATH = {"recheck", "sweep"}  # items that can wait, by how they were found


def priority_of(role: str, path: str) -> int:
    """The priority of a request by its role, or by its path: every listing, and an item that can wait."""
    return PRIORITY.get(path if role == "listing" or path in _OF_PATH else role, 0)
