# ruff: noqa: E501 (markup reads better in the lines of the page than cut to ours)
"""Article pages of the welfare portal, in the markup of the Nastooh newsroom's standard theme."""

from __future__ import annotations

import datetime as dt
import json
from functools import cached_property

from tests.portal import chrome
from tests.portal.blocks import body_html
from tests.portal.markup import base36, digits, e, encoded, nastooh_date, utc_iso
from tests.portal.world import NOW, Item, World

_READERS = (
    ("رهگذر", "خدا قوت به همکاران، کاش در شهر ما هم چنین کاری بکنند."),
    ("مادر یک توان‌خواه", "پرونده ما شش ماه است که در نوبت مانده؛ لطفاً پیگیری کنید."),
    ("ناشناس", "نشانی دقیق محل را هم بنویسید."),
)


class Nastooh:
    """Renders article pages; one instance per host, because links and side lists depend on the host."""

    def __init__(self, world: World, host: str, province: str | None) -> None:
        self.world = world
        self.host = host
        self.province = province
        self._by_topic: dict[str, list[Item]] = {}
        for item in world.of("behzisti"):
            self._by_topic.setdefault(item.topic, []).append(item)

    @cached_property
    def above(self) -> str:
        return chrome.masthead(self.host)

    @cached_property
    def beside(self) -> str:
        return chrome.sidebar(self.world, self.province)

    @cached_property
    def below(self) -> str:
        return chrome.footer()

    @cached_property
    def links(self) -> str:
        return chrome.head_links(self.host)

    def page(self, page_type: str, title: str, metas: str, main: str, kind: str = "") -> str:
        """A whole page around its main column."""
        return (
            '<!DOCTYPE html>\n<html lang="fa" dir="rtl" xmlns="http://www.w3.org/1999/xhtml"><head>\n'
            f"<title>{e(title)}</title>\n{metas}"
            f'<meta property="nastooh:pageType" content="{page_type}" />\n{self.links}</head>\n'
            f'<body class="rtl pt-{page_type} nt-{kind}">\n{self.above}<main><div class="container">\n'
            f'<div id="mainbody" class="row">\n<div class="col-12 col-sm-8 col-md-9 main-content">\n{main}</div>\n'
            f"{self.beside}</div>\n</div></main>\n{self.below}"
        )

    def article(self, item: Item) -> str:
        """The page of an item."""
        related = self.related(item)
        main = (
            f'<section class="box page-header no-header"><nav><ol class="breadcrumb">\n'
            f'<li class="breadcrumb-item"><a rel="index" href="/">صفحه نخست</a></li>\n{_crumbs(item)}</ol></nav></section>\n'
            f'<article id="item" class="box item">\n{_print_header(item)}{_item_header(item)}{_summary(item)}'
            f'<div class="item-body">\n{_body(item, related)}'
            f'<div class="item-code">\n                کد خبر <span>{item.code}</span></div>\n</div>\n'
            f"{_item_footer(item)}{_tags(item)}{_item_boxes(item, related)}</article>\n{_comments(item)}{_comment_form(item)}"
        )
        return self.page("news", f"{item.title} - {chrome.SITE}", _metas(item), main, item.kind)

    def related(self, item: Item) -> list[Item]:
        """Other items of the same topic as they were when the portal opened: pages must not change with each other."""
        return [other for other in self._by_topic.get(item.topic, [])[:6] if other.id != item.id][:4]

    def print_page(self, item: Item) -> str:
        """The printable version: no menus, no lists."""
        return (
            '<!DOCTYPE html>\n<html lang="fa" dir="rtl"><head><meta charset="utf-8" />\n'
            f'<title>{e(item.title)}</title>\n<meta name="robots" content="noindex" />\n{_metas(item)}'
            '<meta name="generator" content="www.nastooh.ir" /></head>\n<body class="print" onload="window.print()">\n'
            f'<article id="item" class="item print">{_print_header(item).replace("display: none;", "")}'
            f"{_item_header(item)}{_summary(item)}"
            f'<div class="item-body">{_body(item, [])}</div></article></body></html>\n'
        )

    def amp(self, item: Item) -> str:
        """The AMP version, whose canonical address is the full page's."""
        return (
            '<!doctype html>\n<html amp lang="fa" dir="rtl"><head><meta charset="utf-8">\n'
            '<script async src="https://cdn.ampproject.org/v0.js"></script>\n'
            f"<title>{e(item.title)}</title>\n{_metas(item)}"
            '<meta name="generator" content="www.nastooh.ir" /></head>\n'
            f'<body><article id="item" class="item amp">{_item_header(item)}{_summary(item)}'
            f'<div class="item-body">{_body(item, [])}</div></article></body></html>\n'
        )


