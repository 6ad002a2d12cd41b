"""The application: routes, languages, errors as pages and as JSON, and the server around it."""

from __future__ import annotations

import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from archive.collection import open_collection
from archive.errors import BayeganError, NothingFoundError, UsageError
from archive.web import show
from archive.web.messages import in_persian
from archive.web.openapi import Problem, description
from archive.web.page import Ask, Download, View, answer_html, answer_json, values_of
from archive.web.params import Param
from archive.web.reading import Memo, Reading
from archive.web.routes import DOWNLOADS, VIEWS
from archive.web.safety import KnownHosts, Languages, SafeHeaders
from archive.web.streams import BusyError, Stream
from archive.web.words import WORDS

QUERY_SECONDS = 5.0
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ERRORS = (BayeganError, sqlite3.OperationalError, BusyError, HTTPException, Exception)
_BYTES = ("/raw/", "/replay/")
_NO_PAGE = (".json", ".jsonl", ".csv", ".atom", ".bib", ".ris", ".txt")


def create_app(root: Path, *, hosts: tuple[str, ...] | None = LOOPBACK, seconds: float = QUERY_SECONDS) -> Starlette:
    """The application over a collection.

    Args:
        root: the collection folder.
        hosts: the host names it answers to; None for any. With them, a page elsewhere cannot read a loopback
            server by letting its own name point there.
        seconds: how long one request may read the catalogue.
    """
    memo = Memo()

    def endpoint(make: Callable[[Ask], Response], params: tuple[Param, ...]) -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            values = values_of(params, request)
            reading = Reading(root, memo, seconds)
            response = None
            try:
                response = make(Ask(request, reading, values, request.scope.get("lang", "fa")))
                return response
            finally:
                if not isinstance(response, Stream):  # a stream reads on, and closes when it ends
                    reading.close()

        return respond

    routes: list[Route | Mount] = [Route(_open_ended(each), endpoint(each.make, each.params)) for each in DOWNLOADS]
    for view in VIEWS:
        routes.append(Route(view.twin, endpoint(_twin(view), view.params)))
        routes.append(Route(view.path, endpoint(_page(view), view.params)))
    document = msgspec.json.encode(description(VIEWS, DOWNLOADS))
    routes.append(Route("/openapi.json", lambda _: Response(document, media_type="application/json")))
    routes.append(Mount("/static", StaticFiles(directory=show.HERE / "static")))
    return Starlette(
        routes=routes,
        middleware=[Middleware(SafeHeaders), Middleware(KnownHosts, hosts=hosts), Middleware(Languages)],
        exception_handlers=dict.fromkeys(_ERRORS, _failed),
    )


def _twin(view: View) -> Callable[[Ask], Response]:
    return lambda ask: answer_json(view, ask)


def _page(view: View) -> Callable[[Ask], Response]:
    return lambda ask: answer_html(view, ask)


def _open_ended(download: Download) -> str:
    return download.path.replace("{capture}", "{capture:path}")  # a record id is any URI


def _failed(request: Request, error: Exception) -> Response:
    """An error as a page, or as JSON where JSON was asked for."""
    status, detail = _reason(error)
    lang = request.scope.get("lang", "fa")
    headers = {"Retry-After": "10"} if status == 503 else {}  # noqa: PLR2004
    if request.url.path.endswith(_NO_PAGE) or request.url.path.startswith(_BYTES):
        problem = msgspec.json.encode(Problem(HTTPStatus(status).phrase, status, detail))
        return Response(problem, status, headers, "application/problem+json")
    shown = {
        "title_key": f"error{status}" if f"error{status}" in WORDS else "error500",
        "detail": in_persian(detail) if lang == "fa" else detail,
        "asked": {"q": request.query_params.get("q", "")[:1000]},
    }
    html = show.page(request.url.path, request.url.query, lang, "error.html", None, shown)
    return Response(html, status, headers, "text/html; charset=utf-8")


def _reason(error: Exception) -> tuple[int, str]:
    """The status of an error, and a sentence about it."""
    match error:
        case UsageError():
            reason = 400, str(error)
        case NothingFoundError():
            reason = 404, str(error)
        case HTTPException(status_code=404):
            reason = 404, "There is no page at this address."
        case HTTPException():
            reason = error.status_code, "Pages here are only read: use GET."
        case sqlite3.OperationalError() if "interrupt" in str(error):
            reason = 503, "This took too long. Narrow it by words, days or place, and ask again."
        case BusyError():
            reason = 503, "Several exports run already. Try again in a moment."
        case BayeganError() | sqlite3.Error():
            reason = 503, f"The collection cannot be read now: {error}"
        case _:
            reason = 500, "This is a defect of Bayegan. The collection is untouched."
    return reason


class _Server(uvicorn.Server):
    """Ends quietly when told to; uvicorn's own sends itself the signal again when it has shut down."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def serve(root: Path, host: str, port: int, names: tuple[str, ...], ready: Callable[[str], None]) -> None:
    """Serve a collection until the process is stopped.

    `ready` is called with the address. Raises NothingFoundError without a collection, UsageError when the address
    cannot be listened on.
    """
    open_collection(root).close()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Nothing can be served at {host} port {port}: {error.strerror or error}. "
            "Name another address with --host, or another port with --port."
        ) from error
    shown = f"[{host}]" if ":" in host else host
    local = host in {"127.0.0.1", "::1", "localhost"}
    hosts = (*LOOPBACK, shown, *names) if local or names else None
    config = uvicorn.Config(
        create_app(root, hosts=hosts), log_level="warning", access_log=False, server_header=False, lifespan="off"
    )
    ready(f"http://{shown}:{listener.getsockname()[1]}/")
    _Server(config).run(sockets=[listener])
