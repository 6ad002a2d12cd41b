"""Dumps: the records as files that explain themselves. The same collection gives the same bytes."""

from archive.dump.check import verify_dump
from archive.dump.delta import fold, write_delta
from archive.dump.options import FORMATS, Options
from archive.dump.versions import prune
from archive.dump.write import dump

__all__ = ["FORMATS", "Options", "dump", "fold", "prune", "verify_dump", "write_delta"]
