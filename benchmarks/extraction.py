"""How fast pages become records, and what is kept and leaked on the way: Bayegan beside what others use.

    python -m benchmarks.extraction [--rounds N] [--pages N] [--real FOLDER]

Pages: the golden pages, padded with menus and side columns to the weight of real ones, the pages of the local
portal, whose truth is known, and the real pages of a folder, each beside its checked answer (`<name>.html`,
`<name>.gold.json` with url, lead and body_text). One process; the contenders take turns, ten pages each, so that a busy
machine slows all of them; CPU time; the median is shown. Libraries that are not installed are left out
(`pip install -e '.[bench]'`).
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from archive.persian import ZWNJ
from scraper.dialects import DIALECTS, GENERIC, detect
from scraper.extract import extract
from tests.portal.iransamaneh import IranSamaneh
from tests.portal.nastooh import Nastooh
from tests.portal.world import World

ROOT = Path(__file__).parent.parent
SIZE = 90_000
BATCH = 10
METAS = ("og:title", "og:description", "article:published_time", "article:section", "article:tag", "nastooh:code")

LEAKS = {
    "comment form": re.compile(r"نظر شما|شما در حال پاسخ|لغو پاسخ|دیدگاهتان|نشانی ایمیل"),
    "comments": re.compile(r"خداوند به واقف خیر دهد|ساعت بازدید را هم|دست‌مریزاد|خدا قوت|خیر ببینید"),
    "captcha": re.compile(r"[0-9۰-۹]\s*\+\s*[0-9۰-۹]\s*=|کد امنیتی"),
    "e-services": re.compile(r"خدمات الکترونیک|میز خدمت"),
    "related": re.compile(r"اخبار مرتبط|بیشتر بخوانید|بیشتر بدانید|همچنین بخوانید|خبر شماره [0-9]+ از ستون کناری"),
    "end marks": re.compile(r"(?:انتهای|پایان|پايان) (?:پیام|پيام)"),
    "code line": re.compile(r"کد خبر|شناسه خبر|کد مطلب"),
    "menus": re.compile(r"صفحه (?:نخست|اصلی)|درباره ما|تماس با ما"),
    "share, tags": re.compile(r"برچسب‌? ?ها|اشتراک|به دوستان خود|با دوستان خود"),
    "rights": re.compile(r"(?:تمامی|کلیه) حقوق"),
}
"""What no reader wants in a text, and the words that give it away on these pages."""


@dataclass(frozen=True)
class Page:
    name: str
    body: bytes
    url: str
    lead: str
    lines: list[str]


def padded(page: bytes, size: int = SIZE) -> bytes:
    """The page with a menu and a side column, as heavy as a real one. Pages that are not UTF-8 are left as they are."""
    entry = (
        '<li class="news"><figure><a href="/news/{n}/نمونه"><img src="/d/1402/1/1/1/{n}.jpg" alt=""></a></figure>'
        '<div class="desc"><h3><a href="/news/{n}/نمونه">خبر شماره {n} از ستون کناری برگه</a></h3>'
        '<time title="چهارشنبه ۱۱ بهمن ۱۴۰۲ - ۱۸:۱۷">۲ روز قبل</time></div></li>'
    )
    entries = [entry.format(n=900_000 + n).encode() for n in range(max(0, size - len(page)) // 380)]
    half = len(entries) // 2
    opening = re.search(rb"<body[^>]*>", page)
    end = page.rfind(b"</body>")
    if not opening or end < 0 or b"windows-1256" in page:
        return page
    menu, side = b"".join(entries[:half]), b"".join(entries[half:])
    before, after = page[: opening.end()], page[end:]
    return b"%b<nav><ul>%b</ul></nav>%b<aside><ul>%b</ul></aside>%b" % (
        before,
        menu,
        page[opening.end() : end],
        side,
        after,
    )


def golden_pages() -> list[Page]:
    found = []
    for path in sorted((ROOT / "tests/golden").glob("*/*/page.html")):
        truth = json.loads(path.with_name("expected.json").read_text("utf-8"))
        name = f"golden/{path.parts[-3]}/{path.parts[-2]}"
        found.append(Page(name, padded(path.read_bytes()), truth["address"], truth["lead"], truth["body"].split("\n")))
    return found


def portal_pages(count: int) -> list[Page]:
    found = []
    for item in World(seed=1, items=count):
        site = Nastooh if item.portal == "behzisti" else IranSamaneh
        page = site(world_of(count), item.host, item.province).article(item)
        url = f"http://{item.host}.{item.portal}.test{item.path}"
        found.append(Page(f"portal/{item.id}", page.encode(), url, item.lead, list(item.body)))
    return found


def real_pages(folder: Path) -> list[Page]:
    found = []
    for gold in sorted(folder.glob("*.gold.json")):
        truth = json.loads(gold.read_text("utf-8"))
        name = gold.name.removesuffix(".gold.json")
        body = gold.with_name(f"{name}.html").read_bytes()
        found.append(Page(f"real/{name}", body, truth["url"], truth["lead"], truth["body_text"].split("\n")))
    return found


def world_of(count: int, known: dict[int, World] = {}) -> World:  # noqa: B006 - one world is enough
    return known.setdefault(count, World(seed=1, items=count))


def parse_only(page: Page) -> str:
    etree.fromstring(page.body, etree.HTMLParser(encoding="utf-8"))
    return ""


def same_selectors(page: Page) -> str:
    """The selectors of the page's dialect, evaluated once each on the whole page, and the text of the body."""
    root = etree.fromstring(page.body, etree.HTMLParser(encoding="utf-8"))
    found = detect(page.body)
    fields = (found[0] if found else GENERIC).fields
    scope = next((hits[0] for selector in fields.scope if (hits := selector(root))), root)
    groups = [fields.title, fields.kicker, fields.lead, fields.body, fields.date, fields.categories, fields.tags]
    groups += [fields.authors, fields.media, fields.short_url]
    hits = [[selector(scope) for selector in group] for group in groups]
    for name in METAS:
        root.xpath("//meta[@property=$name]/@content", name=name)
    lead, body = (next((hit[0] for hit in hits[n] if hit), None) for n in (2, 3))
    texts = ("".join(element.itertext()) for element in (lead, body) if element is not None)
    return "\n".join(texts)


