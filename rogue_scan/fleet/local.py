"""The engine on this machine: one process a worker, with hard limits on time and memory (pebble).

Workers come from a fork server that has loaded the analyser once, so a new worker costs milliseconds;
they are replaced after a number of apps, which keeps memory flat whatever an analyser caches.
"""

import concurrent.futures
import contextlib
import functools
import gc
import importlib
import multiprocessing
import multiprocessing.context
import os
import select
import signal
import sys
import threading
import time
from concurrent.futures import Future

import pebble

from rogue_scan.apk.isolate import leave_network
from rogue_scan.fleet.engine import EngineLost, Job, Result, Setup, Work

_RECYCLE = 100
"""Apps after which a worker process is replaced."""
_OVERDUE = 20.0
"""Seconds beyond the limit of one app in which nothing ended: the pool is stuck."""
_WATCH = 1.0
_ATTEMPTS = 3
"""How often a job is begun again because the pool broke under it, before it is blamed itself."""
_KERNEL_KILLS = sys.platform == "linux"
_WARM = {"rogue_scan.fleet.work": "rogue_scan.fleet.warm"}
"""What the fork server loads for the sake of a module of work, where that is more than the module."""


def _context(module: str) -> multiprocessing.context.BaseContext:
    """Where workers come from: the fork server with ``module`` loaded, or a new interpreter for each."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_WARM.get(module, module)])
    forkserver.ensure_running()  # loads it while the first apps are looked for
    return context


class _Running:
    """One job on its way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.out: Future[Result] = Future()
        self.inner: pebble.ProcessFuture[Result] | None = None
        self.attempts = 0


class LocalEngine:
    """``workers`` processes on this machine."""

    def __init__(self, setup: Setup, workers: int | None = None, recycle: int = _RECYCLE) -> None:
        self._setup = setup
        self._workers = workers or os.cpu_count() or 1
        self._recycle = recycle
        # The threads of numpy's linear algebra only reserve memory, and must not be forked.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        self._context = _context(setup.call.partition(":")[0])
        self._lock = threading.RLock()
        self._running: set[_Running] = set()
        self._moved = time.monotonic()
        """When a job last ended, or was begun while there was none."""
        self._closed = threading.Event()
        self._pool = self._new_pool()
        self._watcher = threading.Thread(target=self._watch, name="fleet-watch", daemon=True)
        self._watcher.start()

    @property
    def slots(self) -> int:
        """Each worker has one job, and one waits for it."""
        return self._workers * 2

    @property
    def idle(self) -> bool:
        """Whether no job is on its way."""
        with self._lock:
            return not self._running

    def submit(self, job: Job) -> Future[Result]:
        """Begin one job (see :class:`~rogue_scan.fleet.engine.Engine`)."""
        running = _Running(job)
        with self._lock:
            if self._closed.is_set():
                raise EngineLost("the engine is closed")
            if not self._running:
                self._moved = time.monotonic()
            self._running.add(running)
            self._start(running)
        return running.out

    def close(self, *, kill: bool = False) -> None:
        """End all workers; with ``kill`` their jobs are cancelled."""
        with self._lock:
            self._closed.set()
            pool = self._pool
        if kill:
            pool.stop()  # type: ignore[no-untyped-call]
        else:
            pool.close()  # type: ignore[no-untyped-call]
        pool.join()
        self._watcher.join()
        with self._lock:
            for running in self._running:
                running.out.cancel()
            self._running.clear()

    def _new_pool(self) -> pebble.ProcessPool:
        return pebble.ProcessPool(
            max_workers=self._workers,
            max_tasks=self._recycle,
            initializer=_begin,
            initargs=[self._setup],
            context=self._context,
        )

    def _start(self, running: _Running) -> None:
        running.attempts += 1
        try:
            running.inner = self._pool.schedule(_work, args=[running.job], timeout=self._setup.limits.seconds)
        except RuntimeError:  # the pool broke and is not replaced yet: the watcher does both
            running.inner = None
            return
        running.inner.add_done_callback(lambda inner: self._done(running, inner))

    def _done(self, running: _Running, inner: Future[Result]) -> None:
        with self._lock:
            if running.inner is not inner or running not in self._running:
                return
            try:
                result = self._outcome(running, inner)
            except concurrent.futures.process.BrokenProcessPool:
                running.inner = None
                return
            self._running.discard(running)
            self._moved = time.monotonic()
        if result is None:
            running.out.cancel()
        elif not running.out.cancelled():
            running.out.set_result(result)

    def _outcome(self, running: _Running, inner: Future[Result]) -> Result | None:
        limits = self._setup.limits
        fail = functools.partial(_failed, running.job)
        try:
            return inner.result()
        except concurrent.futures.CancelledError:
            return None
        except concurrent.futures.process.BrokenProcessPool:
            if running.attempts < _ATTEMPTS:
                raise
            return fail("crashed", "its worker process ended, and the others with it", died=True)
        except concurrent.futures.TimeoutError:
            return fail("limit", f"took longer than {limits.seconds:g} s", seconds=limits.seconds)
        except pebble.ProcessExpired as error:
            return fail("crashed", f"its worker process ended ({_ending(error.exitcode)})", died=True)
        except Exception as error:  # an error of ours, or a result that cannot be sent
            return fail("internal", f"{type(error).__name__}: {error}")

    def _watch(self) -> None:
        """Replace a pool that broke or is stuck.

        All workers of a pool share one pipe with one lock: a worker that is killed from outside while it
        holds that lock stops all others, and no time limit of the pool's own fires any more.
        """
        patience = self._setup.limits.seconds + _OVERDUE
        while not self._closed.wait(_WATCH):
            with self._lock:
                stuck = self._running and time.monotonic() - self._moved > patience
                if stuck or any(running.inner is None for running in self._running):
                    self._replace()

    def _replace(self) -> None:
        """Kill the pool and begin its jobs anew; those that have had their chances are blamed."""
        old, self._pool = self._pool, self._new_pool()
        waiting = list(self._running)
        for running in waiting:
            running.inner = None  # what the old pool still says is not heard
        _kill(old)
        self._moved = time.monotonic()
        for running in waiting:
            if running.attempts < _ATTEMPTS:
                self._start(running)
            else:
                self._running.discard(running)
                running.out.set_result(
                    _failed(running.job, "crashed", "all workers ended each time it ran", died=True)
                )


