"""Whether the sites can tell who crawls them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from archive.errors import UsageError
from archive.offices import Office
from scraper.guard import answer_for, split_address

ADVICE = (
    "The sites cannot tell who crawls them. Set BAYEGAN_CONTACT to an e-mail or web address: it is sent along, and "
    "whoever is bothered can write to you instead of shutting the crawler out."
)


def lacks_contact(agent: str, offices: Iterable[Office], answers: dict[str, str]) -> bool:
    """Whether servers of other people would be asked by a user agent that names no e-mail or web address.

    Args:
        answers: what `[resolve]` and `--resolve` say; what leads to this machine is nobody else's.
    """
    hosts = (answer_for(office.host, answers) or office.host for office in offices)
    return not ("@" in agent or "://" in agent) and any(not _is_at_home(host) for host in hosts)


def _is_at_home(host: str) -> bool:
    try:
        return ipaddress.ip_address(split_address(host)[0]).is_loopback
    except UsageError:
        return host == "localhost"
