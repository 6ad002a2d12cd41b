# ruff: noqa: E501 (markup reads better in the lines of the page than cut to ours)
"""What surrounds every page of the welfare portal: head links, menus, side lists, scripts, the e-services footer.

It makes up most of a page's bytes, depends only on the host, and is rendered once.
"""

from __future__ import annotations

from archive.provinces import PROVINCES
from tests.portal.markup import day_text, digits, e, encoded, relative, time_title
from tests.portal.welfare import WELFARE
from tests.portal.world import NOW, Item, World

SITE = WELFARE.site
_SERVICES = (
    ("درخواست کارت معلولیت", "disability-card"),
    ("ثبت‌نام فرزندخواندگی", "adoption"),
    ("نوبت‌دهی مراکز مشاوره", "counselling"),
    ("پیگیری پرونده مددجویی", "case"),
    ("صدور پروانه مهدکودک", "nursery-licence"),
    ("سامانه ثبت شکایت", "complaints"),
)
_SECTIONS = (
    ("ساختار سازمان", ("ریاست", "معاونت توانبخشی", "معاونت اجتماعی", "معاونت پیشگیری", "حراست")),
    ("مراکز", ("مراکز مثبت زندگی", "مراکز مشاوره", "کلینیک‌های مددکاری", "مراکز شبانه‌روزی", "کمپ‌ها")),
    ("قوانین", ("قانون حمایت از حقوق معلولان", "آیین‌نامه‌ها", "شیوه‌نامه‌ها", "منشور اخلاقی", "بخشنامه‌ها")),
    ("چندرسانه‌ای", ("عکس", "فیلم", "صوت", "اینفوگرافی", "پوستر")),
)


def link(item: Item, turn: int = 0) -> str:
    """An item's address as lists print it: raw, percent-encoded, and now and then encoded twice."""
    path = item.path
    if turn % 11 == 7:
        return encoded(path).replace("%", "%25")
    return encoded(path) if turn % 2 else path


def entry(item: Item, turn: int, *, lead: bool = False) -> str:
    """One entry of a list; its class is the kind of the item."""
    figure = ""
    if item.images and lead:
        small = item.images[0][0].replace("/3/", "/2/").replace("/0/", "/2/")
        figure = f'<figure><a href="{link(item, turn)}"><img src="{small}" alt="" /></a></figure>'
    kicker = f'<h4><a href="{link(item, turn)}">{e(item.kicker)}</a></h4>' if item.kicker else ""
    intro = f"<p>{e(item.lead)}</p>" if lead else ""
    when = ""
    if item.published:
        title, text = time_title(item.published), relative(item.published, NOW)
        when = f'<time title="{title}"><a href="{encoded(item.path)}">{text}</a></time>'
    return (
        f'<li class="{item.kind}">\n{figure}<div class="desc">\n    {kicker}'
        f'<h3><a href="{link(item, turn)}" target="_blank" title="{e(item.title)}">{e(item.title)}</a>\n    </h3>\n'
        f"    {intro}{when}\n</div>\n</li>\n"
    )


def box(number: int, title: str, inner: str, extra: str = "list list-bullets") -> str:
    """A section of the page as the newsroom's layout editor makes it."""
    return (
        f'<section id="box{number}" class="box {extra}" style="" data-conf="{{}}">\n<header>\n<h2><span>{title}</span></h2>\n'
        f"</header>\n<div>\n{inner}\n</div>\n</section>\n"
    )


def head_links(host: str) -> str:
    return (
        '<meta charset="utf-8" />\n<meta http-equiv="X-UA-Compatible" content="IE=edge,chrome=1" />\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1.0" />\n<link rel="manifest" href="/manifest.json">\n'
        '<link rel="shortcut icon" href="/resources/theme/behzisti/img/favicon.ico" type="image/x-icon" />\n'
        f'<link rel="search" type="application/opensearchdescription+xml" href="http://{host}/opensearch.xhtml" />\n'
        f'<link rel="alternate" type="application/rss+xml" title="{SITE}" href="/rss" />\n'
        f'<meta property="og:site_name" content="{SITE}" />\n<meta property="og:locale" content="fa" />\n'
        '<meta name="generator" content="www.nastooh.ir" />\n<meta name="language" content="fa" />\n'
        f'<meta name="publisher" content="{SITE}" />\n'
        '<link href="/resources/theme/behzisti/css/style.css?_=1402" type="text/css" rel="stylesheet" />\n'
    )


