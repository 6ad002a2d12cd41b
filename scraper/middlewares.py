"""Politeness and safety around a download: which addresses may be connected to, what a failure means, when to retry."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

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
from scrapy.resolver import HostResolution
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer

from archive.errors import UsageError
from archive.offices import load_offices
from scraper.exchange import CaptureError

RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be better later."""

_FAILURES: tuple[tuple[type[BaseException], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadConnectionRefusedError, "connection-refused"),
    (DownloadTimeoutError, "timeout"),
    (DownloadCancelledError, "too-large"),
    (ResponseDataLossError, "truncated"),
    (DownloadFailedError, "connection-lost"),
    (CaptureError, "not-captured"),
    (IgnoreRequest, "robots"),
)
RETRIED_FAILURES = frozenset({"dns", "connection-refused", "timeout", "truncated", "connection-lost", "network"})


def failure_word(error: BaseException, host: str) -> str:
    """One word for why a download failed: dns, tls, timeout, blocked-address, robots …"""
    if host in GuardedResolver.blocked:
        return "blocked-address"
    if "SSL" in repr(error) or "certificate" in repr(error):
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


def split_address(text: str) -> tuple[str, int | None]:
    """`127.0.0.1:8080` or `[::1]:8080` or an address alone → address and port. Raises UsageError."""
    try:
        parts = urlsplit(f"//{text}" if text.count(":") < 2 or "[" in text else f"//[{text}]")  # noqa: PLR2004
        host, port = str(ipaddress.ip_address(parts.hostname or "")), parts.port
    except ValueError:
        raise UsageError(
            f"«{text}» is not an IP address, with or without a port. Write for example *.example.ir=127.0.0.1:8080."
        ) from None
    else:
        return host, port


@implementer(IHostnameResolver)
class GuardedResolver:
    """Answers for DNS: `--resolve` first, then the system; addresses inside private networks are withheld.

    A site must not lead the crawler to a loopback, private, link-local or metadata address, by name, by redirect or
    in a decimal disguise; so the check is on the resolved address of every connection. What an office's own url,
    `--resolve` or the proxy setting names is let through.
    """

    blocked: dict[str, str] = {}  # noqa: RUF012 - host → withheld address, for the report
    overrides: dict[str, str]

    def __init__(self, reactor: Any, overrides: dict[str, str], own: set[tuple[str, int]]) -> None:
        self._reactor = reactor
        self._system: Any = reactor.nameResolver
        self._own = own
        self.overrides = {host.lower(): address for host, address in overrides.items()}
        for address in overrides.values():
            split_address(address)

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GuardedResolver:
        """Made by Scrapy as the TWISTED_DNS_RESOLVER."""
        settings = crawler.settings
        offices = load_offices(Path(settings["BAYEGAN_OFFICES"]))
        proxies = [address for scheme, address in getproxies().items() if scheme in {"http", "https"}]
        urls = [urlsplit(url if "//" in url else f"//{url}") for url in (*(o.url for o in offices.all), *proxies)]
        own = {(u.hostname or "", u.port or (443 if u.scheme == "https" else 80)) for u in urls}
        return cls(reactor, {**offices.resolve, **settings.getdict("BAYEGAN_RESOLVE")}, own)

    def install_on_reactor(self) -> None:
        """Called by Scrapy."""
        self._reactor.installNameResolver(self)

    def override(self, host: str) -> str | None:
        """The address `--resolve` gives for a host: an exact name before a `*.` pattern, longer patterns first."""
        host = host.lower()
        if host in self.overrides:
            return self.overrides[host]
        labels = host.split(".")
        patterns = ("*." + ".".join(labels[i:]) for i in range(1, len(labels)))
        return next((self.overrides[p] for p in patterns if p in self.overrides), None)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """Resolve for Twisted: report each allowed address to the receiver."""
        override = self.override(hostName)
        if override is None:
            receiver = _Guard(resolutionReceiver, hostName, allow_all=(hostName.lower(), portNumber) in self._own)
            return self._system.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)
        address, port = split_address(override)
        kind = IPv6Address if ":" in address else IPv4Address
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolutionReceiver.addressResolved(kind("TCP", address, port or portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution


@implementer(IResolutionReceiver)
class _Guard:
    """Passes resolved addresses on, except those inside private networks."""

    def __init__(self, receiver: Any, host: str, *, allow_all: bool) -> None:
        self._receiver = receiver
        self._host = host
        self._allow_all = allow_all

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if self._allow_all or is_public(address.host):
            self._receiver.addressResolved(address)
        else:
            GuardedResolver.blocked[self._host] = address.host

    def resolutionComplete(self) -> None:  # noqa: N802
        self._receiver.resolutionComplete()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; IPv4 in IPv6 clothes is judged as IPv4."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return (mapped or ip).is_global and not ip.is_multicast
