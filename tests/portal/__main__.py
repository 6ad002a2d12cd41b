"""`python -m tests.portal`: the portal on its own, for the demo and for trying things by hand."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from tests.portal.server import Portal
from tests.portal.world import World


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.portal", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--items", type=int, default=60, help="items of each organisation (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other news")
    parser.add_argument("--offices", type=Path, default=Path("portal.toml"), help="offices file to write")
    parser.add_argument("--truth", type=Path, help="write what the portal publishes, as JSON")
    return parser.parse_args()


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    portal = Portal(World(options.seed, options.items), options.port, keep_bytes=False)
    await portal.start()
    portal.offices_toml(options.offices)
    if options.truth:
        text = json.dumps(portal.world.truth(), ensure_ascii=False, indent=1)
        options.truth.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(
        f"The portal listens on http://127.0.0.1:{portal.port}/ with {len(portal.world.items)} items. "
        f"Next: bayegan crawl all --offices {options.offices}\n"
    )
    sys.stdout.flush()
    await stop.wait()
    await portal.stop()


if __name__ == "__main__":
    asyncio.run(_run(_options()))
