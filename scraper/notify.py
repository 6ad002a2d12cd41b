"""Tells a person of alarms: a webhook gets JSON, a mail command gets text on its standard input."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

from archive.alarms import Alarm

_PATIENCE = 20  # seconds


@dataclass(frozen=True, slots=True)
class Message:
    """Alarms that are new and alarms that are over."""

    time: str
    raised: list[Alarm]
    cleared: list[Alarm]

    @property
    def text(self) -> str:
        """The message for reading."""
        raised = [f"Alarm ({alarm.kind}): {alarm.text}" for alarm in self.raised]
        cleared = [f"Over ({alarm.kind} {alarm.about}".rstrip() + f"): {alarm.text}" for alarm in self.cleared]
        return "\n".join([*raised, *cleared, f"Bayegan, {self.time}"]) + "\n"


def tell(webhook: str | None, mail: Sequence[str], message: Message) -> tuple[bool, list[str]]:
    """Send a message everywhere it is to go: whether anybody got it, and a sentence for each who did not."""
    ways = [*([partial(_post, webhook)] if webhook else []), *([partial(_mail, mail)] if mail else [])]
    failures = []
    for send in ways:
        try:
            send(message)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            failures.append(f"{error}. See [alarms] in the schedule file.")
    return len(failures) < len(ways), failures


def _post(webhook: str, message: Message) -> None:
    body = json.dumps(asdict(message) | {"text": message.text}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Bayegan"}
    request = urllib.request.Request(webhook, body, headers, method="POST")  # noqa: S310 - http and https alone
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE):  # noqa: S310
            pass
    except OSError as error:
        raise OSError(f"The webhook {webhook} did not take an alarm ({error})") from error


def _mail(command: Sequence[str], message: Message) -> None:
    try:
        subprocess.run(command, input=message.text.encode(), timeout=_PATIENCE, check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise OSError(f"The mail command {command[0]} did not take an alarm ({error})") from error
