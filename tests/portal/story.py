# ruff: noqa: E501 (one sentence a line)
"""Writes the text of one invented news item: the same random source always tells the same story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.portal.markup import digits
from tests.portal.words import CITIES, FAMILIES, MEN, WOMEN, Topic, Voice

if TYPE_CHECKING:
    import random

CELL = " | "
"""Between the cells of a table row, in the truth's one line for it."""

_ARABIC = str.maketrans({"ی": "ي", "ک": "ك", "۴": "٤"})
_SOURCES = ("هیئت امنا", "خیّران", "اداره شهرستان", "داوطلبان محله", "شورای روستا")


@dataclass(frozen=True, slots=True)
class Story:
    """Text of an item; `shapes` says for each body block what it is in the page: p, h, li, quote or row."""

    topic: Topic
    title: str
    kicker: str
    lead: str
    body: tuple[str, ...]
    shapes: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traits:
    """What is peculiar about an item. Chosen by its number, so that even a small world has each of them."""

    kind: str
    note: bool
    bare: bool
    table: bool
    bullets: bool
    quote: bool
    subhead: bool
    kicker: bool
    prefix: bool
    no_lead: bool
    arabic: bool
    undated: bool
    more: bool
    end: bool
    desk: bool
    topical: bool
    guest: bool
    picture: bool
    inline_picture: bool
    comma_date: bool
    early_modified: bool


def traits(n: int) -> Traits:
    """The peculiarities of the n-th item of a portal."""
    kinds = {7: "video", 10: "photo", 4: "report", 12: "talk"}
    return Traits(
        kind=kinds.get(n % 13, "news"),
        note=n % 11 == 6,
        bare=n % 9 == 4,
        table=n % 10 == 3,
        bullets=n % 6 == 2,
        quote=n % 7 == 1,
        subhead=n % 3 == 1,
        kicker=n % 3 == 2,
        prefix=n % 15 == 14,
        no_lead=n % 23 == 19,
        arabic=n % 8 == 5,
        undated=n % 29 == 17,
        more=n % 4 == 1,
        end=n % 3 == 0,
        desk=n % 5 == 2,
        topical=n % 5 == 3,
        guest=n % 12 == 8,
        picture=n % 4 != 3,
        inline_picture=n % 14 == 9,
        comma_date=n % 2 == 0,
        early_modified=n % 6 == 5,
    )


