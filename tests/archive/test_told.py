"""What `verify` tells a person: strange files by name, a few of many faults, and what to do about each sort."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archive import cdxj, fixity, warc
from archive.filecheck import Fault
from tests.archive.test_fixity import sql, verify
from tests.conftest import Crawled, bayegan


@pytest.fixture
def root(crawled: Crawled, tmp_path: Path) -> Path:
    return crawled.copy(tmp_path / "c")


@pytest.mark.parametrize("name", ["evil.txt", "evil.warc", "z.sha256", "x.warc.gz.sha256.bak", "deeper/evil.sh"])
def test_a_file_that_nobody_of_ours_wrote_is_a_fault(root: Path, name: str) -> None:
    path = root / "warc" / "behzisti" / "2026" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("evil")
    (fault,) = verify(root).faults
    assert (fault.what, fault.warc) == ("stray-file", path.relative_to(root).as_posix())


@pytest.mark.parametrize("name", [".DS_Store", ".x.warc.gz.Ab3dEf", "Thumbs.db", "notes.txt~", "x.cdxj.part"])
def test_what_systems_and_copies_leave_is_a_note(root: Path, name: str) -> None:
    (root / "warc" / "behzisti" / name).write_text("x")
    result = verify(root)
    assert (result.faults, [note.what for note in result.notes]) == ([], ["stray-file"])
    ran = bayegan("verify", "--collection", root)
    assert ran.code == 0
    assert name in ran.out


def test_a_whole_warc_that_the_catalogue_does_not_know_is_one_fault(root: Path) -> None:
    path = warc.warc_files(root)[0]
    strange = path.with_name("strange.warc.gz")
    shutil.copy(path, strange)
    fixity.seal(strange)
    found = [fault for fault in verify(root).faults if fault.warc.endswith("strange.warc.gz")]
    (unknown,) = [fault for fault in found if fault.what != "duplicate-id"]
    assert unknown.what == "file-unknown"
    assert "knows nothing of this file" in unknown.message
    ran = bayegan("verify", "--collection", root)
    assert len(ran.out.splitlines()) < 8
    assert f"{len(found) - 4} more like this; `--json` names them all" in ran.out
    assert len(bayegan("verify", "--collection", root, "--json").json["faults"]) == len(found)


def test_an_empty_line_in_an_index_is_named(root: Path) -> None:
    index = cdxj.index_of(warc.warc_files(root)[0])
    index.write_text(index.read_text() + "\n")
    (fault,) = verify(root).faults
    assert fault.message == f"{index.name} has an empty line."


COPY, MOVE, REBUILD = "restore them from a copy", "move them away", "bayegan rebuild"


@pytest.mark.parametrize(
    ("found", "advised"),
    [
        (["gzip-damaged", "manifest-differs"], [COPY]),
        (["record-differs"], [REBUILD]),
        (["not-in-catalogue", "catalogue-differs", "table-differs"], [REBUILD]),
        (["stray-file"], [MOVE]),
        (["file-unknown"], [MOVE]),
        (["block-digest", "item-missing", "stray-file"], [COPY, MOVE, REBUILD]),
    ],
)
def test_what_is_advised_fits_what_was_found(found: list[str], advised: list[str]) -> None:
    said = fixity.advice([Fault(what, 0, what, "") for what in found])
    assert len(said) == len(advised)
    assert all(words in sentence for words, sentence in zip(advised, said, strict=True))


def test_what_else_is_wrong_with_a_strange_file_needs_no_copy_and_no_new_catalogue() -> None:
    faults = [Fault("x", 0, what, "") for what in ("duplicate-id", "file-unknown", "manifest-missing")]
    (sentence,) = fixity.advice(faults)
    assert MOVE in sentence


def test_one_fault_is_one_fault(root: Path) -> None:
    sql(root, "UPDATE items SET title = 'x' WHERE id = (SELECT min(id) FROM items)")
    ran = bayegan("verify", "--collection", root)
    assert ran.err.startswith("1 fault in 2 files")
    assert REBUILD in ran.err
    assert COPY not in ran.err


def test_every_word_is_explained() -> None:
    """Each word that the checks know stands in docs/commands.md."""
    root = Path(__file__).parents[2]
    text = (root / "docs" / "commands.md").read_text(encoding="utf-8")
    for word in {*fixity._CATALOGUE_FAULTS, *fixity._STRANGE, "catalogue-older", "seen-later", "not-compared"}:
        assert f"`{word}`" in text, word
