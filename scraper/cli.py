"""The `bayegan` command: every verb one call into a module, its result on stdout, messages on stderr."""

from __future__ import annotations

import os
import re
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from archive.errors import BayeganError, cannot_write, refused_by_disk
from scraper import console
from scraper.verbs import crawling, giving, keeping, reading, running, tending

_PLAINER = {
    r"(?:Value error, )?'(.*)' is not one of (.*)\.": r"there is no «\1». Write one of: \2.",
    r"Input should be greater than or equal to (\S+)": r"write \1 or more.",
    r"Input should be less than or equal to (\S+)": r"write \1 or less.",
    r"Input should be a valid integer.*": "write a whole number.",
}
"""What the library says of a value of an option, and how a person says it."""


class _Verbs(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            for said, plainly in _PLAINER.items():
                error.message = re.sub(f"^{said}$", plainly, error.message)
            raise


app = typer.Typer(
    cls=_Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - it takes a while

        console.write(f"bayegan {version('bayegan')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Keeps the news of Iran's provincial welfare and endowment offices: bytes (WARC) and clean records."""


app.add_typer(crawling.offices_app, name="offices")
app.add_typer(running.schedule_app, name="schedule")
for verb in (
    crawling.crawl,
    running.run,
    crawling.report,
    reading.search,
    reading.show,
    reading.diff,
    reading.serve,
    giving.dump,
    giving.fold_dump,
    giving.verify_dump,
    keeping.pack,
    keeping.verify,
    keeping.import_,
    keeping.rebuild,
    keeping.replay,
    reading.extract,
    tending.doctor,
):
    settings = {"ignore_unknown_options": verb is reading.search}  # -word is a query
    app.command(verb.__name__.rstrip("_").replace("_", "-"), context_settings=settings)(verb)


def main() -> None:
    """Run the command line. An error becomes a paragraph and an exit code; BAYEGAN_DEBUG=1 shows tracebacks."""
    try:
        app()
    except BayeganError as error:
        console.say(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("BAYEGAN_DEBUG"):
            raise
        if isinstance(error, OSError) and refused_by_disk(error):
            console.say(str(cannot_write(error.filename or "The output", error)))
            sys.exit(1)
        console.say(
            f"This is a defect of Bayegan: {type(error).__name__}: {error}. Nothing that was committed is lost. "
            "Run the command again with BAYEGAN_DEBUG=1 to see where, and report it."
        )
        sys.exit(1)
