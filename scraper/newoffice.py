"""A new office: its site is looked at, its block is written into an offices file."""

from __future__ import annotations

import datetime as dt
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from archive.errors import NothingFoundError, UsageError
from archive.offices import SPIDERS, Office, Offices, load_offices, portal_of_host
from archive.persian import fold
from archive.provinces import BY_CODE, PROVINCES
from archive.record import Organisation
from scraper.blocks import line
from scraper.dialects import DIALECTS, GENERIC, detect
from scraper.examine import Examination, examine
from scraper.listing import read_listing
from scraper.page import parse
from scraper.place import find_province, provinces_named
from scraper.probe import MESSAGES, Fetch, Fetched
from scraper.refusals import visible_text

if TYPE_CHECKING:
    from scraper.dialects import Dialect

_MOST_LISTINGS = 2
_MOST_ARTICLES = 3
"""Of the first entries one may be a film without text, or gone."""

_MOSTLY = 0.7

_WORDS: dict[Organisation, str] = {"welfare": fold("بهزیستی"), "endowment": fold("اوقاف")}
_NAMES: dict[Organisation, str] = {"welfare": "بهزیستی", "endowment": "اوقاف و امور خیریه"}


@dataclass(slots=True)
class Wanted:
    """What a person says of the new office; what is empty is guessed from the site."""

    url: str
    id: str = ""
    organisation: Organisation | None = None
    province: str = ""
    """ISO code, slug or Persian name."""
    name: str = ""


@dataclass(slots=True)
class Site:
    """What was seen of a site."""

    home: Fetched
    dialect: Dialect = GENERIC
    evidence: list[str] = field(default_factory=list)
    listings: list[str] = field(default_factory=list)
    """Listings that named items, by address."""
    entries: list[str] = field(default_factory=list)
    article: Examination | None = None


@dataclass(slots=True)
class Added:
    """What `bayegan offices add` did."""

    office: Office
    file: str
    block: str
    evidence: list[str]
    proven: str
    article: Examination


async def look_at(fetch: Fetch, url: str) -> Site:
    """Fetch the home page, one or two of its system's listings and an item. Raises NothingFoundError without home."""
    site = Site(await fetch(url))
    if not site.home.usable:
        word = site.home.failure or f"http-{site.home.status}"
        raise NothingFoundError(f"{url} cannot be used ({word}). {MESSAGES.get(word, 'The server answered an error.')}")
    if (kind := read_listing(site.home.body, site.home.url).kind) not in {"html", "unreadable"}:
        raise UsageError(
            f"{url} is a {kind}, not the home page of an office. Give the page itself: {urljoin(url, '/')}"
        )
    _take(site, site.home)
    origin = site.home.url
    for path in _listings(site.dialect):
        if len(site.listings) < _MOST_LISTINGS and (page := await fetch(urljoin(origin, path))).usable:
            _take(site, page)
    for entry in site.entries[:_MOST_ARTICLES]:
        page = await fetch(entry)
        if page.usable:
            _recognise(site, page)
            site.article = examine(page, Offices((), {}, ""))
            if site.article.kind == "article":
                break
    return site


def _listings(dialect: Dialect) -> Iterator[str]:
    seeds = dialect.seeds
    if seeds.archive:
        yield seeds.archive.format(page=seeds.first_page)
    yield from seeds.feeds
    yield from (path for path in seeds.sitemaps if "{" not in path)


def _take(site: Site, page: Fetched) -> None:
    """Note the items that a page names: those of its own host first, for a portal lists others' news, too."""
    _recognise(site, page)
    listing = read_listing(page.body, page.url, site.dialect.name, page.content_type)
    if listing.entries and page is not site.home:
        site.listings.append(page.url)
    host = urlsplit(page.url).hostname
    known = dict.fromkeys([*site.entries, *(entry.url for entry in listing.entries)])
    site.entries = sorted(known, key=lambda url: urlsplit(url).hostname != host)


def _recognise(site: Site, page: Fetched) -> None:
    if site.dialect is GENERIC and (found := detect(page.body)):
        site.dialect, site.evidence = found


# --- the block --------------------------------------------------------------------------------------------------


def describe(site: Site, wanted: Wanted, today: dt.date) -> Office:
    """The office that a site is. Raises UsageError for what must be said, NothingFoundError when no item was read."""
    if site.article is None or site.article.kind != "article":
        raise NothingFoundError(_no_article(site))
    url = site.home.url
    host = urlsplit(url).hostname or ""
    title, text = _words(site.home)
    organisation = wanted.organisation or _organisation(host, title, text)
    if organisation is None:
        raise UsageError(
            f"Neither {host} nor its words tell whether it is a welfare or an endowment office. "
            "Say --organisation welfare or --organisation endowment."
        )
    province = _province_named(wanted.province) if wanted.province else _province_guessed(host, title, text)
    slug = BY_CODE[province].slug if province else ""
    name = f"{_NAMES[organisation]} {BY_CODE[province].name}" if province else title
    return Office(
        id=wanted.id or _id(SPIDERS[organisation], slug or _label(host)),
        organisation=organisation,
        url=url,
        portal=portal_of_host(host),
        province=province,
        name=wanted.name or name,
        dialect="unknown" if site.dialect is GENERIC else site.dialect.name,
        verified=True,
        note=f"seen to work on {today.isoformat()}",
    )


