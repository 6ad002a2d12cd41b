"""What the archive says in English, said in Persian: a reader who made a mistake should not have to translate."""

from __future__ import annotations

import re

from archive.search.query import PERSIAN_FIELDS

_FIELDS = f"فیلدها: {'، '.join(PERSIAN_FIELDS)}."
_LISTED = "یکی از این‌ها را بنویسید"
_SENTENCES = (
    (r"The query has (\d+) characters. Write at most (\d+)\.", "پرسش {0} نویسه دارد؛ حداکثر {1} نویسه بنویسید."),
    (r"A \) closes nothing\. .*", "یک پرانتز بسته بی‌جفت است. پیش از آن «(» بنویسید یا آن را بردارید."),
    (r"A \( is not closed\. .*", "یک پرانتز باز بسته نشده است. در پایان گروه «)» بنویسید."),
    (r"The parentheses hold no word\. .*", "درون پرانتز واژه‌ای نیست. واژه‌ای بنویسید یا پرانتز را بردارید."),
    (
        r"Parentheses are nested too deeply\. Write at most (\d+) .*",
        "پرانتزها بیش از اندازه تودرتو شده‌اند. حداکثر {0} لایه بنویسید.",
    ),
    (r"«(.*)» has no word to look for\. .*", "در «{0}» واژه‌ای برای جست‌وجو نیست. دست‌کم یک واژه یا عدد بنویسید."),
    (r"«(.*)» is too short\. Write at least (\d+) .*", "«{0}» کوتاه است. پیش از * دست‌کم {1} حرف بنویسید."),
    (r"from:, to:, .* whole query\. .*", "از: تا: سال: و ماه: برای کل پرسش‌اند؛ بدون -، OR و پرانتز بنویسیدشان."),
    (r"from: is later than to:, .*", "تاریخ آغاز پس از تاریخ پایان است. تاریخ زودتر را در «از» بنویسید."),
    (r"OR stands between two words\. .*", "OR میان دو واژه می‌آید؛ پیش و پس از آن واژه‌ای بنویسید."),
    (r"Nothing to look for follows «(.*)»\. .*", "پس از «{0}» چیزی نیامده است. واژه، عبارت یا گروهی بنویسید."),
    (r"A (.) is not closed\. Write a (.) where .*", "گیومهٔ {0} بسته نشده است. در پایان عبارت {1} بنویسید."),
    (r"There is no field «(.*):»\..*", f"فیلدی به نام «{{0}}:» نیست. {_FIELDS} متنی که دونقطه دارد در گیومه بیاید."),
    (r"(\S+): needs a value\. .*", "پس از {0}: مقداری بنویسید، چسبیده به دونقطه."),
    (
        r"«(.*)» is no value of (\S+?):?\. Write a number from (\d+) to (\d+)\.",
        "«{0}» مقداری برای {1} نیست. عددی از {2} تا {3} بنویسید.",
    ),
    (
        r"«(.*)» is no value of (\S+?):?\. Did you mean (.*?)\? Write one of: (.*)\.",
        "«{0}» مقداری برای {1} نیست. آیا {2} را می‌خواستید؟ " + _LISTED + ": {3}.",
    ),
    (
        r"«(.*)» is no value of (\S+?):?\. Write one of: (.*)\.",
        "«{0}» مقداری برای {1} نیست. " + _LISTED + ": {2}.",
    ),
    (r"«(.*)» is no value of id\. .*", "«{0}» شناسهٔ خبر نیست. شناسه چنین است: behzisti:70583."),
    (
        r"The value of (\S+) has (\d+) characters\. Write at most (\d+)\.",
        "مقدار {0} بیش از اندازه بلند است. حداکثر {2} نویسه بنویسید.",
    ),
    (r"A parameter has a character in it .*", "در نشانی نویسه‌ای هست که در هیچ متنی نیست. آن را بردارید."),
    (r"«(.*)» is not a date\. .*", "«{0}» تاریخ نیست. روز، ماه یا سال بنویسید: 1402/01/31، 1402/06، 2023-09-22."),
    (r"«(.*)» is not a day of the calendar: .*", "«{0}» روزی از تقویم نیست. روزی بنویسید که هست: 1402/01/31."),
    (r"No item (\S+) in this collection\. .*", "خبر {0} در این بایگانی نیست. شناسه چنین است: behzisti:70583."),
    (r"No item of an office «(.*)» is .*", "از اداره‌ای به نام «{0}» خبری در این بایگانی نیست."),
    (r"No capture (.*) in this collection\.", "ضبط {0} در این بایگانی نیست."),
    (r"Revision (\d+) of (\S+) names no capture\.", "ویراست {0} از {1} ضبطی ندارد."),
    (r"(\S+) has (\d+) revisions, and none of them is number (\d+)\. .*", "{0} ویراست شمارهٔ {2} ندارد."),
    (r"There is no page at this address\.", "در این نشانی صفحه‌ای نیست."),
    (r"Pages here are only read: use GET\.", "این‌جا فقط خوانده می‌شود."),
    (r"This took too long\. .*", "بیش از اندازه طول کشید. با واژه، تاریخ یا جا محدودش کنید و دوباره بپرسید."),
    (r"Several exports run already\. .*", "چند دریافت دیگر در جریان است. کمی بعد دوباره بکوشید."),
    (r"The collection cannot be read now: (.*)", "بایگانی اکنون خوانده نمی‌شود: {0}"),
    (r"This is a defect of Bayegan\. .*", "این خطایی از خود بایگان است. به بایگانی آسیبی نرسیده است."),
)
_COMPILED = tuple((re.compile(english, re.DOTALL), persian) for english, persian in _SENTENCES)


def in_persian(message: str) -> str:
    """The Persian of a message; the message itself when there is none."""
    for english, persian in _COMPILED:
        if match := english.fullmatch(message):
            *before, last = match.groups() or ("",)
            return persian.format(*before, last.replace(", ", "، ") if _LISTED in persian else last)
    return message
