"""Figures of the fleet engine: scaling, overhead, facts, memory, poison, kills, campaigns.

    python benchmarks/fleet.py [--apps FOLDER] [--quick] [PART...]

Without --apps the apps are made from those under tests/data/apk: each gets an entry of its own, so that
every one is another app for the ledger and has to be analysed. Those are tiny, so for scaling and facts they
are grown; apps of the real world (--apps) cost seconds, and gain more.
"""

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np

from rogue_scan.apk.code.sketch import BANDS, ROWS
from rogue_scan.fleet.campaigns import cluster, code_features, relatives
from rogue_scan.fleet.engine import ENGINE, Feature, Job, Limits, Result, Setup
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.local import LocalEngine
from rogue_scan.fleet.run import Tally, Vetting, run
from rogue_scan.fleet.sources import places
from rogue_scan.fleet.store import Facts
from rogue_scan.fleet.work import pack_rules
from rogue_scan.rules.load import RuleSet, load

HERE = Path(__file__).parent
SAMPLES = sorted((HERE.parent / "tests" / "data" / "apk").glob("code-*.apk"))

DEFAULT = Limits()


def make(folder: Path, count: int, samples: list[Path]) -> Path:
    """``count`` apps that differ in one small entry."""
    folder.mkdir(parents=True)
    for number in range(count):
        path = folder / f"{number:05}.apk"
        shutil.copy(samples[number % len(samples)], path)
        with zipfile.ZipFile(path, "a") as package:
            package.writestr("assets/number", f"{number}")
    return folder


def grow(folder: Path, copies: int) -> list[Path]:
    """An app of some size: the code of a sample, many times under other names, as in many DEX files."""
    with zipfile.ZipFile(HERE.parent / "tests" / "data" / "apk" / "code-forwarder.apk") as small:
        entries = {name: small.read(name) for name in small.namelist()}
    folder.mkdir()
    with zipfile.ZipFile(folder / "grown.apk", "w", zipfile.ZIP_DEFLATED) as big:
        for name, content in entries.items():
            big.writestr(name, content)
        for number in range(2, copies + 1):
            code = entries["classes.dex"].replace(b"Lcom/update/flash/", b"Lcom/update/f%04d/" % number)
            big.writestr(f"classes{number}.dex", code)
    return [folder / "grown.apk"]


def vet(
    store: Path, folder: Path, workers: int, rules: RuleSet, call: str = "rogue_scan.fleet.work:vet",
    limits: Limits = DEFAULT, watch: Callable[[Tally], None] = lambda _: None,
) -> tuple[float, Tally, dict[str, tuple[str, ...]]]:  # fmt: skip
    """One run: seconds with workers that have vetted an app before, tally, outcomes."""
    setup = Setup(rules=pack_rules(rules), digest=rules.digest, version=ENGINE, limits=limits, call=call)
    engine = LocalEngine(setup, workers)
    wait([engine.submit(Job("0" * 64, "warm", str(SAMPLES[0]))) for _ in range(4 * workers)])
    with Ledger(store, ENGINE, rules) as ledger:
        vetting = Vetting(ledger, Facts(store / "facts"), limits)
        begun = time.perf_counter()
        for _ in run(places([str(folder)]), vetting, engine, progress=watch):
            pass
        seconds = time.perf_counter() - begun
        engine.close()
        outcome = {v.app: (v.state, v.verdict, str(v.score), v.kind, v.message) for v in ledger.verdicts()}
    return seconds, vetting.tally, outcome


def scaling(folder: Path, count: int, samples: list[Path], rules: RuleSet) -> None:
    samples = grow(folder / "grown", 30) if samples is SAMPLES else samples
    apps = make(folder / "apps", count, samples)
    times = {}
    for workers in (1, 2):
        times[workers], _, _ = vet(folder / f"store{workers}", apps, workers, rules)
    print(
        f"scaling: {count} apps, one worker {times[1]:.1f} s, two {times[2]:.1f} s: "
        f"{times[1] / times[2]:.2f} times (load of the machine {os.getloadavg()[0]:.1f})"
    )


