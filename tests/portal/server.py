"""The HTTP server: reads requests, writes composed bytes, logs both exactly as they went over the wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.portal.faults import Fault, Faults
from tests.portal.offices import offices_text
from tests.portal.sites import Route, Sites
from tests.portal.wire import Client, Final, Reply, compose, head_of, not_modified
from tests.portal.world import Item, World

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD_LIMIT = 64 * 1024


@dataclass(slots=True)
class Exchange:
    """One request and what was sent back: the bytes given to the socket, also when cut short."""

    host: str
    method: str
    target: str
    status: int = 0
    request: bytes = b""
    response: bytes = b""
    started: float = 0.0
    ended: float = 0.0
    connection: int = 0


@dataclass(slots=True)
class _Request:
    method: str
    target: str
    version: str
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""

    @property
    def host(self) -> str:
        return self.headers.get("host", "")

    @property
    def client(self) -> Client:
        http10 = self.version == "HTTP/1.0"
        connection = self.headers.get("connection", "").lower()
        close = "close" in connection or (http10 and "keep-alive" not in connection)
        return Client("gzip" in self.headers.get("accept-encoding", ""), http10, close)


class Portal:
    """Both portals on one loopback port; everything public but start and stop works from any thread."""

    def __init__(self, world: World | None = None, port: int = 0, *, keep_bytes: bool = True) -> None:
        """`keep_bytes=False` leaves bodies out of the log, for long runs."""
        self.world = world or World()
        self.sites = Sites(self.world)
        self.port = port
        self.log: list[Exchange] = []
        self.faults = Faults()
        self._keep_bytes = keep_bytes
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections = 0

    async def start(self) -> None:
        """Listen; afterwards `port` is the real one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=_HEAD_LIMIT, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server:
            await self._server.wait_closed()

    def edit(self, item_id: str, **changes: Any) -> Item:
        """Publish a new version of an item: title, kicker, lead, body, tags."""
        return self.world.edit(item_id, **changes)

    def touch(self, item_id: str) -> Item:
        """Other bytes, the same news."""
        return self.world.touch(item_id)

    def delete(self, item_id: str, status: int = 404) -> None:
        """Take an item down: 404 or 410 from now on."""
        self.world.delete(item_id, status)

    def offices_toml(self, path: Path | str) -> Path:
        """Write an offices file that leads a crawler here."""
        path = Path(path)
        path.write_text(offices_text(self.world, self.port), encoding="utf-8")
        return path

    def requests(self, host: str = "", prefix: str = "") -> list[Exchange]:
        """The log, narrowed to a host and the start of a target."""
        return [x for x in list(self.log) if host in {"", x.host} and x.target.startswith(prefix)]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._connections += 1
        number = self._connections
        try:
            while await self._exchange(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client left or sent too much
        except asyncio.CancelledError:
            pass  # the portal closes
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        """Answer one request; whether the connection stays open."""
        raw = await reader.readuntil(b"\r\n\r\n")
        request = _parse(raw)
        length = request.headers.get("content-length", "")
        if length.isascii() and length.isdigit():
            request.raw += await reader.readexactly(int(length))
        entry = Exchange(
            request.host.partition(":")[0], request.method, request.target,
            request=request.raw if self._keep_bytes else b"", started=time.time(), connection=number,
        )  # fmt: skip
        final, fault = self._respond(request)
        data = head_of(final.data) if request.method == "HEAD" else final.data
        entry.status = final.status
        if fault:
            self.log.append(entry)
            return await _misbehave(fault, data, writer, entry) and not request.client.close
        entry.response = data if self._keep_bytes else b""
        self.log.append(entry)
        writer.write(data)
        await writer.drain()
        entry.ended = time.time()
        return not request.client.close

    def _respond(self, request: _Request) -> tuple[Final, Fault | None]:
        client = request.client
        if urlsplit(request.target).path.startswith("/_portal/"):
            return compose(self._control(request), client), None
        route = self.sites.route(request.host, request.target)
        fault = self.faults.take(request.host.partition(":")[0], request.target, route.item)
        if fault and (reply := fault.reply()):
            return compose(reply, client), None
        if request.method not in {"GET", "HEAD"}:
            return compose(Reply(405, b"", headers=(("Allow", "GET, HEAD"),)), client), fault
        return self._page(route, request, client), fault

    def _page(self, route: Route, request: _Request, client: Client) -> Final:
        final = self.sites.answer(route, client)
        return not_modified(final, client) if _fresh(request, final) else final

    def _control(self, request: _Request) -> Reply:
        """The stand-alone portal's remote control, for demonstrations."""
        parts = urlsplit(request.target)
        query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        verb = parts.path.removeprefix("/_portal/")
        item = query.pop("id", "")
        try:
            if verb == "truth.json":
                return _json(self.world.truth())
            if request.method != "POST":
                return _json({"error": "use POST"}, 405)
            return self._command(verb, item, query)
        except (KeyError, ValueError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)

    def _command(self, verb: str, item: str, query: dict[str, str]) -> Reply:
        if verb == "edit":
            tags = {"tags": query.pop("tags").split(",")} if "tags" in query else {}
            return _json(self.edit(item, **query, **tags).truth())
        if verb == "touch":
            return _json(self.touch(item).truth())
        if verb == "delete":
            self.delete(item, int(query.get("status", 404)))
            return _json({"deleted": item})
        if verb == "fault":
            return self._control_fault(query)
        return _json({"error": f"no {verb}: truth.json, edit, touch, delete, fault"}, 404)

    def _control_fault(self, query: dict[str, str]) -> Reply:
        """POST /_portal/fault?key=www.behzisti.test/archive&kind=status&status=503&retry_after=2&times=3."""
        headers = {"Retry-After": query["retry_after"]} if "retry_after" in query else {}
        times = int(query["times"]) if "times" in query else None
        kind: Any = query["kind"]
        self.faults[query["key"]] = Fault(
            kind, int(query.get("status", 200)), headers, float(query.get("seconds", 0)), times=times
        )
        return _json({"fault": query["key"]})


def _json(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n", "application/json")


def _parse(raw: bytes) -> _Request:
    lines = raw.decode("latin-1").split("\r\n")
    method, target, version = [*lines[0].split(" "), "", "", ""][:3]
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    # clients may send raw UTF-8 in the target; latin-1 keeps the bytes, so they can be read again
    target = target.encode("latin-1").decode("utf-8", "replace")
    if target.startswith("http://"):  # the absolute form, as a client of a proxy sends it
        target = "/" + target.split("/", 3)[3]
    return _Request(method, target or "/", version, headers, raw)


def _fresh(request: _Request, final: Final) -> bool:
    """Whether the client's copy still holds: If-None-Match first, If-Modified-Since only without it."""
    if not final.etag or final.status != 200:
        return False
    if tags := request.headers.get("if-none-match"):
        return tags.strip() == "*" or final.etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    if since := request.headers.get("if-modified-since"):
        with contextlib.suppress(ValueError):
            return final.modified is not None and final.modified <= parsedate_to_datetime(since)
    return False


async def _misbehave(fault: Fault, data: bytes, writer: asyncio.StreamWriter, entry: Exchange) -> bool:
    """Send what the fault allows; whether the connection can be used again."""
    if fault.kind == "stall":
        await asyncio.sleep(fault.seconds)
        await _send(writer, data, entry)
    elif fault.kind == "drip":
        step = max(1, len(data) // 40)
        for start in range(0, len(data), step):
            await _send(writer, data[start : start + step], entry)
            await asyncio.sleep(fault.seconds / 40)
    elif fault.kind == "trickle":
        body = data.index(b"\r\n\r\n") + 4
        await _send(writer, data[:body], entry)
        for at in range(body, len(data)):
            await asyncio.sleep(fault.seconds)
            await _send(writer, data[at : at + 1], entry)
    elif fault.kind == "truncate":
        await _send(writer, data[: len(data) // 2], entry)
        return False
    else:
        entry.status = 0
        await _send(writer, data[: fault.after], entry)
        _reset(writer)
        return False
    return True


async def _send(writer: asyncio.StreamWriter, piece: bytes, entry: Exchange) -> None:
    entry.response += piece
    entry.ended = time.time()
    if piece:
        writer.write(piece)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.contextmanager
def running_portal(world: World | None = None, port: int = 0, *, keep_bytes: bool = True) -> Iterator[Portal]:
    """A portal that runs in a thread of its own while the block does."""
    portal = Portal(world, port, keep_bytes=keep_bytes)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="portal", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(portal.start(), loop).result(10)
        yield portal
    finally:
        asyncio.run_coroutine_threadsafe(portal.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
