"""Highlights fall on the text as published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.search.highlight import highlight, snippet
from archive.search.query import parse


def shown(segments):
    return "".join(f"[{text}]" if found else text for text, found in segments)


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("كتاب", "دو کتاب‌های نو و کِتاب ها.", "دو [کتاب‌های] نو و [کِتاب ها]."),
        ("می شود", "گفته می‌شود که نمی‌شود", "گفته [می‌شود] که نمی‌شود"),
        ("مدیر کل", "مدیرکل و مدیر‌کل و مدیر", "[مدیرکل] و [مدیر]‌[کل] و [مدیر]"),
        ('"مدیر کل"', "مدیر کل و مدیر", "[مدیر کل] و مدیر"),
        ("همکار -خبر", "همکارانش و خبر", "[همکارانش] و خبر"),
        ("exact:کتاب", "کتاب و کتاب‌ها", "[کتاب] و کتاب‌ها"),
        ('exact:"کتاب‌های نو"', "کتاب نو، کتابهای نو", "کتاب نو، [کتابهای نو]"),
        ("کود*", "کودک و کودکان کود", "[کودک] و [کودکان] [کود]"),
        ("علیه", "رسول ﷺ", "رسول [ﷺ]"),
        ("۱۴۰۲", "سال 1402", "سال [1402]"),
        ("province:قم", "قم", "قم"),
        ("سیل", "", ""),
    ],
)
def test_highlight(query, text, expected):
    assert shown(highlight(text, parse(query))) == expected


def test_the_snippet_is_where_most_answers_are():
    text = "سیل آمد. " + "سخن دیگری نیست. " * 40 + "بهزیستی به سیل زدگان کمک کرد. " + "پایان خبر است. " * 40
    segments = snippet(text, parse("بهزیستی سیل"), 100)
    assert [part for part, found in segments if found] == ["بهزیستی", "سیل"]
    joined = "".join(part for part, _ in segments)
    assert 60 <= len(joined) <= 100
    assert f" {joined}" in text


def test_without_an_answer_it_is_the_beginning():
    text = "نخستین جمله خبر. " * 30
    joined = "".join(part for part, _ in snippet(text, parse("سیل"), 50))
    assert text.startswith(joined)
    assert 30 <= len(joined) <= 50


texts = st.text(st.sampled_from("سیلمدریکها \u200c\n.ـ\u064e")) | st.text()


@given(texts, st.sampled_from(["سیل", "س*د OR سی*", '"مدیر کل"', "م ر ک", "exact:سیل", ""]), st.integers(1, 60))
def test_segments_are_a_part_of_the_text(text, query, width):
    parsed = parse(query)
    assert "".join(part for part, _ in highlight(text, parsed)) == text
    segments = snippet(text, parsed, width)
    assert "".join(part for part, _ in segments) in text
    assert all(part for part, _ in segments)
