"""Runs Python programs in processes forked from one whose imports are done: that saves each of them half a second.

What runs is a process like any other, with its own id, files, environment and signals. `spawn` gives an order to a
server that is started when first needed and ends with the tests; `python -m tests.zygote SOCKET` is that server.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
_WARM = (  # nothing that reads the environment, starts threads or chooses a reactor when it is imported
    "scrapy.crawler", "scrapy.core.downloader.handlers.http11", "scrapy.robotstxt", "scrapy.extensions.throttle",
    "scrapy.downloadermiddlewares.httpcompression", "twisted.internet.asyncioreactor", "uvloop", "typer", "rich.table",
    "rich.progress", "jinja2", "msgspec", "lxml.html", "bs4", "nh3", "zstandard", "persiantools", "protego",
    "archive.collection", "archive.crawls", "archive.search.find", "archive.fixity", "scraper.extract",
    "scraper.listing", "scraper.reextract", "scraper.exchange", "typer._adapters", "prometheus_client", "cronsim",
    "time_machine",
)  # fmt: skip


class Spawned:
    """A running program, in the words of subprocess.Popen."""

    def __init__(self, link: socket.socket) -> None:
        self._link, self._data = link, b""
        self.pid = self._number(30)
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        with contextlib.suppress(TimeoutError):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float = 120) -> int:
        """The exit code, negative for a signal. Raises TimeoutError."""
        if self.returncode is None:
            self.returncode = self._number(timeout)
            self._link.close()
        return self.returncode

    def _number(self, timeout: float) -> int:
        while b"\n" not in self._data:
            if not select.select([self._link], [], [], timeout)[0]:
                raise TimeoutError
            piece = self._link.recv(64)
            if not piece:
                raise RuntimeError("the server of forked programs has ended")
            self._data += piece
        line, _, self._data = self._data.partition(b"\n")
        return int(line)


def spawn(
    line: list[str], *, env: Mapping[str, str], cwd: Path = ROOT, out: IO[Any] | None = None, err: IO[Any] | None = None
) -> Spawned:
    """Begin `[sys.executable, "-m", MODULE, …]` or `[sys.executable, "-c", CODE, …]`; what it says goes to files."""
    link = socket.socket(socket.AF_UNIX)
    link.connect(_server())
    order = json.dumps({"line": line[1:], "cwd": str(cwd), "env": dict(env)}).encode()
    with Path(os.devnull).open("r+") as nothing:
        files = [file.fileno() for file in (nothing, out or nothing, err or nothing)]
        socket.send_fds(link, [len(order).to_bytes(4, "big")], files)
    link.sendall(order)
    return Spawned(link)


def run(
    line: list[str], *, env: Mapping[str, str], cwd: Path = ROOT, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` with captured text."""
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        program = spawn(line, cwd=cwd, env=env, out=out, err=err)
        try:
            code = program.wait(timeout)
        except TimeoutError:
            program.kill()
            raise subprocess.TimeoutExpired(line, timeout, _text(out), _text(err)) from None
        return subprocess.CompletedProcess(line, code, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def _server() -> str:
    """Start the server; it ends when this process does, because its standard input is then closed."""
    path = f"{tempfile.mkdtemp()}/zygote"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "BAYEGAN_DEBUG": ""}
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.zygote", path], cwd=ROOT, env=env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    _server.process = started  # type: ignore[attr-defined]  # holds its standard input open
    return path


# --- the server -------------------------------------------------------------------------------------------------


def serve(path: str) -> dict[str, Any]:
    """Fork for every order; in the process that is to carry it out, return it."""
    for name in _WARM:
        with contextlib.suppress(ImportError):  # then it is imported where it is needed, or fails there
            importlib.import_module(name)
    gc.freeze()  # what is there before the fork need not be looked through after it
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    while True:
        ready, _, _ = select.select([listener, 0], [], [])
        if listener not in ready:
            sys.exit(0)
        link, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _keep(link)
        link.close()


def _keep(link: socket.socket) -> dict[str, Any]:
    """Fork the program, and report how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, files, _, _ = socket.recv_fds(link, 4, 3)
    order = b""
    while len(order) < int.from_bytes(head, "big"):
        order += link.recv(65536)
    program = os.fork()
    if program == 0:
        link.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        found: dict[str, Any] = json.loads(order)
        return found
    for file in files:
        os.close(file)
    with contextlib.suppress(OSError):  # the tests may have ended
        link.sendall(b"%d\n" % program)
    _, status = os.waitpid(program, 0)
    with contextlib.suppress(OSError):
        link.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def carry_out(order: dict[str, Any]) -> None:
    """Become the program."""
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    how, what, *words = order["line"]
    sys.argv = [what if how == "-m" else how, *words]
    if how == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


def end(order: dict[str, Any]) -> None:
    """Carry an order out and end as an interpreter does, but for taking its modules apart, which takes longest."""
    code: Any = 0
    try:
        carry_out(order)
    except SystemExit as error:
        code = error.code or 0
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        code = 1
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    end(serve(sys.argv[1]))
