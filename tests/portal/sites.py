"""Which page answers which address: one server for all hosts of both portals, told apart by Host."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit
from zlib import crc32

from archive.provinces import PROVINCES
from tests.portal import iransamaneh_lists as il
from tests.portal import nastooh_lists as nl
from tests.portal import others, press
from tests.portal.iransamaneh import IranSamaneh
from tests.portal.markup import encoded
from tests.portal.nastooh import Nastooh
from tests.portal.wire import Client, Final, Reply, compose

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.portal.world import Item, World

_XML = "text/xml; charset=UTF-8"
_SLUGS = {province.slug: province.code for province in PROVINCES}
_ITEM = re.compile(r"/(news|photo|video|media|live|report|amp|print)/(\d+)(?:/.*)?")
_FA_ITEM = re.compile(r"/fa/(news|print)/(\d+)(?:/.*)?")
_SHORT = re.compile(r"/x([0-9a-z]+)")
_DAY = re.compile(r"/sitemap/(\d{4})/(\d{1,2})/(\d{1,2})/sitemap\.xml")
_YEAR = re.compile(r"/sitemap/(\d{4})/sitemap\.xml")
_MEDIA = re.compile(r"/(?:d/\d{4}/\d\d/\d\d/[0-4]|files/fa/news(?:/[\w]+)*)/(\w+)\.(jpg|gif|mp4)")
_STYLE = re.compile(r"/(?:resources/theme|client/themes)/[\w/-]+/[\w-]+\.css")

_JPEG = bytes.fromhex(
    "ffdb004300" + "01" * 64 + "ffc0000b080001000101011100"
    "ffc400140001" + "00" * 16 + "ffc400141001" + "00" * 16 + "ffda0008010100003f003fffd9"
)


def jpeg(name: str) -> bytes:
    """A picture of one grey pixel, with its name in a comment so that no two are equal."""
    comment = name.encode()
    return b"\xff\xd8\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + _JPEG


@dataclass(frozen=True, slots=True)
class Target:
    """A request's address, taken apart."""

    host: str
    path: str
    query: dict[str, str]

    @classmethod
    def parse(cls, host: str, target: str) -> Target:
        parts = urlsplit(target if target.startswith("/") else urlsplit(target)._replace(scheme="", netloc="").geturl())
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return cls(host.lower().partition(":")[0], unquote(parts.path), query)


@dataclass(frozen=True, slots=True)
class Route:
    """A page: its cache key, the stamp that tells when it is stale, and how to make it."""

    key: tuple[object, ...]
    stamp: object
    make: Callable[[], Reply]
    item: str = ""