def _metas(item: Item) -> str:
    canonical = f"http://{item.host}.behzisti.test{item.path}"
    section = e(e(" > ".join(item.categories)))  # the newsroom escapes it twice
    topic = "provinces" if item.categories[0] == "استان‌ها" else "social"
    lines = [
        f'<meta itemprop="name" name="twitter:title" property="dc.title" content="{e(item.title)}" />',
        '<meta property="og:type" content="article" />',
        f'<meta name="twitter:url" property="og:url" content="{e(canonical)}" />',
        f'<meta property="article:section" content="{section}" />',
        f'<meta name="keywords" property="article:tag" content="{e(",".join(item.tags))}" />',
        f'<meta property="nastooh:topic" content="{topic}" />',
        f'<meta property="nastooh:subtopic" content="{item.office if topic == "provinces" else item.topic}" />',
        f'<meta property="nastooh:newsType" content="{item.kind}" />',
        '<meta property="nastooh:commentCount" content="na" />',
        f'<meta property="nastooh:keywordCount" content="{len(item.tags)}" />',
        f'<meta property="nastooh:code" content="{item.code}" />',
        f'<meta property="nastooh:nid" content="{item.code}" />',
        f'<meta property="og:title" itemprop="headline" content="{e(item.title)}" />',
        f'<meta name="description" content="{e(item.lead)}" />',
        f'<meta name="twitter:description" itemprop="description" property="og:description" content="{e(item.lead)}" />',
        *_image_metas(item),
        *_date_metas(item),
        '<meta name="genre" itemprop="genre" content="News" />',
        f'<link rel="author" href="{chrome.SITE}" />',
        f'<link rel="canonical" href="{e(canonical)}" />',
        f'<link rel="amphtml" href="http://{item.host}.behzisti.test/amp/{item.code}/" />',
        _json_ld(item, canonical),
        f'<meta name="date" content="{NOW + dt.timedelta(minutes=item.renderings):%Y-%m-%d T %H:%M:%S %z}" />',
    ]
    return "\n".join(lines) + "\n"


def _image_metas(item: Item) -> list[str]:
    if not item.images:
        return []
    url = item.images[0][0].replace("/0/", "/4/").replace("/3/", "/4/")  # the head names a larger copy
    return [
        f'<meta name="thumbnail" itemprop="thumbnailUrl" content="{url.replace("/4/", "/1/")}" />',
        f'<meta name="twitter:image:src" itemprop="image" property="og:image" content="{url}" />',
    ]


def _date_metas(item: Item) -> list[str]:
    if item.published is None:
        return []
    published = utc_iso(item.published)
    early = dt.timedelta(minutes=-25 if item.traits.early_modified else 5)
    modified = item.changed if item.revision > 1 else item.published + early
    return [
        f'<meta property="article:modified_time" content="{utc_iso(modified)}" />',
        f'<meta property="nastooh:publishDate" content="{published[:10]}" />',
        f'<meta itemprop="datePublished" property="article:published_time" content="{published}" />',
        f'<meta itemprop="dateModified" property="article:modified" content="{utc_iso(modified)}" />',
    ]


def _json_ld(item: Item, canonical: str) -> str:
    data = {"@id": canonical, "@type": "NewsArticle", "@context": "http://schema.org", "headline": item.title}
    if item.published:
        data["datePublished"] = utc_iso(item.published)
    text = json.dumps(data, ensure_ascii=False)
    return f'<script data-schema="WebPage" type="application/ld+json">\n{text}\n</script>'


def _crumbs(item: Item) -> str:
    first, second = item.categories
    top = "/service/provinces" if first == "استان‌ها" else "/service/social"
    below = f"{top}/{item.office if first == 'استان‌ها' else item.topic}"
    return (
        f'<li class="breadcrumb-item"><a target="_blank" rel="index" href="{top}" itemprop="articleSection">{first}</a></li>\n'
        f'<li class="breadcrumb-item active"><a href="{below}" rel="index" target="_blank">{second}</a>\n</li>\n'
    )


