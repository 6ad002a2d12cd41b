# ruff: noqa: E501 (markup reads better in the lines of the page than cut to ours)
"""Listings of the welfare portal: home, archive by Jalali day, services, tags, feeds and sitemaps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus, urlencode

from archive.jalali import TEHRAN, to_jalali
from archive.provinces import PROVINCES
from tests.portal import chrome
from tests.portal.markup import digits, e, encoded, http_date, utc_iso
from tests.portal.welfare import WELFARE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.portal.nastooh import Nastooh
    from tests.portal.world import Item

PER_PAGE = 20
_WINDOW = 5
_SLUGS = {province.slug: province for province in PROVINCES}
_TOPICS = {topic.slug: topic for topic in WELFARE.topics}


def number(query: Mapping[str, str], name: str) -> int:
    """A number of the query, 0 when absent or not a number."""
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else 0


def page_of(items: list[Item], page: int) -> tuple[list[Item], int]:
    """The items of a page counted from 1, and how many pages there are."""
    page = max(page, 1)
    return items[(page - 1) * PER_PAGE : page * PER_PAGE], max(1, -(-len(items) // PER_PAGE))


def _entries(items: list[Item]) -> str:
    rows = "".join(chrome.entry(item, int(item.code) + k, lead=True) for k, item in enumerate(items))
    return f"<ul>\n{rows}</ul>"


def _pager(base: str, page: int, pages: int) -> str:
    """A window of page numbers and the arrow to the next one, as the archive prints it."""
    first = max(1, page - _WINDOW)
    links = [
        f'<li class="page-item{" active" if n == page else ""}"><a class="page-link" href="{e(base.format(page=n))}">'
        f"{digits(n)}</a></li>"
        for n in range(first, min(pages, page + _WINDOW) + 1)
    ]
    if page < pages:
        links.append(
            f'<li class="page-item next"><a class="page-link" rel="next" href="{e(base.format(page=page + 1))}">»</a></li>'
        )
    return '<ul class="pagination">\n' + "\n".join(links) + "\n</ul>"


def _list_page(site: Nastooh, kind: str, title: str, items: list[Item], pager: str) -> str:
    main = chrome.box(301, title, _entries(items) + pager, "list archive-list")
    return site.page(kind, f"{title} - {chrome.SITE}", "", main)


def home(site: Nastooh) -> str:
    latest = site.world.select("behzisti", site.province)
    main = chrome.box(1, "تازه‌ترین اخبار", _entries(latest[:30]), "list top-news")
    return site.page("home", chrome.SITE, '<meta property="og:type" content="website" />\n', main)


def archive(site: Nastooh, query: Mapping[str, str]) -> str:
    """`/archive?pi=&ms=0&dy=&mn=&yr=`; a province's host lists its own items, www everything."""
    year, month, day = (number(query, key) for key in ("yr", "mn", "dy"))
    keys: list[tuple[str, object]] = []
    if year and month and day:
        keys.append(("day", (year, month, day)))
    elif year and month:
        keys.append(("month", (year, month)))
    elif year:
        keys.append(("year", year))
    if query.get("ty") in {"news", "photo", "video", "report", "talk"}:
        keys.append(("kind", query["ty"]))
    items = site.world.select("behzisti", site.province, *keys)
    page = max(number(query, "pi"), 1)
    shown, pages = page_of(items, page)
    kept = [(key, query[key]) for key in ("dy", "mn", "yr", "ty") if query.get(key)]
    base = "/page/archive.xhtml?wide=0&ms=0&pi={page}" + ("&" + urlencode(kept) if kept else "")
    return _list_page(site, "archive", "آرشیو اخبار", shown, _pager(base, page, pages))


def service(site: Nastooh, path: str, query: Mapping[str, str]) -> str | None:
    """`/service/provinces/<slug>` and `/service/<topic>`; None for a service that does not exist."""
    first, _, sub = path.removeprefix("/service/").strip("/").partition("/")
    if first == "provinces" and sub in _SLUGS:
        title, items = _SLUGS[sub].name, site.world.select("behzisti", _SLUGS[sub].code)
    elif first in {"provinces", "social"} and not sub:
        title, items = "استان‌ها", site.world.select("behzisti", site.province)
    elif (sub or first) in _TOPICS and first in {"social", *_TOPICS}:
        topic = _TOPICS[sub or first]
        title, items = topic.name, site.world.select("behzisti", site.province, ("topic", topic.slug))
    else:
        return None
    page = max(number(query, "pi"), 1)
    shown, pages = page_of(items, page)
    return _list_page(site, "service", title, shown, _pager(path + "?pi={page}", page, pages))


def tag(site: Nastooh, path: str, query: Mapping[str, str]) -> str:
    """`/tag/<words+with+plus>`; an unknown tag is an empty list."""
    word = unquote_plus(path.removeprefix("/tag/"))
    items = site.world.select("behzisti", None, ("tag", word))
    page = max(number(query, "pi"), 1)
    shown, pages = page_of(items, page)
    base = "/tag/" + encoded(word.replace(" ", "+")).replace("{", "").replace("}", "") + "?pi={page}"
    return _list_page(site, "tag", word, shown, _pager(base, page, pages))