def overhead(folder: Path, count: int, samples: list[Path], rules: RuleSet) -> None:
    apps = make(folder / "apps", count, samples)
    begun = time.process_time()
    seconds, _, _ = vet(folder / "store", apps, 2, rules, "fleet_poison:nothing")
    own = time.process_time() - begun
    print(
        f"overhead: {count} apps without any work, {seconds / count * 1000:.2f} ms an app, "
        f"{own / count * 1000:.2f} ms of them at work"
    )


def facts(folder: Path, count: int, samples: list[Path], rules: RuleSet) -> None:
    samples = grow(folder / "grown", 200) if samples is SAMPLES else samples
    apps = make(folder / "apps", count, samples)
    first, _, before = vet(folder / "store", apps, 2, rules)
    others = RuleSet(list(rules), rules.digest[::-1])
    again, tally, after = vet(folder / "store", apps, 2, others)
    rate = first / again
    print(
        f"facts: {count} apps, {first:.2f} s from files, {again:.2f} s from facts "
        f"({tally.from_facts} of them): {rate:.0f} times; verdicts {'equal' if before == after else 'DIFFER'}"
    )


def memory(folder: Path, count: int, samples: list[Path], rules: RuleSet) -> None:
    apps = make(folder / "apps", count, [min(samples, key=lambda path: path.stat().st_size)])
    seen: dict[int, tuple[int, int]] = {}

    def watch(tally: Tally) -> None:
        step = tally.done // (count // 5) * (count // 5)
        if step and step not in seen:
            seen[step] = (_resident(os.getpid()), max(map(_resident, _workers()), default=0))

    seconds, tally, _ = vet(folder / "store", apps, 2, rules, watch=watch)
    shown = ", ".join(f"{done}: {own} + {worker}" for done, (own, worker) in seen.items())
    print(
        f"memory: {tally.done} apps in {seconds:.0f} s; MiB of the program + the largest worker after {shown}"
    )


def poison(folder: Path, count: int, samples: list[Path], rules: RuleSet) -> None:
    apps = make(folder / "apps", count - 5, samples)
    for name in ("crash", "hang", "memory"):
        shutil.copy(samples[0], apps / f"{name}.apk")
        with zipfile.ZipFile(apps / f"{name}.apk", "a") as package:
            package.writestr(f"poison/{name}", b"")
    (apps / "bomb.apk").write_bytes(_bomb())
    (apps / "garbage.apk").write_bytes(random.Random(1).randbytes(5000))
    limits = Limits(seconds=20, memory=1 << 30)
    seconds, tally, outcome = vet(folder / "store", apps, 2, rules, "fleet_poison:vet", limits)
    with sqlite3.connect(folder / "store" / "ledger.sqlite") as db:
        names = {app: Path(location).name for location, app in db.execute("SELECT location, app FROM place")}
    db.close()
    failed = {names[app]: f"{row[0]}, {row[3]}: {row[4]}" for app, row in outcome.items() if row[3]}
    whole = tally.done - tally.partly
    print(f"poison: {count} apps in {seconds:.0f} s, {whole} vetted, {len(failed)} not, or not wholly:")
    for name, why in sorted(failed.items()):
        print(f"    {name}: {why}")


def kills(folder: Path, count: int, samples: list[Path], rules: RuleSet) -> None:
    apps = make(folder / "apps", count, samples)
    took, _, reference = vet(folder / "reference", apps, 2, rules)
    command = [
        sys.executable, "-m", "rogue_scan", "--no-config", "fleet", str(apps),
        "--store", str(folder / "store"), "-j", "2", "-q", "-f", "json",
    ]  # fmt: skip
    moment = random.Random(11)
    progress: list[int] = []
    for _ in range(10):
        before = progress[-1] if progress else 0
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and _recorded(folder / "store" / "ledger.sqlite") <= before:
                time.sleep(0.01)
            time.sleep(moment.uniform(0, took / 12))
            process.send_signal(signal.SIGKILL)
        progress.append(_recorded(folder / "store" / "ledger.sqlite"))
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    with Ledger(folder / "store", ENGINE, rules) as ledger:
        resumed = {v.app: (v.state, v.verdict, str(v.score), v.kind, v.message) for v in ledger.verdicts()}
    same = "equal to" if resumed == reference else "DIFFERENT FROM"
    print(
        f"kills: verdicts after each of ten kill -9: {progress}; {len(resumed)} in the end, "
        f"{same} an undisturbed run"
    )


def campaigns(folder: Path, count: int, samples: list[Path], rules: RuleSet) -> None:
    source = np.random.Generator(np.random.PCG64(1))
    families = source.integers(0, 1 << 32, (200, BANDS * ROWS), dtype=np.uint32)

    def result(number: int) -> Result:
        sketch = families[number % 200].copy()
        sketch[source.integers(0, BANDS * ROWS, 5)] ^= 1
        raw = sketch.astype("<u4").tobytes()
        ties = (Feature("signer", f"s{number % 500}"), Feature("endpoint", f"h{number % 1000}.example"))
        app = hashlib.sha256(b"%d" % number).hexdigest()
        return Result(
            app, sha256=app, verdict="high", features=(*ties, *code_features(raw)), sketch=raw, scans=b"x"
        )

    with Ledger(folder / "store", ENGINE, rules) as ledger:
        for number in range(count):
            ledger.record(result(number))
        begun = time.perf_counter()
        found = cluster(ledger)
        clustering = time.perf_counter() - begun
        times = []
        for number in range(count, count + 50):
            new = msgspec.structs.replace(result(number))
            begun = time.perf_counter()
            relatives(ledger, new.sha256, new.features, new.sketch)
            times.append(time.perf_counter() - begun)
    print(
        f"campaigns: {count} apps in {len(found)} campaigns, clustered in {clustering:.1f} s; "
        f"a new app against them: median {sorted(times)[25] * 1000:.1f} ms"
    )


PARTS = {
    "scaling": (scaling, 200, 40), "overhead": (overhead, 2000, 300), "facts": (facts, 100, 20),
    "poison": (poison, 100, 30), "kills": (kills, 120, 40), "campaigns": (campaigns, 10_000, 1000),
    "memory": (memory, 10_000, 400),
}  # fmt: skip


def _bomb() -> bytes:
    """A package whose code unpacks to four thousand million bytes."""
    out = BytesIO()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush the stream can be repeated as it is.
    block = packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * 255 + packer.flush()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        package.writestr("classes.dex", packed)
    raw = bytearray(out.getvalue())
    for at, offset in ((raw.find(b"PK\x03\x04"), 8), (raw.find(b"PK\x01\x02"), 10)):
        raw[at + offset : at + offset + 2] = (8).to_bytes(2, "little")
        size = at + offset + 14
        raw[size : size + 4] = ((16 << 20) * 255).to_bytes(4, "little")
    return bytes(raw)


def _recorded(path: Path) -> int:
    """Verdicts in a ledger; 0 where the kill came before there was one."""
    if not path.exists():
        return 0
    db = sqlite3.connect(path)
    try:
        return int(db.execute("SELECT count(*) FROM verdict").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") >> 20
    return 0


def _workers() -> Iterator[int]:
    """Processes below this one."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = path.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    left = [os.getpid()]
    while left:
        children = parents.get(left.pop(), [])
        yield from children
        left += children


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--apps", type=Path, help="folder of apps to take instead of the small ones")
    parser.add_argument("--quick", action="store_true", help="fewer apps")
    arguments = parser.parse_args()
    samples = sorted(arguments.apps.glob("*.apk")) if arguments.apps else SAMPLES
    rules = load()
    for name in arguments.parts or PARTS:
        part, count, few = PARTS[name]
        with tempfile.TemporaryDirectory() as folder:
            part(Path(folder), few if arguments.quick else count, samples, rules)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
