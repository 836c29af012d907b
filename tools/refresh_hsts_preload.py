"""Makes rogue_scan/data/hsts_preload.zst from Chromium's list of sites that are only used with encryption.

    python tools/refresh_hsts_preload.py transport_security_state_static.json 'Chromium 140.0' 2025-09-02

or, where only the package can be had, from that:

    pip download --no-deps hstspreload && unzip hstspreload-*.whl
    python tools/refresh_hsts_preload.py hstspreload 'hstspreload 2025.1.1 (PyPI)' 2025-01-01

The file is text, packed with Zstandard: lines with ``#`` say what it is, then one name a line; ``=`` in front
of those whose subdomains are not meant. Names are sorted by their labels from the right, which packs best.
"""

import argparse
import importlib.util
import json
import re
import sys
import warnings
from pathlib import Path

import zstandard

TARGET = Path(__file__).parent.parent / "rogue_scan" / "data" / "hsts_preload.zst"
LICENCE = "(c) The Chromium Authors, BSD-3-Clause"


def of_chromium(path: Path) -> dict[str, bool]:
    """Names, and whether their subdomains are meant, from the file that Chromium is built with."""
    text = re.sub(r"^\s*//.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
    return {
        entry["name"]: bool(entry.get("include_subdomains"))
        for entry in json.loads(text)["entries"]
        if entry.get("mode") == "force-https"
    }


def of_package(folder: Path) -> dict[str, bool]:
    """The same, from the table of the package ``hstspreload``."""
    spec = importlib.util.spec_from_file_location("hstspreload", folder / "__init__.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder} is not the package")
    package = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(package)
    table = (folder / "hstspreload.bin").read_bytes()
    found = {label.decode(): True for label in package._GTLD_INCLUDE_SUBDOMAINS}
    for layer in package._JUMPTABLE:
        for at, size in filter(None, layer):
            for leaf, subdomains, name in package._iter_entries(table[at : at + size]):
                if leaf:
                    found[name.decode()] = bool(subdomains)
    return found


def main() -> None:
    """Read the list, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("list", type=Path, help="Chromium's file, or the folder of the package")
    parser.add_argument("source", help="name and version of where it came from")
    parser.add_argument("date", help="date of the list, YYYY-MM-DD")
    arguments = parser.parse_args()
    names = of_package(arguments.list) if arguments.list.is_dir() else of_chromium(arguments.list)
    lines = [
        "# Sites that browsers only use with encryption: Chromium's HSTS preload list.",
        f"# Source: {arguments.source}, {arguments.date}",
        f"# {LICENCE}",
    ]
    ordered = sorted(names, key=lambda name: name.split(".")[::-1])
    lines += [name if names[name] else f"={name}" for name in ordered]
    text = "\n".join([*lines, ""]).encode()
    TARGET.write_bytes(zstandard.ZstdCompressor(level=22).compress(text))
    sys.stdout.write(f"{TARGET}: {len(names)} names, {TARGET.stat().st_size} octets\n")


if __name__ == "__main__":
    main()
