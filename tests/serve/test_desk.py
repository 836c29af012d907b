"""The desk behind the API, with an engine that does what the test says."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from rogue_scan.errors import LimitExceeded
from rogue_scan.fleet.engine import EngineLost, Job, Limits, Result
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.rules.load import RuleSet
from rogue_scan.serve.desk import Busy, Desk


class Engine:
    slots = 2

    def __init__(self) -> None:
        self.jobs: list[tuple[Job, Future[Result]]] = []
        self.killed: bool | None = None

    def submit(self, job: Job) -> Future[Result]:
        future: Future[Result] = Future()
        self.jobs.append((job, future))
        return future

    def close(self, *, kill: bool = False) -> None:
        self.killed = kill

    def finish(self, number: int, **fields: object) -> None:
        job, future = self.jobs[number]
        future.set_result(Result(job.identity, sha256=job.identity, **fields))  # type: ignore[arg-type]


Scene = Callable[[Desk, Engine], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scene], None]:
    """Run a scene with a desk that holds three waiting apps of ten bytes each, or forty bytes."""

    def run(scene: Scene) -> None:
        with Ledger(tmp_path / "store", "1", RuleSet([], "r")) as ledger:
            engine = Engine()
            desk = Desk(
                ledger, tmp_path / "store", engine, Limits(size=10), most_waiting=3, most_bytes=40
            )  # fmt: skip

            async def whole() -> None:
                desk.begin()
                await scene(desk, engine)
                await desk.close(0)

            asyncio.run(whole())

    return run


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def put(desk: Desk, content: bytes) -> str:
    upload = await desk.receive(chunks(content))
    desk.submit(upload, "an app")
    await asyncio.sleep(0)
    return upload.app


def stored(desk: Desk) -> list[str]:
    return sorted(path.name for path in desk._uploads.iterdir())


def test_an_upload_is_stored_by_digest_and_gone_with_its_verdict(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        upload = await desk.receive(chunks(b"ab", b"c"))
        assert stored(desk) == [upload.app] == [hashlib.sha256(b"abc").hexdigest()]
        desk.submit(upload, "../x")
        await asyncio.sleep(0)
        assert desk.state(upload.app) == "running"
        asyncio.get_running_loop().call_later(0.05, lambda: engine.finish(0, verdict="clean"))
        await desk.wait(upload.app, 5)
        assert desk.state(upload.app) == ""
        verdict = desk.ledger.verdict(upload.app)
        assert verdict and verdict.verdict == "clean"
        assert stored(desk) == []
        await put(desk, b"abc")  # once more: nothing to do
        assert len(engine.jobs) == 1
        assert stored(desk) == []

    play(scene)


def test_what_is_too_large_leaves_nothing(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        with pytest.raises(LimitExceeded):
            await desk.receive(chunks(b"12345678", b"901"))
        assert stored(desk) == []
        assert desk._bytes == 0

    play(scene)


def test_the_queue_has_an_end(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        for number in range(5):  # two at the engine, three waiting
            await put(desk, b"%d" % number)
        assert (desk.running, desk.waiting) == (2, 3)
        with pytest.raises(Busy):
            await put(desk, b"too many")
        await put(desk, b"0")  # is on its way already, and costs no place
        engine.finish(0, verdict="clean")
        await asyncio.sleep(0.05)
        assert (desk.running, desk.waiting) == (2, 2)
        await put(desk, b"has room")

    play(scene)


def test_the_bytes_that_wait_have_an_end(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        for number in range(4):
            await put(desk, b"%d123456789" % number)
        with pytest.raises(Busy):
            await desk.receive(chunks(b"x"))
        assert desk._bytes == 40
        engine.finish(0, verdict="clean")
        await asyncio.sleep(0.05)
        await desk.receive(chunks(b"x"))

    play(scene)


def test_an_app_that_kills_two_workers_is_set_aside(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        app = await put(desk, b"poison")
        engine.finish(0, kind="crashed", message="its worker ended", died=True)
        await asyncio.sleep(0.05)
        assert desk.state(app) == "running"  # once more
        engine.finish(1, kind="crashed", message="its worker ended", died=True)
        await desk.wait(app, 5)
        verdict = desk.ledger.verdict(app)
        assert verdict and verdict.state == "quarantined"

    play(scene)


def test_ending_waits_for_what_is_at_work_and_keeps_what_is_not(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        apps = [await put(desk, b"%d" % number) for number in range(3)]
        asyncio.get_running_loop().call_later(0.05, lambda: engine.finish(0, verdict="clean"))
        asyncio.get_running_loop().call_later(0.05, lambda: engine.finish(1, verdict="clean"))
        await desk.close(5)
        assert engine.killed is False
        assert len(engine.jobs) == 2
        assert stored(desk) == [apps[2]]
        with pytest.raises(Busy):
            await put(desk, b"late")

    play(scene)


def test_ending_does_not_wait_for_ever(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        app = await put(desk, b"hangs")
        await desk.close(0.05)
        assert engine.killed is True
        assert stored(desk) == [app]  # for the next server

    play(scene)


def test_a_lost_engine_loses_no_upload(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        app = await put(desk, b"1")
        engine.jobs[0][1].set_exception(EngineLost("gone"))
        await desk.wait(app, 5)
        assert desk.state(app) == ""
        assert desk.ledger.verdict(app) is None
        assert stored(desk) == [app]

    play(scene)


def test_nobody_waits_for_a_server_that_ends(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        app = await put(desk, b"1")
        desk.stopping = lambda: True
        begun = asyncio.get_running_loop().time()
        await desk.wait(app, 60)
        assert asyncio.get_running_loop().time() - begun < 5

    play(scene)


def test_a_url_is_known_by_its_app_once_it_was_fetched(play: Callable[[Scene], None]) -> None:
    async def scene(desk: Desk, engine: Engine) -> None:
        name = desk.submit_url("http://user:key@store.example/a.apk")
        await asyncio.sleep(0)
        job, future = engine.jobs[0]
        assert (job.name, job.remote, job.redirects) == ("http://store.example/a.apk", True, False)
        future.set_result(Result(job.identity, sha256="a" * 64, verdict="low"))
        await desk.wait(name, 5)
        assert desk.resolve(name) == "a" * 64
        assert desk.resolve("b" * 64) == "b" * 64

    play(scene)
