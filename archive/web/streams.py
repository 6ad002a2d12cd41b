"""Answers that are too long to be held: written while they are read, and given up when nobody takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import BoundedSemaphore

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from archive.web.page import Ask

_AT_ONCE = 4
_PIECE = 1 << 16
_PATIENCE = 60  # seconds that a reader may take for one piece
_slots = BoundedSemaphore(_AT_ONCE)


class BusyError(Exception):
    """As many exports run as may run at once."""


class Stream(StreamingResponse):
    """An export. It holds the reading of its request, and with it one moment of the catalogue, until it ends.

    An error on the way breaks the connection off, so that a part is never taken for the whole.
    """

    def __init__(self, ask: Ask, rows: Iterator[bytes], total: int, media_type: str, filename: str) -> None:
        if not _slots.acquire(blocking=False):
            raise BusyError
        self._reading = ask.reading
        headers = {"Content-Disposition": f'attachment; filename="{filename}"', "X-Total-Count": str(total)}
        super().__init__(_packed(rows), headers=headers, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all."""

        async def patiently(message: Message) -> None:
            async with asyncio.timeout(_PATIENCE):
                await send(message)

        try:
            if scope["method"] == "HEAD":
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": b""})
            else:
                await super().__call__(scope, receive, patiently)
        except TimeoutError:
            pass  # the server sees an unfinished response and closes the connection
        finally:
            self._reading.close()
            _slots.release()


def _packed(rows: Iterator[bytes]) -> Iterator[bytes]:
    """Rows in pieces that are worth a hand-over between threads."""
    held = bytearray()
    for row in rows:
        held += row
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
