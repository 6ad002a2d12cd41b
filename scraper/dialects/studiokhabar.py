"""StudioKhabar (استودیو خبر): news agencies of the 1390s. Known from other people's scrapers only."""

from __future__ import annotations

import re

from scraper.dialects.base import Address, Dialect, Fields, ListingFields, Mark, Seeds, paths

STUDIOKHABAR = Dialect(
    name="studiokhabar",
    version=1,
    proven="a page in its vocabulary",
    marks=(
        Mark(b'content="News Studio', 2, "generator «News Studio»", in_head=True),  # [S]
        Mark(b"docDiv3TitrMain", 2, "the title docDiv3TitrMain"),  # [S]
        Mark(b"doctextarea", 1, "the body doctextarea"),  # [S]
        Mark(b"docDivLead1", 1, "the lead docDivLead1"),  # [S]
    ),
    addresses=(
        Address(
            re.compile(r"/(?:[a-z]{2}/)?doc/(?P<kind>[a-z]+)/(?P<code>[0-9]+)(?:/(?P<slug>.*))?"), "canonical"
        ),  # [?]
    ),
    skip=re.compile(r"/(?:images|docs|(?:[a-z]{2}/)?(?:search|print|send))(?:[/?]|$)"),  # [?]
    fields=Fields(
        scope=paths("//*[@id='docDiv3']", "//body[.//*[@id='doctextarea' or @id='docDiv3TitrMain']]"),  # [S]
        title=paths(".//*[@id='docDiv3TitrMain']"),  # [S]
        kicker=paths(".//*[@id='docDiv3TitrRou']"),  # [?]
        lead=paths(".//*[@id='docDivLead1']"),  # [S]
        body=paths(".//*[@id='doctextarea']"),  # [S]
        date=paths(".//*[.doc_date]"),  # [S]
        codes=(("the line «کد مطلب»", paths(".//*[.doc_code]")[0]),),  # [?]
        categories=paths(".//*[.doc_section or .breadcrumb]//a"),  # [?]
        tags=paths(".//*[.doc_tags or .tags]//a"),  # [?]
        media=paths(".//*[@id='docDivImage']"),  # [?]
        meta_lead=("og:description", "description"),
        meta_tags=("article:tag", "keywords"),
    ),
    listing=ListingFields(
        main=(),
        entry=paths(".//*[self::h2 or self::h3 or self::h4]/a[@href]", ".//*[.titr or .title]//a[@href]"),  # [?]
        date=paths("ancestor::li[1]//*[contains(@class, 'date')]//text()"),  # [?]
        pager=paths("//*[.pagination or .paging]//a/@href")[0],  # [?]
    ),
    seeds=Seeds(feeds=("/rss", "/fa/rss/all"), sitemaps=("/sitemap.xml",), archive="/archive?page={page}"),  # [?]
)
