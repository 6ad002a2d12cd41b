"""A view and what it gives: data, shown by a template to people and as JSON to programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from archive.names import Lang
from archive.web import show
from archive.web.params import Param, read
from archive.web.reading import Reading


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: its validated parameters, its language, and the collection as it is now."""

    request: Request
    reading: Reading
    values: Mapping[str, Any]
    lang: Lang

    @property
    def base(self) -> str:
        """Scheme, host and port under which we were asked."""
        return str(self.request.base_url).rstrip("/")


@dataclass(frozen=True, slots=True)
class Answer:
    """The data of a page (a dataclass), its template, and what the template needs beside the data."""

    data: Any
    template: str
    shown: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """A page and its JSON twin."""

    path: str
    make: Callable[[Ask], Answer]
    data: type
    summary: str
    params: tuple[Param, ...] = ()

    @property
    def twin(self) -> str:
        """The path of the JSON twin."""
        return "/index.json" if self.path == "/" else f"{self.path}.json"


@dataclass(frozen=True, slots=True)
class Download:
    """A response that is no page: a feed, an export, a citation, captured bytes."""

    path: str
    make: Callable[[Ask], Response]
    media_type: str
    summary: str
    params: tuple[Param, ...] = ()


def answer_html(view: View, ask: Ask) -> Response:
    """The page of a view."""
    answer = view.make(ask)
    html = show.page(ask.request.url.path, ask.request.url.query, ask.lang, answer.template, answer.data, answer.shown)
    return Response(html, media_type="text/html; charset=utf-8")


def answer_json(view: View, ask: Ask) -> Response:
    """The JSON twin of a view."""
    return Response(msgspec.json.encode(view.make(ask).data), media_type="application/json")


def values_of(params: tuple[Param, ...], request: Request) -> dict[str, Any]:
    """The validated parameters of a request. Raises UsageError."""
    return read(params, {**request.query_params, **request.path_params})
