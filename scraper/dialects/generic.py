"""The profile for a system we do not know, such as oghaf.ir until a page of it is seen.

Standard metas and common names; everything here is [?]. A record made by it says so in its extractor, and the
system should get a dialect of its own.
"""

from __future__ import annotations

import re

from scraper.density import densest
from scraper.dialects.base import Address, Dialect, Fields, ListingFields, Seeds, paths

GENERIC = Dialect(
    name="generic",
    version=1,
    proven="a page in its vocabulary",
    marks=(),
    addresses=(
        Address(
            re.compile(
                r"/(?:[a-z]{2}/)?(?:articles?|posts?|contents?|newsdetail)/(?P<code>[0-9]{2,})(?:/(?P<slug>.*))?"
            ),
            "canonical",
        ),
    ),
    skip=re.compile(
        r"/(?:wp-admin|wp-login\.php|DesktopModules|_layouts|login|register|search)(?:[/?]|$)", re.IGNORECASE
    ),
    fields=Fields(
        scope=paths(
            "//*[contains(@itemtype, 'schema.org/') and contains(@itemtype, 'Article')]",
            "//article[not(ancestor::article)][count(//article[not(ancestor::article)]) = 1]",
            "//main",
            "//*[@id='content' or @role='main']",
            "//body",
        ),
        title=paths(".//h1[@itemprop='headline']", ".//h1", ".//*[@itemprop='headline'][not(self::meta)]", "//h1"),
        kicker=paths(".//*[.kicker or .rutitr or .uptitle]"),
        lead=paths(
            ".//*[@itemprop='description'][not(self::meta)]", ".//*[.lead or .news_lead or .summary or .introtext]"
        ),
        body=paths(
            ".//*[@itemprop='articleBody'][not(self::meta)]",
            ".//*[.item-text or .story or .entry-content or .news-body or .news-content or .article-body]",
        ),
        date=paths(
            ".//*[.item-date or .news-date or .publish-date or .date or .time or .doc_date]",
            ".//*[@itemprop='datePublished'][not(self::meta)]",
            ".//time[not(@datetime)] | .//time/@datetime",
            ".//*[contains(text(), 'تاریخ انتشار') or contains(text(), 'تاريخ انتشار')]",
        ),
        codes=(
            ("the line «کد خبر»", paths(".//*[.item-code or .news-code or .news_id_c]")[0]),
            ("the words «کد خبر»", paths(".//*[contains(text(), 'کد خبر') or contains(text(), 'شناسه خبر')]")[0]),
        ),
        categories=paths(".//*[.breadcrumb]//li", ".//*[.breadcrumb or .service]//a"),
        tags=paths(".//*[.tags or .tag]//a"),
        authors=paths(".//*[@itemprop='author'][not(self::meta)]"),
        short_url=paths(".//*[.short-link or .shortlink]//input/@value"),
        find_body=densest,
        schema_org=True,
        meta_title=("ld:headline", "og:title"),
        meta_lead=("ld:description", "og:description"),
        meta_published=("article:published_time", "ld:datePublished", "datePublished"),
        meta_modified=("article:modified_time", "ld:dateModified", "dateModified"),
        meta_section=("article:section", "ld:articleSection"),
        meta_tags=("article:tag", "keywords", "ld:keywords"),
        meta_authors=("ld:author",),
    ),
    listing=ListingFields(
        main=(),
        entry=paths(".//a[@href][not(ancestor::nav or ancestor::footer)]"),
        date=paths("ancestor::li[1]//time/@datetime", "ancestor::li[1]//time//text()", "@title"),
        pager=paths("//*[.pagination or .pager]//a/@href | //a[@rel='next']/@href | //link[@rel='next']/@href")[0],
    ),
    seeds=Seeds(feeds=("/rss", "/feed", "/fa/rss/allnews"), sitemaps=("/sitemap.xml",)),
)
