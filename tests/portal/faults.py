# ruff: noqa: E501 (one sentence a line)
"""Trouble on demand: what a server under strain, or a suspicious one, does instead of answering."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Literal

from tests.portal.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHALLENGE = (
    '<!DOCTYPE html><html lang="fa" dir="rtl"><head><meta charset="utf-8"><title>در حال بررسی مرورگر شما...</title>'
    '<meta http-equiv="refresh" content="5"><meta name="robots" content="noindex,nofollow"></head><body>'
    '<div id="challenge-running"><h1>لطفاً چند لحظه صبر کنید</h1><p>برای ادامه باید مطمئن شویم که شما ربات نیستید.</p>'
    '<noscript>برای ادامه جاوااسکریپت را فعال کنید.</noscript></div><form id="challenge-form" action="/__challenge" method="post">'
    '<input type="hidden" name="jschl_vc" value="5f2a"><input type="hidden" name="pass" value="1"></form>'
    '<script>setTimeout(function(){document.cookie="__arcsjs=ok;path=/";location.reload();},3000);</script></body></html>'
)

_LOGIN = (
    '<!DOCTYPE html><html lang="fa" dir="rtl"><head><meta charset="utf-8"><title>ورود به سامانه</title></head><body>'
    '<form action="/login" method="post"><label>نام کاربری <input name="user"></label>'
    '<label>گذرواژه <input type="password" name="pass"></label><button>ورود</button></form></body></html>'
)

Kind = Literal["status", "page", "challenge", "login", "reset", "stall", "drip", "trickle", "truncate"]


@dataclass(slots=True)
class Fault:
    """One kind of trouble; `times` limits how often it strikes, None means always.

    status: answer `status` with `headers`. page: answer `body` with `headers`. challenge, login: a bot check, a login
    page with `status`. reset: a TCP reset after `after` bytes. stall: silence for `seconds`, then the answer.
    drip: the answer in small pieces over `seconds`. trickle: a byte of the body every `seconds`. truncate: half of it.
    `wait` sends a Retry-After that is a date so many seconds ahead.
    """

    kind: Kind
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    after: int = 0
    body: bytes = b""
    wait: float | None = None
    times: int | None = None
    struck: int = 0

    @classmethod
    def answer(cls, status: int, headers: Mapping[str, str] | None = None, times: int | None = None) -> Fault:
        """A bare status: `Fault.answer(429, {"Retry-After": "2"}, times=1)`."""
        return cls("status", status, headers or {}, times=times)

    def reply(self) -> Reply | None:
        """What is answered instead of the page; None when the page itself is answered, but badly."""
        headers = tuple(self.headers.items())
        if self.wait is not None:
            headers += (("Retry-After", formatdate(time.time() + self.wait, usegmt=True)),)
        if self.kind == "page":
            return Reply(self.status, self.body, headers=headers)
        if self.kind in {"challenge", "login"}:
            page = _CHALLENGE if self.kind == "challenge" else _LOGIN
            return Reply(self.status, page.encode(), headers=headers)
        if self.kind == "status":
            return Reply(self.status, f"<html><body><h1>{self.status}</h1></body></html>".encode(), headers=headers)
        return None


class Faults(dict[str, Fault]):
    """Where trouble strikes: host and the start of the target, the start of the target alone, or an item's id.

    "www.behzisti.test/archive", "/archive", "behzisti:70583". The longest key that fits wins.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def take(self, host: str, target: str, item: str) -> Fault | None:
        """The fault for this request, counted; None when there is none or it has struck often enough."""
        if not self:
            return None
        with self._lock:
            for key in sorted(self, key=len, reverse=True):
                fault = self[key]
                fits = key == item or (host + target).startswith(key) or (key[:1] == "/" and target.startswith(key))
                if fits and (fault.times is None or fault.struck < fault.times):
                    fault.struck += 1
                    return fault
        return None