def rss(site: Nastooh, topic: str = "") -> str:
    """The feed: dates of RFC 822 in GMT, a stable slug as the category's domain, the link as guid."""
    keys = [("topic", topic)] if topic else []
    rows = []
    for item in site.world.select("behzisti", site.province, *keys)[:50]:
        url = e(f"http://{item.host}.behzisti.test{encoded(item.path)}")
        date = f"<pubDate>{http_date(item.published)}</pubDate>\n" if item.published else ""
        enclosure = f'<enclosure url="{item.images[0][0]}" type="image/jpeg" length="0" />\n' if item.images else ""
        rows.append(
            f"<item>\n<title>{e(item.title)}</title>\n<link>{url}</link>\n<description>{e(item.lead)}</description>\n"
            f'<category domain="{item.topic}">{e(" > ".join(item.categories))}</category>\n{date}'
            f'{enclosure}<guid isPermaLink="true">{url}</guid>\n</item>\n'
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n<channel>\n<title>{chrome.SITE}</title>\n'
        f"<link>http://{site.host}/</link>\n<language>fa</language>\n<generator>www.nastooh.ir</generator>\n"
        + "".join(rows)
        + "</channel>\n</rss>\n"
    )


def _days(site: Nastooh, year: int) -> list[tuple[int, int, int]]:
    items = site.world.select("behzisti", site.province, *([("year", year)] if year else []))
    return list(dict.fromkeys(to_jalali(item.listed.astimezone(TEHRAN).date()) for item in items))


def years(site: Nastooh) -> list[int]:
    return sorted({day[0] for day in _days(site, 0)}, reverse=True)


def sitemap_index(site: Nastooh, year: int) -> str:
    """A year's daily leaves; robots.txt names the current year's as `all`, and older years are linked from it."""
    locations = [f"http://{site.host}/sitemap/{y}/{m}/{d}/sitemap.xml" for y, m, d in _days(site, year)]
    rows = "".join(f"<sitemap><loc>{loc}</loc></sitemap>\n" for loc in locations)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{rows}</sitemapindex>\n"
    )


def sitemap_all(site: Nastooh) -> str:
    return sitemap_index(site, next(iter(years(site)), 0))


def sitemap_day(site: Nastooh, day: tuple[int, int, int]) -> tuple[str, str] | None:
    """A daily leaf and its content type: leaves of the oldest year are JSON. None for a day without news."""
    items = site.world.select("behzisti", site.province, ("day", day))
    if not items:
        return None
    locations = [(f"http://{site.host}{encoded(item.path)}", item) for item in items]
    if day[0] <= 1401:
        return json.dumps({"urls": [{"loc": loc} for loc, _ in locations]}), "application/json"
    return _urlset(locations), "text/xml; charset=UTF-8"


def sitemap_news(site: Nastooh) -> str:
    items = site.world.select("behzisti", site.province)[:100]
    return _urlset([(f"http://{site.host}{encoded(item.path)}", item) for item in items], news=True)


def _urlset(locations: list[tuple[str, Item]], *, news: bool = False) -> str:
    rows = []
    for loc, item in locations:
        date = f"<lastmod>{utc_iso(item.changed)}</lastmod>" if item.published else ""
        if news and item.published:
            date = (
                f"<news:news><news:publication><news:name>{chrome.SITE}</news:name><news:language>fa</news:language>"
                f"</news:publication><news:publication_date>{utc_iso(item.published)}</news:publication_date>"
                f"<news:title>{e(item.title)}</news:title></news:news>"
            )
        rows.append(f"<url><loc>{e(loc)}</loc>{date}</url>\n")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n' + "".join(rows) + "</urlset>\n"
    )


def robots(site: Nastooh) -> str:
    return (
        "User-agent: *\nDisallow: /redirect/\nDisallow: /print/\n\n"
        f"Sitemap: http://{site.host}/sitemap/all/sitemap.xml\nSitemap: http://{site.host}/sitemap/news/sitemap.xml\n"
    )


def eservices(site: Nastooh) -> str:
    """A page that is no news: the reader logs in."""
    form = '<form method="post" action="/login"><label>کد ملی</label><input name="nid" /><button>ورود</button></form>'
    main = chrome.box(401, "ورود به خدمات الکترونیک", form)
    return site.page("page", f"خدمات الکترونیک - {chrome.SITE}", "", main)


def not_found(site: Nastooh, status: int) -> str:
    words = "این مطلب حذف شده است" if status == 410 else "صفحه‌ای که به دنبال آن هستید پیدا نشد"
    main = f'<section class="box error-page"><h1>{digits(status)}</h1><p>{words}.</p></section>\n'
    return site.page("error", f"خطا - {chrome.SITE}", "", main)
