"""Processor time and peak memory from file to facts, beside androguard's AnalyzeAPK on the same app.

    python benchmarks/apk.py [APK...]

Each is a whole process, one after the other; what it found is counted in a second run, which is not measured.
Without arguments, real apps are fetched with ``npm pack`` into build/bench-apk.

``read`` answers what AnalyzeAPK answers: container, manifest, all DEX files with every instruction and
string, and who calls whom, virtual calls resolved. ``facts`` is what rules ask, and much that the other
has no part for: digests and signatures of every scheme, resources, native code, scripts, kits, the
arguments of calls, data flows and endpoints.
"""

import argparse
import compileall
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench-apk"
PACKAGES = ("io.appium.settings", "android-apidemos", "appium-uiautomator2-server")

FACTS = """
import sys, pathlib
from rogue_scan.apk import intake, facts
found = intake.decode(pathlib.Path(sys.argv[1]).read_bytes()).facts
"""
FACTS_COUNT = """
code = found.code
print(f"{code.methods} methods, {code.instructions} instructions, {code.invokes} invokes,"
      f" {len(found.flows)} flows, facts of {len(facts.encode(found)) >> 10} KiB")
"""
READ = """
import sys, pathlib
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
calls = len(graph.call_ref)
pools = [dex.strings_at(list(range(len(dex.string_offsets)))) for dex in files]
uses = [zip(*map(list, dex.const_strings())) for dex in files]
strings = [(pool[i], row) for pool, used in zip(pools, uses) for row, i in used]
"""
READ_COUNT = """
print(f"{sum(len(d.classes) for d in files)} classes, {sum(len(d.code_offset) for d in files)} methods,"
      f" {sum(d.instruction_count for d in files)} instructions, {calls} invokes,"
      f" {len(strings)} const-strings")
"""
ANDROGUARD = """
import sys
from loguru import logger
logger.disable("androguard")
from androguard.misc import AnalyzeAPK
_, dexes, analysis = AnalyzeAPK(sys.argv[1])
"""
ANDROGUARD_COUNT = """
methods = [m for d in dexes for m in d.get_encoded_methods() if m.get_code()]
count = invokes = strings = 0
for method in methods:
    for instruction in method.get_instructions():
        count += 1
        name = instruction.get_name()
        invokes += name.startswith("invoke") and name != "invoke-custom"
        strings += name.startswith("const-string")
print(f"{sum(len(d.get_classes()) for d in dexes)} classes, {len(methods)} methods,"
      f" {count} instructions, {invokes} invokes, {strings} const-strings")
"""


def run(code: str, app: Path) -> tuple[float, float, int, str]:
    """(wall seconds, processor seconds, peak MiB, what it printed) of a child interpreter."""
    # Threads of numpy's algebra would count as work, and none of them uses it; nor does the command.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    reader, writer = os.pipe()
    start = time.monotonic()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", code, str(app)],
        environment,
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
    # pip compiles what it installs, so the other has its bytecode; an editable checkout may have none.
    compileall.compile_dir(ROOT / "rogue_scan", quiet=1)
    for app in parser.parse_args().apps or fetch():
        print(f"{app.name}, {app.stat().st_size / 1e6:.1f} MB")
        results = {}
        for name, code, count in (
            ("read", READ, READ_COUNT),
            ("facts", FACTS, FACTS_COUNT),
            ("androguard", ANDROGUARD, ANDROGUARD_COUNT),
        ):
            wall, cpu, peak, _ = results[name] = run(code, app)
            said = run(code + count, app)[3]
            print(f"  {name:10} cpu {cpu:6.2f} s  wall {wall:6.2f} s  peak {peak:5} MiB  {said}", flush=True)
        other = results["androguard"]
        for name in ("read", "facts"):
            ours = results[name]
            cpu, memory = other[1] / ours[1], other[2] / ours[2]
            print(f"  androguard / {name}: {cpu:.1f} times the processor time, {memory:.1f} times the memory")


if __name__ == "__main__":
    main()
