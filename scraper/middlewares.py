"""What a failed download means, in one word, and when to try again."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response

from scraper.exchange import CaptureError
from scraper.guard import GuardedResolver

RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be better later."""


class UndecodableError(DownloadFailedError):
    """The response came whole, but what it holds is cut off or damaged inside its content coding."""


class RobotsUnreachableError(IgnoreRequest):
    """No request may be made, because what robots.txt says could not be learnt.

    Attributes:
        word: why: that of the failure if it would befall every page of the host, else `robots-unreachable`.
        wait: seconds until robots.txt is asked for again; None when it is not, in this crawl.
    """

    def __init__(self, reason: str, wait: float | None) -> None:
        super().__init__(f"robots.txt cannot be had: {reason}")
        self.word = reason if reason in _EVERYWHERE else "robots-unreachable"
        self.wait = wait


_TLS = re.compile("SSL|certificate|service_identity")  # the last of these says that it is another host's certificate
_EVERYWHERE = frozenset({"dns", "connection-refused", "tls", "blocked-address", "not-captured"})
_FAILURES: tuple[tuple[type[BaseException], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadConnectionRefusedError, "connection-refused"),
    (DownloadTimeoutError, "timeout"),
    (DownloadCancelledError, "too-large"),
    (ResponseDataLossError, "truncated"),
    (UndecodableError, "undecodable"),
    (DownloadFailedError, "connection-lost"),
    (CaptureError, "not-captured"),
    (IgnoreRequest, "robots"),
)
RETRIED_FAILURES = frozenset(
    {"dns", "connection-refused", "timeout", "truncated", "undecodable", "connection-lost", "network"}
)


def failure_word(error: BaseException, host: str) -> str:
    """One word for why a download failed: dns, tls, timeout, blocked-address, robots …"""
    if isinstance(error, RobotsUnreachableError):
        return error.word
    if isinstance(error, CannotResolveHostError) and host in GuardedResolver.blocked:
        return "blocked-address"
    if _TLS.search(repr(error)):
        return "tls"
    return next((word for kind, word in _FAILURES if isinstance(error, kind)), "network")


def retry_after(response: Response, now: dt.datetime) -> float | None:
    """Seconds the server asks to wait (Retry-After, RFC 9110 §10.2.3); None when it does not say."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return None
