# ruff: noqa: E501 (markup reads better in the lines of the page than cut to ours)
"""Listings of the endowment portal: home, archive, tags, the feed without weekdays, sitemaps."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.portal.iransamaneh import SERVICES, SITE, IranSamaneh
from tests.portal.markup import digits, e, encoded, http_date, iransamaneh_date, sepehr_date, utc_iso
from tests.portal.nastooh_lists import PER_PAGE, number, page_of
from tests.portal.world import NOW, Item

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROVINCE_OF = {service: code for code, service in SERVICES.items()}


def _entries(items: list[Item]) -> str:
    rows = []
    for item in items:
        href = encoded(item.path) if int(item.code) % 2 else e(item.path)
        date = f'<div class="archive_date">{iransamaneh_date(item.published)}</div>\n' if item.published else ""
        rows.append(
            f'<div class="archive_content">\n<div class="rutitr">{e(item.kicker)}</div>\n<h3 class="Htag"><a class="title5" '
            f'href="{href}">{e(item.title)}</a></h3>\n<div class="subtitle">{e(item.lead)}</div>\n{date}</div>\n'
        )
    return "".join(rows)


def _pager(base: str, page: int, pages: int) -> str:
    links = [
        f"<b>{digits(n)}</b>" if n == page else f'<a href="{e(base.format(page=n))}">{digits(n)}</a>'
        for n in range(max(1, page - 5), min(pages, page + 5) + 1)
    ]
    if page < pages:
        links.append(f'<a rel="next" href="{e(base.format(page=page + 1))}">بعدی</a>')
    return f'<div class="pagination">{" ".join(links)}</div>\n'


def home(site: IranSamaneh) -> str:
    latest = site.world.select("oghaf", site.province)[:30]
    return site.page(
        SITE,
        '<meta property="og:type" content="website">\n',
        f'<div class="home_news">{_entries(latest)}</div>',
    )


def archive(site: IranSamaneh, query: Mapping[str, str]) -> str:
    """`/fa/archive?service_id=…&p=<n>`, newest first."""
    service, page = number(query, "service_id"), max(number(query, "p"), 1)
    items = site.world.select("oghaf", site.province or _PROVINCE_OF.get(service))
    shown, pages = page_of(items, page)
    pager = _pager(f"/fa/archive?service_id={service or 1}&p={{page}}", page, pages)
    return site.page(f"آرشیو | {SITE}", "", f'<div class="archive_list">{_entries(shown)}</div>{pager}')


def tag(site: IranSamaneh, path: str) -> str:
    """`/fa/tags/<id>/<page>/<slug>`."""
    id_, page, slug = [*unquote(path).split("/")[3:], "", "", ""][:3]
    word = slug.replace("-", " ")
    items = site.world.select("oghaf", None, ("tag", word)) or site.world.select("oghaf", None, ("tag", slug))
    current = int(page) if page.isascii() and page.isdigit() else 1
    shown, pages = page_of(items, current)
    pager = _pager(f"/fa/tags/{number({'id': id_}, 'id')}/{{page}}/{encoded(slug)}", current, pages)
    return site.page(f"{word} | {SITE}", "", f'<div class="tag_list">{_entries(shown)}</div>{pager}')


def rss(site: IranSamaneh) -> str:
    """Dates lack the weekday and there is no guid; every fourth link stands on a line of its own."""
    rows = []
    for n, item in enumerate(site.world.select("oghaf", site.province)[: 2 * PER_PAGE]):
        url = f"http://{site.host}{e(item.path)}"
        link = f"<link>\n                {url}\n            </link>" if n % 4 == 3 else f"<link>{url}</link>"
        date = f"<pubDate>{sepehr_date(item.published)}</pubDate>\n" if item.published else ""
        rows.append(
            f"        <item>\n            <title>{e(item.title)}</title>\n            {link}\n"
            f"            <description>{e(item.lead)}</description>\n            {date}        </item>\n"
        )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0">\n    <channel>\n        <title>{SITE}</title>\n'
        f"        <link>http://{site.host}</link>\n        <webMaster>info@iransamaneh.com</webMaster>\n"
        f"        <lastBuildDate>{http_date(NOW)}</lastBuildDate>\n        <generator>SepehrFeed V1.2</generator>\n"
        + "".join(rows)
        + "    </channel>\n</rss>\n"
    )


def sitemap(site: IranSamaneh, *, latest: bool) -> str:
    items = site.world.select("oghaf", site.province)
    rows = []
    for item in items[:100] if latest else items:
        date = f"<lastmod>{utc_iso(item.changed)}</lastmod>" if item.published else ""
        rows.append(f"<url><loc>http://{site.host}{e(encoded(item.path))}</loc>{date}</url>\n")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "".join(rows)
        + "</urlset>\n"
    )


def robots(site: IranSamaneh) -> str:
    return f"User-agent: *\nDisallow: /fa/save/\nDisallow: /fa/print/\nSitemap: http://{site.host}/fa-sitemap-news\n"


def not_found(site: IranSamaneh, status: int) -> str:
    return site.page(
        f"خطا | {SITE}",
        "",
        f'<div class="error_page"><h2>خطای {digits(status)}</h2><p>صفحه یافت نشد.</p></div>',
    )
