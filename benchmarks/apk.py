"""Processor time and peak memory from file to facts, beside androguard's AnalyzeAPK on the same app.

    python benchmarks/apk.py [APK...]

Both are whole processes, one after the other. Without arguments, real apps are fetched with ``npm pack``
into build/bench-apk. Ours does more than the other: it also checks signatures, searches native code and
scripts, follows data and resolves endpoints; ``read`` is the part that both do (container, manifest,
all DEX files with every instruction).
"""

import argparse
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "build" / "bench-apk"
PACKAGES = ("io.appium.settings", "android-apidemos", "appium-uiautomator2-server")

FACTS = """
import sys, pathlib
from rogue_scan.apk import intake, facts
found = intake.decode(pathlib.Path(sys.argv[1]).read_bytes()).facts
code = found.code
print(f"classes {len(code.classes)}, methods {code.methods}, instructions {code.instructions},"
      f" invokes {code.invokes}, facts {len(facts.encode(found)) >> 10} KiB")
"""
READ = """
import sys, pathlib
from rogue_scan.apk import manifest
from rogue_scan.apk.container import open_container
from rogue_scan.apk.dex.reader import read_all
box = open_container(pathlib.Path(sys.argv[1]).read_bytes())
read = lambda name: box.read(box.get(name)) if name in box else None
manifest.parse(read("AndroidManifest.xml"), None, read)
codes = [entry for entry in box.entries if entry.name.endswith(".dex")]
files = [dex for entry in codes for dex in read_all(entry.name, box.read(entry))]
print(f"classes {sum(len(d.classes) for d in files)}, methods {sum(len(d.code_offset) for d in files)},"
      f" instructions {sum(len(d.ins_unit) for d in files)}")
"""
ANDROGUARD = """
import sys
from loguru import logger
logger.disable("androguard")
from androguard.misc import AnalyzeAPK
_, dexes, analysis = AnalyzeAPK(sys.argv[1])
methods = [m for d in dexes for m in d.get_encoded_methods() if m.get_code()]
print(f"classes {sum(len(d.get_classes()) for d in dexes)}, methods {len(methods)}")
"""


def measure(code: str, app: Path) -> tuple[float, float, int, str]:
    """(wall seconds, processor seconds, peak MiB, what it printed) of a child interpreter."""
    reader, writer = os.pipe()
    start = time.monotonic()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", code, str(app)],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader)],
    )
    os.close(writer)
    _, status, usage = os.wait4(child, 0)
    with os.fdopen(reader) as output:
        said = output.read().strip()
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{app}: exit status {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, said


def fetch() -> list[Path]:
    """Apps out of npm packages, fetched once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        if not list(FOLDER.glob(f"{name}-*")):
            subprocess.run(
                ["npm", "pack", "--silent", name], cwd=FOLDER, check=True, stdout=subprocess.DEVNULL
            )
    for archive in FOLDER.glob("*.tgz"):
        target = archive.with_suffix("")
        if not target.exists():
            with tarfile.open(archive) as tar:
                tar.extractall(target, filter="data")
    return sorted(FOLDER.rglob("*.apk"), key=lambda path: path.stat().st_size)


def main() -> None:
    """Print a line for each reader and app, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apps", nargs="*", type=Path)
    for app in parser.parse_args().apps or fetch():
        print(f"{app.name}, {app.stat().st_size / 1e6:.1f} MB")
        results = {}
        for name, code in (("read", READ), ("facts", FACTS), ("androguard", ANDROGUARD)):
            wall, cpu, peak, said = results[name] = measure(code, app)
            print(f"  {name:10} cpu {cpu:6.2f} s  wall {wall:6.2f} s  peak {peak:5} MiB  {said}", flush=True)
        other = results["androguard"]
        for name in ("read", "facts"):
            ours = results[name]
            cpu, memory = other[1] / ours[1], other[2] / ours[2]
            print(f"  androguard / {name}: {cpu:.1f} times the processor time, {memory:.1f} times the memory")


if __name__ == "__main__":
    main()
