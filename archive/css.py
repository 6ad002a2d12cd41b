"""What a style sheet loads: other sheets by `@import`, pictures and fonts by `url(…)`."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

# Comments are matched, too, so that what stands in them is passed over. No part gives back what it took: a sheet that
# never closes its quotes costs no more than another.
_LOADS = re.compile(
    rb"""/\*.*?(?:\*/|\Z)"""
    rb"""|(@import\s*+(?:url\(\s*+)?(?=["'])|(?:@import\s*+)?url\(\s*+)("[^"]*"|'[^']*'|[^\s"'()]++)""",
    re.IGNORECASE | re.DOTALL,
)
_FONT = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:\?|$)", re.IGNORECASE)
_MOST_BYTES = 2**20  # of a sheet that are looked at


def loaded_by(sheet: bytes, url: str) -> dict[str, bool]:
    """The http addresses that a style sheet loads → whether it takes them for style sheets.

    Each once and in full; sheets first, fonts last: a page without them is read more easily than one without the rest.
    """
    found: dict[str, bool] = {}
    for match in _LOADS.finditer(sheet, 0, _MOST_BYTES):
        if address := _address(match, url):
            found[address] = found.get(address, False) or match[1].lower().startswith(b"@import")
    return dict(sorted(found.items(), key=lambda pair: (not pair[1], bool(_FONT.search(pair[0])))))


def with_kept(sheet: bytes, url: str, kept: Callable[[str], str | None]) -> bytes:
    """A style sheet whose addresses of what it loads are those that `kept` gives for them, where it gives one."""

    def written(match: re.Match[bytes]) -> bytes:
        address = _address(match, url)
        target = kept(address) if address else None
        return match[1] + f'"{target}"'.encode() if target else match[0]

    return _LOADS.sub(written, sheet)


def _address(match: re.Match[bytes], base: str) -> str | None:
    """The http address that was matched, in full and without fragment; None for a comment and for data in place."""
    told = (match[2] or b"").decode("utf-8", "replace").strip("\"'").strip()
    if not told or told.startswith("#"):
        return None
    try:
        found = urljoin(base, told).partition("#")[0]
        return found if urlsplit(found).scheme in {"http", "https"} and urlsplit(found).netloc else None
    except ValueError:
        return None
