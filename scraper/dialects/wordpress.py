"""WordPress with Persian themes. Dates in the path are Jalali or Gregorian; the code stands in the page."""

from __future__ import annotations

import re

from scraper.dialects.base import Address, Dialect, Fields, ListingFields, Mark, Seeds, Slice, paths

_POST = "starts-with(@id, 'post-') and string-length(@id) > 5 and translate(substring(@id, 6), '0123456789', '') = ''"
"""The id of an element that is a post: `post-123`, and not `post-grid-123`."""

_POSTID = "substring-before(concat(substring-after(concat(' ', /html/body/@class), ' postid-'), ' '), ' ')"
"""The number after the class `postid-` of the page, among others with numbers in them."""

WORDPRESS = Dialect(
    name="wordpress",
    version=2,
    proven="a page in its vocabulary",
    marks=(
        Mark(
            b'content="WordPress', 2, "generator «WordPress»"
        ),  # common knowledge of WordPress, as all that is unmarked
        Mark(b"/wp-content/", 1, "assets under /wp-content/"),
        Mark(b"/wp-includes/", 1, "assets under /wp-includes/"),
        Mark(b"wp-json", 1, "the interface wp-json"),
    ),
    addresses=(
        Address(re.compile(r"/(?:index\.php)?\?(?:.*&)?p=(?P<code>[0-9]+)(?:&.*)?"), "pointer", query=True),
        Address(re.compile(r"/archives/(?P<code>[0-9]+)(?:/(?P<slug>.*))?"), "canonical"),
    ),
    skip=re.compile(r"/(?:wp-admin|wp-login\.php|wp-content|wp-includes|wp-json|author|cart)(?:[/?]|$)"),
    fields=Fields(
        scope=paths(
            "//article[starts-with(@id, 'post-')]",
            "//*[starts-with(@id, 'post-')][.post or .type-post]",
            "//body[.single or .single-post]",
        ),
        title=paths(".//*[.entry-title or .post-title]", ".//h1"),
        kicker=paths(".//*[.rutitr or .post-rutitr or .uptitle]"),  # [?]
        lead=paths(".//*[.entry-summary or .post-lead or .lead]"),  # [?]
        body=paths(".//*[@itemprop='articleBody']", ".//*[.entry-content or .post-content]", ".//*[.content]"),
        date=paths(
            ".//*[.post-info or .entry-meta or .post-meta]//*[contains(., 'تاریخ')][not(*)]",  # [R]
            ".//*[.entry-date or .post-date or .posted-on]",
            ".//time/@datetime",
        ),
        codes=(
            ("the line «شناسه خبر»", paths(".//*[contains(text(), 'شناسه خبر')]")[0]),  # [R]
            ("the id of the post", paths(f"(self::*|.//article)[{_POST}]/@id")[0]),
            ("the class of the page", paths(_POSTID)[0]),
        ),
        categories=paths(".//a[contains(@rel, 'category')]", ".//*[.cat-links]//a"),
        tags=paths(".//a[@rel='tag']", ".//*[.tags-links or .post-tags]//a"),
        authors=paths(".//*[.author]//*[.fn]", ".//a[@rel='author']"),
        media=paths(".//*[.post-thumbnail]"),
        meta_lead=("og:description",),
        meta_published=("article:published_time", "ld:datePublished"),
        meta_modified=("article:modified_time", "ld:dateModified"),
        meta_tags=("article:tag",),
        schema_org=True,
    ),
    listing=ListingFields(
        main=paths("//main | //*[@id='main' or @id='content']"),
        entry=paths(".//*[.entry-title or .post-title]/a[@href]", ".//article//h2/a[@href] | .//article//h3/a[@href]"),
        date=paths("ancestor::article[1]//time/@datetime", "ancestor::article[1]//time//text()"),
        pager=paths("//*[.pagination or .nav-links]//a/@href | //link[@rel='next']/@href")[0],
        code=paths(f"ancestor::*[{_POST}][1]/@id"),
    ),
    seeds=Seeds(feeds=("/feed/",), sitemaps=("/wp-sitemap.xml", "/sitemap_index.xml"), archive="/page/{page}/"),
    slice=Slice(
        mark=b'id="post-',
        tag=b"article",
        end=(b"</article>",),
        beside=((b'id="comments"', "comments"),),
    ),
    picture=re.compile(r"/wp-content/uploads/[^\s?]*?(?P<size>-[0-9]+x[0-9]+|)\.(?:jpe?g|png|gif|webp)"),
)
