"""The offices that publish: read from TOML, looked up by id, host, organisation and province."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import tldextract

from archive.errors import UsageError
from archive.persian import fold
from archive.provinces import BY_CODE
from archive.record import Organisation

UNKNOWN = "unknown"
SPIDERS = {"welfare": "behzisti", "endowment": "oghaf"}
"""The two organisations and the short names they go by."""

SHORT_HOSTS = {"tn.ai": "tasnimnews"}
"""Hosts of nothing but short links → the domain of the portal whose items these name."""

_ID = re.compile(r"\w[\w.-]*")
"""Ids stand in commands, several with commas between them."""

_public_suffixes = tldextract.TLDExtract(suffix_list_urls=())  # the packaged list; never asks the network


def portal_of_host(host: str) -> str:
    """The portal a host belongs to when no offices file says otherwise: `x.behzisti.ir` → `behzisti`.

    The label below the public suffix; an IP address or a single label stands for itself, dots as dashes.
    """
    host = host.lower().strip(".")
    if host in SHORT_HOSTS:
        return SHORT_HOSTS[host]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        found = _public_suffixes(host)
        return found.domain if found.suffix and found.domain else host.split(".")[-2:][0]
    return host.replace(".", "-").replace(":", "-")


@dataclass(frozen=True, slots=True)
class Office:
    """One block of an offices file."""

    id: str
    organisation: Organisation
    url: str
    portal: str
    province: str | None = None
    name: str = ""
    dialect: str = UNKNOWN
    verified: bool = False
    note: str = ""
    insecure: bool = False
    """Its certificate is not checked; said in the WARC files."""

    @property
    def host(self) -> str:
        """Host name in lower case, without port."""
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def province_name(self) -> str:
        """Persian name of the province, empty for a head office."""
        return BY_CODE[self.province].name if self.province else ""


@dataclass(frozen=True)
class Offices:
    """The offices of one file, and the addresses its hosts are reached at (`[resolve]`, for mirrors and tests)."""

    all: tuple[Office, ...]
    resolve: dict[str, str]
    source: str

    @cached_property
    def _hosts(self) -> dict[str, Office]:
        return {_bare(office.host): office for office in reversed(self.all)}

    @cached_property
    def _portals(self) -> dict[str, str]:
        """Host → portal, filled as hosts are asked for."""
        return {}

    def select(self, targets: list[str]) -> list[Office]:
        """Offices named by id, organisation, province (code, slug or Persian name) or `all`, in file order.

        Raises UsageError that names the nearest known words for a target that fits nothing.
        """
        chosen: set[str] = set()
        for target in targets:
            hits = [office.id for office in self.all if _fits(office, target)]
            if not hits:
                raise UsageError(
                    f"No office, organisation or province is called «{target}» in {self.source}. "
                    f"{_suggest(target, self.all)}`bayegan offices` lists what can be named."
                )
            chosen.update(hits)
        return [office for office in self.all if office.id in chosen]

    def publisher(self, portal: str, province: str | None) -> Office | None:
        """The office of a portal's organisation that speaks for a province."""
        organisations = {office.organisation for office in self.all if office.portal == portal}
        hits = [o for o in self.all if province and o.province == province and o.organisation in organisations]
        return next((o for o in hits if o.portal == portal), hits[0] if len(organisations) == 1 and hits else None)

    def portal_of(self, host: str) -> str:
        """The portal of any host: that of the office there, else that of its domain."""
        host = _bare(host)
        if host not in self._portals:
            domain = portal_of_host(host)
            kin = (o.portal for o in self.all if portal_of_host(o.host) == domain)
            office = self._hosts.get(host)
            self._portals[host] = office.portal if office else next(kin, domain)
        return self._portals[host]

    def portal_of_url(self, url: str) -> str:
        """The portal of the host in an address; the empty string for an address without one."""
        try:
            host = urlsplit(url).hostname
        except ValueError:
            return ""
        return self.portal_of(host) if host else ""

    def at(self, url: str) -> Office | None:
        """The office whose own host an address has."""
        return self._hosts.get(_bare(urlsplit(url).hostname or ""))

    def get(self, office: str | None) -> Office | None:
        """The office with an id."""
        return next((o for o in self.all if o.id == office), None)


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


def _fits(office: Office, target: str) -> bool:
    names = {"all", office.id, office.organisation, SPIDERS[office.organisation]}
    if office.province:
        province = BY_CODE[office.province]
        names |= {province.code.lower(), province.slug, *map(fold, (province.name, *province.variants))}
    return target.lower() in names or fold(target) in names


def _suggest(target: str, offices: tuple[Office, ...]) -> str:
    provinces = [BY_CODE[o.province] for o in offices if o.province]
    known = {o.id for o in offices} | {*SPIDERS, *SPIDERS.values(), "all"}
    known |= {p.name for p in provinces} | {p.slug for p in provinces}
    near = get_close_matches(target, known - {""}, 3, 0.6)
    return f"Did you mean {', '.join(near)}? " if near else ""


def load_offices(path: Path) -> Offices:
    """Read an offices file. Raises UsageError naming the block and the key that is wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"There is no offices file at {path}. Give the path of a TOML file with [[office]] blocks."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read as an offices file: {error}.") from error
    blocks = data.get("office", [])
    if not isinstance(blocks, list) or not blocks:
        raise UsageError(f"{path} names no office. Each office is a block that starts with [[office]].")
    offices = tuple(_office(block, number, path) for number, block in enumerate(blocks, 1))
    ids = [office.id for office in offices]
    if twice := {id_ for id_ in ids if ids.count(id_) > 1}:
        raise UsageError(
            f"{path} names {', '.join(sorted(twice))} more than once. Every office needs an id of its own."
        )
    _check_urls(offices, path)
    resolve = {str(host).lower(): str(address) for host, address in data.get("resolve", {}).items()}
    return Offices(offices, resolve, path.name)


def _check_urls(offices: tuple[Office, ...], path: Path) -> None:
    """Refuse two offices at one address: it would be visited once, for the first of them alone."""
    seen: dict[str, str] = {}
    for office in offices:
        first = seen.setdefault(office.url.rstrip("/"), office.id)
        if first != office.id:
            raise UsageError(
                f"{path}: {first} and {office.id} have the same url, {office.url}. An address is visited once, for one "
                "office: give each the address of a page of its own, or leave one of them out."
            )


def _office(block: dict[str, object], number: int, path: Path) -> Office:
    try:
        office = msgspec.convert({"portal": "", **block}, Office)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"Office {number} of {path} ({block.get('id', 'without id')}) is not usable: {error}."
        ) from error
    if not _ID.fullmatch(office.id):
        raise UsageError(
            f"{path}: «{office.id}» cannot be an office's id. Use letters, digits and hyphens: behzisti-qom."
        )
    if office.province is not None and office.province not in BY_CODE:
        raise UsageError(f"{office.id} in {path}: «{office.province}» is not an ISO 3166-2:IR code such as IR-22.")
    if urlsplit(office.url).scheme not in {"http", "https"} or not office.host:
        raise UsageError(f"{office.id} in {path}: «{office.url}» is not an http or https address.")
    return office if office.portal else replace(office, portal=portal_of_host(office.host))
