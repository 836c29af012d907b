"""Feeds fresh hostile input to every decoder, renderer and reader for a given time.

    python tools/fuzz.py SECONDS [TARGET ...]
    python tools/fuzz.py --replay TARGET FILE

Without targets, the first third of the time goes to the property tests, each round with another seed and many
more examples than the test suite; what they find is kept in .hypothesis/ and replayed by every later run.
The rest goes to the targets of fuzz_targets.py: mutations of real files, each target in a process of its
own with limits of memory and time, two at once. Where atheris is installed (the extra ``fuzz``), half of
that time is guided by what the code does with an input; its corpus is kept in .fuzz/. An input that
breaks anything is written to .fuzz/ as well: make a test of it.
"""

import argparse
import contextlib
import faulthandler
import hashlib
import importlib.util
import itertools
import mmap
import os
import random
import re
import resource
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from fuzz_targets import OURS, TARGETS, Target

ROOT = Path(__file__).parent.parent
KEPT = ROOT / ".fuzz"
MEMORY = 1 << 30
"""Bytes of address space that a target may take beyond what it has when it begins."""
MAX_INPUT = 400_000
GRACE = 60
"""Seconds of wall time after which a process that does not come back is ended; more than any CPU limit."""
_NUMBERS = (
    0,
    1,
    2,
    7,
    8,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    (1 << 64) - 1,
)


class Slow(BaseException):
    """An input took more than its time; no reader may take it for an error of its own."""


