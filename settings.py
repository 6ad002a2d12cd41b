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
BAYEGAN_STYLES = True  # and the style sheets of its page: each once a crawl, so they cost next to nothing
BAYEGAN_STYLE_FILES = 50  # and what these load, so many files an office and run: a sheet may name hundreds of flags
BAYEGAN_STYLE_FILE_BYTES = 2_000_000  # each of them; a font has a tenth of it
BAYEGAN_OPERATOR = os.environ.get("BAYEGAN_OPERATOR", "Bayegan news archive")
EXTENSIONS = {
    "scraper.session.CrawlSession": 0,
    "scraper.limits.RunLimits": 5,
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

# --- how much at once: 0 is no limit; what is left waits for the next run ------------------------------------------
BAYEGAN_RUN_UNTIL = 0  # Unix time; `bayegan run` sets it to the end of an office's window
BAYEGAN_RUN_REQUESTS = 0
BAYEGAN_RUN_BYTES = 0  # as they are kept: the WARC members of responses

# --- what is looked for, and looked at again --------------------------------------------------------------------
BAYEGAN_RECHECK_DAYS = [1, 3, 7, 30, 180]  # ages at which a known item is looked at again; most edits come early
BAYEGAN_WALK_HOURS = 24.0  # between two walks of the listings of an office whose feed reaches back to what is known
BAYEGAN_LISTINGS_MAX = 20_000  # pages of listings an office and run: a pager without end must not hold a crawl
BAYEGAN_FRONTIER_DAYS = 30.0  # after these a finished crawl's rows are dropped from the catalogue; its report stays
BAYEGAN_SWEEP_CODES = 20_000  # codes a portal that one --sweep tries: at one a second five and a half hours
BAYEGAN_SWEEP_TAGS = 200  # tag pages a portal that it reads

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
contact = os.environ.get("BAYEGAN_CONTACT")  # how a site can reach whoever crawls it: an e-mail or web address
USER_AGENT = os.environ.get(
    "BAYEGAN_USER_AGENT", f"Bayegan/0.1 (news archive; {f'contact: {contact}' if contact else 'no contact given'})"
)
ROBOTSTXT_OBEY = True  # off outside Scrapy's template
ROBOTSTXT_USER_AGENT = "Bayegan"
DOWNLOAD_DELAY = 1.0  # one request a second per host
DOWNLOAD_DELAY_JITTER = 0.2
CONCURRENT_REQUESTS_PER_DOMAIN = 2
CONCURRENT_REQUESTS = 32
AUTOTHROTTLE_ENABLED = True  # slower when the server is
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
BAYEGAN_CRAWL_DELAY_MAX = 60.0  # seconds; a longer Crawl-delay would make a crawl of a thousand pages last for days
# A host that fails at so many different addresses in a row is left alone, for twice as long each time.
BAYEGAN_BREAKER_FAILURES = 8  # 0: never
BAYEGAN_BREAKER_PAUSE = 600.0  # seconds
BAYEGAN_BREAKER_PAUSE_MAX = 3600.0
BAYEGAN_BREAKER_PAUSES = 3  # then what waits for the host is left to the next crawl
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "fa",
    "Accept-Encoding": "gzip, deflate",  # what archive.http can undo; Scrapy would ask for br and zstd, too
}
COOKIES_ENABLED = False  # a session would make captures depend on each other

# --- what we do not accept --------------------------------------------------------------------------------------
DOWNLOAD_TIMEOUT = 60  # seconds from the request to the last byte: one byte a second does not keep us
DOWNLOAD_MAXSIZE = 64 * 1024 * 1024  # bytes, also after inflating; Scrapy's own limit is 1 GiB
DOWNLOAD_WARNSIZE = 16 * 1024 * 1024
DOWNLOAD_FAIL_ON_DATALOSS = True  # a truncated page is a failure, kept as such
DOWNLOAD_VERIFY_CERTIFICATES = True  # off by default in Scrapy
TWISTED_DNS_RESOLVER = "scraper.guard.GuardedResolver"
URLLENGTH_LIMIT = 0  # a Persian slug encoded twice is long; the frontier bounds what is followed

# --- retries and redirects: decided in the spider, accounted for in the frontier --------------------------------
BAYEGAN_TRIES = 3
BAYEGAN_RETRY_DELAY = 5.0  # seconds before the second try; doubled for each further one
BAYEGAN_RETRY_AFTER_MAX = 3600.0  # a server that asks for more is left to the next crawl
DOWNLOADER_MIDDLEWARES = {
    "scraper.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
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
