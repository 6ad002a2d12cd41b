"""Whose certificates are checked: all of them, but for the offices that the offices file calls `insecure`."""

from __future__ import annotations

from typing import Any

from scrapy.core.downloader.contextfactory import _ScrapyClientContextFactory
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from archive.offices import Offices


@implementer(IPolicyForHTTPS)
class CertificatePolicy:
    """Chooses by host between the policy of the settings and one that checks nothing."""

    def __init__(self, strict: Any, offices: Offices) -> None:
        self._strict = strict
        self._lax = _ScrapyClientContextFactory(verify_certificates=False)
        self._offices = offices

    def is_lax(self, host: str) -> bool:
        """Whether a host is an insecure office's own."""
        office = self._offices.at(f"https://{host}/")
        return office is not None and office.insecure

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802 - Twisted's name
        """Called by Twisted for each new connection."""
        return (self._lax if self.is_lax(hostname.decode("ascii")) else self._strict).creatorForNetloc(hostname, port)
