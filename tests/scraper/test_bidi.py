"""The order of a line on a terminal, held against an implementation by others."""

from __future__ import annotations

import pytest
from bidi import get_display
from hypothesis import given
from hypothesis import strategies as st

from scraper.bidi import visual

LETTERS = "سلامکتاب وقف abcXYZ 0123۴۵۶٤٥ ()[]{}<>«»-+/.,:؛،%$٪ "
ALIKE = str.maketrans("()[]{}<>«»", "||!!@@##__")
"""The other implementation does not turn brackets."""


@given(st.text(LETTERS, max_size=14), st.sampled_from("LR"))
def test_the_order_is_that_of_the_standard(line, base):
    assert visual(line, base).translate(ALIKE) == get_display(line, base_dir=base).translate(ALIKE)


@pytest.mark.parametrize(
    ("line", "base", "shown"),
    [
        ("وقف (PDF) در ۱۴۰۲", "R", "۱۴۰۲ رد (PDF) فقو"),
        ("«وقف»", "R", "«فقو»"),
        ("office: تهران 3", "L", "office: 3 نارهت"),
        ("می\u200cشود", "R", "دوشیم"),
        ("بَد", "R", "دبَ"),
        ("", "R", ""),
    ],
)
def test_brackets_are_turned_and_marks_stay_with_their_letter(line: str, base: str, shown: str) -> None:
    assert visual(line, base) == shown  # type: ignore[arg-type]
