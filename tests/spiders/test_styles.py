"""The style sheets of a page, and what they load: captured once, bounded, packed with the page and shown with it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.collection import open_collection
from archive.replay import replay
from archive.selection import Selection
from archive.wacz import pack
from tests.conftest import Ran, crawl
from tests.portal import press
from tests.portal.faults import Fault
from tests.portal.server import Portal, running_portal
from tests.portal.world import World

SHEETS = {f"{press.THEME}style.css", f"{press.THEME}more.css"}
FILES = {"/wp-content/uploads/bg.png", f"{press.THEME}vazir.woff2"}
TROUBLE = {f"{press.THEME}huge.png", f"{press.THEME}lost.png"}


@dataclass
class Site:
    """The site, and a collection of it."""

    folder: Path
    portal: Portal

    def crawl(self, *words: object, collection: str = "c") -> tuple[Ran, set[str]]:
        """What a crawl said, and which files of the theme it asked for."""
        self.portal.log.clear()
        ran = crawl(self.folder, "press", "--json", *words, collection=collection)
        return ran, {exchange.target for exchange in self.portal.log if exchange.target.startswith("/wp-content/")}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_portal(World(seed=1, items=1)) as portal:
        (tmp_path / "portal.toml").write_text(
            f'[resolve]\n"*.systems.test" = "127.0.0.1:{portal.port}"\n\n[[office]]\nid = "press"\n'
            f'organisation = "welfare"\nurl = "{press.SITE}/"\n',
            encoding="utf-8",
        )
        yield Site(tmp_path, portal)


def test_what_a_sheet_loads_is_captured_and_again_only_when_the_sheet_is_another(site: Site) -> None:
    ran, asked = site.crawl()
    assert (ran.code, asked) == (0, SHEETS | FILES | TROUBLE)  # nothing else is missing because a picture is huge
    huge = open_collection(site.folder / "c").catalogue.db.execute(
        "SELECT truncated FROM captures WHERE url LIKE '%huge%'"
    )
    assert huge.fetchall() == [("length",)]
    again = site.crawl("--recheck")[1]
    assert again == SHEETS | TROUBLE
    changed = b"body{background:url(/wp-content/uploads/bg.png)}"
    site.portal.faults[f"{press.THEME}style.css"] = Fault("page", body=changed, headers={"Content-Type": "text/css"})
    assert site.crawl("--recheck")[1] == {f"{press.THEME}style.css", "/wp-content/uploads/bg.png"}


def test_how_many_files_it_may_be_is_a_setting(site: Site) -> None:
    ran, asked = site.crawl("--limit", 1, "-s", "BAYEGAN_STYLE_FILES=2")
    assert asked == {f"{press.THEME}{name}" for name in ("style.css", "more.css")} | {"/wp-content/uploads/bg.png"}
    assert ran.json["counts"]["assets/too-many"] > 0
    assert site.crawl("--limit", 1, "-s", "BAYEGAN_STYLE_FILES=0", collection="none")[1] == {f"{press.THEME}style.css"}


def test_a_page_is_packed_and_shown_with_what_its_sheets_load(site: Site) -> None:
    site.crawl("--limit", 1)
    collection = open_collection(site.folder / "c")
    pack(collection, site.folder / "x.wacz", Selection())
    with zipfile.ZipFile(site.folder / "x.wacz") as packed:
        [name] = [name for name in packed.namelist() if name.startswith("archive/")]
        records = ArchiveIterator(io.BytesIO(packed.read(name)))
        urls = {record.rec_headers["WARC-Target-URI"] for record in records}
    assert {press.SITE + path for path in SHEETS | FILES} <= urls
    sheet = collection.catalogue.original(f"{press.SITE}{press.THEME}style.css")
    assert sheet
    shown = replay(collection.read(sheet), lambda url: f"/kept/{url.rpartition('/')[2]}").body.decode()
    assert re.findall(r"/kept/[\w.]+", shown) == ["/kept/more.css", "/kept/vazir.woff2", "/kept/bg.png", "/kept/x.png"]
