"""The `bayegan` command: every verb one call into a module, its result on stdout, messages on stderr."""

from __future__ import annotations

import errno
import os
import sys

import typer

from archive.errors import BayeganError
from scraper import console
from scraper.verbs import crawling, giving, keeping, reading, running, tending

app = typer.Typer(
    help="Keeps the news of Iran's provincial welfare and endowment offices: bytes (WARC) and clean records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
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
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            console.say(
                f"{error.filename or 'The output'} cannot be written: {error.strerror}. Make room and run it again."
            )
            sys.exit(1)
        console.say(
            f"This is a defect of Bayegan: {type(error).__name__}: {error}. Nothing that was committed is lost. "
            "Run the command again with BAYEGAN_DEBUG=1 to see where, and report it."
        )
        sys.exit(1)
