"""Scrapy settings of Bayegan, grouped by concern. `-s NAME=VALUE` on the command line overrides any of them."""

from __future__ import annotations

import os
from pathlib import Path

import spiders

BOT_NAME = "bayegan"
SPIDER_MODULES = ["spiders"]

# --- the archive ------------------------------------------------------------------------------------------------
BAYEGAN_COLLECTION = os.environ.get("BAYEGAN_COLLECTION", "collection")
BAYEGAN_OFFICES = str(Path(spiders.__file__).with_name("offices.toml"))
BAYEGAN_RESOLVE: dict[str, str] = {}  # host → address, as --resolve; `*.` patterns allowed
BAYEGAN_WARC_MAX_BYTES = 1_000_000_000  # the size at which a WARC file is finished: the field's usual 1 GB
BAYEGAN_WARC_MAX_HOURS = 24  # the age at which it is: what is finished has a manifest and can be copied away
BAYEGAN_IMAGES = True  # the pictures of an article itself, so that replay shows the page as it was
BAYEGAN_ATTACHMENTS = True  # and the files its text links to
BAYEGAN_OPERATOR = os.environ.get("BAYEGAN_OPERATOR", "Bayegan news archive")
EXTENSIONS = {
    "scraper.session.CrawlSession": 0,
    "scrapy.extensions.telnet.TelnetConsole": None,  # an open port that runs Python
    "scrapy.extensions.remote_control.RemoteControl": None,  # another one, on by default
    "scrapy.extensions.feedexport.FeedExporter": None,  # the catalogue is our export
    "scrapy.extensions.logstats.LogStats": None,  # the progress bar and the report say it
    "scrapy.extensions.spiderstate.SpiderState": None,  # state is in the frontier
    "scrapy.extensions.memdebug.MemoryDebugger": None,
}
ITEM_PIPELINES = {"scraper.pipelines.ArchivePipeline": 0}
SCHEDULER = "scraper.frontier.Frontier"
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # the frontier's unique key is the filter

# --- capture ----------------------------------------------------------------------------------------------------
DOWNLOAD_HANDLERS = {
    "http": "scraper.capture.RecordingHandler",
    "https": "scraper.capture.RecordingHandler",
    "file": None,  # a news site has no business with these
    "data": None,
    "ftp": None,
    "s3": None,
}

# --- who we are and how we behave -------------------------------------------------------------------------------
USER_AGENT = os.environ.get("BAYEGAN_USER_AGENT", "Bayegan/0.1 (news archive; contact: bayegan@example.invalid)")
ROBOTSTXT_OBEY = True  # off outside Scrapy's template
ROBOTSTXT_USER_AGENT = "Bayegan"
DOWNLOAD_DELAY = 1.0  # one request a second per host
DOWNLOAD_DELAY_JITTER = 0.2
CONCURRENT_REQUESTS_PER_DOMAIN = 2
CONCURRENT_REQUESTS = 32
AUTOTHROTTLE_ENABLED = True  # slower when the server is
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "fa",
}
COOKIES_ENABLED = False  # a session would make captures depend on each other

# --- what we do not accept --------------------------------------------------------------------------------------
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 64 * 1024 * 1024  # Scrapy's own limit is 1 GiB
DOWNLOAD_WARNSIZE = 16 * 1024 * 1024
DOWNLOAD_FAIL_ON_DATALOSS = True  # a truncated page is a failure, kept as such
DOWNLOAD_VERIFY_CERTIFICATES = True  # off by default in Scrapy
TWISTED_DNS_RESOLVER = "scraper.middlewares.GuardedResolver"
URLLENGTH_LIMIT = 0  # a Persian slug encoded twice is long; the frontier bounds what is followed

# --- retries and redirects: decided in the spider, accounted for in the frontier --------------------------------
BAYEGAN_TRIES = 3
BAYEGAN_RETRY_DELAY = 5.0  # seconds before the second try; doubled for each further one
BAYEGAN_RETRY_AFTER_MAX = 3600.0  # a server that asks for more is left to the next crawl
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # the spider settles every status
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}

# --- speed ------------------------------------------------------------------------------------------------------
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
ASYNCIO_EVENT_LOOP = "uvloop.Loop"  # a quarter less CPU a page
CONCURRENT_ITEMS = 4  # the default of 100 starts 100 tasks for each response
WARN_ON_GENERATOR_RETURN_VALUE = False  # reads and parses our source at every start; a linter does it once
LOG_LEVEL = "INFO"  # DEBUG halves the rate
STATS_DUMP = False