def _failed(job: Job, kind: str, message: str, *, died: bool = False, seconds: float = 0.0) -> Result:
    sha256 = "" if job.remote else job.identity
    return Result(
        job.identity, sha256=sha256, kind=kind, message=message, died=died, seconds=round(seconds, 3)
    )


def _ending(code: int) -> str:
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
    return f"status {code}"


def _kill(pool: pebble.ProcessPool) -> None:
    """Kill a pool that may hold its own locks: its threads end with their pipe."""
    for pid in list(pool._pool_manager.worker_manager.workers):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    threading.Thread(target=_bury, args=[pool], name="fleet-bury", daemon=True).start()


def _bury(pool: pebble.ProcessPool) -> None:
    with contextlib.suppress(Exception):
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join(timeout=10)


# In the worker process.

_setup: Setup | None = None
_call: Work | None = None


def _begin(setup: Setup) -> None:
    """Set the limits of this process and find what it has to run."""
    global _setup, _call
    _die_with_parent()
    with contextlib.suppress(ImportError):  # no resource limits on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Private writable memory: unlike the address space, it does not count mapped files and
        # what libraries merely reserve.
        resource.setrlimit(resource.RLIMIT_DATA, (setup.limits.memory, setup.limits.memory))
    if not setup.network:
        leave_network()
    module, _, function = setup.call.partition(":")
    _call = getattr(importlib.import_module(module), function)
    _setup = setup


def _work(job: Job) -> Result:
    if _call is None or _setup is None:
        raise RuntimeError("this worker was not set up")
    begun = time.monotonic()
    with contextlib.suppress(MemoryError):
        return _call(job, _setup)
    # Not inside the handler: there the error still holds on to everything that the app had taken.
    gc.collect()
    message = f"needed more than {_setup.limits.memory >> 20} MiB of memory"
    return _failed(job, "limit", message, seconds=time.monotonic() - begun)


def _die_with_parent() -> None:
    """End this process when the program that started it ends, however that ends.

    After ``kill -9`` nobody is left to tell the workers, and the fork server lives as long as they do. The
    sentinel is a pipe whose other end only the program holds; where the kernel can, it kills this process
    itself as that end closes, so that even a worker stuck in native code goes.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if _KERNEL_KILLS:
        import fcntl

        sentinel = parent.sentinel
        fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(sentinel, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)
        if not select.select([sentinel], [], [], 0)[0]:
            return
        os._exit(1)  # it ended before we asked
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
