"""What `bayegan offices check` found at each office, with its date: `offices-checked.json` in the collection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from archive.errors import CollectionError

FILE = "offices-checked.json"

Finding = Literal["verified", "moved", "other-system", "closed", "dead"]


@dataclass(frozen=True, slots=True)
class Check:
    """One visit to an office's home page."""

    office: str
    url: str
    checked: str
    """ISO 8601, UTC."""
    finding: Finding
    detail: str = ""
    """Of `moved` the new address, of `other-system` its name, else the word for why or what was noticed."""
    dialect: str | None = None
    """The content system that was detected."""


def read_checks(root: Path) -> dict[str, Check]:
    """The last check of each office, by its id; none where there was none. Raises CollectionError for a broken file."""
    path = root / FILE
    try:
        return {check.office: check for check in msgspec.json.decode(path.read_bytes(), type=list[Check])}
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise CollectionError(
            f"{path} cannot be read: {error}. Delete it; `bayegan offices check` makes it anew."
        ) from error


def keep_checks(root: Path, checks: Iterable[Check]) -> None:
    """Put checks in the place of earlier ones of the same offices. Raises CollectionError when it cannot be written."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        kept = read_checks(root) | {check.office: check for check in checks}
        text = msgspec.json.format(msgspec.json.encode([kept[office] for office in sorted(kept)]), indent=1)
        temporary = root / f"{FILE}.part"
        temporary.write_bytes(text + b"\n")
        temporary.replace(root / FILE)
    except OSError as error:
        raise CollectionError(f"{root / FILE} cannot be written: {error.strerror or error}.") from error
