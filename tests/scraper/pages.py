"""Our own golden pages, the real ones when they are there, and a skeleton to write small pages with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

GOLDEN = sorted((Path(__file__).parent.parent / "golden").glob("*/*/page.html"))
REAL = Path(__file__).parents[3] / "shared/pages"


def golden(page: Path) -> tuple[bytes, dict, list[str]]:
    """Page, expected fields and strings that must not come out."""
    expected = json.loads(page.with_name("expected.json").read_text("utf-8"))
    return page.read_bytes(), expected, page.with_name("never.txt").read_text("utf-8").splitlines()


def real(name: str) -> tuple[bytes, dict]:
    """A real page with its checked answer. Skips when the pages are not on this machine."""
    page = REAL / f"{name}.html"
    if not page.exists():
        pytest.skip(f"real pages are not at {REAL}")
    return page.read_bytes(), json.loads(page.with_suffix(".gold.json").read_text("utf-8"))


def article(
    body: str = "<p>متن خبر.</p>",
    *,
    metas: str = "",
    title: str = "عنوان",
    header: str = "",
    code: str = "70",
    kind: str = "news",
    after: str = "",
) -> bytes:
    """A small Nastooh page."""
    return f"""<!DOCTYPE html><html lang="fa"><head><meta charset="utf-8">
<meta name="generator" content="www.nastooh.ir"><meta property="nastooh:pageType" content="news">
<meta property="nastooh:newsType" content="{kind}"><meta property="nastooh:code" content="{code}">{metas}</head>
<body><article id="item"><div class="item-header">{header}<h1 class="title">{title}</h1></div>
<div class="item-body"><div class="item-text" itemprop="articleBody">{body}</div></div></article>{after}</body></html>
""".encode()
