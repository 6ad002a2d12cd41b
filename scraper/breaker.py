"""A circuit breaker per host: a host in trouble is left alone for a while, then asked once. Knows nothing of Scrapy."""

from __future__ import annotations

from dataclasses import dataclass, field

_TROUBLE = frozenset(
    {"dns", "connection-refused", "connection-lost", "timeout", "truncated", "network", "challenge", "http-429"}
)


def is_trouble(reason: str) -> bool:
    """Whether the word for how a request ended speaks of its host, not of its page."""
    return reason in _TROUBLE or reason.startswith("http-5")


@dataclass(frozen=True, slots=True)
class Limits:
    """When a breaker opens, for how long, and how often before the host is left to the next crawl."""

    failures: int
    """Different addresses that fail in a row; 0 switches the breaker off."""
    pause: float
    """Seconds of the first pause; each further one is twice as long."""
    pause_max: float
    pauses: int


@dataclass(slots=True)
class Breaker:
    """The breaker of one host.

    Different addresses are counted, not tries: one page that always fails is no sign that its host is in trouble.
    """

    limits: Limits
    pauses: int = 0
    until: float = 0.0
    """No request before."""
    tripped: bool = False
    """The next request decides, alone."""
    given_up: bool = False
    """Left to the next crawl."""
    _failing: set[str] = field(default_factory=set)

    def note(self, address: str, reason: str, now: float) -> bool:
        """Take in how a request ended. True when a pause begins, or the host is given up."""
        if not is_trouble(reason):
            self._failing.clear()
            self.tripped = False
            return False
        self._failing.add(address)
        enough = self.tripped or 0 < self.limits.failures <= len(self._failing)
        if self.given_up or now < self.until or not enough:  # before `until`: it was under way when the pause began
            return False
        self.tripped = True
        self.given_up = self.pauses >= self.limits.pauses
        self.until = now + min(self.limits.pause * 2**self.pauses, self.limits.pause_max)
        self.pauses += 1
        return True

    def allows(self, in_flight: int, now: float) -> bool:
        """Whether another request may be made beside those in flight."""
        return not self.given_up and now >= self.until and not (self.tripped and in_flight)