def ours(page: Page) -> str:
    record = extract(page.body, page.url).record
    return f"{record.lead}\n{record.body}" if record else ""


def beautiful_soup() -> Callable[[Page], str]:
    from bs4 import BeautifulSoup

    def run(page: Page) -> str:
        soup = BeautifulSoup(page.body, "html.parser")
        lead = soup.select_one(".introtext, p.summary, .subtitle, h3.lead, .news_lead, .lead, #docDivLead1")
        body = soup.select_one(
            "[itemprop=articleBody], .item-text, div.body, div.story, #doctextarea, #echo_detail, .entry-content,"
            " .edn_articleContent, .ms-rtestate-field, .news-body"
        )
        soup.select_one("h1"), soup.select(".tags a, .tags_item"), soup.select_one(".item-date, .news_pdate_c, .time")
        return "\n".join(element.get_text("\n") for element in (lead, body) if element)

    return run


def trafilatura() -> Callable[[Page], str]:
    import trafilatura as library

    return lambda page: library.extract(page.body, fast=True, include_comments=False) or ""


def newspaper() -> Callable[[Page], str]:
    import newspaper as library

    def run(page: Page) -> str:
        article = library.Article(page.url, language="fa", fetch_images=False)
        article.download(input_html=page.body.decode("utf-8", "replace"))
        article.parse()
        return str(article.text)

    return run


def readability() -> Callable[[Page], str]:
    import readability as library

    def run(page: Page) -> str:
        summary = library.Document(page.body.decode("utf-8", "replace")).summary()
        return "\n".join(etree.fromstring(summary, etree.HTMLParser()).itertext())

    return run


def contenders() -> dict[str, Callable[[Page], str]]:
    found: dict[str, Callable[[Page], str]] = {
        "bayegan": ours,
        "lxml, whole page and the same XPaths": same_selectors,
        "lxml, parse only": parse_only,
    }
    others = {
        "BeautifulSoup, a few selectors": beautiful_soup,
        "trafilatura, fast": trafilatura,
        "newspaper4k": newspaper,
        "readability-lxml": readability,
    }
    for name, make in others.items():
        try:
            found[name] = make()
        except ImportError as missing:
            print(f"{name} is left out: {missing}")
    return found


