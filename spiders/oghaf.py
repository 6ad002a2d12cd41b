"""The endowment organisation (سازمان اوقاف و امور خیریه) and its provincial offices."""

from __future__ import annotations

from spiders.portal import PortalSpider


class OghafSpider(PortalSpider):
    """`scrapy crawl oghaf -a province=qom`."""

    name = "oghaf"
    organisation = "endowment"
