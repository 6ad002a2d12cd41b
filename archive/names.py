"""What things are called, in Persian and English: organisations, provinces, offices, kinds of items."""

from __future__ import annotations

from typing import Literal

from archive.provinces import BY_CODE, PROVINCES

Lang = Literal["fa", "en"]

ORGANISATIONS = {"welfare": ("بهزیستی", "Welfare (Behzisti)"), "endowment": ("اوقاف", "Endowment (Oghaf)")}
_SHORT = {"behzisti": ("بهزیستی", "Behzisti"), "oghaf": ("اوقاف", "Oghaf")}
STATUSES = {"live": ("در سایت", "on its site"), "gone": ("برداشته‌شده", "withdrawn")}
KINDS = {
    "news": ("خبر", "news"),
    "photo": ("عکس", "photo"),
    "video": ("فیلم", "video"),
    "report": ("گزارش", "report"),
    "talk": ("گفت‌وگو", "talk"),
    "note": ("یادداشت", "note"),
    "audio": ("صدا", "audio"),
}
_ENGLISH_PROVINCES = {
    "azarsharghi": "East Azerbaijan",
    "azargharbi": "West Azerbaijan",
    "khorasanrazavi": "Razavi Khorasan",
    "khorasanshomali": "North Khorasan",
    "khorasanjonobi": "South Khorasan",
    "sistan": "Sistan and Baluchestan",
    "chaharmahal": "Chaharmahal and Bakhtiari",
    "kohgiluyeh": "Kohgiluyeh and Boyer-Ahmad",
    "kordestan": "Kurdistan",
}
_BY_SLUG = {province.slug: province.code for province in PROVINCES}
OFFICES = tuple(f"{organisation}-{slug}" for organisation in _SHORT for slug in _BY_SLUG)
"""The ids of the built-in list. The offices of another file may be called otherwise."""


def organisation_name(organisation: str | None, lang: Lang) -> str:
    """The name of an organisation, itself when it is not known."""
    return _of(ORGANISATIONS, organisation, lang)


def kind_name(kind: str, lang: Lang) -> str:
    """The name of a kind of items, itself when it is not known."""
    return _of(KINDS, kind, lang)


def status_name(status: str, lang: Lang) -> str:
    """What it means for an item to be live or gone."""
    return _of(STATUSES, status, lang)


def province_name(code: str | None, lang: Lang) -> str:
    """The name of a province by its ISO code, itself when it is not known."""
    province = BY_CODE.get(code or "")
    if province is None:
        return code or ""
    return province.name if lang == "fa" else _ENGLISH_PROVINCES.get(province.slug, province.slug.capitalize())


def office_name(office: str | None, lang: Lang) -> str:
    """The name of an office by its id, `organisation-province`; the id itself when it is made otherwise."""
    organisation, _, slug = (office or "").partition("-")
    if organisation not in _SHORT or slug not in _BY_SLUG:
        return office or ""
    short, province = _of(_SHORT, organisation, lang), province_name(_BY_SLUG[slug], lang)
    return f"{short} {province}" if lang == "fa" else f"{short}, {province}"


def _of(names: dict[str, tuple[str, str]], key: str | None, lang: Lang) -> str:
    return names[key][lang == "en"] if key in names else key or ""