def _date_line(item: Item) -> str:
    return nastooh_date(item.published, 0 if item.traits.comma_date else 1) if item.published else ""


def _print_header(item: Item) -> str:
    date = f'<li class="date">{_date_line(item)}</li>\n' if item.published else ""
    return (
        '<div class="print-header" style="display: none;">\n<div class="logo">'
        f'<img src="/resources/theme/behzisti/img/logo_invert.png" alt="{chrome.SITE}" /></div>\n<div class="meta">\n'
        f'<div class="barcode"><img src="/barcode?text=behzisti.test{item.short}" alt="http://behzisti.test{item.short}" />\n'
        f'<ul>\n<li class="url">http://behzisti.test{item.short}</li>\n{date}<li class="id">کد خبر <span>{item.code}</span></li>\n'
        f'<li>\n<ol class="breadcrumb">\n{_crumbs(item)}</ol>\n</li>\n</ul>\n</div>\n</div>\n</div>\n'
    )


def _item_header(item: Item) -> str:
    stars = "".join(f'<li class="star" data-value="{n}"><i class="icon-star"></i></li>\n' for n in range(1, 6))
    date = f"<span>{_date_line(item)}</span>" if item.published else ""
    kicker = e(item.kicker)
    title = e(item.title)
    return (
        f'<div class="item-header">\n<div class="item-nav row">\n<div class="col-6 col-sm-4 item-date">\n{date}\n</div>\n'
        f'<div class="col-6 col-sm-4"><div class="rating-stars"><div class="rate-count">{digits(0)} نفر</div>\n'
        f'<ul data-value="0">\n{stars}</ul></div></div>\n<div class="d-none d-sm-block col-4"><ul class="header-sharing">\n'
        f'<li><a href="/print/{item.code}/{encoded(item.slug)}"><i class="icon-print"></i></a></li></ul></div>\n</div>\n'
        f'<div class="item-title">\n<h4 class="subtitle kicker"><a href="{item.path}">{kicker}</a></h4>\n'
        f'<h1 class="title"><a itemprop="headline" href="{encoded(item.path)}">{title}</a></h1>\n</div>\n</div>\n'
    )


def _summary(item: Item) -> str:
    figure = ""
    if item.images:
        url, alt = item.images[0]
        url = url.replace("/0/", "/3/")
        figure = f'<figure class="item-img">\n<img src="{url}" alt="{e(alt)}" itemprop="image" class="" title="{e(alt)}" />\n</figure>\n'
    lead = f'<p class="summary introtext" itemprop="description">{e(item.lead)}</p>'
    return f'<div class="item-summary">\n{figure}{lead}\n</div>\n'


def _body(item: Item, related: list[Item]) -> str:
    if item.kind == "video":
        source = json.dumps([{"file": url, "label": "360p"} for url in item.videos])
        player = f"<div class=\"itemPlayer0\"><video controls data-source='{source}'></video></div>"
        return f'<div class="item-text" itemprop="articleBody">{player}</div>\n'
    gallery = '<div class="gallery hidden"></div>'
    if item.kind == "photo":
        photos = "".join(
            f'<li itemprop="associatedMedia"><a href="{url}"><img src="{url.replace("/0/", "/1/")}" alt="{e(alt)}" /></a></li>\n'
            for url, alt in item.images
        )
        gallery = f'<div class="gallery"><ul class="row">\n{photos}</ul></div>'
        return f'<div class="item-text" itemprop="articleBody"></div>\n{gallery}\n'
    attributes = ('class="item-text" itemprop="articleBody"', 'itemprop="articleBody" class="item-text"')
    inner = body_html(item, related)
    if item.traits.bare:
        inner = f'<div style="text-align:justify"> \n {inner}\n</div>'
    return f"<div {attributes[item.number % 2]}>{inner}{gallery}\n</div>\n"


def _item_footer(item: Item) -> str:
    target = f"http%3A%2F%2Fbehzisti.test%2Fnews%2F{item.code}"
    places = (
        ("fb", "https://www.facebook.com/sharer.php?u="),
        ("tw", "https://twitter.com/intent/tweet?url="),
    )
    shares = "".join(
        f'<li class="{name}"><a href="{url}{target}"><i class="icon-{name}"></i></a></li>\n' for name, url in places
    )
    return (
        f'<div class="item-footer row">\n<div class="col-12 col-sm-6"><div class="item-sharing"><ul>\n{shares}</ul></div></div>\n'
        '<div class="col-12 col-sm-6"><div class="short-link-container"><div class="form-group"><i class="icon-link"></i>\n'
        f'<input type="text" class="clean" value="behzisti.test/x{base36(int(item.code))}" readonly="readonly" />\n'
        "</div></div></div>\n</div>\n"
    )


