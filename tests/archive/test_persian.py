"""Folding: what is one key, what keeps its length, what stays apart."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.persian import HALF_SPACES, ascii_digits, fold, fold_letters

LETTERS = "اآأإبپتكکيیىئؤءةۀهـ\u064b\u064c\u064e\u0651\u0652\u0653\u0654\u0670۱۲٣ﷺﻻﹰﯽﻳ\u200c\u200f¬ \tAß½é"
persian = st.text(st.sampled_from(LETTERS)) | st.text()


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("علي", "علی"),
        ("كتابةٌ", "کتابه"),
        ("رئیس", "رییس"),
        ("مُحَمَّد", "محمد"),
        ("رحمٰن", "رحمن"),
        ("ســلام", "سلام"),
        ("ﻛﺘﺎﺏ", "کتاب"),
        ("ﷺ", "صلی الله علیه وسلم"),
        ("اجراء", "اجرا"),
        ("خانهٔ", "خانه"),
        ("ا\u0653ب", "اب"),
        ("  Bayegan\u200cNEWS ", "bayegan news"),
        ("۱۴۰۲٫٣", "1402٫3"),
    ],
)
def test_one_key(written, key):
    assert fold(written) == key


@pytest.mark.parametrize("mark", HALF_SPACES)
def test_half_spaces_and_their_cousins_are_spaces(mark):
    assert fold(f"می{mark}شود") == "می شود"
    assert fold(f"{mark}می{mark}{mark} شود{mark}") == "می شود"


@given(persian)
@example("ﹰ")
@example("ﭏ")
def test_a_key_is_its_own_key(text):
    assert fold(fold(text)) == fold(text)


@given(persian)
def test_folded_letters_keep_their_places(text):
    folded = fold_letters(text)
    assert len(folded) == len(text)
    assert fold(folded) == fold(text)
    assert fold_letters(folded) == folded


def test_digits_alone():
    assert ascii_digits("۱۴۰۲/٠٦ كد") == "1402/06 كد"


@pytest.mark.parametrize(("one", "other"), [("ایران", "ایرانی"), ("کار", "گار"), ("حی", "هی"), ("ز", "ذ")])
def test_different_words_stay_apart(one, other):
    assert fold(one) != fold(other)
