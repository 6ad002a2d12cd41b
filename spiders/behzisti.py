"""The welfare organisation (سازمان بهزیستی کشور) and its provincial offices."""

from __future__ import annotations

from spiders.portal import PortalSpider


class BehzistiSpider(PortalSpider):
    """`scrapy crawl behzisti -a province=hormozgan`."""

    name = "behzisti"
    organisation = "welfare"