def masthead(host: str) -> str:
    """Everything above the main column: date of today, search, and menus with all provinces."""
    topics = "".join(_menu_item(f"/service/{topic.slug}", topic.name) for topic in WELFARE.topics)
    offices = "".join(_menu_item(f"/service/provinces/{p.slug}", p.name) for p in PROVINCES)
    homes = "".join(_menu_item(f"http://{p.slug}.behzisti.test/", f"بهزیستی {p.name}") for p in PROVINCES)
    sections = "".join(
        f'<li class=" has-child"><a href="/page/{n}">{name}</a><ul class="submenu">'
        + "".join(_menu_item(f"/page/{n}{k}", word) for k, word in enumerate(words))
        + "</ul></li>\n"
        for n, (name, words) in enumerate(_SECTIONS, 1)
    )
    return (
        '<header id="header">\n<div id="masthead"><div class="container"><div class="row">\n'
        '<ul class="nav-menu"><li><a href="/contact">تماس با ما</a></li><li><a href="/archive">آرشیو</a></li>'
        '<li><a href="/rss-help">خوراک</a></li></ul>\n'
        '<div class="search" id="header-search"><form method="get" action="/search" role="form"><div class="input-group">'
        '<input type="text" placeholder="جستجو..." value="" name="q" /><button class="unstyled" type="submit">'
        '<i class="icon-search"></i></button></div></form></div>\n'
        f'<div class="date">{day_text(NOW.date())}</div>\n</div></div></div>\n'
        f'<a href="http://{host}/" class="logo"><img src="/resources/theme/behzisti/img/logo.png" alt="{SITE}" /></a>\n'
        '<nav id="menu"><div class="container"><ul>\n<li class=""><a href="/">صفحه نخست</a></li>\n'
        f'<li class=" has-child"><a href="/service/social">خدمات</a><ul class="submenu">{topics}</ul></li>\n'
        f'<li class=" has-child"><a href="/service/provinces">استان‌ها</a><ul class="submenu">{offices}</ul></li>\n'
        f'<li class=" has-child"><a href="/links">ادارات کل</a><ul class="submenu">{homes}</ul></li>\n{sections}'
        "</ul></div></nav>\n</header>\n"
    )


def _menu_item(href: str, text: str) -> str:
    return f'<li class="">\n    <a href="{href}">{text}</a>\n</li>\n'


def sidebar(world: World, province: str | None, size: int = 46_000) -> str:
    """Side lists: the latest of the office and of the whole country, repeated in boxes as long as the page is too small."""
    local, country = world.select("behzisti", province), world.select("behzisti")
    boxes: list[str] = []
    length = 0
    while length < size:
        n = len(boxes)
        pool = (local if n == 0 else country) or [item for item in world if item.portal == "behzisti"]
        chosen = [pool[(n * 9 + k) % len(pool)] for k in range(min(12, len(pool)))]
        name = ("آخرین اخبار", "پربازدیدها", "اخبار استان‌ها", "پیشنهاد سردبیر")[n % 4]
        inner = "<ul>\n" + "".join(entry(item, n + k) for k, item in enumerate(chosen)) + "</ul>"
        boxes.append(box(200 + n, name, inner, "list list-bullets bullet-icons hidden-img title-only"))
        length += len(boxes[-1].encode())
    return (
        f'<aside id="ads-container" class="col-12 col-sm-4 col-md-3 sidebar">\n{_adverts()}{"".join(boxes)}</aside>\n'
    )


def _adverts() -> str:
    rows = "".join(
        f'<li data-conf="{{}}" id="ad181_{n}"><figure><a href="/redirect/ads/{n}" rel="nofollow" target="_blank">'
        f'<img src="http://media.behzisti.test/d/2024/02/0{n}/0/90000{n}.gif" alt="آگهی {digits(n)}" /></a></figure></li>\n'
        for n in range(1, 6)
    )
    return f'<section id="box181" class="box ads clean" data-conf="{{}}"><div><ul>\n{rows}</ul></div></section>\n'


def footer() -> str:
    """The e-services box that must never be taken for news, and the scripts."""
    services = "".join(f'<li><a href="/eservices/{path}">{name}</a></li>\n' for name, path in _SERVICES)
    related = "".join(f'<li><a href="http://{p.slug}.behzisti.test/">{p.name}</a></li>' for p in PROVINCES)
    script = "\n".join(
        f"window.zones.push({{id:{n}, width:300, height:{60 + n % 5 * 10}, target:'zone-{n}'}});" for n in range(60)
    )
    return (
        f'<footer id="footer"><div class="container">\n{box(88, "خدمات الکترونیک پرکاربرد", f"<ul>{services}</ul>", "list")}'
        f"{box(89, 'پیوندهای استانی', f'<ul>{related}</ul>', 'list')}"
        f'<div class="copyright">همه حقوق برای {SITE} محفوظ است. '
        '<a href="http://www.nastooh.ir">تولید: نستوه</a></div>\n</div></footer>\n'
        '<script src="/resources/theme/global/js/vendor/jquery-1.11.0.min.js"></script>\n'
        '<script src="/resources/theme/global/js/global-2.1.min.js"></script>\n'
        f'<script type="text/javascript">\nwindow.zones = window.zones || [];\n{script}\n</script>\n</body>\n</html>\n'
    )
