"""Captured HTTP messages are taken apart as browsers do."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.http import HttpError, read_response


@given(body=st.binary(max_size=2000), sizes=st.lists(st.integers(1, 300), min_size=1))
def test_chunks_of_any_size_give_the_body(body: bytes, sizes: list[int]) -> None:
    framed, at, turn = b"", 0, 0
    while at < len(body):
        piece = body[at : at + sizes[turn % len(sizes)]]
        framed += f"{len(piece):X};ext=1\r\n".encode() + piece + b"\r\n"
        at, turn = at + len(piece), turn + 1
    block = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\nTrailer: x\r\n\r\n"
    assert read_response(block).payload == body


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda b: zlib.compress(b, wbits=-15)),
        ("x-gzip", gzip.compress),
    ],
)
def test_content_codings_are_undone_and_the_payload_kept(coding: str, pack: object) -> None:
    packed = pack(b"text" * 100)  # type: ignore[operator]
    response = read_response(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode() + packed)
    assert response.body == b"text" * 100
    assert response.payload == packed


def test_headers_may_be_folded_repeated_bare_or_latin() -> None:
    response = read_response(b"HTTP/1.1 200\nA: one\n two\nB: 1\nB: 2\nX: caf\xe9\nnonsense\n\nbody")
    assert response.headers == [("a", "one two"), ("b", "1"), ("b", "2"), ("x", "café")]
    assert response.body == b"body"


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"nothing",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"text" * 100, mtime=0)[:-9],
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nxx",
    ],
)
def test_what_is_broken_or_cut_off_is_said_to_be(block: bytes) -> None:
    with pytest.raises(HttpError):
        read_response(block)
