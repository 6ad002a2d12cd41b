"""What is shown of an edit: the pieces make up both texts, and only what changed is marked."""

from __future__ import annotations

import json
import time

from hypothesis import given
from hypothesis import strategies as st

from archive.diff import Piece, diff, diff_text
from archive.record import Image, NewsRecord
from tests.conftest import bayegan
from tests.web.conftest import Shown

WORDS = st.lists(st.sampled_from(["وقف", "سیل", "کتاب‌ها", "کتابها", "\n", "؛", "۱۲"]), max_size=30).map(" ".join)


def side(pieces: list[Piece], other: str) -> str:
    return "".join(piece.text for piece in pieces if piece.change != other)


@given(WORDS, WORDS)
def test_the_pieces_are_both_texts(old: str, new: str) -> None:
    pieces = diff_text(old, new)
    assert side(pieces, "added") == old
    assert side(pieces, "removed") == new
    assert all(piece.text for piece in pieces)


def test_only_the_words_that_changed_are_marked() -> None:
    pieces = diff_text(
        "بند یک.\nمدیرکل از ۱۲ مرکز بازدید کرد.\nپایان.", "بند یک.\nمدیرکل از ۱۵ مرکز بازدید کرد.\nپایان."
    )
    assert [(p.change, p.text) for p in pieces if p.change != "same"] == [("removed", "۱۲"), ("added", "۱۵")]


def test_a_half_space_is_a_change() -> None:
    assert len(diff_text("کتاب‌ها", "کتابها")) == 2


def test_words_left_between_changes_do_not_cut_a_sentence_to_crumbs() -> None:
    pieces = diff_text("الف ب پ که ت ث ج", "چ ح خ که د ذ ر")
    assert [p.change for p in pieces] == ["removed", "added"]


def test_lists_and_facts_are_compared_too() -> None:
    old = NewsRecord("p:1", "p", "1", "http://p/1", "خبر", images=[Image("a.jpg", "یک")], tags=["وقف"])
    new = NewsRecord("p:1", "p", "1", "http://p/1", "خبر", images=[Image("b.jpg", "یک")], tags=["وقف"], kind="photo")
    assert [found.field for found in diff(old, new)] == ["images", "kind"]
    assert diff(old, old) == []


def test_long_texts_without_a_common_line_are_compared_quickly() -> None:
    begun = time.monotonic()
    diff_text(" ".join(map(str, range(20_000))), " ".join(map(str, range(20_000, 0, -1))))
    diff_text(" ".join(map(str, range(2900))), " ".join(map(str, range(2900, 0, -1))))
    assert time.monotonic() - begun < 5


def test_the_command_prints_it(shown: Shown) -> None:
    ran = bayegan("diff", shown.edited, "--collection", shown.path)
    assert ran.code == 0
    assert "{+" in ran.out
    assert "(اصلاحیه)+}" in ran.out
    data = json.loads(bayegan("diff", shown.edited, "1", "2", "--json", "--collection", shown.path).out)
    assert (data["older"], data["newer"]) == (1, 2)
    same = bayegan("diff", shown.edited, "2", "2", "--collection", shown.path)
    assert (same.code, same.out) == (0, "")
    assert "do not differ" in same.err
    assert bayegan("diff", shown.edited, "1", "9", "--collection", shown.path).code == 3
    assert bayegan("diff", "behzisti:1", "--collection", shown.path).code == 3
