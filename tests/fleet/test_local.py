"""The local engine: what an app can do to its worker, and what that costs the others."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from rogue_scan.fleet.engine import EngineLost, Job, Result, Setup
from rogue_scan.fleet.local import LocalEngine


def job(path: Path) -> Job:
    return Job(hashlib.sha256(path.read_bytes()).hexdigest(), path.name, str(path))


def vet_all(engine: LocalEngine, folder: Path) -> dict[str, Result]:
    futures = {path.stem: engine.submit(job(path)) for path in sorted(folder.iterdir())}
    return {name: future.result(timeout=30) for name, future in futures.items()}


def test_poison_apps_cost_only_themselves(engine: LocalEngine, apps: Callable[..., Path]) -> None:
    poison = {name: name.encode() + b":" for name in ("crash", "exit", "hang", "memory", "garbage", "raise")}
    good = {f"good{number}": b"fine:%d" % number for number in range(20)}
    results = vet_all(engine, apps(**poison, **good))
    failed = {name: (result.kind, result.died) for name, result in results.items() if result.failed}
    assert failed == {
        "crash": ("crashed", True),
        "exit": ("limit", False),  # a silent end is noticed by the time limit
        "hang": ("limit", False),
        "memory": ("limit", False),
        "garbage": ("malformed", False),
        "raise": ("internal", False),
    }
    assert results["crash"].message == "its worker process ended (signal SIGSEGV)"
    assert results["hang"].message == "took longer than 2.5 s"
    assert results["memory"].message == "needed more than 400 MiB of memory"
    assert all(result.sha256 for result in results.values())


def test_memory_is_given_back_after_an_app_that_took_it_all(setup: Setup, apps: Callable[..., Path]) -> None:
    engine = LocalEngine(setup, workers=1)
    folder = apps(a=b"memory:", b=b"take:300", c=b"take:300")
    results = vet_all(engine, folder)
    engine.close()
    assert [results[name].kind for name in "abc"] == ["limit", "", ""]


def test_workers_are_replaced_after_some_apps(setup: Setup, apps: Callable[..., Path]) -> None:
    engine = LocalEngine(setup, workers=1, recycle=3)
    results = vet_all(engine, apps(**{f"a{number}": b"x:%d" % number for number in range(10)}))
    assert all(result.verdict == "clean" for result in results.values())
    engine.close()


def test_closing_finishes_what_was_begun(setup: Setup, apps: Callable[..., Path]) -> None:
    engine = LocalEngine(setup, workers=1)
    folder = apps(slow=b"slow:0.3:")
    future = engine.submit(job(folder / "slow.apk"))
    engine.close()
    assert future.result(timeout=0).verdict == "clean"
    with pytest.raises(EngineLost):
        engine.submit(job(folder / "slow.apk"))


def test_killing_does_not_wait(setup: Setup, apps: Callable[..., Path]) -> None:
    engine = LocalEngine(setup, workers=1)
    future = engine.submit(job(apps(hang=b"hang:") / "hang.apk"))
    time.sleep(0.3)
    begun = time.monotonic()
    engine.close(kill=True)
    assert time.monotonic() - begun < 5
    assert future.cancelled()


def test_all_workers_killed_from_outside(engine: LocalEngine, apps: Callable[..., Path]) -> None:
    """As the kernel does when memory runs out; the jobs are begun again."""
    folder = apps(**{f"s{number}": b"slow:0.4:%d" % number for number in range(4)})
    futures = [engine.submit(job(path)) for path in sorted(folder.iterdir())]
    time.sleep(0.6)
    for pid in list(engine._pool._pool_manager.worker_manager.workers):
        os.kill(pid, signal.SIGKILL)
    results = [future.result(timeout=30) for future in futures]
    assert all(result.verdict == "clean" or result.died for result in results)
    assert any(result.verdict == "clean" for result in results)


def test_a_worker_that_dies_with_the_lock_does_not_stop_the_others(
    setup: Setup, apps: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rogue_scan.fleet.local._OVERDUE", 0.5)
    monkeypatch.setattr("rogue_scan.fleet.local._WATCH", 0.1)
    engine = LocalEngine(setup, workers=2)
    flag = bytes(apps(x=b"") / "flag")
    results = vet_all(engine, apps(x=b"locked-once:" + flag, y=b"1", z=b"2"))
    engine.close()
    assert results["x"].died or results["x"].verdict == "clean"
    assert (results["y"].verdict, results["z"].verdict) == ("clean", "clean")


def test_workers_that_have_nothing_to_fetch_reach_nothing(setup: Setup, apps: Callable[..., Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        folder = apps(x=b"connect:127.0.0.1:%d" % server.getsockname()[1])
        for network, verdict in ((True, "clean"), (False, "")):
            engine = LocalEngine(msgspec.structs.replace(setup, network=network), workers=1)
            result = vet_all(engine, folder)["x"]
            engine.close()
            if not network and result.verdict == "clean":
                pytest.skip("this system gives no network namespaces")
            assert (result.verdict or "") == verdict


PARENT = """
import sys, time
from rogue_scan.fleet.engine import Job, Limits, Setup
from rogue_scan.fleet.local import LocalEngine
if __name__ == "__main__":
    engine = LocalEngine(Setup(b"", "r", "e", Limits(seconds=60), "standin:vet"), workers=2)
    for number in range(2):
        engine.submit(Job("x" * 64, "x", sys.argv[1]))
    while not engine._pool._pool_manager.worker_manager.workers:
        time.sleep(0.05)
    time.sleep(1.0)
    print(*engine._pool._pool_manager.worker_manager.workers, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_with_a_program_that_was_killed(tmp_path: Path, apps: Callable[..., Path]) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    hang = apps(hang=b"hang:") / "hang.apk"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(
        [sys.executable, script, hang], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        parent.kill()
    until = time.monotonic() + 5
    while (alive := [pid for pid in workers if Path(f"/proc/{pid}").exists()]) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive
