"""All bad weather in one crawl: a portal with faults, and hosts that misbehave each in its own way."""

from __future__ import annotations

import gzip
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from archive import warc
from archive.collection import Collection, open_collection
from archive.warc import Record
from scraper import warcinfo
from scraper.dialects import GENERIC
from tests.conftest import IMPOLITE, ROOT, Ran, environment
from tests.portal.faults import Fault
from tests.portal.offices import offices_text
from tests.portal.server import Portal, running_portal
from tests.portal.world import Item, World
from tests.scraper.pages import article
from tests.scraper.wire_server import Script, WireServer, certificate, running, tls_context

TIMEOUT, TRIES, CRAWL_DELAY = 5.0, 2, 0.5
STORM_ITEMS = 20
MEGABYTE = 1 << 20

RUN = """
import socket, sys
from pathlib import Path

answers = {"rebind.test": ["127.0.0.2", "127.0.0.1"], "inner.test": ["127.0.0.1"], "evil.test": ["127.0.0.1"]}
real = socket.getaddrinfo

def getaddrinfo(host, port, *rest, **options):
    if host not in answers:
        return real(host, port, *rest, **options)
    found = answers[host]
    return real(found.pop(0) if len(found) > 1 else found[0], port, *rest, **options)

socket.getaddrinfo = getaddrinfo  # the system's DNS, under the control of whoever keeps those names
from scraper import guard
public = guard.is_public
guard.is_public = lambda address: address == "127.0.0.2" or public(address)
from scraper.cli import main
try:
    main()
finally:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print("peak", int(line.split()[1]) * 1024, file=sys.stderr)  # of this program; getrusage adds its parent's
"""


