"""Memory of a crawl whose frontier holds a million addresses: `python -m benchmarks.frontier [--rows N] [--seconds S]`.

A local portal publishes one item N codes above the others; a sweep queues all codes between. The crawl runs for some
seconds and is stopped with SIGTERM. Beside it, the same crawl with a frontier of a thousand.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archive.catalogue import Catalogue
from tests.conftest import IMPOLITE, command, environment
from tests.portal.server import running_portal
from tests.portal.world import NOW, World

_FEW = 1000


def main() -> None:
    """Measure both crawls and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    for rows in (_FEW, options.rows):
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write(_measure(Path(folder), rows, options.seconds) + "\n")
            sys.stdout.flush()


def _measure(folder: Path, rows: int, seconds: float) -> str:
    world = World(seed=1, items=5)
    world.publish("behzisti", "IR-22", NOW, skip=rows)
    with running_portal(world, keep_bytes=False) as portal:
        portal.offices_toml(folder / "portal.toml")
        words = ["crawl", "welfare", "--offices", folder / "portal.toml", "--collection", folder / "c", *IMPOLITE]
        subprocess.run(command(*words), env=environment(), check=True, capture_output=True)
        sweep = command(*words, "--sweep", "-s", f"BAYEGAN_SWEEP_CODES={rows}")
        begun = time.monotonic()
        crawl = subprocess.Popen(sweep, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peak = 0
        while crawl.poll() is None:
            if time.monotonic() - begun > seconds:
                crawl.send_signal(signal.SIGTERM)
                seconds = float("inf")
            peak = max(peak, _resident(crawl.pid))
            time.sleep(0.2)
        took = time.monotonic() - begun
    states = dict(
        Catalogue(folder / "c" / "catalogue.sqlite").db.execute(
            "SELECT state, count(*) FROM frontier WHERE path = 'sweep' GROUP BY 1"
        )
    )
    done = states.get("done", 0)
    ended = f"{done:,} settled in {took:.0f} s, exit {crawl.returncode}"
    return f"{rows:,} addresses: peak {peak / 1000:.0f} MB resident; {ended}"


def _resident(pid: int) -> int:
    """Resident memory of a process in kB, as Linux tells it; 0 when it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
