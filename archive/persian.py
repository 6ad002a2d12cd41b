"""Persian letters, digits and half-spaces: the folding on which keys and the search index stand.

Nothing here is applied to text that is kept; folding is for comparing only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

NORMALISER_VERSION = 1
"""Raise it whenever `fold` or `archive.search.words` gives another result for any word: an index built
with another version must be built anew, since rows are removed from it by the words they were made of."""

ZWNJ = "\u200c"

HALF_SPACES = ZWNJ + (
    "\u00ac\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""The half-space and what editors and converters leave in its place: the optional hyphen of Word and its
visible form, zero-width spaces, and direction marks. Between two words each is harmless as a space."""

_MARK_RANGES = (
    (0x0610, 0x061A),  # honorifics and small signs
    (0x064B, 0x065F),  # vowel signs, hamza above and below
    (0x0670, 0x0670),  # superscript alef
    (0x06D6, 0x06DC),
    (0x06DF, 0x06E4),
    (0x06E7, 0x06E8),
    (0x06EA, 0x06ED),  # Quranic marks
    (0x08D3, 0x08FF),  # more of them
    (0x034F, 0x034F),
    (0x200D, 0x200D),  # joiners without a sound
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFE70, 0xFE7F),  # presentation forms of vowel signs
)
MARKS = "".join(chr(code) for first, last in _MARK_RANGES for code in range(first, last + 1))
"""What stands on or between letters without being one; dropped from keys."""

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_VARIANTS = {
    "ا": "أإآٱٲٳٵ",
    "و": "ؤٶ",
    "ه": "ةۀہۂۃھە",
    "ی": "يىئۍێېےۓٸ",
    "ک": "كڪ",
}
_LETTERS = _DIGITS | {ord(other): ord(letter) for letter, others in _VARIANTS.items() for other in others}


# The letter hamza alone goes too: اجراء and اجرا, شیء and شی are the same word. So does the tatweel.
_KEY: dict[int, int | str | None] = {
    **_LETTERS,
    **dict.fromkeys(map(ord, MARKS + "ءـ")),
    **{ord(mark): " " for mark in HALF_SPACES},
}


def _translator(table: Mapping[int, int | str | None]) -> Callable[[str], str]:
    """What `str.translate` does with a table, many times as fast where most letters stay as they are."""
    others = {chr(key): chr(to) if isinstance(to, int) else to or "" for key, to in table.items()}
    seek = re.compile(f"[{re.escape(''.join(others))}]")
    return lambda text: seek.sub(lambda match: others[match[0]], text)


_ascii_digits, _fold_letters, _fold_key = _translator(_DIGITS), _translator(_LETTERS), _translator(_KEY)


def ascii_digits(text: str) -> str:
    """Persian and Arabic digits as ASCII ones; everything else untouched."""
    return text if text.isascii() else _ascii_digits(text)


def fold_letters(text: str) -> str:
    """Write one letter for all forms of it, and ASCII digits. One character in, one out: offsets hold."""
    return _fold_letters(text)


def fold(text: str) -> str:
    """Make a key that is equal for spellings of the same words: letters, digits, half-spaces, spaces folded.

    Presentation forms, vowel signs, tatweel and case go; half-spaces become spaces. The result is its own
    key: the steps are repeated until they change nothing, because a compatibility form may unfold into
    letters that fold again.
    """
    while True:
        key = " ".join(unicodedata.normalize("NFKC", _fold_key(text)).casefold().split())
        if key == text:
            return key
        text = key
