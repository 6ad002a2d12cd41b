"""A crawl of other people's servers without a contact is advised against, one of this machine is not."""

from __future__ import annotations

from pathlib import Path

import pytest

import spiders
from archive.offices import load_offices
from scraper.contact import lacks_contact

OFFICES = load_offices(Path(spiders.__file__).with_name("offices.toml"))
AT_HOME = {"*.behzisti.ir": "127.0.0.1:80", "*.oghaf.ir": "[::1]:80"}


@pytest.mark.parametrize(
    ("agent", "answers", "lacks"),
    [
        ("Bayegan/0.1", {}, True),
        ("Bayegan/0.1", {**AT_HOME, "qom.behzisti.ir": "192.0.2.1"}, True),
        ("Bayegan/0.1", AT_HOME, False),
        ("Bayegan/0.1 (contact: me@example.org)", {}, False),
        ("Bayegan/0.1 (+https://example.org/bot)", {}, False),
    ],
)
def test_a_contact_is_an_e_mail_or_web_address(agent: str, answers: dict[str, str], lacks: bool) -> None:
    assert lacks_contact(agent, OFFICES.all, answers) is lacks