class Sites:
    """All hosts. Composed responses are kept, so that a busy crawl costs little more than sending bytes."""

    def __init__(self, world: World, cache_bytes: int = 512 * 1024 * 1024) -> None:
        self.world = world
        self._nastooh: dict[str, Nastooh] = {}
        self._iransamaneh: dict[str, IranSamaneh] = {}
        self._cache: OrderedDict[tuple[object, ...], tuple[object, Final]] = OrderedDict()
        self._room = cache_bytes

    def answer(self, route: Route, client: Client) -> Final:
        """The response to a GET, from the cache while the page has not changed."""
        key = (*route.key, client)
        kept = self._cache.get(key)
        if kept is not None and kept[0] == route.stamp:
            self._cache.move_to_end(key)
            return kept[1]
        final = compose(route.make(), client)
        if kept is not None:
            self._room += len(kept[1].data)
        self._cache[key] = (route.stamp, final)
        self._room -= len(final.data)
        while self._room < 0 and self._cache:
            _, (_, oldest) = self._cache.popitem(last=False)
            self._room += len(oldest.data)
        return final

    def route(self, host: str, target: str) -> Route:
        """Find the page for an address; what nobody knows is a 404 of its own."""
        where = Target.parse(host, target)
        label, _, portal = where.host.rpartition(".behzisti.test")
        if where.host == "behzisti.test" or (portal == "" and label):
            return self._welfare(where, label)
        label, _, portal = where.host.rpartition(".oghaf.test")
        if where.host == "oghaf.test" or (portal == "" and label):
            return self._endowment(where, label)
        system, _, domain = where.host.partition(".")
        if domain == others.DOMAIN and system == press.NAME:
            return _fixed((where.host, target), press.answer(where.path, where.query))
        if domain == others.DOMAIN and system in {*others.SYSTEMS, others.HANDMADE}:
            return _other(system, where, target)
        return _fixed(("unknown host",), Reply(404, b"Unknown host\n", "text/plain"))

    def warm(self) -> None:
        """Compose the articles of all listing hosts beforehand, for benchmarks."""
        for item in self.world:
            domain = "behzisti.test" if item.portal == "behzisti" else "oghaf.test"
            self.answer(self.route(f"{item.office}.{domain}", item.path), Client())

    def _welfare(self, where: Target, label: str) -> Route:
        if label == "media":
            return _media(where.path)
        if label not in {"", "www", *_SLUGS}:
            return _fixed(("unknown host",), Reply(404, b"Unknown host\n", "text/plain"))
        site = self._nastooh.get(where.host)
        if site is None:
            site = self._nastooh[where.host] = Nastooh(self.world, where.host, _SLUGS.get(label))
        path = where.path
        if _STYLE.fullmatch(path):
            return _style(path)
        if match := _ITEM.fullmatch(path):
            return self._article(site, match[1], match[2], where.host)
        if match := _SHORT.fullmatch(path):
            return self._short(site, match[1], where.host)
        return self._listing(where, lambda: _welfare_listing(site, where))

    def _endowment(self, where: Target, label: str) -> Route:
        if label not in {"", "www", *_SLUGS}:
            return _fixed(("unknown host",), Reply(404, b"Unknown host\n", "text/plain"))
        site = self._iransamaneh.get(where.host)
        if site is None:
            site = self._iransamaneh[where.host] = IranSamaneh(self.world, where.host, _SLUGS.get(label))
        if match := _FA_ITEM.fullmatch(where.path):
            return self._fa_article(site, match[1], match[2], where.host)
        if where.path.startswith("/files/"):
            return _media(where.path)
        if _STYLE.fullmatch(where.path):
            return _style(where.path)
        return self._listing(where, lambda: _endowment_listing(site, where))

    def _article(self, site: Nastooh, form: str, code: str, host: str) -> Route:
        item = self.world.find("behzisti", code)
        render = {"amp": site.amp, "print": site.print_page}.get(form, site.article)
        return self._item(
            item, (host, form in {"amp", "print"} and form, code), render, lambda s: nl.not_found(site, s)
        )

    def _fa_article(self, site: IranSamaneh, form: str, code: str, host: str) -> Route:
        item = self.world.find("oghaf", code)
        render = site.print_page if form == "print" else site.article
        return self._item(item, (host, form, code), render, lambda s: il.not_found(site, s))

    def _item(
        self,
        item: Item | None,
        key: tuple[object, ...],
        render: Callable[[Item], str],
        missing: Callable[[int], str],
    ) -> Route:
        status = self.world.gone.get(item.id) if item else 404
        if item is None or status:
            number = status or 404
            return Route((key[0], number), 0, lambda: Reply(number, missing(number).encode()), item.id if item else "")

        def make() -> Reply:
            text = render(item)
            page = redesigned(text) if self.world.redesigned else text
            return Reply(200, page.encode(), modified=item.changed, variant=item.number)

        return Route(key, (item.revision, item.renderings, self.world.redesigned), make, item.id)

    def _short(self, site: Nastooh, code: str, host: str) -> Route:
        item = self.world.find("behzisti", str(int(code, 36)))
        if item is None or item.id in self.world.gone:
            return Route((host, 404), 0, lambda: Reply(404, nl.not_found(site, 404).encode()))
        location = f"http://{host}{encoded(item.path)}"
        return _fixed((host, "short", location), Reply(302, b"", headers=(("Location", location),)), item.id)

    def _listing(self, where: Target, make: Callable[[], Reply]) -> Route:
        key = ("list", where.host, where.path, tuple(sorted(where.query.items())))
        return Route(key, self.world.version, make)


NEW_LINE = "ما را در پیام‌رسان‌ها دنبال کنید"
_LOST = re.compile(
    "introtext|summary|item-date|item-nav|news_pdate_c|subtitle|og:description|article:published_time|datePublished|fa_date"
    '|itemprop="description"|class="date"|print-header'
)


def redesigned(text: str) -> str:
    """A page in a theme with other names, and with a line at the end of every article."""
    for end in ('<div class="gallery', '<div class="item-code'):
        text = text.replace(end, f"<p>{NEW_LINE}</p>{end}", 1) if NEW_LINE not in text else text
    return _LOST.sub("x", text)


