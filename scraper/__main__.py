"""`python -m scraper` is `bayegan`."""

from __future__ import annotations

from scraper.cli import main

main()
