"""The cluster engine against a real scheduler and two real worker processes on the loopback interface."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from rogue_scan.errors import UsageError
from rogue_scan.fleet.engine import EngineLost, Job, Result, Setup
from rogue_scan.fleet.run import Vetting, run

pytest.importorskip("distributed", reason="needs the extra 'cluster'")

from rogue_scan.fleet.cluster import ClusterEngine
from rogue_scan.fleet.engine import ENGINE
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.sources import places
from rogue_scan.fleet.store import Facts
from rogue_scan.rules.load import RuleSet

HERE = Path(__file__).parent
pytestmark = pytest.mark.filterwarnings("ignore")  # of dask and tornado themselves


class Cluster:
    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack, self._folder = stack, folder
        self.workers: list[subprocess.Popen[bytes]] = []
        address = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                                     "--scheduler-file", str(address))  # fmt: skip
        until = time.monotonic() + 20
        while not (address.exists() and address.read_text().strip()) and time.monotonic() < until:
            time.sleep(0.05)
        self.address: str = msgspec.json.decode(address.read_bytes())["address"]

    def add_worker(self, *, nanny: bool = False) -> None:
        self.workers.append(
            self._start(
                "worker",
                self.address,
                "--host",
                "127.0.0.1",
                "--nthreads",
                "1",
                "--nanny" if nanny else "--no-nanny",
                "--no-dashboard",
                "--memory-limit",
                "0",
                "--death-timeout",
                "60",
                "--local-directory",
                str(self._folder),
            )
        )

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
            cwd=self._folder,
            env=os.environ | {"PYTHONPATH": str(HERE), "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1h"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait, 10)
        self._stack.callback(process.terminate)
        return process


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with ExitStack() as stack:
        cluster = Cluster(stack, tmp_path_factory.mktemp("dask"))
        cluster.add_worker()
        cluster.add_worker(nanny=True)  # dask's default: the worker is a daemon, and may have children yet
        yield cluster


@pytest.fixture
def cluster_setup(setup: Setup) -> Setup:
    return msgspec.structs.replace(setup, version=ENGINE)


def vet_all(engine: ClusterEngine, folder: Path) -> dict[str, Result]:
    jobs = {
        path.stem: Job(hashlib.sha256(path.read_bytes()).hexdigest(), path.name, str(path))
        for path in sorted(folder.iterdir())
    }
    futures = {name: engine.submit(job) for name, job in jobs.items()}
    return {name: future.result(timeout=40) for name, future in futures.items()}


def test_a_poison_app_costs_only_itself(
    cluster: Cluster, cluster_setup: Setup, apps: Callable[..., Path]
) -> None:
    engine = ClusterEngine(cluster.address, cluster_setup)
    poison = {name: name.encode() + b":" for name in ("crash", "hang", "memory", "garbage")}
    results = vet_all(
        engine, apps(**poison, **{f"good{number}": b"fine:%d" % number for number in range(12)})
    )
    engine.close()
    assert {name: result.kind for name, result in results.items() if result.failed} == {
        "crash": "crashed", "hang": "limit", "memory": "limit", "garbage": "malformed",
    }  # fmt: skip
    assert all(worker.poll() is None for worker in cluster.workers)


def test_a_worker_that_does_not_see_the_files_gets_their_content(
    cluster: Cluster, cluster_setup: Setup, apps: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ClusterEngine(cluster.address, cluster_setup)
    folder = apps(one=b"1", two=b"2")
    try:
        here = {"/elsewhere/one": folder / "one.apk", "/elsewhere/two": folder / "two.apk"}
        monkeypatch.setattr(
            "rogue_scan.fleet.cluster._read", lambda path: here.get(path, Path(path)).read_bytes()
        )
        for path, real in here.items():
            job = Job(hashlib.sha256(real.read_bytes()).hexdigest(), "x", path)
            assert engine.submit(job).result(timeout=20).verdict == "clean"
    finally:
        engine.close()


def test_a_worker_killed_in_the_middle_loses_no_app(
    cluster: Cluster, cluster_setup: Setup, apps: Callable[..., Path], tmp_path: Path
) -> None:
    folder = apps(**{f"a{number}": b"slow:0.1:%d" % number for number in range(30)})
    with Ledger(tmp_path / "store", ENGINE, RuleSet([], "r1")) as ledger:
        engine = ClusterEngine(cluster.address, cluster_setup)
        vetting = Vetting(ledger, Facts(tmp_path / "store" / "facts"), cluster_setup.limits)
        for number, _ in enumerate(run(places([str(folder)]), vetting, engine)):
            if number == 4:
                cluster.workers[0].send_signal(signal.SIGKILL)
            if number == 12:
                cluster.add_worker()  # and another one comes
        engine.close()
        assert ledger.counts() == {("done", "clean"): 30}
        assert vetting.tally.failed == vetting.tally.quarantined == 0


def test_a_worker_of_another_version_is_refused(cluster: Cluster, setup: Setup) -> None:
    engine = ClusterEngine(cluster.address, msgspec.structs.replace(setup, version="0.0.0-other"))
    with pytest.raises(EngineLost, match=r"needs 0\.0\.0-other"):
        engine.submit(Job("x", "x", "/x")).result(timeout=20)
    engine.close()


def test_nobody_answers(cluster_setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rogue_scan.fleet.cluster._CONNECT", "0.5s")
    with pytest.raises(UsageError, match=r"no dask scheduler at 127\.0\.0\.1:9"):
        ClusterEngine("127.0.0.1:9", cluster_setup)
