"""The items of the two portals: the truth against which a crawl is judged.

Items are immutable and replaced as a whole, so that the server's thread never sees half an edit.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from archive.jalali import TEHRAN, to_gregorian, to_jalali
from archive.provinces import BY_CODE
from tests.portal import story
from tests.portal.endowment import ENDOWMENT
from tests.portal.markup import base36, slug
from tests.portal.story import Story, Traits, Writer, traits
from tests.portal.welfare import WELFARE
from tests.portal.words import CITIES, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTALS: dict[str, tuple[str, Voice, int]] = {
    "behzisti": ("welfare", WELFARE, 70500),
    "oghaf": ("endowment", ENDOWMENT, 11200),
}
_JOINT_CODE = {"behzisti": 70583, "oghaf": 11262}
_FIRST_DAY, _DAYS = (1402, 12, 1), 44  # over the turn of a year; the last day is 14 Farvardin 1403
_BUSY_DAY = 20  # the day on which a third of everything is published, so that a day's list has pages
NOW = dt.datetime.combine(to_gregorian(1403, 1, 25), dt.time(9, 0), TEHRAN)
"""When the portal believes to be: pages depend on nothing but the world."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a news code names, in the record's terms, and how its page is dressed."""

    portal: str
    code: str
    organisation: str
    province: str
    host: str
    kind: str
    title: str
    kicker: str
    lead: str
    body: tuple[str, ...]
    shapes: tuple[str, ...]
    published: dt.datetime | None
    listed: dt.datetime
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    images: tuple[tuple[str, str], ...]
    topic: str
    traits: Traits
    number: int
    revision: int = 1
    renderings: int = 0

    @property
    def id(self) -> str:
        return f"{self.portal}:{self.code}"

    @property
    def slug(self) -> str:
        return slug(self.title, keep_half_space=self.portal == "oghaf")

    @property
    def path(self) -> str:
        """The address the portal itself would print, not percent-encoded."""
        if self.portal == "oghaf":
            return f"/fa/news/{self.code}/{self.slug}"
        return f"/{self.kind if self.kind in {'photo', 'video'} else 'news'}/{self.code}/{self.slug}"

    @property
    def office(self) -> str:
        """Slug of the province that issued it, whatever host shows it."""
        return BY_CODE[self.province].slug

    @property
    def short(self) -> str:
        return f"/x{base36(int(self.code))}"

    @property
    def changed(self) -> dt.datetime:
        """Last-Modified: an edit happens some minutes after `NOW`."""
        edits = self.revision - 1 + self.renderings
        return NOW + dt.timedelta(minutes=edits) if edits else self.listed

    @property
    def videos(self) -> tuple[str, ...]:
        day = self.listed.astimezone(TEHRAN)
        return (f"http://media.behzisti.test/d/{day:%Y/%m/%d}/0/{self.code}.mp4",) if self.kind == "video" else ()

    def truth(self) -> dict[str, Any]:
        """The record's keys."""
        return {
            "id": self.id,
            "portal": self.portal,
            "code": self.code,
            "organisation": self.organisation,
            "province": self.province,
            "kind": "news"
            if self.portal == "oghaf" and self.kind in {"report", "talk"}
            else self.kind,  # not told there
            "title": self.title,
            "kicker": self.kicker,
            "lead": self.lead,
            "body": "\n".join(self.body),
            "published": self.published.isoformat() if self.published else None,
            "tags": list(self.tags),
            "categories": list(self.categories),
            "images": [{"url": url, "alt": alt} for url, alt in self.images],
        }


@dataclass(slots=True)
class Shelf:
    """The ids of one portal in the ways its listings need them, newest first."""

    all: list[str] = field(default_factory=list)
    by: dict[tuple[str, Any], list[str]] = field(default_factory=lambda: defaultdict(list))

    def put(self, item: Item) -> None:
        year, month, day = to_jalali(item.listed.astimezone(TEHRAN).date())
        keys: list[tuple[str, Any]] = [
            ("province", item.province),
            ("day", (year, month, day)),
            ("topic", item.topic),
        ]
        keys += [("month", (year, month)), ("year", year), ("kind", item.kind)]
        self.all.insert(0, item.id)
        for key in [*keys, *(("tag", tag) for tag in item.tags)]:
            self.by[key].insert(0, item.id)


