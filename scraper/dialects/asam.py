"""Asam (آسام): portals of news and of offices. Known from other people's scrapers only."""

from __future__ import annotations

import re

from scraper.dialects.base import Dialect, Fields, ListingFields, Mark, Seeds, paths

ASAM = Dialect(
    name="asam",
    version=1,
    proven="a page in its vocabulary",
    marks=(
        Mark(b"echo_detail", 2, "the body echo_detail"),  # [S]
        Mark(b"news_lead", 1, "the lead news_lead"),  # [S]
        Mark(b"uptitle", 1, "the kicker uptitle"),  # [S]
    ),
    addresses=(),  # unknown: the grammars of the others are tried
    skip=re.compile(r"/(?:uploads|print|send|search)(?:[/?]|$)"),  # [?]
    fields=Fields(
        scope=paths("//*[.news_detail or .news-detail]", "//body[.//*[@id='echo_detail']]"),  # [?] [S]
        title=paths(".//*[.title][self::h1 or self::h2]", ".//h1", ".//*[.title]"),  # [S]
        kicker=paths(".//*[.uptitle]"),  # [S]
        lead=paths(".//p[.news_lead]", ".//*[.news_lead]"),  # [S]
        body=paths(".//*[@id='echo_detail']"),  # [S]
        date=paths(".//*[.news_date or .date]"),  # [?]
        codes=(("the line «کد خبر»", paths(".//*[.news_code or .news_id]")[0]),),  # [?]
        categories=paths(".//*[.breadcrumb]//a"),  # [?]
        tags=paths(".//*[.tags or .news_tags]//a"),  # [?]
        media=paths(".//*[.news_image]"),  # [?]
        meta_lead=("og:description", "description"),
        meta_tags=("article:tag", "keywords"),
    ),
    listing=ListingFields(
        main=(),
        entry=paths(".//*[self::h2 or self::h3 or self::h4]/a[@href]", ".//*[.title]/a[@href]"),  # [?]
        date=paths("ancestor::li[1]//*[contains(@class, 'date')]//text()"),  # [?]
        pager=paths("//*[.pagination or .paging]//a/@href")[0],  # [?]
    ),
    seeds=Seeds(feeds=("/rss",), sitemaps=("/sitemap.xml",)),  # [?]
)
