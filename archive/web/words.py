"""The texts of the interface: Persian, English."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "site": ("بایگان", "Bayegan"),
    "tagline": (
        "بایگانی خبرهای بهزیستی و اوقاف استان‌ها",
        "The archived news of Iran's provincial welfare and endowment offices",
    ),
    "other_language": ("English", "فارسی"),
    "skip": ("رفتن به متن", "Skip to content"),
    "main_menu": ("بخش‌ها", "Sections"),
    "search": ("جست‌وجو", "Search"),
    "search_for": ("جست‌وجو در بایگانی", "Search the archive"),
    "placeholder": ("مثلاً: مناسب‌سازی معابر", "for example: مناسب‌سازی معابر"),
    "places": ("استان‌ها و اداره‌ها", "Provinces and offices"),
    "calendar": ("تقویم", "Calendar"),
    "coverage": ("پوشش", "Coverage"),
    "help": ("راهنمای جست‌وجو", "How to search"),
    "json": ("همین صفحه به JSON", "This page as JSON"),
    "api": ("شرح JSON", "API description"),
    "read_only": (
        "این‌جا فقط خوانده می‌شود و هیچ چیز از جای دیگری بار نمی‌شود. خبرها از آنِ منتشرکنندگان‌اند.",
        "Pages here are only read, and load nothing from elsewhere. The news belongs to those who published it.",
    ),
    "latest": ("تازه‌ترین‌ها", "Latest"),
    "all_items": ("همهٔ خبرها", "All items"),
    "state": ("بایگانی اکنون", "The archive now"),
    "items": ("خبر", "items"),
    "captures": ("ضبط", "captures"),
    "offices_count": ("اداره", "offices"),
    "in_warc": ("در {} پروندهٔ WARC", "in {} WARC files"),
    "from_to": ("از {} تا {}", "from {} to {}"),
    "last_capture": ("آخرین ضبط", "Last capture"),
    "last_crawl": ("آخرین خزش", "Last crawl"),
    "crawl_running": ("در حال کار", "running"),
    "crawl_finished": ("تمام شده", "finished"),
    "crawl_stopped": ("ایستاده", "stopped"),
    "withdrawn": ("برداشته‌شده از سایت", "withdrawn from its site"),
    "withdrawn_note": (
        "سایتِ ناشر دیگر این خبر را نشان نمی‌دهد. آنچه این‌جا می‌بینید پیش‌تر ضبط شده است.",
        "The publisher's site does not show this item any more. What you see here was captured before.",
    ),
    "revised": ("ویراست {}", "revision {}"),
    "empty": ("هنوز خبری در این بایگانی نیست.", "Nothing is in this archive yet."),
    "comma": ("، ", ", "),
    "undated": ("بی‌تاریخ", "undated"),
    "unknown": ("نامعلوم", "unknown"),
    "unit0": ("بایت", "bytes"),
    "unit1": ("کیلوبایت", "kB"),
    "unit2": ("مگابایت", "MB"),
    "unit3": ("گیگابایت", "GB"),
    # search
    "results_of": ("نتیجه‌های «{}»", "Results for “{}”"),
    "found": ("{} خبر", "{} items"),
    "found_one": ("{} خبر", "{} item"),
    "nothing": ("چیزی پیدا نشد.", "Nothing was found."),
    "nothing_hint": (
        "واژه‌های کمتر، یا آغاز واژه با ستاره (توان*)، بیشتر می‌یابد. املا، نیم‌فاصله و ی و ک عربی فرقی نمی‌کند.",
        (
            "Fewer words, or the beginning of a word with a star (توان*), find more. Spelling, half-spaces and Arabic "
            "letters make no difference."
        ),
    ),
    "from": ("از تاریخ", "From"),
    "to": ("تا تاریخ", "To"),
    "dates_and_order": ("تاریخ و ترتیب", "Dates and order"),
    "date_hint": ("شمسی یا میلادی: ۱۴۰۲، ۱۴۰۲/۰۵، 2023-08-01", "Jalali or Gregorian: 1402, 1402/05, 2023-08-01"),
    "sort": ("ترتیب", "Order"),
    "sort_date": ("تازه‌ترین", "newest first"),
    "sort_relevance": ("مرتبط‌ترین", "best match first"),
    "narrow": ("محدود کردن", "Narrow"),
    "narrow_down": ("محدود کردن نتیجه‌ها ↓", "Narrow the results ↓"),
    "chosen": ("برگزیده", "Chosen"),
    "remove": ("برداشتنِ {}", "Remove {}"),
    "more": ("{} مورد دیگر", "{} more"),
    "facet_org": ("سازمان", "Organisation"),
    "facet_province": ("استان", "Province"),
    "facet_office": ("اداره", "Office"),
    "facet_kind": ("گونه", "Kind"),
    "facet_status": ("وضعیت", "Status"),
    "facet_year": ("سال", "Year"),
    "facet_month": ("ماه", "Month"),
    "status_live": ("در سایت", "on its site"),
    "status_gone": ("برداشته‌شده", "withdrawn"),
    "pages": ("صفحه‌های نتیجه", "Pages of results"),
    "page_of": ("صفحهٔ {} از {}", "Page {} of {}"),
    "previous": ("قبلی", "Previous"),
    "next": ("بعدی", "Next"),
    "too_deep": (
        "صفحه‌ها تا {} می‌روند. برای باقی، نتیجه را محدود کنید یا همه را یک‌جا بگیرید.",
        "Pages go up to {}. For the rest, narrow the result or download all of it.",
    ),
    "take_along": ("همهٔ این نتیجه", "All of this result"),
    "as_csv": ("CSV برای صفحه‌گسترده", "CSV for a spreadsheet"),
    "as_jsonl": ("JSONL، رکوردهای کامل", "JSONL, whole records"),
    "subscribe": ("دنبال کردن این جست‌وجو", "Follow this search"),
    # item
    "item": ("خبر", "Item"),
    "code": ("کد خبر", "News code"),
    "published": ("انتشار", "Published"),
    "published_raw": ("تاریخ چنان‌که در صفحه آمده", "Date as the page shows it"),
    "modified": ("ویرایش به گفتهٔ صفحه", "Modified, says the page"),
    "tags": ("برچسب‌ها", "Tags"),
    "categories": ("دسته‌ها", "Categories"),
    "authors": ("نویسنده", "Author"),
    "pictures": ("تصویرها", "Pictures"),
    "not_kept": ("در بایگانی نیست", "not in the archive"),
    "attachments": ("پیوست‌ها", "Attachments"),
    "videos": ("فیلم‌ها", "Videos"),
    "addresses": ("نشانی‌ها", "Addresses"),
    "address_main": ("نشانی اصلی", "Main address"),
    "address_other": ("نشانی دیگر", "Other address"),
    "address_short": ("نشانی کوتاه", "Short address"),
    "outside": ("بیرون از بایگانی", "outside the archive"),
    "evidence": ("سند", "Evidence"),
    "captured": ("زمان ضبط", "Captured"),
    "digest": ("چکیدهٔ محتوا", "Payload digest"),
    "warc": ("پروندهٔ WARC", "WARC file"),
    "offset": ("جای رکورد", "Place of the record"),
    "bytes_at": ("بایت {}، به درازای {} بایت", "byte {}, {} bytes long"),
    "record_id": ("شناسهٔ رکورد", "Record id"),
    "http_status": ("پاسخ سرور", "HTTP status"),
    "ip": ("نشانی IP سرور", "IP address of the server"),
    "first_seen": ("نخستین دیدار", "First seen"),
    "last_seen": ("آخرین دیدار", "Last seen"),
    "no_capture": ("برای این خبر ضبطی ثبت نشده است.", "No capture is noted for this item."),
    "as_it_was": ("صفحه چنان‌که بود", "The page as it was"),
    "raw": ("رکورد WARC", "WARC record"),
    "revisions": ("ویراست‌ها", "Revisions"),
    "revision": ("ویراست", "Revision"),
    "only_revision": ("این خبر از نخستین ضبط تغییری نکرده است.", "This item has not changed since the first capture."),
    "changes": ("تغییر از ویراست {}", "Changes from revision {}"),
    "neighbours": ("پیش و پس از این در همین سایت", "Before and after it on the same site"),
    "code_before": ("کد پیشین", "Code before"),
    "code_after": ("کد پسین", "Code after"),
    "same_story": ("همین خبر جای دیگر", "The same story elsewhere"),
    "shared": ("{}٪ متن مشترک", "{}% of the text in common"),
    "cite": ("استناد", "Cite"),
    "cite_files": ("برای نرم‌افزار مراجع", "For reference managers"),
    "warnings": ("هشدارها", "Warnings"),
    # diff
    "diff_of": ("تغییرهای «{}»", "Changes of “{}”"),
    "compare": ("مقایسه", "Compare"),
    "older": ("ویراست پیشین", "Older"),
    "newer": ("ویراست پسین", "Newer"),
    "removed": ("برداشته", "removed"),
    "added": ("افزوده", "added"),
    "legend": ("راهنما", "Legend"),
    "no_difference": ("این دو ویراست یکی هستند.", "These two revisions are the same."),
    "field_kicker": ("روتیتر", "Kicker"),
    "field_title": ("عنوان", "Title"),
    "field_lead": ("لید", "Lead"),
    "field_body": ("متن", "Body"),
    "field_authors": ("نویسنده", "Author"),
    "field_categories": ("دسته‌ها", "Categories"),
    "field_tags": ("برچسب‌ها", "Tags"),
    "field_images": ("تصویرها", "Pictures"),
    "field_attachments": ("پیوست‌ها", "Attachments"),
    "field_videos": ("فیلم‌ها", "Videos"),
    "field_kind": ("گونه", "Kind"),
    "field_published": ("انتشار", "Published"),
    "field_province": ("استان", "Province"),
    "field_office": ("اداره", "Office"),
    "field_status": ("وضعیت", "Status"),
    # replay
    "replay_note": (
        (
            "بایت‌های همان صفحه، چنان‌که سرور فرستاد. اسکریپت اجرا نمی‌شود و جز آنچه ضبط شده چیزی بار نمی‌شود، پس تصویر و "
            "آرایش صفحه شاید نباشد."
        ),
        (
            "The bytes of the page as the server sent them. Scripts do not run and nothing but what was captured is "
            "loaded, so pictures and layout may be missing."
        ),
    ),
    "replay_open": ("بازکردن در پنجرهٔ خودش", "Open by itself"),
    "back_to_item": ("بازگشت به خبر", "Back to the item"),
    # browse
    "province": ("استان", "Province"),
    "office": ("اداره", "Office"),
    "total": ("همه", "All"),
    "elsewhere": ("بدون استان", "No province"),
    "by_month": ("ماه به ماه", "Month by month"),
    "year": ("سال", "Year"),
    "month_title": ("{} {}", "{} {}"),
    "day_items": ("{}: {} خبر", "{}: {} items"),
    "weekdays": ("ش ی د س چ پ ج", "Sa Su Mo Tu We Th Fr"),
    # coverage
    "coverage_note": (
        (
            "شمار خبرهای هر اداره در هر ماه. خانهٔ خالی یعنی چیزی در بایگانی نیست؛ شاید چیزی منتشر نشده، شاید گرفته "
            "نشده است."
        ),
        (
            "Items of each office a month. An empty cell means that the archive has nothing: perhaps nothing was "
            "published, perhaps it was not fetched."
        ),
    ),
    "first_last": ("نخستین و آخرین ماه", "First and last month"),
    "missing": ("به دست نیامده", "Not obtained"),
    "missing_note": (
        "«به دست نیامده» خبرهایی است که خزش {} رد کرد یا نتوانست بگیرد.",
        "“Not obtained” counts items that crawl {} refused or could not fetch.",
    ),
    "outcome_refused": ("ردشده", "refused"),
    "outcome_failed": ("ناموفق", "failed"),
    "outcome_collided": ("هم‌کد", "collided"),
    # help
    "write": ("بنویسید", "Write"),
    "finds": ("می‌یابد", "Finds"),
    "help_note": (
        (
            "همهٔ واژه‌ها باید در خبر باشند، هر جا و به هر ترتیب. نیم‌فاصله، ی و ک عربی، اِعراب، رقم‌ها و «ها» فرقی "
            "نمی‌کنند: "
            "کتاب‌ها، کتابها و کتاب یکی هستند. فقط OR و NOT با حروف بزرگ عملگرند؛ «یا» و «و» واژه‌اند."
        ),
        (
            "All words must occur, anywhere and in any order. Half-spaces, Arabic letters, vowel signs, digits and the "
            "plural ها make no difference. Only OR and NOT in capitals are operators."
        ),
    ),
    # errors
    "error400": ("این درخواست فهمیده نشد", "This request cannot be understood"),
    "error404": ("چنین چیزی نیست", "There is no such thing"),
    "error405": ("این‌جا فقط خوانده می‌شود", "Pages here are only read"),
    "error500": ("خطایی از بایگان", "A defect of Bayegan"),
    "error503": ("اکنون نشد", "Not now"),
    "to_front": ("رفتن به صفحهٔ نخست", "Go to the front page"),
}

HELP = (
    ("بهزیستی هرمزگان", "هر دو واژه، به هر ترتیب", "both words, in any order"),
    ("«کودکان کار»", "کنار هم و به همین ترتیب", "side by side, in this order"),
    ("سیل OR زلزله", "یکی از این دو", "either"),
    ("-ورزش", "آنچه این واژه را ندارد", "what does not have the word"),
    ('(سیل OR "آتش سوزی") کمک', "گروه", "a group"),
    ("توان*", "واژه‌هایی که چنین آغاز می‌شوند", "words that begin so"),
    ("دقیق:کتاب‌ها", "همین شکل و نه کتاب", "this form only (also exact:)"),
    ("عنوان:سیل", "در عنوان؛ نیز لید: متن: برچسب:", "in the title; also lead: body: tag:"),
    ("سازمان:اوقاف", "بهزیستی یا اوقاف", "welfare or endowment (org:)"),
    ('استان:هرمزگان استان:"خراسان رضوی"', "استان؛ نام دوواژه‌ای در گیومه", "a province (province:IR-22)"),
    ("کد:70583", "کد خبر", "the news code"),
    ("از:1402-01 تا:1402/06/31", "بازهٔ انتشار، شمسی یا میلادی", "days of publication (from: to:)"),
    ("status:gone", "آنچه از سایت برداشته شده", "what was withdrawn from its site"),
)
"""Rows of the help page: what to write, what it finds in Persian, in English."""
