"""When an item was found withdrawn from its site, and the captures that prove it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive.http import NOT_FOUND
from archive.record import Capture, NewsRecord

_MOST = 5


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The last look that still found the item, the last that did not, and what the server answered since the former.

    The answers, oldest first, are those that say that nothing is there; where there is none, those that lead elsewhere.
    """

    last_seen: str | None
    checked: str
    captures: list[Capture]


def withdrawal(db: sqlite3.Connection, record: NewsRecord) -> Withdrawal | None:
    """How an item came to count as withdrawn; None for one that is still on its site, as far as is known."""
    if record.status != "gone":
        return None
    (checked,) = db.execute("SELECT checked FROM items WHERE id = ?", (record.id,)).fetchone()
    rows = db.execute(
        "SELECT warc, offset, length, record_id, payload_digest, fetched, status, ip FROM captures"
        " WHERE url IN (SELECT url FROM addresses WHERE item = ?) AND fetched > ? AND status <> 304"
        " AND status BETWEEN 300 AND 499 ORDER BY fetched, id",
        (record.id, record.last_seen or ""),
    )
    answers = [Capture(*row) for row in rows]
    missing = [answer for answer in answers if answer.http_status in NOT_FOUND]
    elsewhere = [answer for answer in answers if answer.http_status < 400]  # noqa: PLR2004 - a redirect
    return Withdrawal(record.last_seen, checked, (missing or elsewhere)[:_MOST])