def _other(system: str, where: Target, target: str) -> Route:
    query = urlsplit(target).query
    body = others.answer(system, where.path + (f"?{unquote(query)}" if query else ""))
    return _fixed((where.host, target), Reply(404) if body is None else Reply(200, body, "text/html"))


def _fixed(key: tuple[object, ...], reply: Reply, item: str = "") -> Route:
    return Route(key, 0, lambda: reply, item)


def _style(path: str) -> Route:
    body = "body{margin:0;background:#f3faf7;color:#123;font-family:sans-serif}a{color:#0b5d56}"
    menus = "header ul,nav ul{display:none}"
    sheet = f"@charset 'utf-8';/* {path} */{body}{menus}#header,#footer{{background:#0b5d56;color:#fff}}"
    return _fixed(("style", path), Reply(200, sheet.encode(), "text/css"))


def _media(path: str) -> Route:
    match = _MEDIA.fullmatch(path)
    if not match:
        return _fixed(("no media",), Reply(404, b"Not found\n", "text/plain"))
    if match[2] == "mp4":
        return _fixed(("media", path), Reply(200, b"\x00\x00\x00\x18ftypmp42" + match[1].encode(), "video/mp4"))
    return _fixed(("media", path), Reply(200, jpeg(path), "image/jpeg"))


def _page(text: str | None, missing: Callable[[], str], path: str, content_type: str = "") -> Reply:
    if text is None:
        return Reply(404, missing().encode())
    variant = crc32(path.encode())
    return Reply(200, text.encode(), content_type or Reply(200).content_type, variant=variant)


def _welfare_listing(site: Nastooh, where: Target) -> Reply:
    text, content_type = _welfare_text(site, where)
    if where.path.startswith("/redirect/"):
        return Reply(302, headers=(("Location", "http://adverts.test/landing"),))
    return _page(text, lambda: nl.not_found(site, 404), str(where), content_type)


def _welfare_text(site: Nastooh, where: Target) -> tuple[str | None, str]:
    path, query = where.path, where.query
    exact: dict[str, Callable[[], str]] = {
        "/": lambda: nl.home(site),
        "/archive": lambda: nl.archive(site, query),
        "/page/archive.xhtml": lambda: nl.archive(site, query),
    }
    xml: dict[str, Callable[[], str]] = {
        "/rss": lambda: nl.rss(site),
        "/rss-homepage": lambda: nl.rss(site),
        "/sitemap/all/sitemap.xml": lambda: nl.sitemap_all(site),
        "/sitemap/news/sitemap.xml": lambda: nl.sitemap_news(site),
    }
    if path in exact:
        return exact[path](), ""
    if path in xml:
        return xml[path](), _XML
    if path == "/robots.txt":
        return nl.robots(site), "text/plain; charset=UTF-8"
    if path.startswith("/rss/tp/"):
        return nl.rss(site, path.removeprefix("/rss/tp/")), _XML
    return _welfare_pattern(site, where)


def _welfare_pattern(site: Nastooh, where: Target) -> tuple[str | None, str]:
    path, query = where.path, where.query
    if match := _DAY.fullmatch(path):
        return nl.sitemap_day(site, (int(match[1]), int(match[2]), int(match[3]))) or (None, "")
    if match := _YEAR.fullmatch(path):
        return nl.sitemap_index(site, int(match[1])), _XML
    if path.startswith("/service/"):
        return nl.service(site, path, query), ""
    if path.startswith("/tag/"):
        return nl.tag(site, path, query), ""
    if path.startswith("/eservices"):
        return nl.eservices(site), ""
    return None, ""


def _endowment_listing(site: IranSamaneh, where: Target) -> Reply:
    path = where.path
    pages: dict[str, tuple[Callable[[], str], str]] = {
        "/": (lambda: il.home(site), ""),
        "/fa": (lambda: il.home(site), ""),
        "/fa/": (lambda: il.home(site), ""),
        "/fa/archive": (lambda: il.archive(site, where.query), ""),
        "/fa/rss/allnews": (lambda: il.rss(site), _XML),
        "/fa-sitemap-news": (lambda: il.sitemap(site, latest=True), _XML),
        "/fa-sitemap-newsarchive": (lambda: il.sitemap(site, latest=False), _XML),
        "/robots.txt": (lambda: il.robots(site), "text/plain; charset=UTF-8"),
    }
    text, content_type = None, ""
    if path in pages:
        make, content_type = pages[path]
        text = make()
    elif path.startswith("/fa/tags/"):
        text = il.tag(site, path)
    return _page(text, lambda: il.not_found(site, 404), str(where), content_type)
