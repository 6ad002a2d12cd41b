"""The 31 provinces of Iran by ISO 3166-2:IR code (numbering of 2020-11-24), with the names they go by.

Source: ISO 3166-2:IR; Persian names as the provinces write them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Province:
    """A province: ISO code, Latin slug as used in host names, Persian name, other names."""

    code: str
    slug: str
    name: str
    variants: tuple[str, ...] = ()


PROVINCES: tuple[Province, ...] = (
    Province("IR-00", "markazi", "مرکزی"),
    Province("IR-01", "gilan", "گیلان"),
    Province("IR-02", "mazandaran", "مازندران"),
    Province("IR-03", "azarsharghi", "آذربایجان شرقی", ("آذربایجان‌شرقی",)),
    Province("IR-04", "azargharbi", "آذربایجان غربی", ("آذربایجان‌غربی",)),
    Province("IR-05", "kermanshah", "کرمانشاه"),
    Province("IR-06", "khuzestan", "خوزستان"),
    Province("IR-07", "fars", "فارس"),
    Province("IR-08", "kerman", "کرمان"),
    Province("IR-09", "khorasanrazavi", "خراسان رضوی"),
    Province("IR-10", "isfahan", "اصفهان"),
    Province("IR-11", "sistan", "سیستان و بلوچستان", ("سیستان وبلوچستان",)),
    Province("IR-12", "kordestan", "کردستان"),
    Province("IR-13", "hamedan", "همدان"),
    Province("IR-14", "chaharmahal", "چهارمحال و بختیاری", ("چهار محال و بختیاری", "چهارمحال وبختیاری")),
    Province("IR-15", "lorestan", "لرستان"),
    Province("IR-16", "ilam", "ایلام"),
    Province("IR-17", "kohgiluyeh", "کهگیلویه و بویراحمد", ("کهکیلویه و بویراحمد", "کهگیلویه وبویراحمد")),
    Province("IR-18", "bushehr", "بوشهر"),
    Province("IR-19", "zanjan", "زنجان"),
    Province("IR-20", "semnan", "سمنان"),
    Province("IR-21", "yazd", "یزد"),
    Province("IR-22", "hormozgan", "هرمزگان"),
    Province("IR-23", "tehran", "تهران"),
    Province("IR-24", "ardabil", "اردبیل"),
    Province("IR-25", "qom", "قم"),
    Province("IR-26", "qazvin", "قزوین"),
    Province("IR-27", "golestan", "گلستان"),
    Province("IR-28", "khorasanshomali", "خراسان شمالی"),
    Province("IR-29", "khorasanjonobi", "خراسان جنوبی"),
    Province("IR-30", "alborz", "البرز"),
)
BY_CODE = {province.code: province for province in PROVINCES}
