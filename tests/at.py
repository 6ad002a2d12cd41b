"""Runs the command at another time: `python -m tests.at 2024-05-01T08:00:00+00:00 crawl all …`; the clock goes on."""

from __future__ import annotations

import datetime as dt
import sys

import time_machine

from scraper.cli import main

if __name__ == "__main__":
    moment, *words = sys.argv[1:]
    sys.argv = ["bayegan", *words]
    with time_machine.travel(dt.datetime.fromisoformat(moment), tick=True):
        main()
