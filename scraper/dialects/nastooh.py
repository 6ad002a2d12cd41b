"""Nastooh («Saba Newsroom», نستوه): behzisti.ir, mehr, irna, isna, khabaronline, shabestan …

Selectors are those of the standard theme; the alternatives after them are the ISNA theme.
"""

from __future__ import annotations

import re

from scraper.dialects.base import Address, Dialect, Fields, ListingFields, Mark, Seeds, Slice, paths

NASTOOH = Dialect(
    name="nastooh",
    version=1,
    proven="a real page",
    marks=(
        Mark(b"www.nastooh.ir", 2, "generator «www.nastooh.ir»", in_head=True),  # [D]
        Mark(b'"nastooh:', 2, "metas named nastooh:*", in_head=True),  # [D]
        Mark(b"/resources/theme/", 1, "assets under /resources/theme/", in_head=True),  # [R]
        Mark(b"frmNewsComment", 1, "the form frmNewsComment"),  # [D]
    ),
    addresses=(
        # [D] /news/<code>/<slug>; [S] the other kinds, and the form without a slug.
        # A date in place of the code is the grammar of other systems.
        Address(
            re.compile(
                r"/(?P<kind>news|photo|video|media|live|audio|report)"
                r"/(?![0-9]{4}/[0-9]{1,2}/[0-9]{1,2}/)(?P<code>[0-9]+)/(?P<slug>.+)"
            ),
            "canonical",
        ),
        Address(re.compile(r"/(?P<kind>news|photo|video|media|live|audio|report)/(?P<code>[0-9]+)/?"), "short"),
        Address(re.compile(r"/amp/(?P<code>[0-9]+)(?:/.*)?"), "amp"),  # [D]
        Address(re.compile(r"/print/(?P<code>[0-9]+)(?:/.*)?"), "print"),  # [S]
    ),
    # [D] /barcode, [R] the rest: redirects, media files, old uploads, one-off pages of the system
    skip=re.compile(
        r"/(?:redirect|barcode|d|old/upload|rest|resources|search|sncaptcha\.jpg|opensearch\.xhtml)(?:[/?.]|$)"
    ),
    fields=Fields(
        scope=paths("//article[@id='item']", "//article[.//*[@itemprop='articleBody']]"),  # [D]
        title=paths(".//h1[@itemprop='headline']", ".//h1[.title]", ".//*[@itemprop='headline']"),  # [D] [D] [R]
        kicker=paths(".//*[.kicker][self::h2 or self::h3 or self::h4]", ".//*[.item-title]/h4"),  # [D]
        lead=paths(".//*[.introtext]", ".//p[@itemprop='description']", ".//p[.summary]"),  # [D] [D] ISNA [R]
        body=paths(".//*[@itemprop='articleBody']", ".//*[.item-text]"),  # [D]
        date=paths(
            ".//*[.item-date]",  # [D]
            ".//*[.item-nav]/div[1]//span",  # behzisti.ir [S]
            ".//*[.meta-news]/li/span[.text-meta]",  # ISNA [R]
            ".//*[.print-header]//li[.date]",  # [D]
        ),
        codes=(
            ("the line «کد خبر»", paths(".//*[.item-code]")[0]),  # [D]
            ("the print header", paths(".//*[.print-header]//li[.id]")[0]),  # [D]
        ),
        categories=paths(
            ".//*[.item-header]//*[.breadcrumb]//li",  # [R]
            ".//*[.breadcrumb]//li",  # in the print header, [D]
        ),
        tags=paths(".//*[.tags]//a"),  # [D]; ISNA footer.tags [R]
        authors=paths(".//*[@itemprop='author'][not(self::meta)]", ".//*[.item-author or .reporter]"),  # [?]
        media=paths(".//*[.item-summary]", ".//*[.item-body]", ".//*[@itemprop='articleBody']"),  # [D]
        short_url=paths(
            ".//*[.short-link-container]//input/@value",  # [D]
            ".//*[.print-header]//li[.url]/text()",  # [D]
        ),
        meta_lead=("og:description",),  # [D]
        meta_modified=("article:modified_time", "article:modified"),  # [D]
        meta_tags=("article:tag",),  # [D]
        meta_code=("nastooh:code",),  # [D]; never nastooh:nid, which is another number on ISNA
        meta_kind=("nastooh:newsType",),  # [D]
        meta_page=("nastooh:pageType",),  # [D]
    ),
    listing=ListingFields(
        main=paths("//*[.main-content]"),  # [D] on an item page
        entry=paths(".//li[@class]/div[.desc]/h3/a[@href]", ".//li[@class]//h3/a[@href]"),  # [D], [R]
        date=paths("ancestor::li[1]//time/@title", "@title", "ancestor::li[1]//time//text()"),  # [R] [D] [R]
        pager=paths("//ul[.pagination]//a/@href")[0],  # [R]
    ),
    seeds=Seeds(
        feeds=("/rss",),  # [R]
        sitemaps=(
            "/sitemap/all/sitemap.xml",
            "/sitemap/{year}/sitemap.xml",
            "/sitemap/news/sitemap.xml",
        ),  # [S]
        archive="/archive?pi={page}&ms=0",  # [R]
        archive_day="/archive?pi={page}&ms=0&dy={day}&mn={month}&yr={year}",  # [R]
        item="/news/{code}/",  # [S]
        tag="/tag/{tag}",  # [R]
        services=("/service/",),  # [R]
    ),
    slice=Slice(
        mark=b'id="item"',  # [D]
        tag=b"article",
        end=(b"</article>",),
        tail=b'<div class="item-boxes',  # [D]
        in_tail=((b"related-items", "related"), (b" ads", "adverts")),  # [D]
        only=re.compile(
            rb'class="(?:[^"]* )?(?:tags|breadcrumb|kicker|introtext|summary|meta-news|print-header'
            rb"|reporter|short-link-container|item-(?:author|body|code|date|nav|summary|text|title))[ \"]"
        ),
        beside=(
            (b'id="news-comment"', "comments"),  # [D]
            (b"frmNewsComment", "comment-form"),  # [D]
            ("خدمات الکترونیک".encode(), "e-services"),  # [R]
        ),
    ),
    picture=re.compile(r"/d/[0-9]+/[0-9]+/[0-9]+/(?P<size>[0-9])/[0-9A-Za-z]+"),  # [D]
    picture_sizes="12340",  # [D] for 1, 3 and 4; 0 is the original [S]
)
