# ruff: noqa: E501 (markup reads better in the lines of the page than cut to ours)
"""The endowment portal, in the markup of IranSamaneh: article pages with all that surrounds them."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING

from archive.provinces import BY_CODE, PROVINCES
from tests.portal.blocks import body_html
from tests.portal.endowment import ENDOWMENT
from tests.portal.markup import digits, e, encoded, iransamaneh_date, iransamaneh_meta

if TYPE_CHECKING:
    from tests.portal.world import Item, World

SITE = ENDOWMENT.site
SERVICES = {code: n for n, code in enumerate(BY_CODE, 2)}
"""service_id of each province; 1 is the whole country."""

_READERS = (("ناشناس", "خداوند به واقف خیر دهد."), ("زائر", "ساعت بازدید را هم اعلام کنید."))
_ESERVICES = ("استعلام موقوفه", "پرداخت اجاره‌بها", "ثبت درخواست وقف", "میز خدمت", "سامانه نذورات")


class IranSamaneh:
    """Renders the pages of one host."""

    def __init__(self, world: World, host: str, province: str | None) -> None:
        self.world = world
        self.host = host
        self.province = province

    @cached_property
    def above(self) -> str:
        return _top()

    @cached_property
    def beside(self) -> str:
        return _side(self.world, self.province)

    @cached_property
    def below(self) -> str:
        return _bottom()

    def page(self, title: str, metas: str, main: str) -> str:
        """A whole page around its main column."""
        styles = "".join(
            f'    <link rel="stylesheet" type="text/css" href="/client/themes/fa/main/css/{name}_48503.css">\n'
            for name in (
                "font-awesome",
                "responsive",
                "content",
                "bootstrap_rtl",
                "form",
                "comments",
                "styles",
                "layout",
            )
        )
        return (
            f'<!-- {len(main)} -->\n<!DOCTYPE html>\n<html lang="fa-IR">\n<head>\n'
            '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<link rel="alternate" type="application/rss+xml" title="RSS FEED" href="/fa/rss/allnews">\n'
            f"{styles}"
            '<script type="text/javascript" src="/client/themes/fa/main/js/iransamaneh_48503.js"></script>\n'
            f"{metas}<title>{e(title)}</title>\n</head>\n<body>\n{self.above}"
            f'<div class="container"><div class="row">\n<div class="col-md-26 col-sm-24">\n{main}</div>\n{self.beside}</div></div>\n'
            f"{self.below}"
        )

    def article(self, item: Item) -> str:
        related = [other for other in self.world.of("oghaf")[:8] if other.id != item.id][:4]
        main = f"{_tools(item)}{_titles(item)}{_body(item, related)}{_after(item, related)}{_comments(item)}"
        return self.page(f"{item.title} | {SITE}", _metas(item), main)

    def print_page(self, item: Item) -> str:
        return (
            '<!DOCTYPE html>\n<html lang="fa-IR"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
            f"{_metas(item)}<title>{e(item.title)}</title></head>\n<body onload='window.print()'>\n<div class=\"print_body\">"
            f"{_titles(item)}{_body(item, [])}</div></body></html>\n"
        )


def _metas(item: Item) -> str:
    image = f'<meta property="og:image" content="{item.images[0][0]}">\n' if item.images else ""
    dates = ""
    if item.published:
        modified = item.changed if item.revision > 1 else item.published + dt.timedelta(minutes=-2)
        dates = (
            f'<meta property="article:published_time" content="{iransamaneh_meta(item.published)}">\n'
            f'<meta property="article:modified_time" content="{iransamaneh_meta(modified)}">\n'
        )
    return (
        f'<meta name="description" content="{e(item.lead)}">\n<meta name="keywords" content="{e(",".join(item.tags))}">\n'
        f'<link rel="canonical" href="http://{item.host}.oghaf.test{e(item.path)}">\n'
        f'<meta property="og:type" content="article">\n<meta property="og:title" content="{e(item.title)}">\n'
        f'<meta property="og:url" content="http://{item.host}.oghaf.test/fa/news/{item.code}">\n'
        f'<meta property="og:description" content="{e(item.lead)}">\n{image}<meta property="og:site_name" content="{SITE}">\n'
        f'<meta property="article:section" content="{item.categories[-1]}">\n'
        f'<meta property="article:tag" content="{e(",".join(item.tags))}">\n{dates}'
    )


def _tools(item: Item) -> str:
    first, second = item.categories
    service = SERVICES[item.province]
    return (
        '<div class="row top_mrg">\n<div class="col-md-12"><div class="news_path">\n'
        f'<a href="/fa/archive?service_id=1">{first}</a> » <a href="/fa/archive?service_id={service}&amp;cat_id=1">\n'
        f"{second}\n</a>\n</div></div>\n"
        f'<div class="news_nav news_hits">{int(item.code) % 977 + item.renderings}<span class="news_nav_title">بازدید </span></div>\n'
        f'<div class="news_nav news_comments"><a href="#comments"><span class="news_comment_icon"></span>{digits(2)}</a></div>\n'
        '<div class="news_tools"><a href="#" class="news_size_up"><i class="fa fa-plus-square"></i></a> '
        f'<a title="ذخیره" class="news_save_botton" href="/fa/save/{item.code}" rel="nofollow"></a>\n'
        f"<div title='نسخه چاپی' class=\"print_ico\" onclick='window.open(\"/fa/print/{item.code}\");'></div></div>\n</div>\n"
    )


def _titles(item: Item) -> str:
    date = ""
    if item.published:
        text = iransamaneh_date(item.published)
        if item.number % 3 == 0:
            text = f'<sapn class="fa_date">{text}</sapn>\n<span class="en_date">{item.published:%d %B %Y}</span>'
        date = f'<div class="news_nav news_pdate_c"><span class="news_title">تاریخ انتشار: </span>{text}</div>\n'
    lead = f'<div class="subtitle"><div class="subtitle_img"></div>{e(item.lead)}<div class="wrapper"></div></div>\n'
    return (
        f'<div class="top_news_title">\n<div class="rutitr">{e(item.kicker)}</div>\n<div class="title">\n<h1 class="Htag">\n'
        f'<a href="{e(item.path)}">\n{e(item.title)}\n</a>\n</h1>\n</div>\n{lead if item.lead else ""}</div>\n'
        '<div class="row md_mrg"><div class="news_navbox">\n<div class="news_id_c"><span class="news_title">کد خبر: </span>\n'
        f"{digits(item.code)}\n</div>\n{date}</div></div>\n"
    )


def _body(item: Item, related: list[Item]) -> str:
    inner = body_html(item, related)
    if item.kind == "video":
        inner = (
            '<div class="video_box"><video controls '
            f'src="http://www.oghaf.test/files/fa/news/video/{item.code}.mp4"></video></div>'
        )
    elif item.kind == "photo":
        inner = "\n".join(f'<p><img class="image_btn" src="{url}" alt="{e(alt)}"></p>' for url, alt in item.images)
    elif item.images:
        url, alt = item.images[0]
        inner = (
            f'<p><img class="image_btn" style="margin: 0px;" title="{e(alt)}" src="{url}" alt="{e(alt)}"></p>\n{inner}'
        )
    return f'<div class="body">\n{inner}\n<div class="wrapper"></div>\n</div>\n'


def _after(item: Item, related: list[Item]) -> str:
    """A second division of class body, tags and related items."""
    tags = "\n، ".join(
        f'<a href="/fa/tags/{sum(map(ord, tag))}/1/{encoded(tag.replace(" ", "-"))}" class="tags_item">{e(tag)}</a>'
        for tag in item.tags
    )
    rows = "".join(
        '<div class="linear_news3"><h3 class="Htags_news_relatednews">'
        f'<a class="title5" href="{e(other.path)}">{e(other.title)}</a></h3></div>\n'
        for other in related
    )
    return (
        '<div class="share_box"><div class="body">این خبر را با دوستان خود هم‌رسان کنید</div></div>\n'
        f'<div class="tags_title"><div class="tag_name">برچسب ها</div>\n<div class="tag_items">\n{tags}\n</div></div>\n'
        f'<div class="related_news"><div class="related_title">اخبار مرتبط</div>\n{rows}</div>\n'
        f'<div class="toolbar_mobile"><span>کد خبر: {digits(item.code)}</span></div>\n'
    )


def _comments(item: Item) -> str:
    when = iransamaneh_meta(item.listed + dt.timedelta(hours=5))
    rows = "".join(
        f'<div class="comments_item" id="comm_{item.code}{n}"><div class="row comm_info_bar"><div class="comm_info_content">\n'
        f'<div class="comm_info_name">{name}</div><span class="comm_sep">|</span><div class="comm_info_date">{when}</div>\n'
        f'</div><div class="comm_answer_link"><a>پاسخ</a></div></div><div class="comments">{text}</div></div>\n'
        for n, (name, text) in enumerate(_READERS)
    )
    return (
        f'<div class="comments_container" id="comm_t">\n{rows if item.number % 2 else ""}</div>\n'
        '<header class="top_title comments_topic2"><span>نظر شما</span></header>\n'
        "<p>دیدگاه‌هایی که با حروف لاتین نوشته شوند منتشر نمی‌شوند.</p>\n"
        '<div class="col-xs-36" id="com_b"><form method="POST" action="" name="comments" id="comm_form">\n'
        '<div class="form-group"><span class="frm_label2">نام:</span><input type="text" name="comment_name" id="com_name"></div>\n'
        '<div class="form-group"><span class="frm_label2">ایمیل:</span><input type="text" name="comment_mail" id="com_mail"></div>\n'
        '<div class="form-group"><span class="frm_label2">* نظر:</span><textarea name="comment_message" id="com_message">'
        f'</textarea></div>\n<div class="captcha">{int(item.code) % 8} + 3 =<input name="captcha"></div>\n'
        f'<input name="submitbutt" type="submit" value="ارسال" onclick="sendComment({item.code});return false;">\n'
        '<input type="hidden" name="_comments_submit" value="yes"></form></div>\n'
    )


def _top() -> str:
    offices = "".join(
        f'<li class="nav_link"><a href="http://{p.slug}.oghaf.test/fa"><span>اوقاف {p.name}</span></a></li>\n'
        for p in PROVINCES
    )
    services = "".join(
        f'<li class="nav_link"><a href="/fa/archive?service_id={SERVICES[p.code]}"><span>{p.name}</span></a></li>\n'
        for p in PROVINCES
    )
    return (
        f'<div class="header"><a class="logo" href="/fa"><img src="/client/themes/fa/main/img/logo.png" alt="{SITE}"></a>\n'
        '<form action="/fa/search" method="get"><input name="query" placeholder="جستجو"></form></div>\n'
        '<nav class="navbar"><ul class="nav navbar-nav">\n<li class="nav_link"><a href="/fa"><span>صفحه نخست</span></a></li>\n'
        f'<li class="nav_link"><a href="/fa/archive"><span>آرشیو</span></a></li>\n{services}{offices}</ul></nav>\n'
    )


def _side(world: World, province: str | None, size: int = 44_000) -> str:
    pool = world.select("oghaf") or world.of("oghaf")
    local = world.select("oghaf", province) or pool
    boxes: list[str] = []
    length = 0
    while length < size:
        n = len(boxes)
        source = local if n == 0 else pool
        rows = "".join(
            '<div class="linear_news rtl-news">\n<h3 class="Htag">\n'
            f'<a class="title_news" href="{encoded(item.path)}" title="{e(item.title)}" target="_blank">{e(item.title)}'
            f"<span>&nbsp; ({digits(k)} نظر)</span></a>\n</h3>\n</div>\n"
            for k, item in enumerate(source[(n * 9 + k) % len(source)] for k in range(12))
        )
        name = ("آخرین اخبار", "پربیننده‌ترین", "اخبار استان‌ها")[n % 3]
        boxes.append(f'<div class="box"><header class="top_title"><span>{name}</span></header>\n{rows}</div>\n')
        length += len(boxes[-1].encode())
    return f'<div class="col-md-10 col-sm-12">\n{"".join(boxes)}</div>\n'


def _bottom() -> str:
    links = "".join(f'<li><a href="http://my.oghaf.test/{n}">{name}</a></li>' for n, name in enumerate(_ESERVICES))
    script = "\n".join(
        f"adsense.push({{'id': '{20300 + n}', 'width': 300, 'height': {60 + n % 4 * 30}}});" for n in range(70)
    )
    return (
        f'<footer><div class="footer_top"><div class="box"><header class="top_title">خدمات الکترونیک پرکاربرد</header>'
        f'<ul>{links}</ul></div></div>\n<div class="footer_copy">تمامی حقوق برای {SITE} محفوظ است. '
        '<a href="http://www.iransamaneh.com" target="_blank">طراحی و تولید: "ایران سامانه"</a></div></footer>\n'
        f'<script type="text/javascript">\nvar adsense = adsense || [];\n{script}\n</script>\n</body>\n</html>\n'
    )
