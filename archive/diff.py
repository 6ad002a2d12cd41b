"""What changed between two revisions of a record, word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from archive.errors import NothingFoundError
from archive.record import NewsRecord

Change = Literal["same", "removed", "added"]

TEXTS = ("kicker", "title", "lead", "body")
LISTS = ("authors", "categories", "tags", "images", "attachments", "videos")
FACTS = ("kind", "published", "province", "office", "status")

_WORDS = re.compile(r"\s+|[^\s]+")
_CRUMB = 2
_MANY_WORDS = 6000  # comparing words is quadratic at worst; beyond this, whole blocks are compared


@dataclass(slots=True, frozen=True)
class Piece:
    """A stretch of text that is the same in both revisions, or in one of them only."""

    change: Change
    text: str


@dataclass(slots=True, frozen=True)
class FieldDiff:
    """One field that differs. Without `added` the pieces are the older text, without `removed` the newer."""

    field: str
    pieces: list[Piece]


@dataclass(slots=True, frozen=True)
class Comparison:
    """Two revisions of an item, and the fields in which they differ."""

    id: str
    older: int
    newer: int
    fields: list[FieldDiff]


def compare(revisions: Sequence[NewsRecord], older: int | None = None, newer: int | None = None) -> Comparison:
    """Compare two revisions of an item by number: the last two unless others are named.

    Raises NothingFoundError for a number that no revision has.
    """
    two = pick(revisions, revisions[-1].revision if newer is None else newer)
    one = pick(revisions, max(two.revision - 1, 1) if older is None else older)
    return Comparison(two.id, one.revision, two.revision, diff(one, two))


def pick(revisions: Sequence[NewsRecord], number: int) -> NewsRecord:
    """The revision of a number. Raises NothingFoundError."""
    for record in revisions:
        if record.revision == number:
            return record
    raise NothingFoundError(
        f"{revisions[0].id} has {len(revisions)} revisions, and none of them is number {number}. "
        "`bayegan show --revisions` lists them."
    )


def diff(old: NewsRecord, new: NewsRecord) -> list[FieldDiff]:
    """The fields that differ, texts first, in the order in which a reader meets them."""
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in TEXTS]
    pairs += [(name, _lines(getattr(old, name)), _lines(getattr(new, name))) for name in LISTS]
    pairs += [(name, getattr(old, name) or "", getattr(new, name) or "") for name in FACTS]
    return [FieldDiff(name, diff_text(one, two)) for name, one, two in pairs if one != two]


def _lines(values: list[object]) -> str:
    return "\n".join(v if isinstance(v, str) else " ".join(_parts(v)) for v in values)


def _parts(value: object) -> list[str]:
    # An image has an alt, an attachment a title; both have an address.
    return [text for name in ("url", "alt", "title") if (text := getattr(value, name, ""))]


def diff_text(old: str, new: str) -> list[Piece]:
    """Compare two texts block by block, and the blocks that differ word by word."""
    one, two = old.splitlines(keepends=True), new.splitlines(keepends=True)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        before, after = "".join(one[a:b]), "".join(two[c:d])
        pieces += [Piece("same", before)] if tag == "equal" else _diff_words(before, after)
    return _merged(pieces)


def _diff_words(old: str, new: str) -> list[Piece]:
    one, two = _WORDS.findall(old), _WORDS.findall(new)
    if not one or not two or len(one) + len(two) > _MANY_WORDS:
        return [Piece("removed", old), Piece("added", new)]
    pieces: list[Piece] = []
    # Spaces are junk: between two words that differ, the space is no match to cut the text at.
    for tag, a, b, c, d in SequenceMatcher(str.isspace, one, two, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(one[a:b])))
        else:
            pieces += [Piece("removed", "".join(one[a:b])), Piece("added", "".join(two[c:d]))]
    return _readable(pieces)


def _readable(pieces: list[Piece]) -> list[Piece]:
    """Let a word or two that stayed between longer changes change with them: a text in crumbs is hard to read."""
    changed = [sum(len(p.text) for p in run) for run in _runs(pieces)]
    readable: list[Piece] = []
    at = 0  # the run of changes before the piece
    for piece in pieces:
        if piece.change != "same":
            readable.append(piece)
            continue
        around = changed[at : at + 2]
        at += 1
        if len(around) == 2 and len(piece.text) < min(around) and len(piece.text.split()) <= _CRUMB:  # noqa: PLR2004
            readable += [Piece("removed", piece.text), Piece("added", piece.text)]
        else:
            readable.append(piece)
    return readable


def _runs(pieces: list[Piece]) -> list[list[Piece]]:
    """The changes before the first piece that stayed, between it and the second, and so on."""
    runs: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.change == "same":
            runs.append([])
        else:
            runs[-1].append(piece)
    return runs


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Join what changed side by side: all that was removed, then all that was added."""
    merged: list[Piece] = []
    removed = added = ""
    for piece in [*pieces, Piece("same", "")]:
        if piece.change == "removed":
            removed += piece.text
        elif piece.change == "added":
            added += piece.text
        else:
            merged += [each for each in (Piece("removed", removed), Piece("added", added), piece) if each.text]
            removed = added = ""
    return merged
