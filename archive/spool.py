"""A block that lies in a file: large responses are digested and written without being held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_CHUNK = 1 << 18


@dataclass(slots=True, frozen=True)
class Spool:
    """The `size` bytes of a file from `start` on."""

    file: IO[bytes]
    start: int
    size: int

    def pieces(self) -> Iterator[bytes]:
        """The block, piece by piece."""
        self.file.seek(self.start)
        left = self.size
        while left and (piece := self.file.read(min(left, _CHUNK))):
            left -= len(piece)
            yield piece