def _tags(item: Item) -> str:
    links = "".join(
        f'<li><a href="/tag/{encoded(tag.replace(" ", "+"))}" rel="Index, Tag">{e(tag)}</a></li>\n' for tag in item.tags
    )
    return f'<section class="box tags">\n<header>\n<h2>برچسب‌ها</h2>\n</header>\n<div>\n<ul>\n{links}</ul>\n</div>\n</section>\n'


def _item_boxes(item: Item, related: list[Item]) -> str:
    """Related items and an advert: inside the article element."""
    inner = "<ul>\n" + "".join(chrome.entry(other, item.number + k) for k, other in enumerate(related)) + "</ul>"
    advert = '<p>فروش ویژه ویلچر با ضمانت، ارسال رایگان</p><a href="/redirect/ads/7" rel="nofollow">سفارش دهید</a>'
    return (
        f'<div class="item-boxes">\n{chrome.box(201, "مطالب مرتبط", inner, "related-items list list-bullets hidden-time")}</div>\n'
        f'<div class="item-boxes2">\n{chrome.box(262, "آگهی", advert, "ads clean")}</div>\n'
    )


def _comments(item: Item) -> str:
    if item.number % 3:
        return '<section id="news-comment"></section>\n'
    when = nastooh_date(item.listed + dt.timedelta(hours=3), 1)
    rows = "".join(
        f'<li class="clearfix"><div class="comment-head"><span class="author">{name}</span> <span class="date">{when}</span></div>\n'
        f'<div class="comment-body"><p>{text}</p></div></li>\n'
        for name, text in _READERS[: 1 + item.number % len(_READERS) + 1]
    )
    return (
        '<section id="news-comment" class="box comments"><header><h2>نظرات کاربران</h2></header>\n'
        f'<div><ul class="comments-list">\n{rows}</ul></div></section>\n'
    )


def _comment_form(item: Item) -> str:
    a, b = int(item.code) % 9 + 1, item.number % 7
    return (
        '<section class="box header-outside comment-form">\n<header><h2>نظر شما</h2></header>\n<div>\n'
        '<form enctype="application/x-www-form-urlencoded" data-url="/rest/postcomment" role="form" method="post" '
        'name="frmNewsComment" id="frmNewsComment" data-success="نظر شما ثبت شد و پس از بررسی منتشر می‌شود.">\n'
        '<div class="comment-info"><div class="alert alert-info">شما در حال پاسخ به نظر «<span></span>» هستید.\n'
        '<button type="button" class="close">× <span>لغو پاسخ</span></button><blockquote></blockquote></div>\n'
        '<div class="comment-policies"><p>دیدگاه‌های توهین‌آمیز منتشر نمی‌شود.</p></div></div>\n'
        f'<input type="hidden" value="{item.code}" name="newsId" id="newsId" />\n'
        '<input type="hidden" value="0" name="reply" /><input type="hidden" value="" name="parentId" />\n<fieldset>\n'
        '<div class="form-group name-group"><label for="userName">نام</label>'
        '<input type="text" id="userName" name="userName" placeholder="نام" maxlength="50" class="form-control" /></div>\n'
        '<div class="form-group text-group"><label for="body">نظر شما *</label><textarea maxlength="1000" '
        'placeholder="نظر شما" class="form-control" id="body" name="body" rows="5"></textarea></div>\n'
        '<div class="form-group captcha-group"><div class="captcha">'
        f'<input id="captchaKey" name="captchaKey" value="{int(item.code) * 7919}" type="hidden" />\n'
        '<label for="number"><i class="req">*</i> حاصل عبارت را در کادر بنویسید</label>\n'
        f'<div class="ltr"><div class="captcha-image d-inline-block">{a} + {b} =\n</div>'
        '<div class="captcha-input"><input type="number" name="captchaText" id="captchaText" /></div></div>\n</div></div>\n'
        '<div class="form-group submit-group"><button class="btn btn-default" id="btnSave">ارسال</button>'
        '<div class="msg"></div></div>\n</fieldset>\n</form>\n</div>\n</section>\n'
    )