def measure(runs: dict[str, Callable[[Page], str]], pages: list[Page], rounds: int) -> dict[str, float]:
    """CPU milliseconds of a page, the median of the rounds. Contenders take turns with ten pages each."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        for page in pages[:BATCH]:
            run(page)
    for _ in range(rounds):
        for spent in times.values():
            spent.append(0)
        for start in range(0, len(pages), BATCH):
            for name, run in runs.items():
                batch = pages[start : start + BATCH]
                begun = time.process_time_ns()
                for page in batch:
                    run(page)
                times[name][-1] += (time.process_time_ns() - begun) / len(pages) / 1e6
    return {name: statistics.median(values) for name, values in times.items()}


def squeezed(text: str) -> str:
    return " ".join(text.replace(" | ", " ").split())


@dataclass
class Quality:
    leads: int = 0
    of_leads: int = 0
    lines: int = 0
    of_lines: int = 0
    half_spaces: int = 0
    of_half_spaces: int = 0
    leaking: int = 0
    leaks: Counter[str] | None = None

    def judge(self, page: Page, text: str) -> None:
        found = squeezed(text)
        bare = found.replace(ZWNJ, "")
        if page.lead:
            self.of_leads += 1
            self.leads += squeezed(page.lead).replace(ZWNJ, "") in bare
        for line in filter(None, page.lines):
            self.of_lines += 1
            self.lines += squeezed(line).replace(ZWNJ, "") in bare
            if ZWNJ in line and squeezed(line).replace(ZWNJ, "") in bare:
                self.of_half_spaces += line.count(ZWNJ)
                self.half_spaces += line.count(ZWNJ) if squeezed(line) in found else 0
        truth = f"{page.lead}\n" + "\n".join(page.lines)
        kinds = [kind for kind, words in LEAKS.items() if words.search(text) and not words.search(truth)]
        self.leaks = (self.leaks or Counter()) + Counter(kinds)
        self.leaking += bool(kinds)


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "     –"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pages", type=int, default=20, help="pages of each of the two portals")
    parser.add_argument("--real", type=Path, help="a folder of real pages with their checked answers")
    options = parser.parse_args()
    runs = contenders()
    real = real_pages(options.real) if options.real else []
    portal = portal_pages(options.pages)
    sets = {
        "portal, Nastooh": [page for page in portal if "behzisti" in page.name],
        "portal, IranSamaneh": [page for page in portal if "oghaf" in page.name],
        "golden, padded, systems whose article is cut out": [
            page
            for page in golden_pages()
            if (found := detect(page.body)) and DIALECTS[found[0].name].slice and "youth" not in page.name
        ],
        **{page.name: [page] * BATCH for page in real},
    }
    for name, pages in sets.items():
        weight = sum(len(page.body) for page in pages) // len(pages)
        print(f"\n{name}: {len(set(map(id, pages)))} pages of {weight:,} bytes, {options.rounds} rounds")
        result = measure(runs, pages, options.rounds)
        for contender, value in result.items():
            times = value / result["bayegan"]
            print(
                f"  {contender:38} {value:8.2f} ms/page {1000 / value:8.0f} pages/s   bayegan is {times:6.1f} × as fast"
            )
    quality("golden and portal pages", runs, [*golden_pages(), *portal])
    if real:
        quality("real pages", runs, real)


def quality(kind: str, runs: dict[str, Callable[[Page], str]], pages: list[Page]) -> None:
    print(f"\nWhat is kept and what leaks, {len(pages)} {kind}")
    print(f"  {'':38} {'lead':>7} {'lines':>8} {'half-spaces':>12} {'pages that leak':>16}")
    for contender, run in runs.items():
        if run is parse_only:
            continue
        found = Quality()
        for page in pages:
            found.judge(page, run(page))
        told = ", ".join(f"{kind} {count}" for kind, count in (found.leaks or Counter()).most_common())
        print(
            f"  {contender:38} {percent(found.leads, found.of_leads)} {percent(found.lines, found.of_lines)}"
            f" {percent(found.half_spaces, found.of_half_spaces):>12} {found.leaking:>9}   {told}"
        )


if __name__ == "__main__":
    main()
