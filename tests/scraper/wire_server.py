"""A server that sends exactly the bytes it is told to, and logs every byte in both directions.

As a proxy it answers absolute-form requests from its own scripts and opens a tunnel for CONNECT.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

End = Literal["keep", "close", "reset"]


@dataclass(frozen=True)
class Script:
    """What is sent for one request: bytes and pauses in seconds; then the connection is kept, closed or reset."""

    steps: tuple[bytes | float, ...]
    end: End = "keep"


@dataclass
class Exchange:
    """One request as received, and what was sent for it."""

    target: str
    request: bytes
    connection: int
    response: bytes = b""
    at: float = field(default_factory=time.monotonic)

    @property
    def host(self) -> str:
        """The host asked for, without its port."""
        name = next((line[5:] for line in self.request.split(b"\r\n") if line.lower().startswith(b"host:")), b"")
        return name.decode("latin-1").strip().partition(":")[0]


NOT_FOUND = Script((b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",))


@dataclass
class WireServer:
    """Scripts are found by host and path, or by the path alone; each serves one request, the last all others."""

    scripts: dict[str, list[Script]]
    tls: ssl.SSLContext | None = None
    tunnel_to: int = 0
    log: list[Exchange] = field(default_factory=list)
    port: int = 0
    _asked: Counter[str] = field(default_factory=Counter)
    _closing: threading.Event = field(default_factory=threading.Event)
    _connections: int = 0

    def to(self, path: str, host: str = "") -> list[Exchange]:
        """What was asked for and answered under a path."""
        found = (exchange for exchange in self.log if host in {"", exchange.host})
        return [exchange for exchange in found if urlsplit(exchange.target).path == path]

    def serve(self, listener: socket.socket) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                self._connections += 1
                threading.Thread(target=self._serve, args=(connection, self._connections), daemon=True).start()

    def close(self) -> None:
        self._closing.set()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), connection:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (exchange := _read_request(connection, number)) and not self._closing.is_set():
                self.log.append(exchange)
                if exchange.request.startswith(b"CONNECT "):
                    self._tunnel(connection, exchange)
                    return
                if not self._answer(connection, exchange):
                    return
            connection.close()

    def _answer(self, connection: socket.socket, exchange: Exchange) -> bool:
        """Play the script; whether the connection is kept."""
        path = urlsplit(exchange.target).path
        key = exchange.host + path if exchange.host + path in self.scripts else path
        scripts = self.scripts.get(key, [NOT_FOUND])
        script = scripts[min(self._asked[key], len(scripts) - 1)]
        self._asked[key] += 1
        for step in script.steps:
            if isinstance(step, bytes):
                exchange.response += step
                connection.sendall(step)
            else:
                self._closing.wait(step)
        if script.end == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if script.end != "keep":
            connection.close()
        return script.end == "keep"

    def _tunnel(self, connection: socket.socket, exchange: Exchange) -> None:
        exchange.response = b"HTTP/1.1 200 Connection established\r\n\r\n"
        connection.sendall(exchange.response)
        with socket.create_connection(("127.0.0.1", self.tunnel_to)) as far:
            threading.Thread(target=_pump, args=(far, connection), daemon=True).start()
            _pump(connection, far)


def _read_request(connection: socket.socket, number: int) -> Exchange | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < sum(lengths):
        piece = connection.recv(65536)
        body, data = body + piece, data + piece
    return Exchange(data.split(b" ", 2)[1].decode("latin-1"), data, number)


def _pump(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def running(server: WireServer, address: str = "127.0.0.1", port: int = 0) -> Iterator[WireServer]:
    """The server listens while the block runs, on a loopback port of its own unless one is named."""
    listener = socket.create_server((address, port), backlog=128)
    listener.settimeout(0.2)
    server.port = listener.getsockname()[1]
    thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(5)
        listener.close()


def certificate(folder: Path, *hosts: str, until: int = 1) -> tuple[Path, Path]:
    """A new self-signed certificate for some hosts, good for so many days from now, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now + dt.timedelta(days=until))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def tls_context(files: tuple[Path, Path], newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """A server's side of TLS, no newer than asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    context.load_cert_chain(*files)
    return context
