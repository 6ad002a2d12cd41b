"""Portals on ASP.NET: DotNetNuke, SharePoint, and what offices had written for themselves.

One <form> surrounds the whole page, dates are of twelve hours («12:09:08 ب.ظ»), and text is often bare between <br>.
"""

from __future__ import annotations

import re
from dataclasses import replace

from scraper.density import densest
from scraper.dialects.base import Address, Dialect, Fields, ListingFields, Mark, Seeds, paths

_CODE = r"(?:.*&)?(?:news|article|item|content|n)?id=(?P<code>[0-9]+)(?:&.*)?"

_FIELDS = Fields(
    scope=paths(
        "//*[.news-detail or .newsdetail or .NewsDetail or .news-view or .NewsView or .edn_article]",  # [?]
        "//form[@id][.//input[@name='__VIEWSTATE']]",  # [D]
    ),
    title=paths(
        ".//*[.news-title or .newstitle or .NewsTitle or .edn_articleTitle or .TitleNews]",  # [?]
        ".//*[contains(@id, 'NewsTitle') or contains(@id, 'lblTitle')]",  # [?] names of server controls
        ".//h1",
    ),
    kicker=paths(
        ".//*[.rutitr or .RuTitr or .uptitle]", ".//*[contains(@id, 'RuTitr') or contains(@id, 'lblUpTitle')]"
    ),  # [?]
    lead=paths(
        ".//*[.news-lead or .newslead or .NewsLead or .lead or .edn_articleSummary]",
        ".//*[contains(@id, 'NewsLead') or contains(@id, 'lblLead') or contains(@id, 'Summary')]",
    ),  # [?]
    body=paths(
        ".//*[.news-body or .newsbody or .NewsBody or .news-text or .ms-rtestate-field or .edn_articleContent]",  # [?]
        ".//*[contains(@id, 'NewsBody') or contains(@id, 'lblBody') or contains(@id, 'NewsText')]",  # [?]
    ),
    date=paths(
        ".//*[.news-date or .newsdate or .NewsDate or .edn_publishDate]",
        ".//*[contains(@id, 'NewsDate') or contains(@id, 'lblDate') or contains(@id, 'PublishDate')]",
        ".//*[contains(text(), 'ب.ظ') or contains(text(), 'ق.ظ')]",  # [R]
    ),  # [?]
    codes=(
        ("the line «کد خبر»", paths(".//*[.news-code or .newscode or .NewsCode]")[0]),
        ("the line «کد خبر» of a control", paths(".//*[contains(@id, 'NewsCode') or contains(@id, 'lblCode')]")[0]),
    ),  # [?]
    categories=paths(".//*[.breadcrumb or .Breadcrumb or .SiteMapPath]//a"),  # [?]
    tags=paths(".//*[.tags or .Tags or .keywords]//a"),  # [?]
    media=paths(".//*[.news-image or .newsimage or .NewsImage]"),  # [?]
    meta_lead=("og:description", "description"),
    meta_tags=("keywords",),
    find_body=densest,
)

ASPNET = Dialect(
    name="aspnet",
    version=1,
    proven="a page in its vocabulary",
    marks=(
        Mark(b'name="__VIEWSTATE"', 2, "the field __VIEWSTATE"),  # [D]
        Mark(b"__EVENTVALIDATION", 1, "the field __EVENTVALIDATION"),
    ),
    addresses=(
        Address(re.compile(rf"/(?:[\w-]+/)*\w*print\w*\.aspx\?{_CODE}", re.IGNORECASE), "print", query=True),  # [D]
        Address(
            re.compile(rf"/(?:[\w-]+/)*\w*(?:news|detail|show|view|article|content)\w*\.aspx\?{_CODE}", re.IGNORECASE),
            "canonical",
            query=True,
        ),  # [?]
    ),
    skip=re.compile(r"/(?:WebResource\.axd|ScriptResource\.axd|Login\.aspx|Search\w*\.aspx)(?:[/?]|$)", re.IGNORECASE),
    fields=_FIELDS,
    listing=ListingFields(
        main=(),
        entry=paths(".//a[@href]"),  # [D] of 2011; the address tells items from the rest
        date=paths(
            "preceding-sibling::span[1]//text()", "ancestor::*[self::li or self::tr][1]//span//text()"
        ),  # [D] [?]
        pager=paths("//*[.pager or .pagination or .Pager]//a/@href")[0],  # [?]
    ),
    seeds=Seeds(feeds=("/rss.aspx", "/rss"), sitemaps=("/sitemap.xml",)),  # [?]
)

DOTNETNUKE = replace(
    ASPNET,
    name="dotnetnuke",
    marks=(
        Mark(b"/DesktopModules/", 2, "assets under /DesktopModules/"),
        Mark(b"dnn_ctr", 2, "controls named dnn_ctr*"),
        Mark(b"DotNetNuke", 1, "the word DotNetNuke"),
    ),
    addresses=(
        Address(
            re.compile(r"/.*/(?:articleid|itemid|newsid|id)/(?P<code>[0-9]+)(?:/(?P<slug>.*))?", re.IGNORECASE),
            "canonical",
        ),  # [?]
        Address(re.compile(rf"/Default\.aspx\?{_CODE}", re.IGNORECASE), "short", query=True),  # [?]
    ),
    skip=re.compile(r"/(?:DesktopModules|Portals|Login|Register|ctl)(?:[/?]|$)", re.IGNORECASE),
    seeds=Seeds(sitemaps=("/sitemap.aspx",)),
)

SHAREPOINT = replace(
    ASPNET,
    name="sharepoint",
    marks=(
        Mark(b"Microsoft SharePoint", 2, "generator «Microsoft SharePoint»", in_head=True),
        Mark(b"/_layouts/", 2, "assets under /_layouts/"),
        Mark(b"ms-rtestate-field", 1, "the body class ms-rtestate-field"),
    ),
    addresses=(Address(re.compile(rf"/.*/DispForm\.aspx\?{_CODE}", re.IGNORECASE), "canonical", query=True),),
    skip=re.compile(r"/_(?:layouts|catalogs|vti_bin|forms)(?:[/?]|$)", re.IGNORECASE),
    seeds=Seeds(),
)
