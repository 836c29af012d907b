"""Takes apps in, has the engine vet them, and tells who waits.

Everything but the engine's own threads runs on one event loop, so neither ledger nor tables need locks.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from rogue_scan.errors import LimitExceeded, RogueScanError
from rogue_scan.fleet.campaigns import join
from rogue_scan.fleet.engine import Engine, Job, Limits, Result
from rogue_scan.fleet.ledger import Ledger, private_folder
from rogue_scan.fleet.run import Vetting
from rogue_scan.fleet.sources import Place, redacted
from rogue_scan.fleet.store import Facts
from rogue_scan.serve.metrics import Metrics

_log = logging.getLogger(__name__)
_BEAT = 0.5
_PART = "part-"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Busy(RogueScanError):
    """There is no room for another app."""


class Upload(msgspec.Struct, frozen=True):
    """An app that has arrived whole."""

    app: str
    path: Path
    size: int


class Desk:
    """One store, one engine, and everybody who waits for a verdict."""

    def __init__(
        self,
        ledger: Ledger,
        store: Path,
        engine: Engine,
        limits: Limits,
        *,
        most_waiting: int,
        most_bytes: int,
    ) -> None:
        self.ledger = ledger
        self.metrics = Metrics()
        self._engine, self._limits = engine, limits
        self._facts = Facts(store / "facts")
        self._vetting = Vetting(ledger, self._facts, limits)
        self._uploads = store / "uploads"
        private_folder(self._uploads)
        self._most_waiting, self._most_bytes = most_waiting, most_bytes
        self._waiting: deque[Job] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._finished: dict[str, asyncio.Event] = {}
        self._bytes = 0
        self._closing = False
        self.stopping: Callable[[], bool] = lambda: False
        """Whether the server was asked to end, so that nobody is kept waiting."""

    def begin(self) -> None:
        """Take up what an earlier server left behind: whole uploads are vetted, parts are removed."""
        for path in sorted(self._uploads.iterdir()):
            if _DIGEST.fullmatch(path.name):
                self._bytes += path.stat().st_size
                self._enqueue(path.name, path.name[:16], str(path))
                if not self._vetting.waiting(path.name):
                    self._discard(path.name)
            elif path.name.startswith(_PART):
                path.unlink(missing_ok=True)

    @property
    def waiting(self) -> int:
        """Apps that wait for a worker."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Apps that are at the engine."""
        return len(self._running)

    def state(self, app: str) -> str:
        """``queued`` or ``running``; empty where no job is on its way."""
        if not self._vetting.waiting(app):
            return ""
        return "queued" if any(job.identity == app for job in self._waiting) else "running"

    async def receive(self, chunks: AsyncIterator[bytes]) -> Upload:
        """Write an upload to the store under its digest, whatever its sender calls it.

        Raises LimitExceeded and Busy; nothing is left behind then.
        """
        part = self._uploads / f"{_PART}{secrets.token_hex(16)}"
        state = hashlib.sha256()
        size = counted = 0
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self._limits.size:
                        raise LimitExceeded(f"larger than {self._limits.size} bytes")
                    if self._bytes + len(chunk) > self._most_bytes:
                        raise Busy("too much is waiting already")
                    self._bytes += len(chunk)
                    counted += len(chunk)
                    state.update(chunk)
                    file.write(chunk)
            app = state.hexdigest()
            if (self._uploads / app).exists():
                self._bytes -= size
            part.replace(self._uploads / app)
        except BaseException:
            self._bytes -= counted
            part.unlink(missing_ok=True)
            raise
        self.metrics.uploaded += size
        return Upload(app, self._uploads / app, size)

    def submit(self, upload: Upload, name: str) -> None:
        """Have an upload vetted, if it was not yet. Raises Busy."""
        try:
            self._enqueue(upload.app, name, str(upload.path))
        finally:
            if not self._vetting.waiting(upload.app):
                self._discard(upload.app)

    def submit_url(self, url: str) -> str:
        """Have the app at a URL vetted; gives what it is known by until it was fetched. Raises Busy."""
        app = Place(url, url, mark="").identity
        if not self._vetting.waiting(app):
            self.ledger.forgive(app)  # what could not be fetched may be there now
        self._enqueue(app, redacted(url), url, remote=True)
        return app

    def recall(self, app: str) -> None:
        """Have an app answered from stored facts, if other rules gave its last verdict. Raises Busy."""
        if self._facts.path(app) and self.ledger.verdict(app) is None:
            self._enqueue(app, app[:16], "")

    def resolve(self, app: str) -> str:
        """The digest of an app that was named by URL, once it was fetched."""
        return self.ledger.app_at(app, "") or app

    async def wait(self, app: str, seconds: float) -> None:
        """Return once ``app`` has a verdict or failed, time is up, or the server is about to end."""
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0 and not self.stopping():
            event = self._finished.get(app)
            if event is None:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), min(left, _BEAT))

    async def close(self, grace: float) -> None:
        """Finish what is at work within ``grace`` seconds; what waits is taken up by the next server."""
        self._closing = True
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        late = bool(self._running)
        for task in self._running:
            task.cancel()
        await asyncio.to_thread(self._engine.close, kill=late)

    def _enqueue(self, app: str, name: str, location: str, *, remote: bool = False) -> None:
        job = self._vetting.begin(app, name, location, remote=remote)
        if job is None:
            return
        if self._closing or len(self._waiting) >= self._most_waiting:
            self._vetting.dropped(job)
            raise Busy("too many apps are waiting already")
        self._finished[app] = asyncio.Event()
        self._waiting.append(msgspec.structs.replace(job, redirects=False))
        self._start()

    def _start(self) -> None:
        while self._waiting and len(self._running) < self._engine.slots and not self._closing:
            task = asyncio.create_task(self._vet(self._waiting.popleft()))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            task.add_done_callback(lambda _: self._start())

    async def _vet(self, job: Job) -> None:
        try:
            settled = False
            while not settled:
                result: Result = await asyncio.wrap_future(self._engine.submit(job))
                settled = self._vetting.settle(job, result)
        except RogueScanError as error:  # the engine is gone; the upload stays for the next server
            _log.error("%s: %s", job.name, error)
            self._vetting.dropped(job)
        else:
            self._settled(job, result)
        event = self._finished.pop(job.identity, None)
        if event is not None:
            event.set()

    def _settled(self, job: Job, result: Result) -> None:
        self.metrics.vetting.add(result.seconds)
        if not result.failed:
            join(self.ledger, result.sha256, result.features, result.sketch)
        if not job.remote:
            self._discard(job.identity)
        elif result.sha256:
            self.ledger.put_place(job.identity, "", result.sha256)

    def _discard(self, app: str) -> None:
        """Facts and verdict are kept, the app is not."""
        path = self._uploads / app
        with contextlib.suppress(OSError):
            self._bytes -= path.stat().st_size
            path.unlink()
