"""The address guard: which addresses may be connected to, and what `--resolve` answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.resolver import HostResolution
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer

from archive.errors import UsageError
from archive.offices import load_offices


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


def answer_for(host: str, answers: dict[str, str]) -> str | None:
    """The address that `--resolve` gives for a host: an exact name before a `*.` pattern, longer patterns first."""
    labels = host.lower().split(".")
    names = (".".join(labels), *("*." + ".".join(labels[i:]) for i in range(1, len(labels))))
    return next((answers[name] for name in names if name in answers), None)


@implementer(IHostnameResolver)
class GuardedResolver:
    """Answers for DNS: `--resolve` first, then the system; addresses inside private networks are withheld.

    A site must not lead the crawler to a loopback, private, link-local or metadata address, by name, by redirect or
    in a decimal disguise; so the check is on the resolved address of every connection, and that address is the one
    connected to. What an office's own url (as an address, or as a name without dots such as localhost), `--resolve`
    or the proxy setting names is let through. A domain name is not enough: whoever keeps its DNS decides what it means.
    """

    blocked: dict[str, str] = {}  # noqa: RUF012 - host → withheld address, for the report

    def __init__(self, reactor: Any, answers: dict[str, str], own: set[tuple[str, int]]) -> None:
        self._reactor = reactor
        self._system: Any = reactor.nameResolver
        self._own = own
        self._answers = {host.lower(): address for host, address in answers.items()}
        for address in answers.values():
            split_address(address)

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GuardedResolver:
        """Made by Scrapy as the TWISTED_DNS_RESOLVER."""
        settings = crawler.settings
        offices = load_offices(Path(settings["BAYEGAN_OFFICES"]))
        proxies = [address for scheme, address in getproxies().items() if scheme in {"http", "https"}]
        named = [office.url for office in offices.all if _names_an_address(office.host)]
        urls = [urlsplit(url if "//" in url else f"//{url}") for url in (*named, *proxies)]
        own = {(u.hostname or "", u.port or (443 if u.scheme == "https" else 80)) for u in urls}
        return cls(reactor, {**offices.resolve, **settings.getdict("BAYEGAN_RESOLVE")}, own)

    def install_on_reactor(self) -> None:
        """Called by Scrapy."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """Resolve for Twisted: report each allowed address to the receiver."""
        override = answer_for(hostName, self._answers)
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


def _names_an_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True


_UNICAST = ipaddress.ip_network("2000::/3")
"""The whole public internet of IPv6 so far; what lies outside is local, or another network's address in disguise."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
"""Some clouds answer for their metadata here; `ipaddress` calls parts of it global."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; IPv4 in IPv6 clothes is judged as IPv4."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(ip.packed[-4:]) if ip in _NAT64 else None)
        if inside is None:
            return ip in _UNICAST and ip.is_global
        ip = inside
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS
