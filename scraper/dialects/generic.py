"""The profile for a system we do not know, such as oghaf.ir until a page of it is seen.

Standard metas and common names; everything here is [?]. A record made by it says so in its extractor, and the
system should get a dialect of its own.
"""

from __future__ import annotations

import re

from scraper.dialects.base import Address, Dialect, Fields, ListingFields, Seeds, paths

GENERIC = Dialect(
    name="generic",
    version=1,
    marks=(),
    addresses=(
        # A date between «news» and the code: Tasnim [D]
        Address(
            re.compile(
                r"/(?:[a-z]{2}/)?(?P<kind>news|photo|video|media)/[0-9]{4}/[0-9][0-9]?/[0-9][0-9]?/(?P<code>[0-9]+)(?:/(?P<slug>.*))?"
            ),
            "canonical",
        ),
    ),
    skip=re.compile(r"/(?:wp-admin|wp-login\.php|DesktopModules|_layouts)(?:[/?]|$)", re.IGNORECASE),
    fields=Fields(
        scope=paths("//article", "//*[@id='content' or @role='main']", "//main", "//body"),
        title=paths(".//h1[@itemprop='headline']", ".//h1", "//h1", ".//*[@itemprop='headline']"),
        kicker=paths(".//*[.kicker or .rutitr or .uptitle]"),
        lead=paths(".//*[.lead or .news_lead or .summary or .introtext]"),
        body=paths(
            ".//*[@itemprop='articleBody']",
            ".//*[.item-text or .story or .entry-content or .news-body or .news-content or .article-body]",
            ".//*[.body or .content]",
        ),
        date=paths(
            ".//*[.item-date or .news-date or .publish-date or .date or .time or .doc_date]",
            ".//time[not(@datetime)] | .//time/@datetime",
        ),
        codes=(("the line «کد خبر»", paths(".//*[.item-code or .news-code or .news_id_c]")[0]),),
        categories=paths(".//*[.breadcrumb]//li", ".//*[.breadcrumb or .service]//a"),
        tags=paths(".//*[.tags or .tag]//a"),
        authors=paths(".//*[@itemprop='author' and not(self::meta)]"),
        media=(),
        short_url=paths(".//*[.short-link or .shortlink]//input/@value"),
        meta_lead=("og:description",),
        meta_tags=("article:tag", "keywords"),
    ),
    listing=ListingFields(
        main=(),
        entry=paths(".//a[@href][not(ancestor::nav or ancestor::footer)]"),
        date=paths("ancestor::li[1]//time/@datetime", "ancestor::li[1]//time//text()", "@title"),
        pager=paths("//*[.pagination or .pager]//a/@href | //a[@rel='next']/@href | //link[@rel='next']/@href")[0],
    ),
    seeds=Seeds(feeds=("/rss", "/feed", "/fa/rss/allnews"), sitemaps=("/sitemap.xml",)),
)
