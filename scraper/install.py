"""What makes `bayegan run` run by itself: units for systemd, a line for cron."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from archive.errors import CollectionError, UsageError
from scraper.run import RunOrder

NAME = "bayegan-run"
_MARK = "# Written by `bayegan schedule --install`; change schedule.toml rather than this."
_ENVIRONMENT = ("BAYEGAN_OPERATOR", "BAYEGAN_CONTACT", "BAYEGAN_USER_AGENT")
_MINUTES = 5

_SERVICE = """\
{mark}
[Unit]
Description=Bayegan: crawl what is due
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={command}
{environment}# 4: something is missing or an alarm stands, 5: another run is at work. Both are told elsewhere.
SuccessExitStatus=4 5
# SIGTERM lets requests in flight end; what is left goes on at the next start.
KillSignal=SIGTERM
TimeoutStopSec=5min
Nice=10
IOSchedulingClass=idle

# Nothing can be written but the collection. PrivateUsers makes this work in a user's own units, too.
NoNewPrivileges=yes
PrivateUsers=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writes}
{temporary}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
UMask=0027
"""

_TIMER = """\
{mark}
[Unit]
Description=Bayegan: look every {minutes} minutes whether something is due

[Timer]
OnCalendar=*:0/{minutes}
RandomizedDelaySec=30
# After the machine was off, look at once.
Persistent=true

[Install]
WantedBy=timers.target
"""


def command(order: RunOrder) -> list[str]:
    """The words that run what is due, with every path absolute; `-P`: whatever folder they are run in."""
    words = [sys.executable, "-P", "-m", "scraper", "run", "--collection", str(order.collection.absolute())]
    for option, path in (("--schedule", order.schedule), ("--metrics", order.metrics)):
        words += [option, str(path.absolute())] if path else []
    return [*words, "--offices", str(order.offices.absolute())]


def systemd(order: RunOrder, to: Path | None) -> list[Path]:
    """Write service and timer into a folder, the user's own unless named. Returns the files.

    Raises UsageError when a file there is not ours, CollectionError when it cannot be written.
    """
    folder = to or Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"
    writes = [order.collection.absolute(), *([order.metrics.absolute().parent] if order.metrics else [])]
    given = ((name, os.environ[name]) for name in _ENVIRONMENT if os.environ.get(name))
    service = _SERVICE.format(
        mark=_MARK,
        command=" ".join(_word(word.replace("$", "$$")) for word in command(order)),
        environment="".join(f"Environment={_word(f'{name}={value}')}\n" for name, value in given),
        # A private /tmp would hide a collection that lies there.
        temporary="ReadWritePaths=/tmp" if any(path.is_relative_to("/tmp") for path in writes) else "PrivateTmp=yes",  # noqa: S108
        writes=" ".join(_word(str(path)) for path in writes),
    )
    timer = _TIMER.format(mark=_MARK, minutes=_MINUTES)
    files = {folder / f"{NAME}.service": service, folder / f"{NAME}.timer": timer}
    try:
        order.collection.mkdir(parents=True, exist_ok=True)  # the service may write there, but not make it
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            if path.exists() and not path.read_text(encoding="utf-8").startswith(_MARK):
                raise UsageError(f"{path} is there and was not written by Bayegan. Name another folder with --to.")
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CollectionError(
            f"The units could not be written to {folder}: {error.strerror or error}. Name another folder with --to."
        ) from error
    return list(files)


def _word(text: str) -> str:
    """A word as systemd reads it: `%` is its own, blanks need quotes."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"' if " " in text or '"' in text or "\t" in text else text


def cron(order: RunOrder) -> str:
    """Lines for a crontab. A `%` is cron's own and escaped; cron mails what is printed, which is nothing new mostly."""
    given = [f"{name}={shlex.quote(os.environ[name])}" for name in _ENVIRONMENT if os.environ.get(name)]
    line = " ".join([*given, shlex.join(command(order)), "--quiet"]).replace("%", "\\%")
    return f"{_MARK}\n*/{_MINUTES} * * * * {line}\n"
