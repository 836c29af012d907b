"""Rebuilds the endpoint lists that come from others, under signatures/apk/_lists.

    python tools/refresh_endpoint_lists.py MISP_WARNINGLISTS MALTRAIL

Both arguments are checkouts: github.com/MISP/misp-warninglists (CC0-1.0) and github.com/stamparm/maltrail
(MIT). Lists without a source in their head are kept by hand.
"""

import json
import subprocess
import sys
from pathlib import Path

LISTS = Path(__file__).parent.parent / "signatures" / "apk" / "_lists"

NOT_SHORTENERS = {
    "youtu.be",
    "song.link",
    "artist.link",
    "odesli.co",
    "wp.me",
    "amzn.to",
    "amzn.id",
    "link.zip.net",
}
"""Short names of one site's own pages, not open to everyone's targets."""


def show(repository: str, path: str) -> str:
    """A file of the checkout's newest commit."""
    command = ["git", "-C", repository, "show", f"HEAD:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(repository: str) -> str:
    """Short id and date of the newest commit."""
    command = ["git", "-C", repository, "log", "-1", "--format=%h of %cs"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def write(name: str, what: str, source: str, names: list[str]) -> None:
    """One list with its head."""
    head = [f"# {what}", f"# Source: {source}"]
    (LISTS / name).write_text("\n".join(head + sorted(set(names))) + "\n")


def main() -> None:
    """Write both lists."""
    misp, maltrail = sys.argv[1:3]
    shorteners = json.loads(show(misp, "lists/url-shortener/list.json"))["list"]
    write(
        "shorteners.txt",
        "Link shorteners and link loggers",
        f"misp-warninglists url-shortener, {commit(misp)}, CC0-1.0",
        [name for name in shorteners if name not in NOT_SHORTENERS],
    )
    dynamic = show(maltrail, "trails/static/suspicious/dynamic_domain.txt").splitlines()
    write(
        "dynamic-dns.txt",
        "Domains under which dynamic DNS services give out names",
        f"maltrail dynamic_domain.txt, {commit(maltrail)}, MIT, (c) 2014-2026 Maltrail developers",
        [line.strip().lower().lstrip(".") for line in dynamic if line.strip() and not line.startswith("#")],
    )


if __name__ == "__main__":
    main()