class Writer:
    """Tells stories in the voice of one organisation."""

    def __init__(self, voice: Voice, rng: random.Random) -> None:
        self._voice = voice
        self._rng = rng
        self._titles: set[str] = set()

    def write(self, province: str, province_name: str, what: Traits) -> Story:
        """A story about one province, with the given peculiarities."""
        rng = self._rng
        topic = rng.choice(self._voice.topics)
        slots = self._slots(province, province_name)
        title = self._title(topic, slots, province_name if what.prefix else "")
        kicker = rng.choice(self._voice.kickers).format(**slots) if what.kicker else ""
        lead = "" if what.no_lead else rng.choice(topic.leads).format(**slots)
        blocks = [] if what.kind in {"video", "photo"} else self._blocks(topic, slots, what)
        tags = [*rng.sample(topic.tags, min(len(topic.tags), rng.randint(1, 3))), province_name]
        texts = [title, kicker, lead, *(text for _, text in blocks)]
        if what.arabic:
            texts = [text.translate(_ARABIC) for text in texts]
            tags = [tag.translate(_ARABIC) for tag in tags[:-1]] + tags[-1:]
        shapes = tuple(shape for shape, _ in blocks)
        return Story(topic, texts[0], texts[1], texts[2], tuple(texts[3:]), shapes, tuple(tags))

    def _slots(self, province: str, name: str) -> dict[str, str]:
        rng = self._rng
        family = rng.choice(FAMILIES)
        person = f"{rng.choice(WOMEN + MEN)} {family}"
        return {
            "city": rng.choice(CITIES.get(province, (name,))),
            "prov": name,
            "n": digits(rng.randint(12, 980)),
            "m": digits(rng.randint(3, 60)),
            "year": digits(rng.choice((1400, 1401, 1402))),
            "family": family,
            "who": f"{person} {self._voice.head.format(prov=name)}",
        }

    def _title(self, topic: Topic, slots: dict[str, str], prefix: str) -> str:
        """Unique in the portal: titles often repeat on real sites, but then the truth could not be told apart."""
        while True:
            title = self._rng.choice(topic.titles).format(**slots)
            title = f"{prefix}| {title}" if prefix else title
            if title in self._titles:
                title = f"{title}؛ گزارش شماره {digits(self._rng.randint(2, 99999))}"
            if title not in self._titles:
                self._titles.add(title)
                return title

    def _blocks(self, topic: Topic, slots: dict[str, str], what: Traits) -> list[tuple[str, str]]:
        voice, rng = self._voice, self._rng

        def fill(pattern: str) -> str:
            return pattern.format(**{**slots, "n": digits(rng.randint(12, 980)), "m": digits(rng.randint(3, 60))})

        dateline = rng.choice(voice.datelines).format(**slots)
        facts = [fill(fact) for fact in rng.sample(topic.facts, rng.randint(3, len(topic.facts)))]
        if what.note:
            return [("p", f"{dateline} {facts[0]}")]
        general = [fill(line) for line in rng.sample(voice.general, rng.randint(4, 8))]
        blocks = [("p", f"{dateline} {facts.pop()}")]
        if what.quote:
            blocks.append(("p" if what.bare else "quote", rng.choice(voice.quotes)))
        blocks += [("p", text) for text in self._paragraphs(general)]
        if what.subhead:
            blocks.append(("h", topic.subhead))
        if what.bullets and not what.bare:
            blocks += [("li", fact) for fact in facts]
        else:
            blocks += [("p", text) for text in self._paragraphs(facts)]
        if what.table and not what.bare:
            blocks += self._table(slots["city"])
        blocks.append(("p", fill(rng.choice(voice.closings))))
        return blocks

    def _paragraphs(self, sentences: list[str]) -> list[str]:
        paragraphs = []
        while sentences:
            size = self._rng.randint(1, 3)
            paragraphs.append(" ".join(sentences[:size]))
            sentences = sentences[size:]
        return paragraphs

    def _table(self, city: str) -> list[tuple[str, str]]:
        rng = self._rng
        rows = [self._voice.table]
        rows += [(f"{city} ({s})", digits(rng.randint(20, 900)), digits(rng.randint(900, 90000))) for s in _SOURCES[:3]]
        return [("row", CELL.join(row)) for row in rows]


JOINT_TITLES = (
    "همپیمانی بهزیستی و اوقاف هرمزگان برای اشتغال توان‌خواهان",
    "اوقاف و بهزیستی هرمزگان دست یاری به هم دادند",
)
JOINT_LEAD = "اداره‌های کل بهزیستی و اوقاف هرمزگان تفاهم‌نامه‌ای دوساله بستند تا بازارچه‌های دائمی توان‌خواهان در کنار بقاع متبرکه برپا شود."
JOINT_BODY = (
    "به گزارش روابط عمومی بهزیستی هرمزگان با همراهی اداره کل اوقاف و امور خیریه استان هرمزگان، این تفاهم‌نامه در بندرعباس امضا شد.",
    "بر پایه این پیمان، اوقاف در ۱۴ بقعه متبرکه جایگاه رایگان فروش در اختیار مددجویان می‌گذارد و بهزیستی آموزش و ابزار کار را فراهم می‌کند.",
    "دو طرف همچنین پذیرفتند که نیت واقفانی که درآمد وقف را برای «دستگیری از ناتوانان» نهاده‌اند با اولویت خانواده‌های دارای دو معلول اجرا شود.",
    "نخستین بازارچه از ابتدای فروردین در میناب گشوده می‌شود و کارگروهی سه‌نفره هر ماه پیشرفت کار را می‌سنجد.",
)
JOINT_TAGS = ("تفاهم‌نامه", "اشتغال مددجویان", "وقف", "هرمزگان")
