"""Tasnim (تسنیم): a system of its own, in which the address carries the Jalali day before the code.

The feed names items by short links on a host of their own, which leads to the item: see archive.offices.SHORT_HOSTS.
"""

from __future__ import annotations

import re

from scraper.dialects.base import Address, Dialect, Fields, ListingFields, Mark, Seeds, Slice, paths

TASNIM = Dialect(
    name="tasnim",
    version=1,
    proven="a real page",
    marks=(
        Mark(b"data-readMoreTitle", 2, "the attribute data-readMoreTitle"),  # [D]
        Mark(b'class="single-news"', 2, "the article class single-news"),  # [D]
        Mark(b"newsmedia.tasnimnews.com", 2, "pictures on newsmedia.tasnimnews.com"),  # [D]
    ),
    addresses=(
        Address(
            re.compile(
                r"/(?:[a-z]{2}/)?(?P<kind>news|photo|video|media)/[0-9]{4}/[0-9][0-9]?/[0-9][0-9]?/(?P<code>[0-9]+)/[^/]+/amp/?"
            ),
            "amp",
        ),  # [D]
        Address(
            re.compile(
                r"/(?:[a-z]{2}/)?(?P<kind>news|photo|video|media)/[0-9]{4}/[0-9][0-9]?/[0-9][0-9]?/(?P<code>[0-9]+)(?:/(?P<slug>.*))?"
            ),
            "canonical",
        ),  # [D]
        Address(re.compile(r"/(?P<code>[0-9]+)/?"), "short", host="tn.ai"),  # [D]
    ),
    skip=re.compile(r"/(?:static|[a-z]{2}/(?:comment|currency|leagues|search))(?:[/?]|$)", re.IGNORECASE),  # [D]
    fields=Fields(
        scope=paths("//article[.single-news]"),  # [D]
        title=paths(".//h1[.title]"),  # [D]
        lead=paths(".//*[.lead]"),  # [D]
        body=paths(".//div[.story]"),  # [D]
        date=paths(".//li[.time]"),  # [D]
        codes=(("the comment form", paths(".//*[.comment-container]/@data-url")[0]),),  # [D]
        categories=paths(".//li[.service]/a"),  # [D]
        tags=paths(".//*[.smart-keyword]//a"),  # [D]; printed again elsewhere, and otherwise, in the head
        media=paths("./div/figure"),  # [D]
        short_url=paths(".//*[.short-url]//a/@href"),  # [D]
        meta_lead=("og:description",),  # [D]
    ),
    listing=ListingFields(
        main=(),
        entry=paths(".//article[.box-item or .list-item]/a[@href]"),  # [D] of side lists
        date=paths("ancestor::article[1]//time//text()"),  # [?]
        pager=paths("//*[.pagination]//a/@href")[0],  # [?]
    ),
    seeds=Seeds(feeds=("/fa/rss/feed/0/7",), archive="/fa/archive?page={page}"),  # [D] [?]
    slice=Slice(mark=b'class="single-news"', tag=b"article", end=(b"</article>",)),  # [D]
    picture=re.compile(r"/Uploaded/Image/(?:[0-9]+/){3}[0-9]+(?P<size>[0-9])\."),  # [D]
    picture_sizes="1234",  # [D] 2 is 170 wide, 3 is 400, 4 is 800
)
