"""Frames a second and peak memory of rogue-scan, tshark and scapy on the capture of a busy site.

    python benchmarks/wifi.py [--frames 2000000] [--scapy-frames 20000] [--small 200000] [--open 0.0]

All are whole processes, one after the other, on the same file: rogue-scan with all detectors on and its
report written as JSON; ``tshark -T fields -e frame.number``; scapy's ``PcapReader`` over the first frames,
since all would take half an hour. The last lines are the ratios, and the memory
for a small file and the large one.
"""

import argparse
import os
import shutil
import struct
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SCAPY = """
import sys
from scapy.utils import PcapReader
import scapy.layers.dot11
print(sum(1 for _ in PcapReader(sys.argv[1])))
"""


def measure(command: list[str]) -> tuple[float, float, int]:
    """(wall seconds, processor seconds, peak MiB) of a command, its output thrown away."""
    start = time.monotonic()
    nowhere = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=nowhere)
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{command[0]} failed: exit status {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def head(source: Path, target: Path, count: int) -> None:
    """Copy the first records of a pcap file."""
    with source.open("rb") as reader, target.open("wb") as writer:
        writer.write(reader.read(24))
        for _ in range(count):
            record = reader.read(16)
            if len(record) < 16:
                return
            writer.write(record + reader.read(struct.unpack("<I", record[8:12])[0]))


def row(name: str, frames: int, result: tuple[float, float, int]) -> float:
    """Print one line; returns frames a second."""
    wall, cpu, peak = result
    rate = f"{frames / wall:>10,.0f} frames/s"
    print(f"{name:18} {frames:>9} frames {wall:8.2f} s {rate}  cpu {cpu:7.2f} s  peak {peak:>5} MiB")
    return frames / wall


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--frames", type=int, default=2_000_000)
    parser.add_argument("--small", type=int, default=200_000)
    parser.add_argument("--scapy-frames", type=int, default=20_000)
    parser.add_argument("--open", type=float, default=0.0, help="share of readable data frames")
    parser.add_argument("--folder", type=Path, help="where the captures are kept (default: thrown away)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        large = folder / f"site-{arguments.frames}-{arguments.open}.pcap"
        if not large.exists():
            make = [sys.executable, str(HERE / "wifi_site.py"), str(large)]
            measure([*make, "--frames", str(arguments.frames), "--open", str(arguments.open)])
        small, tiny = folder / "small.pcap", folder / "tiny.pcap"
        head(large, small, arguments.small)
        head(large, tiny, arguments.scapy_frames)
        ours = [sys.executable, "-m", "rogue_scan", "wifi", "--no-progress", "-f", "json"]
        little = measure([*ours, str(small)])
        row("rogue-scan", arguments.small, little)
        much = measure([*ours, str(large)])
        speed = row("rogue-scan", arguments.frames, much)
        scapy = row(
            "scapy PcapReader", arguments.scapy_frames, measure([sys.executable, "-c", SCAPY, str(tiny)])
        )
        print(f"\nrogue-scan : scapy  = {speed / scapy:8.1f}")
        if shutil.which("tshark"):
            fields = ["tshark", "-r", str(large), "-T", "fields", "-e", "frame.number"]
            tshark = row("tshark", arguments.frames, measure(fields))
            print(f"rogue-scan : tshark = {speed / tshark:8.1f}")
        else:
            print("tshark is not installed: apt-get install tshark")
        print(f"memory: {little[2]} MiB for {arguments.small} frames, {much[2]} MiB for {arguments.frames}")


if __name__ == "__main__":
    main()