def mutated(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A seed with some damage: bits, numbers, lengths that lie, pieces copied, cut or taken from another."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5, 12))):
        size = len(data)
        at = rng.randrange(size) if size else 0
        span = min(size - at, rng.choice((1, 2, 4, 8, 16, 64, 512)))
        how = rng.randrange(10)
        if not size:
            data += rng.randbytes(rng.randrange(1, 64))
        elif how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.randrange(256)
        elif how == 2:
            form = rng.choice(("<H", ">H", "<I", ">I", "<Q"))
            width = struct.calcsize(form)
            at = min(at & -rng.choice((1, 2, 4)), max(0, size - width))
            data[at : at + width] = struct.pack(form, rng.choice(_NUMBERS) & (1 << 8 * width) - 1)
        elif how == 3:
            lie(rng, data)
        elif how == 4:
            del data[at : at + span]
        elif how == 5:
            data[at:at] = data[at : at + span] * rng.choice((1, 1, 2, 50))
        elif how == 6:
            other = rng.choice(seeds)
            begin = rng.randrange(len(other)) if other else 0
            data[at : at + rng.choice((0, span))] = other[begin : begin + rng.choice((4, 32, 256, 4096))]
        elif how == 7:
            del data[max(1, at) :]
        elif how == 8:
            data[at : at + span] = rng.randbytes(span)
        else:
            data[at : at + span] = bytes([rng.choice((0, 0xFF, 0x20, 0x2E, 0x2F))]) * span
    return bytes(data[:MAX_INPUT])


def lie(rng: random.Random, data: bytearray) -> None:
    """Change a number that could be a length or an offset: one that is small against the file."""
    for _ in range(20):
        form = rng.choice(("<H", ">H", "<I", ">I"))
        width = struct.calcsize(form)
        if len(data) < width:
            return
        at = rng.randrange(len(data) - width + 1)
        value = struct.unpack_from(form, data, at)[0]
        if 0 < value <= len(data):
            new = value + rng.choice(
                (-value, -1, 1, value, len(data), len(data) - value, -4, 4, 1 << 8 * width - 1)
            )
            struct.pack_into(form, data, at, new & (1 << 8 * width) - 1)
            return


def keep(name: str, data: bytes, what: str) -> Path:
    """Write down an input that broke something."""
    KEPT.mkdir(exist_ok=True)
    path = KEPT / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    print(f"\n{name}: {what}\n  python tools/fuzz.py --replay {name} {path.relative_to(ROOT)}", flush=True)
    return path


def attempt(target: Target, data: bytes) -> str:
    """Run one input; what went wrong, empty if nothing."""
    signal.setitimer(signal.ITIMER_PROF, target.seconds)
    try:
        target.run(data)
    except OURS:
        pass
    except Slow:
        return f"more than {target.seconds:g} s\n{traceback.format_exc(limit=-4)}"
    except MemoryError:
        return f"more than {MEMORY >> 20} MB\n{traceback.format_exc(limit=-4)}"
    except Exception:
        return traceback.format_exc(limit=-6)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


def limit() -> None:
    """Bounds for this process: memory, and a signal for time."""

    def late(*_: object) -> None:
        raise Slow

    signal.signal(signal.SIGPROF, late)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_target(name: str, seconds: float, seed: int, shared: mmap.mmap) -> int:
    """Mutate and run until the time is over; the number of findings. ``shared`` shows the input that runs."""
    target, rng = TARGETS[name], random.Random(seed)
    seeds = target.seeds()
    if not seeds:
        print(f"\n{name}: no seeds", flush=True)
        return 1
    for data in seeds[:3]:
        with contextlib.suppress(Exception):
            target.run(data)  # what is imported and cached on the way counts for no input
    limit()
    end, count, found = time.monotonic() + seconds, 0, 0
    known: set[str] = set()
    inputs = itertools.chain(seeds, (mutated(rng, seeds) for _ in itertools.count()))
    for data in inputs:
        if time.monotonic() > end or found >= 5:
            break
        data = data[:MAX_INPUT]
        shared[:4] = struct.pack("<I", len(data))
        shared[4 : 4 + len(data)] = data
        what = attempt(target, data)
        count += 1
        place = what.strip().rpartition("\n")[2][:60] + "".join(what.split('File "')[-1:])[:120]
        if what and place not in known:
            known.add(place)
            found += 1
            keep(name, data, what)
    print(f"{name:16} {count:7} inputs, {len(seeds)} seeds", flush=True)
    return found


def guided(name: str, seconds: float, seed: int) -> int:
    """As :func:`run_target`, guided by atheris: inputs that reach new code are kept and built upon."""
    import atheris

    target = TARGETS[name]
    with atheris.instrument_imports(include=["rogue_scan"]):
        seeds = target.seeds()
        for data in seeds[:3]:
            with contextlib.suppress(Exception):
                target.run(data)
    corpus = KEPT / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds:
        (corpus / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data[:MAX_INPUT])

    def one(data: bytes) -> None:
        try:
            target.run(data)
        except OURS:
            return
        except Exception:
            keep(name, data, traceback.format_exc(limit=-6))
            raise

    options = [
        sys.argv[0],
        f"-max_total_time={max(1, int(seconds))}",
        f"-seed={seed % (1 << 31) or 1}",
        f"-timeout={int(target.seconds * 4) + 10}",
        f"-max_len={MAX_INPUT}",
        f"-artifact_prefix={KEPT}/{name}-",
        "-rss_limit_mb=1536",
        "-verbosity=0",
        "-print_final_stats=1",
        str(corpus),
    ]
    atheris.Setup(options, one)
    atheris.Fuzz()
    return 0


def in_process(name: str, seconds: float, seed: int, how: str) -> int:
    """Start one target in a process of its own; its process id."""
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        KEPT.mkdir(exist_ok=True)
        if how == "guided":
            log = os.open(KEPT / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            status = guided(name, seconds, seed)
        else:
            faulthandler.enable()
            with (KEPT / f".running-{name}").open("w+b") as file:
                file.truncate(4 + MAX_INPUT)
                with mmap.mmap(file.fileno(), 4 + MAX_INPUT) as shared:
                    status = min(1, run_target(name, seconds, seed, shared))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def targets(names: Sequence[str], seconds: float) -> list[str]:
    """Run targets two at a time, each for its share of the time; the names of those that broke."""
    rng = random.Random()
    ways = ["plain", "guided"] if importlib.util.find_spec("atheris") else ["plain"]
    share = 2 * seconds / (len(names) * len(ways))
    waiting = [(name, way) for name in rng.sample(list(names), len(names)) for way in ways]
    running: dict[int, tuple[str, str, float]] = {}
    broken: list[str] = []
    while waiting or running:
        while waiting and len(running) < 2:
            name, way = waiting.pop()
            child = in_process(name, share, rng.randrange(1 << 32), way)
            running[child] = name, way, time.monotonic() + share * 1.5 + GRACE + TARGETS[name].seconds * 4
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            for child, (_, _, end) in running.items():
                if time.monotonic() > end:
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.05)
            continue
        name, way, _ = running.pop(child)
        code = os.waitstatus_to_exitcode(status)
        if code:
            broken.append(name)
        last = KEPT / f".running-{name}"
        if way == "plain" and code not in (0, 1) and last.exists():
            raw = last.read_bytes()
            keep(name, raw[4 : 4 + struct.unpack_from("<I", raw)[0]], f"its process ended with {code}")
        if way == "guided":
            told(name, code)
        last.unlink(missing_ok=True)
    return broken


def told(name: str, code: int) -> None:
    """Say how the guided run of a target ended, from its log."""
    log = (KEPT / f"{name}.log").read_text(errors="replace")
    numbers = dict(re.findall(r"stat::(\w+):\s+(\d+)", log))
    runs, new = numbers.get("number_of_executed_units", "?"), numbers.get("new_units_added", "?")
    print(f"{name:16} {runs:>7} inputs, guided, {new} reached new code", flush=True)
    if code:
        trace = log[max(0, log.rfind(f"\n{name}: ")) :][:3000]
        print(f"\n{name}: atheris ended with {code}\n{trace}", flush=True)


def properties(seconds: float) -> int:
    """Rounds of the property tests until the time is over or one fails; the status of the last round."""
    end = time.monotonic() + seconds
    rounds = 0
    files = sorted(str(p) for p in (ROOT / "tests").rglob("test_*.py") if "@given" in p.read_text())
    while (left := end - time.monotonic()) > 1:
        seed = random.randrange(1 << 32)
        random.shuffle(files)
        command = [
            sys.executable, "-m", "pytest", "-q", "-x", "-n", "2", "-m", "hypothesis", "--timeout=0",
            "--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}", *files,
        ]  # fmt: skip
        try:
            done = subprocess.run(command, timeout=left, check=False, cwd=ROOT)
        except subprocess.TimeoutExpired:
            break  # the time is over in the middle of a round
        rounds += 1
        if done.returncode:
            print(f"round {rounds} of the property tests with seed {seed} failed")
            return done.returncode
    print(f"{rounds} whole rounds of the property tests, nothing found")
    return 0


def main() -> int:
    """Fuzz; 1 if anything was found."""
    parser = argparse.ArgumentParser(description="Feed hostile input to every reader.")
    parser.add_argument("seconds", type=float, nargs="?", default=60.0)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"))
    given = parser.parse_args()
    if given.replay:
        name, file = given.replay
        limit()
        what = attempt(TARGETS[name], Path(file).read_bytes())
        print(what or "nothing wrong")
        return bool(what)
    if unknown := [name for name in given.targets if name not in TARGETS]:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    seconds = given.seconds
    if not given.targets:
        if status := properties(seconds / 3):
            return status
        seconds = seconds * 2 / 3
    broken = targets(given.targets or list(TARGETS), seconds)
    print(f"broke: {', '.join(sorted(set(broken)))}" if broken else "nothing found")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
