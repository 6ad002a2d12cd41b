"""Which addresses may be connected to, and what `--resolve` answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.errors import UsageError
from scraper.guard import answer_for, is_public, split_address
from tests.conftest import bayegan, crawl
from tests.portal.faults import Fault
from tests.portal.server import Portal


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1",
     "fe80::1%eth0", "fc00::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "2002:7f00:1::", "224.0.0.1",
     "::127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b:1::1", "::ffff:0:7f00:1", "2001:0:7f00:1::", "ff02::1",
     "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "240.0.0.1", "255.255.255.255", "::"],
)  # fmt: skip
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["185.143.233.5", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_outside_is(address: str) -> None:
    assert is_public(address)


def test_resolve_prefers_the_exact_name_then_the_longest_pattern() -> None:
    table = {"*.ir": "1.1.1.1", "*.behzisti.ir": "2.2.2.2:8080", "qom.behzisti.ir": "3.3.3.3"}
    assert answer_for("QOM.behzisti.ir", table) == "3.3.3.3"
    assert answer_for("a.b.behzisti.ir", table) == "2.2.2.2:8080"
    assert answer_for("behzisti.ir", table) == "1.1.1.1"
    assert answer_for("example.org", table) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1.2.3.4", ("1.2.3.4", None)),
        ("1.2.3.4:80", ("1.2.3.4", 80)),
        ("[::1]:80", ("::1", 80)),
        ("::1", ("::1", None)),
    ],
)
def test_an_address_may_carry_a_port(text: str, parts: tuple[str, int | None]) -> None:
    assert split_address(text) == parts


@pytest.mark.parametrize("text", ["localhost", "", "1.2.3", "1.2.3.4:port"])
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UsageError):
        split_address(text)


FORMS = (
    "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]",
    "[::7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "169.254.169.254", "10.0.0.1", "[fe80::1]", "0.0.0.0",
)  # fmt: skip


def test_a_redirect_inside_is_never_connected_to_in_whatever_form(portal: Portal, tmp_path: Path) -> None:
    # The office's portal claims the hosts, so that nothing but the guard stands in the way.
    offices = tmp_path / "portal.toml"
    block = '[[office]]\nid = "trap-{}"\norganisation = "welfare"\nurl = "http://{}:1/"\nportal = "behzisti"\n'
    traps = "".join(block.format(number, host) for number, host in enumerate(FORMS))
    offices.write_text(offices.read_text(encoding="utf-8") + traps, encoding="utf-8")
    struck = dict(zip(FORMS, portal.world.of("behzisti"), strict=False))
    assert len(struck) == len(FORMS)
    for host, item in struck.items():
        target = f"http://{host}:{portal.port}/news/{item.code}/x"
        portal.faults[item.id] = Fault.answer(302, {"Location": target})
    sites = [
        line.split('"')[1] for line in offices.read_text(encoding="utf-8").splitlines() if 'id = "behzisti' in line
    ]
    ran = crawl(tmp_path, *sites, "--json")
    reasons = {p["id"]: p["reason"] for p in ran.json["problems"] if p["id"]}
    assert reasons == dict.fromkeys((item.id for item in struck.values()), "blocked-address")
    assert all(exchange.host.endswith(".test") for exchange in portal.log)


def test_an_office_whose_own_host_is_loopback_is_let_through(portal: Portal, tmp_path: Path) -> None:
    offices = tmp_path / "own.toml"
    offices.write_text(
        '[[office]]\nid = "own"\norganisation = "welfare"\nportal = "behzisti"\n'
        f'url = "http://127.0.0.1:{portal.port}/"\n',
        encoding="utf-8",
    )
    ran = bayegan(
        "crawl", "all", "--offices", offices, "--collection", tmp_path / "c", "--json", "-s", "BAYEGAN_RETRY_DELAY=0.1"
    )
    assert [p["reason"] for p in ran.json["problems"]] != ["blocked-address"]
    assert portal.log, "the office was connected to"
