"""When a host is left alone, for how long, and when it is given up for this crawl."""

from __future__ import annotations

import pytest

from scraper.breaker import Breaker, Limits, is_trouble

LIMITS = Limits(failures=3, pause=10.0, pause_max=25.0, pauses=3)


def failing(breaker: Breaker, number: int, now: float = 0.0) -> list[bool]:
    return [breaker.note(f"/news/{n}", "http-503", now) for n in range(number)]


def test_it_opens_after_so_many_addresses_in_a_row() -> None:
    breaker = Breaker(LIMITS)
    assert failing(breaker, 3) == [False, False, True]
    assert not breaker.allows(0, 9.9)
    assert breaker.allows(0, 10.0)


def test_a_page_that_always_fails_is_no_trouble_of_its_host() -> None:
    breaker = Breaker(LIMITS)
    assert not any(breaker.note("/news/1", "timeout", 0.0) for _ in range(50))


def test_an_answer_begins_the_count_anew() -> None:
    breaker = Breaker(LIMITS)
    failing(breaker, 2)
    breaker.note("/news/8", "http-404", 0.0)
    assert failing(breaker, 2) == [False, False]


def test_after_the_pause_one_request_decides_alone() -> None:
    breaker = Breaker(LIMITS)
    failing(breaker, 3)
    assert breaker.allows(0, 10.0)
    assert not breaker.allows(1, 10.0)
    breaker.note("/news/1", "", 11.0)
    assert breaker.allows(1, 11.0)


def test_pauses_double_up_to_a_bound_and_then_the_host_is_given_up() -> None:
    breaker, now, pauses = Breaker(LIMITS), 0.0, []
    failing(breaker, 3)
    while not breaker.given_up:
        pauses.append(breaker.until - now)
        now = breaker.until
        assert breaker.note("/news/1", "connection-lost", now)
    assert pauses == [10.0, 20.0, 25.0]
    assert not breaker.allows(0, now + 10**6)


def test_what_was_under_way_when_the_pause_began_makes_no_further_one() -> None:
    breaker = Breaker(LIMITS)
    assert failing(breaker, 9).count(True) == 1
    assert breaker.pauses == 1


def test_it_can_be_switched_off() -> None:
    assert not any(failing(Breaker(Limits(0, 10.0, 25.0, 3)), 99))


@pytest.mark.parametrize(
    "reason", ["timeout", "connection-lost", "http-500", "http-521", "http-429", "challenge", "dns"]
)
def test_these_speak_of_the_host(reason: str) -> None:
    assert is_trouble(reason)


@pytest.mark.parametrize("reason", ["", "http-404", "http-403", "login", "no-content", "too-large", "undecodable"])
def test_and_these_of_the_page(reason: str) -> None:
    assert not is_trouble(reason)
