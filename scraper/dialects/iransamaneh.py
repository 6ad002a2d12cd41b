"""IranSamaneh (ایران سامانه): yjc, tabnak, iribnews, asriran, rasanews, iqna …

Its head metas give the time of publication in Jalali, local, with Persian digits [D].
"""

from __future__ import annotations

import re

from scraper.dialects.base import Address, Dialect, Fields, ListingFields, Mark, Seeds, Slice, paths

IRANSAMANEH = Dialect(
    name="iransamaneh",
    version=1,
    proven="a real page",
    marks=(
        Mark(b"news_pdate_c", 2, "the date line news_pdate_c"),  # [D]
        Mark(b"news_id_c", 1, "the code line news_id_c"),  # [D]
        Mark(b"rutitr", 1, "the kicker class rutitr"),  # [D]
        Mark(b"iransamaneh", 1, "the word iransamaneh"),  # [D]
        Mark(b"/fa/rss/allnews", 1, "the feed /fa/rss/allnews", in_head=True),  # [D]
    ),
    addresses=(
        # [D]. A date in place of the code is the grammar of another system (Tasnim).
        Address(
            re.compile(
                r"/[a-z]{2}/(?P<kind>news|photo|video)/(?![0-9]{4}/[0-9][0-9]?/[0-9][0-9]?/[0-9])(?P<code>[0-9]+)/(?P<slug>.+)"
            ),
            "canonical",
        ),
        Address(re.compile(r"/[a-z]{2}/(?P<kind>news|photo|video)/(?P<code>[0-9]+)/?"), "short"),  # [D]
        Address(re.compile(r"/[a-z]{2}/amp/(?:news/)?(?P<code>[0-9]+)(?:/.*)?"), "amp"),  # [D]
        Address(re.compile(r"/[a-z]{2}/print/(?P<code>[0-9]+)(?:/.*)?"), "print"),  # [D]
    ),
    skip=re.compile(
        r"/(?:[a-z]{2}/(?:ads|send|report|save|search|links)|files|client|media/(?:css|js))(?:[/?]|$)"
    ),  # [D]
    fields=Fields(
        scope=paths("//body[.//div[.body]]"),
        title=paths(".//div[.title]/h1[.Htag or .Htags]", ".//h1[starts-with(@class, 'Htag')]"),  # [D]
        kicker=paths(".//div[.rutitr or .rutitr_body]"),  # [D] tabnak, yjc
        lead=paths(".//div[.subtitle]", ".//h2[.Htags_news_subtitle]"),  # [D]
        body=paths(".//div[.body]"),  # [D]; several may exist
        date=paths(".//sapn[.fa_date]", ".//span[.fa_date]", ".//div[.news_pdate_c]"),  # [D] «sapn» (sic) tabnak, yjc
        codes=(("the line «کد خبر»", paths(".//div[.news_id_c]")[0]),),  # [D]
        categories=paths(".//div[.news_path]//a"),  # [D]
        tags=paths(".//*[.tag_items]//a[.tags_item]"),  # [D]
        authors=paths(".//*[.news_author or .reporter]"),  # [?]
        media=paths(".//div[.lead_image or .news_image]"),  # [?]
    ),
    listing=ListingFields(
        main=paths("//*[.pager or .pagination]/.."),  # [?]
        entry=paths(
            ".//*[self::h1 or self::h2 or self::h3][starts-with(@class, 'Htag')]/a[@href]",  # [D]
            ".//div[.linear_news]/a[@href]",  # [D]
        ),
        date=paths("ancestor::div[.archive_content or .linear_news][1]//*[contains(@class, 'date')]//text()"),  # [?]
        pager=paths("//*[.pager or .pagination]//a/@href")[0],  # [S]
    ),
    slice=Slice(
        mark=b'class="news_path"',  # [D] the column begins with it
        tag=b"div",
        end=(b'class="comments_container"', b'id="comm_form"'),  # [D]
        closed=False,
        only=re.compile(
            rb'class="(?:rutitr|subtitle"|body"|news_(?:nav news_)?(?:pdate_c|id_c)|news_author|reporter|tags_item'
            rb"|lead_image|news_image)"
        ),
        beside=(
            (b'class="comments_container"', "comments"),
            (b'id="comm_form"', "comment-form"),
            ("خدمات الکترونیک".encode(), "e-services"),
        ),
    ),
    seeds=Seeds(
        feeds=("/fa/rss/allnews",),  # [D]
        sitemaps=("/fa-sitemap-news", "/fa-sitemap-newsarchive"),  # [S]
        archive="/fa/archive?p={page}",  # [S]
        item="/fa/news/{code}",  # [D]
        services=("/fa/archive?service_id=",),  # [R]
    ),
)
