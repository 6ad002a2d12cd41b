"""Unfinished WARC files are cut back to whole exchanges, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from archive import recovery, warc
from tests.archive.test_warc import types, written


def test_a_tail_cut_at_any_byte_of_the_last_two_exchanges_loses_only_what_was_torn(tmp_path: Path) -> None:
    path = written(tmp_path / "whole", 3)
    data = path.read_bytes()
    ends = [offset + length for offset, length, _ in warc.members(path)]
    exchange_ends = [ends[0], *ends[3::3]]  # warcinfo, then three records each
    assert exchange_ends[-1] == len(data)
    for cut in range(exchange_ends[1], len(data)):
        torn = tmp_path / "torn" / path.relative_to(tmp_path / "whole")
        torn.parent.mkdir(parents=True, exist_ok=True)
        torn.write_bytes(data[:cut])
        [recovered] = recovery.recover(tmp_path / "torn")
        whole = max(end for end in exchange_ends if end <= cut)
        assert torn.stat().st_size == whole
        assert recovered.cut == cut - whole
        assert types(torn).count("response") == types(torn).count("request")


JUNK = {"zeros": bytes(4096), "noise": random.Random(1).randbytes(500), "a torn member": b"\x1f\x8b\x08\x00garbage"}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk_after_the_last_record_is_cut(tmp_path: Path, junk: bytes) -> None:
    path = written(tmp_path)
    good = path.stat().st_size
    with path.open("ab") as tail:
        tail.write(junk)
    [recovered] = recovery.recover(tmp_path)
    assert (path.stat().st_size, recovered.cut) == (good, len(junk))


def test_a_file_without_one_whole_record_is_removed(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:50])
    assert recovery.recover(tmp_path) == []
    assert warc.warc_files(tmp_path) == []


def test_damage_in_the_middle_costs_only_what_is_damaged(tmp_path: Path) -> None:
    path = written(tmp_path, 5)
    offset, length, _ = list(warc.members(path))[4]
    data = bytearray(path.read_bytes())
    data[offset + length // 2] ^= 0xFF
    path.write_bytes(data)
    [recovered] = recovery.recover(tmp_path)
    assert recovered.cut == 0
    assert path.read_bytes() == data