class World:
    """Everything that both organisations have published, and what became of it since."""

    def __init__(self, seed: int = 1, items: int = 60) -> None:
        """`items` is how many each organisation has."""
        self.seed = seed
        self.items: dict[str, Item] = {}
        self.gone: dict[str, int] = {}
        self.version = 0
        self.redesigned = False
        self.shelves = {portal: Shelf() for portal in PORTALS}
        for portal in PORTALS:
            for item in _compose(portal, seed, items):
                self.items[item.id] = item
                self.shelves[portal].put(item)
        self.joint = tuple(item.id for item in self.items.values() if item.title in story.JOINT_TITLES)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items.values())

    def of(self, portal: str) -> list[Item]:
        """All items of a portal, newest first, deleted ones too."""
        return [self.items[id_] for id_ in self.shelves[portal].all]

    def find(self, portal: str, code: str) -> Item | None:
        return self.items.get(f"{portal}:{code}")

    def select(self, portal: str, province: str | None = None, *keys: tuple[str, Any]) -> list[Item]:
        """Live items with all the given properties, newest first; ("day", (1402, 12, 1)) for example."""
        shelf = self.shelves[portal]
        wanted = [*keys, *([("province", province)] if province else [])]
        lists = sorted((shelf.by.get(key, []) for key in wanted), key=len) or [shelf.all]
        others = [set(ids) for ids in lists[1:]]
        ids = (id_ for id_ in lists[0] if id_ not in self.gone and all(id_ in other for other in others))
        return [self.items[id_] for id_ in ids]

    def edit(self, item_id: str, **changes: Any) -> Item:
        """Change title, kicker, lead, body (lines) or tags.

        A new body keeps its subheads, lists and tables when it has as many lines; else all are paragraphs.
        """
        item = self.items[item_id]
        if unknown := set(changes) - {"title", "kicker", "lead", "body", "tags"}:
            raise ValueError(f"{', '.join(sorted(unknown))} cannot be edited: title, kicker, lead, body and tags can.")
        if "body" in changes:
            body = changes["body"]
            lines = tuple(body.split("\n") if isinstance(body, str) else body)
            changes["body"] = lines
            changes["shapes"] = item.shapes if len(lines) == len(item.shapes) else ("p",) * len(lines)
        if "tags" in changes:
            changes["tags"] = tuple(changes["tags"])
        self.items[item_id] = item = replace(item, revision=item.revision + 1, **changes)
        self.version += 1
        return item

    def touch(self, item_id: str) -> Item:
        """Render the page anew: other bytes, the same news."""
        item = self.items[item_id]
        self.items[item_id] = item = replace(item, renderings=item.renderings + 1)
        self.version += 1
        return item

    def redesign(self) -> None:
        """Another theme from now on: articles have no lead and date that our rules could find, and a new last line."""
        self.redesigned = True
        self.version += 1

    def publish(self, portal: str, province: str, listed: dt.datetime, skip: int = 0) -> Item:
        """Publish one more item, later than all others; its peculiarities follow from how many there are.

        `skip` leaves so many codes out before it.
        """
        shelf, number = self.shelves[portal], len(self.shelves[portal].all)
        rng = random.Random(f"{portal} {self.seed} {number}")
        code = (int(self.items[shelf.all[0]].code) if shelf.all else PORTALS[portal][2]) + rng.randint(1, 9) + skip
        what = traits(number)
        text = Writer(PORTALS[portal][1], rng).write(province, BY_CODE[province].name, what)
        item = _item(portal, code, province, province, listed, text, what, number)
        self.items[item.id] = item
        shelf.put(item)
        self.version += 1
        return item

    def delete(self, item_id: str, status: int = 404) -> None:
        """Answer 404 or 410 from now on; the item leaves all listings."""
        self.gone[self.items[item_id].id] = status
        self.version += 1

    def truth(self) -> list[dict[str, Any]]:
        return [item.truth() for item in self.items.values()]