def answer(body: bytes | str, status: str = "200 OK", headers: str = "") -> Script:
    """A whole response."""
    data = body.encode() if isinstance(body, str) else body
    return Script((f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n{headers}\r\n".encode() + data,))


def home(*codes: int) -> Script:
    return answer(
        "<html><body>" + "".join(f"<li><a href='/news/{c}/x'>خبر {c}</a></li>" for c in codes) + "</body></html>"
    )


def item(code: int) -> Script:
    return answer(article("<p>متن خبر، چنان که منتشر شد.</p>", code=str(code), title=f"خبر شماره {code}"))


def host(
    name: str, codes: list[int], robots: list[Script] | None = None, **pages: list[Script]
) -> dict[str, list[Script]]:
    """A site: its home page, its items, its robots.txt; `pages` are further ones by code, as `_7`."""
    made = {f"{name}/": [home(*codes)], **{f"{name}/news/{code}/x": [item(code)] for code in codes}}
    made |= {f"{name}/news/{code[1:]}/x": scripts for code, scripts in pages.items()}
    return made | ({f"{name}/robots.txt": robots} if robots else {})


BUSY = answer("busy", "503 Service Unavailable")
CHALLENGE = Fault("challenge").reply()
assert CHALLENGE is not None
ELSEWHERE = (*GENERIC.seeds.feeds, *GENERIC.seeds.sitemaps)
"""Where an office of an unknown system is asked for news beside its home page."""
MOVED = "301 Moved Permanently"
NO = "User-agent: Bayegan\nDisallow: /news/1/\n"
SITEMAP = (
    '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    "<url><loc>http://{}/news/1/x</loc></url>" + "<!-- {} -->" + "</urlset>"
)


def sitemap(name: str) -> bytes:
    return gzip.compress(SITEMAP.format(name, "x" * 5000).encode(), mtime=0)


def loop(name: str) -> dict[str, list[Script]]:
    return {f"{name}/r{n}": [answer("", MOVED, f"Location: /r{n + 1}\r\n")] for n in range(20)}


SITES = {
    **host("r503.test", [1], [BUSY]),
    **host("ronce.test", [1, 2], [answer("busy", "503 Busy", "Retry-After: 1\r\n"), answer(NO)]),
    **host("rstall.test", [1, 2], [Script((TIMEOUT * 3,), "close"), answer(NO)]),
    **host("rmoved.test", [1, 2], [answer("", MOVED, "Location: /r/1\r\n")]),
    "rmoved.test/r/1": [answer("", MOVED, "Location: http://relse.test/rules\r\n")],
    "relse.test/rules": [answer(NO)],
    **host("rloop.test", [1], [answer("", MOVED, "Location: /r0\r\n")]),
    **loop("rloop.test"),
    **host("r403.test", [1], [answer("no", "403 Forbidden")]),
    **host("rlong.test", [1, 2], [answer(NO + "#" * 600_000 + "\nDisallow: /news/2/\n")]),
    **host("rdelay.test", [1, 2], [answer("User-agent: *\nCrawl-delay: 999\n")]),
    **host("storm.test", [], **{f"_{n}": [BUSY] for n in range(1, STORM_ITEMS + 1)}),
    "storm.test/": [home(*range(1, STORM_ITEMS + 1))],
    **{f"storm.test{path}": [BUSY] for path in ELSEWHERE},
    **host("passing.test", list(range(1, 13)), **{f"_{n}": [BUSY, item(n)] for n in range(1, 9)}),
    **host("checked.test", [], **{f"_{n}": [answer(CHALLENGE.body)] for n in range(1, STORM_ITEMS + 1)}),
    "checked.test/": [home(*range(1, STORM_ITEMS + 1))],
    **{f"checked.test{path}": [answer(CHALLENGE.body)] for path in ELSEWHERE},
    **host("wait.test", [], _1=[answer("later", "429 Too Many", "Retry-After: 86400\r\n")], _2=[item(2)], _3=[item(3)]),
    "wait.test/": [home(1, 2, 3)],
    "walled.test/": [answer(CHALLENGE.body)],
    **host("gz.test", []),
    "gz.test/sitemap.xml": [answer(sitemap("gz.test"))],
    "gz.test/news/1/x": [item(1)],
    "cutgz.test/": [home()],
    "cutgz.test/sitemap.xml": [answer(sitemap("cutgz.test")[:-9])],
    "cutgz.test/news/1/x": [item(1)],
    "json.test/": [home()],
    "json.test/sitemap.xml": [answer('{"urls": [{"loc": "http://json.test/news/1/x"}]}')],
    "json.test/news/1/x": [item(1)],
}
HOSTS = sorted({key.partition("/")[0] for key in SITES} - {"relse.test"})


@dataclass
class Storm:
    """What the crawl left, and what the servers saw."""

    folder: Path
    ran: Ran
    peak: int
    """Bytes of memory that the crawl had at its largest."""
    portal: Portal
    items: dict[str, Item]
    """Items of the portal, by the fault that struck them."""
    sites: WireServer
    rebound: WireServer
    tls: dict[str, WireServer]

    @property
    def report(self) -> Any:
        return self.ran.json

    @cached_property
    def collection(self) -> Collection:
        return open_collection(self.folder / "c")

    @cached_property
    def records(self) -> list[Record]:
        return [
            warc.parse(data, path, offset)
            for path in warc.warc_files(self.folder / "c")
            for offset, _, data in warc.members(path)
        ]

    def problem(self, item: str) -> tuple[str, str]:
        """Outcome and reason of an item, by fault or id."""
        id_ = self.items[item].id if item in self.items else item
        return next(((p["outcome"], p["reason"]) for p in self.report["problems"] if p["id"] == id_), ("", ""))

    def home(self, office: str) -> tuple[str, str]:
        """Outcome and reason of an office's home page."""
        found = (p for p in self.report["problems"] if p["office"] == office and p["id"] is None)
        return next(((p["outcome"], p["reason"]) for p in found), ("", ""))

    def has(self, item: str) -> bool:
        return self.collection.catalogue.knows(self.items[item].id if item in self.items else item)

    def kept(self, url_end: str) -> list[Record]:
        """The responses at addresses that end so."""
        return [r for r in self.records if r.type == "response" and str(r.get("WARC-Target-URI")).endswith(url_end)]

    def facts(self, part: str) -> list[dict[str, str]]:
        """The metadata of addresses that contain this."""
        found = (r for r in self.records if r.type == "metadata" and part in str(r.get("WARC-Target-URI")))
        return [warcinfo.fields(record.block) for record in found]

    def asked(self, item: str) -> list[Any]:
        """The requests for an item of the portal that a fault struck."""
        return [e for e in self.portal.log if e.target.startswith(f"/news/{self.items[item].code}/")]


def bomb(size: int) -> bytes:
    """So many zeros in gzip, made without holding them."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(MEGABYTE)) for _ in range(size // MEGABYTE)), packer.flush()])


def page_of(portal: Portal, of: Item) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{portal.port}{of.path.rpartition('/')[0]}/")
    request.add_header("Host", "www.behzisti.test")
    with urllib.request.urlopen(request, timeout=10) as response:
        return bytes(response.read())


def strike(portal: Portal) -> dict[str, Item]:
    """Set the faults; items with a text each."""
    whole = [found for found in portal.world.of("behzisti") if found.kind == "news" and len(found.body) > 1]
    packed = {"Content-Encoding": "gzip"}
    pages: dict[str, Any] = {
        "seconds": lambda _: Fault.answer(429, {"Retry-After": "1"}, times=1),
        "date": lambda _: Fault("status", 503, wait=2.0, times=1),
        "challenge-403": lambda _: Fault("challenge", 403),
        "challenge-503": lambda _: Fault("challenge", 503),
        "challenge-200": lambda _: Fault("challenge", 200),
        "login": lambda _: Fault("login", 200),
        "to-login": lambda _: Fault.answer(302, {"Location": "/login?back=1"}),
        "trickle": lambda _: Fault("trickle", seconds=1.0, times=1),
        "cut-gzip": lambda page: Fault("page", body=gzip.compress(page)[:-3000], headers=packed),
        "bomb": lambda _: Fault("page", body=bomb(300 * MEGABYTE), headers=packed),
        "nul": lambda page: Fault("page", body=page.replace(b"<p", b"\0<p\0 ").replace(b" ", b" \0")),
        "large": lambda page: Fault(
            "page", body=page.replace(b"</body>", b"<!--" + b"x" * 30 * MEGABYTE + b"--></body>")
        ),
    }
    items = dict(zip(pages, whole, strict=False))
    bodies = {name: page_of(portal, found) for name, found in items.items()}
    for name, found in items.items():
        portal.faults[found.id] = pages[name](bodies[name])
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    evil = f'<!DOCTYPE r [<!ENTITY l0 "لبخند">{laughs}<!ENTITY x SYSTEM "http://evil.test:{portal.port}/x">]>'
    entry = "<item><title>&l11;&x;</title><link>/news/1/a</link></item>"
    feed = f'<?xml version="1.0"?>{evil}<rss><channel>{entry}</channel></rss>'
    portal.faults["qom.behzisti.test/rss"] = Fault("page", body=feed.encode())
    portal.log.clear()
    return items


def offices(portal: Portal, sites: int, tls: dict[str, int]) -> str:
    """The portal's offices and one for each further host."""
    text = offices_text(portal.world, portal.port)
    named = {name: (f"http://{name}/", sites) for name in (*HOSTS, "relse.test")}
    named |= {name: (f"https://{name}/", port) for name, port in tls.items()}
    known = "\n".join(f'"{name}" = "127.0.0.1:{port}"' for name, (_, port) in named.items())
    text = text.replace("[resolve]", f"[resolve]\n{known}", 1)
    named |= {name: (f"http://{name}:{sites}/", 0) for name in ("rebind.test", "inner.test")}
    for name, (url, _) in named.items():
        if name != "relse.test":
            text += f'\n[[office]]\nid = "{name}"\norganisation = "welfare"\nurl = "{url}"\n'
            text += f'portal = "{name.partition(".")[0]}"\n'
            text += "insecure = true\n" if name == "lax.test" else ""
    return text


@contextmanager
def through_the_storm(folder: Path) -> Iterator[Storm]:
    """Crawl through everything once."""
    trusted = certificate(folder / "a", "known.test")
    expired = certificate(folder / "b", "expired.test", until=-1)
    (folder / "trusted.pem").write_bytes(trusted[0].read_bytes() + expired[0].read_bytes())
    unknown = certificate(folder / "c-tls", "self.test", "lax.test")
    with ExitStack() as stack:
        portal = stack.enter_context(running_portal(World(seed=1, items=30)))
        sites = stack.enter_context(running(WireServer(SITES)))
        rebound = stack.enter_context(
            running(WireServer({"/robots.txt": [Script(answer("").steps, "close")]}), "127.0.0.2", sites.port)
        )
        tls = {
            name: stack.enter_context(running(WireServer({"/": [home(1)], "/news/1/x": [item(1)]}, tls_context(files))))
            for name, files in (
                ("expired.test", expired),
                ("wrong.test", trusted),
                ("self.test", unknown),
                ("lax.test", unknown),
            )
        }
        items = strike(portal)
        toml = folder / "offices.toml"
        toml.write_text(
            offices(portal, sites.port, {name: server.port for name, server in tls.items()}), encoding="utf-8"
        )
        words = [
            *("crawl", "behzisti", "--offices", toml, "--collection", folder / "c", "--json", *IMPOLITE),
            *("-s", f"DOWNLOAD_TIMEOUT={TIMEOUT}", "-s", f"BAYEGAN_TRIES={TRIES}", "-s", "BAYEGAN_RETRY_DELAY=2"),
            *("-s", f"BAYEGAN_CRAWL_DELAY_MAX={CRAWL_DELAY}", "-s", "BAYEGAN_BREAKER_PAUSE=0.4"),
            *("-s", "BAYEGAN_BREAKER_PAUSES=2"),
        ]
        done = subprocess.run(
            [sys.executable, "-c", RUN, *map(str, words)],
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
            env={**environment(), "SSL_CERT_FILE": str(folder / "trusted.pem")},
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        peak = int(done.stderr.rpartition("peak ")[2])
        yield Storm(folder, Ran(done.returncode, done.stdout, done.stderr), peak, portal, items, sites, rebound, tls)
