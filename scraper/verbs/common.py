"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.errors import UsageError

Collection = Annotated[
    Path,
    typer.Option("--collection", envvar="BAYEGAN_COLLECTION", help="The collection folder.", show_default=True),
]
OfficesFile = Annotated[
    Path | None,
    typer.Option("--offices", help="Take the offices from this file instead of the built-in list."),
]
Resolve = Annotated[
    list[str] | None,
    typer.Option("--resolve", metavar="HOST=ADDRESS", help="Answer for DNS; a leading `*.` and a `:port` are allowed."),
]
Settings = Annotated[list[str] | None, typer.Option("-s", metavar="NAME=VALUE", help="Set a Scrapy setting.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DEFAULT = Path("collection")

_EXAMPLES = {
    "--resolve": "For example: --resolve '*.behzisti.ir=127.0.0.1:8080'.",
    "-s": "For example: -s DOWNLOAD_DELAY=2.",
}


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """`NAME=VALUE` texts as a dictionary. Raises UsageError for a text without «=»."""
    pairs = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(
                f"{option} takes a name and a value with «=» between them, not «{text}». {_EXAMPLES[option]}"
            )
        pairs[name.strip()] = value.strip()
    return pairs