def _compose(portal: str, seed: int, count: int) -> list[Item]:
    _, voice, first_code = PORTALS[portal]
    rng = random.Random(f"{portal} {seed}")
    writer = Writer(voice, rng)
    provinces = list(CITIES)
    items = []
    codes = _codes(rng, first_code, count, _JOINT_CODE[portal])
    joint = codes.index(_JOINT_CODE[portal]) if _JOINT_CODE[portal] in codes else count - 1
    for n, (code, listed) in enumerate(zip(codes, _moments(rng, count), strict=True)):
        what = traits(n)
        province = provinces[n % len(provinces)]
        if n == joint:
            province, what = "IR-22", replace(traits(2), bullets=False, kicker=False)
        name = BY_CODE[province].name
        text = writer.write(province, name, what)
        if n == joint:
            text = _joint(text, portal)
        host = provinces[(n * 7 + 3) % len(provinces)] if what.guest or n == joint else province
        items.append(_item(portal, code, province, host, listed, text, what, n))
    return items


def _item(
    portal: str, code: int, province: str, host: str, listed: dt.datetime, text: Story, what: Traits, number: int
) -> Item:
    name = BY_CODE[province].name
    item = Item(
        portal=portal,
        code=str(code),
        organisation=PORTALS[portal][0],
        province=province,
        host=BY_CODE[host].slug,
        kind=what.kind,
        title=text.title,
        kicker=text.kicker,
        lead=text.lead,
        body=text.body,
        shapes=text.shapes,
        published=None if what.undated else listed,
        listed=listed,
        tags=text.tags,
        categories=("اجتماعی", text.topic.name) if what.topical and text.body else ("استان‌ها", name),
        images=(),
        topic=text.topic.slug,
        traits=what,
        number=number,
    )
    return replace(item, images=_images(item))


def _joint(text: Story, portal: str) -> Story:
    """The memorandum that both organisations report in the same words."""
    body = story.JOINT_BODY
    title = story.JOINT_TITLES[portal == "oghaf"]
    return replace(
        text,
        title=title,
        kicker="",
        lead=story.JOINT_LEAD,
        body=body,
        shapes=("p",) * len(body),
        tags=story.JOINT_TAGS,
    )


def _codes(rng: random.Random, first: int, count: int, joint: int) -> list[int]:
    """Rising with gaps; the joint story's code is among them once the row is long enough."""
    codes = []
    code = first
    for _ in range(count):
        code += rng.randint(1, 9)
        codes.append(code)
    for n, (before, after) in enumerate(pairwise(codes), 1):
        if before < joint <= after:
            codes[n] = joint
    return codes


def _moments(rng: random.Random, count: int) -> list[dt.datetime]:
    """When each item appears, oldest first: two in a summer of +04:30, the rest over six weeks."""
    days = max(_DAYS, count // 300)  # a large world reaches further back, never more than 300 items a day
    end = dt.datetime.combine(to_gregorian(*_FIRST_DAY), dt.time(), TEHRAN) + dt.timedelta(days=_DAYS)
    old = [(1401, 2, 21, 18, 59), (1401, 5, 12, 0, 20)]  # 00:20 is still the day before in UTC
    moments = {dt.datetime.combine(to_gregorian(y, m, d), dt.time(hh, mm), TEHRAN) for y, m, d, hh, mm in old[:count]}
    busy = min(0.35, 200 / max(count, 1))
    while len(moments) < count:
        before = _DAYS - _BUSY_DAY if rng.random() < busy else rng.randint(1, days)
        hour = 0 if rng.random() < 0.08 else rng.randint(7, 22)
        moments.add(end - dt.timedelta(days=before) + dt.timedelta(hours=hour, minutes=rng.randrange(60)))
    return sorted(moments)


def _images(item: Item) -> tuple[tuple[str, str], ...]:
    """Pictures of the item at the largest size its article names."""
    number = int(item.code) * 10
    if item.portal == "oghaf":
        year, month, day = to_jalali(item.listed.astimezone(TEHRAN).date())
        pattern = f"http://www.oghaf.test/files/fa/news/{year}/{month}/{day}/{{id}}_{item.number % 900 + 100}.jpg"
    else:
        size = 0 if item.kind == "photo" else 3
        pattern = f"http://media.behzisti.test/d/{item.listed.astimezone(TEHRAN):%Y/%m/%d}/{size}/{{id}}.jpg"
    inline = item.traits.inline_picture and len(item.body) > 2
    count = int(item.traits.picture) * (1 + inline)
    if item.kind == "photo":
        count = 5
    elif item.kind == "video" and item.portal == "oghaf":
        count = 0  # the page has a player and no picture
    return tuple((pattern.format(id=number + k), item.title if k == 0 else "") for k in range(count))