def _no_article(site: Site) -> str:
    if not site.entries:
        return (
            f"{site.home.url} answers, but no link on it or in its feeds is known to name a news item; nothing was "
            "written. Try `bayegan doctor` on one article, and describe its system as docs/dialects.md says."
        )
    why = f"it gave no record ({site.article.reason})" if site.article else "it could not be fetched"
    return (
        f"{site.home.url} names {len(site.entries)} items, but of {site.entries[0]} {why}; nothing was written. "
        f"`bayegan doctor {site.entries[0]}` says what is missing."
    )


def _words(home: Fetched) -> tuple[str, str]:
    """The names that a home page gives itself, and all it shows."""
    page = parse(home.body, home.content_type)
    if page is None:
        return "", ""
    tag = next(page.root.iter("title"), None)
    title = page.meta(("og:site_name",)) or (line(tag) if tag is not None else "")
    return " ".join(title.split()), visible_text(page)


def _organisation(host: str, title: str, text: str) -> Organisation | None:
    """By the host, else by the title, else by the word that comes more often."""
    for organisation, spider in SPIDERS.items():
        if spider in host:
            return organisation  # type: ignore[return-value]
    for words in (fold(title), fold(text)):
        counts = {organisation: words.count(word) for organisation, word in _WORDS.items()}
        if counts["welfare"] != counts["endowment"]:
            return max(counts, key=lambda organisation: counts[organisation])
    return None


def _province_guessed(host: str, title: str, text: str) -> str | None:
    """By the title, else by the host, else by the office that the page names most, if it names hardly another."""
    if found := find_province(categories=[], opening=(title,), title=title, office=None, host=host):
        return found[0]
    named = provinces_named(text)
    code, times = next(iter(named.most_common(1)), (None, 0))
    return code if times > 1 and times >= _MOSTLY * named.total() else None


def _province_named(name: str) -> str:
    for province in PROVINCES:
        words = (province.code, province.slug, province.name, *province.variants)
        if fold(name) in map(fold, words):
            return province.code
    raise UsageError(f"«{name}» is no province of Iran. Write its ISO code, slug or name: IR-22, hormozgan, هرمزگان.")


def _id(spider: str, label: str) -> str:
    return label if label.startswith(spider) else "-".join(filter(None, (spider, label)))


def _label(host: str) -> str:
    """What tells this host from others of its organisation: `www.behzisti.ir` → nothing, `news.x.ir` → `news-x`."""
    labels = host.replace(":", ".").split(".")
    own = labels if labels[-1].isdigit() else labels[:-1]
    return "-".join(label for label in own if label not in {"www", *SPIDERS.values()})


def block(office: Office) -> str:
    """An office as the TOML block of an offices file."""
    lines = ["[[office]]"]
    for name in ("id", "organisation", "province", "name", "url", "portal", "dialect", "verified", "note"):
        value = getattr(office, name)
        if value not in {None, ""}:
            lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007F"))
    return "\n".join(lines) + "\n"


def check_new(path: Path, url: str) -> None:
    """Raise UsageError when the file at `path` has the host of an address already, or cannot be added to."""
    for office in _offices(path):
        if office.host.removeprefix("www.") == (urlsplit(url).hostname or "").removeprefix("www."):
            raise UsageError(
                f"{path} has {office.host} already, as {office.id}; nothing was written. "
                f"Crawl it: bayegan crawl {office.id} --offices {path}"
            )


def names_offices(path: Path) -> bool:
    """Whether a file is there and holds more than, say, a `[resolve]`. A file that cannot be read counts as such."""
    try:
        return path.exists() and bool(tomllib.loads(path.read_text(encoding="utf-8")).get("office"))
    except (OSError, ValueError):
        return True  # load_offices says what is wrong with it


def _offices(path: Path) -> tuple[Office, ...]:
    return load_offices(path).all if names_offices(path) else ()


def add_to(path: Path, office: Office) -> str:
    """Append an office to a file, made when there is none; the block. The file is whole before and after.

    Raises UsageError when it has the host or the id already, or would not be an offices file with it.
    """
    check_new(path, office.url)
    if office.id in {known.id for known in _offices(path)}:
        raise UsageError(f"{path} has an office {office.id} already, with another host. Name this one with --id.")
    text = block(office)
    target = path.resolve()
    temporary = target.with_name(target.name + ".part")
    try:
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        temporary.write_text(f"{before.rstrip()}\n\n{text}" if before.strip() else text, encoding="utf-8")
        load_offices(temporary)
        os.replace(temporary, target)  # noqa: PTH105 - of both names, neither may be half written
    except UsageError as error:
        raise UsageError(f"{path} cannot take a block of its own for {office.id}; it is as it was. {error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Name another file with --to.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return text


def add(site: Site, wanted: Wanted, path: Path, today: dt.date) -> Added:
    """Write the block of a site that was looked at."""
    office = describe(site, wanted, today)
    assert site.article is not None
    text = add_to(path, office)
    evidence = site.evidence or ["no mark of a known system: the generic profile"]
    return Added(office, str(path), text, evidence, DIALECTS[site.dialect.name].proven, site.article)
