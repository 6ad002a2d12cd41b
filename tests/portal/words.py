"""The words both organisations' news is made of: cities, names of people, and what a topic is."""

from __future__ import annotations

from dataclasses import dataclass

CITIES: dict[str, tuple[str, ...]] = {
    "IR-22": ("بندرعباس", "میناب", "قشم", "بندر لنگه", "رودان"),
    "IR-09": ("مشهد", "نیشابور", "سبزوار", "تربت حیدریه", "کاشمر"),
    "IR-07": ("شیراز", "مرودشت", "جهرم", "فسا", "لارستان"),
    "IR-25": ("قم", "کهک", "جعفرآباد", "دستجرد"),
    "IR-13": ("همدان", "ملایر", "نهاوند", "تویسرکان", "اسدآباد"),
    "IR-21": ("یزد", "میبد", "اردکان", "تفت", "بافق"),
    "IR-10": ("اصفهان", "کاشان", "نجف‌آباد", "شاهین‌شهر", "خوانسار"),
    "IR-01": ("رشت", "لاهیجان", "انزلی", "تالش", "رودسر"),
    "IR-08": ("کرمان", "رفسنجان", "بم", "سیرجان", "جیرفت"),
    "IR-29": ("بیرجند", "قائنات", "طبس", "فردوس", "نهبندان"),
}
"""Provinces whose offices publish on both portals, with some of their towns."""

WOMEN = ("مریم", "زهرا", "سمیه", "نرگس", "الهام", "فرزانه", "راضیه", "مهناز")
MEN = ("علی‌اکبر", "محمدرضا", "حمید", "سعید", "مرتضی", "ابوالفضل", "یاسر", "جواد")
FAMILIES = (
    "رستگارپور", "نیک‌سرشت", "صبوری‌فر", "دریانورد", "کوهستانی", "باغبانی‌نژاد", "مهرگانی", "سپهری‌راد",
    "روشن‌دل", "آبادگر", "نخلستانی", "گلشنی‌پور", "پیشاهنگ", "خوش‌قدم", "امیدوار", "سروستانی",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Topic:
    """One subject of news: patterns with {city}, {prov}, {n}, {m}, {who}, {year} to fill in."""

    slug: str
    name: str
    tags: tuple[str, ...]
    titles: tuple[str, ...]
    leads: tuple[str, ...]
    facts: tuple[str, ...]
    subhead: str


@dataclass(frozen=True, slots=True)
class Voice:
    """How one organisation writes: its topics and the sentences that fit any of them."""

    office: str
    head: str
    site: str
    topics: tuple[Topic, ...]
    kickers: tuple[str, ...]
    datelines: tuple[str, ...]
    general: tuple[str, ...]
    quotes: tuple[str, ...]
    closings: tuple[str, ...]
    table: tuple[str, ...]
