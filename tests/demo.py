"""`make demo`: the main job once, offline: a local portal, a crawl of it, a search, a dump, and what is next."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.portal.server import running_portal
from tests.portal.world import World

HERE = Path("demo")
COLLECTION = HERE / "collection"
OFFICES = HERE / "portal.toml"
IMPOLITE = ["-s", "DOWNLOAD_DELAY=0.005", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8"]


def say(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()


def run(*words: str | Path) -> None:
    """Show a command as a person would type it, and run it."""
    line = [str(word) for word in words]
    say(f"\033[1;32m$ bayegan {shlex.join(line)}\033[0m" if sys.stdout.isatty() else f"$ bayegan {shlex.join(line)}")
    done = subprocess.run([sys.executable, "-m", "scraper", *line], check=False)
    if done.returncode:
        sys.exit(f"The demo stops here: that command ended with exit code {done.returncode}.")


def main() -> None:
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    with running_portal(World(items=60), keep_bytes=False) as portal:
        portal.offices_toml(OFFICES)
        say(
            "A portal of our own now runs on this machine. It behaves like the sites of the welfare (بهزیستی) and\n"
            "endowment (اوقاف) offices, comment forms, captchas and all; its news is invented. First, crawl it."
        )
        run("crawl", "all", "--offices", OFFICES, "--collection", COLLECTION, *IMPOLITE)
        say("Is everything that was kept still as it was written?")
        run("verify", "--collection", COLLECTION)
        say("A journalist searches. The half-space may be there or not: توان‌خواهان, توان خواهان.")
        run("search", "توان خواهان", "--limit", "3", "--collection", COLLECTION)
        say("One record, with the place of its bytes in the WARC file.")
        run("show", portal.world.joint[0], "--collection", COLLECTION)
        say("An analyst takes it all.")
        run("dump", HERE / "dump", "--format", "all", "--collection", COLLECTION)
        manifest = json.loads((HERE / "dump" / "manifest.json").read_text(encoding="utf-8"))
    say(f"{manifest['records']} records are in demo/dump; its README.md says how to load them. Try next:")
    for words, why in NEXT:
        sys.stdout.write(f"  {words:<78} {why}\n")


NEXT = (
    (".venv/bin/bayegan serve --collection demo/collection", "the same in a browser"),
    ('.venv/bin/bayegan search "province:هرمزگان اشتغال" --collection demo/collection', "narrow by province"),
    (".venv/bin/bayegan search 'title:وقف from:1402-12' --json --collection demo/collection", "for a program"),
    (".venv/bin/bayegan report --collection demo/collection", "what the crawl did"),
    (".venv/bin/bayegan offices", "the real offices"),
    (".venv/bin/bayegan crawl behzisti-khorasanrazavi --limit 5", "a first real crawl, politely"),
)


if __name__ == "__main__":
    main()
