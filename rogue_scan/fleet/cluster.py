"""The engine on an existing dask.distributed cluster.

The scheduler hands jobs to workers, moves those of a worker that went away, and lets workers come and go.
On each worker the app is vetted by a :class:`~rogue_scan.fleet.local.LocalEngine` in child processes: an
app that crashes or eats memory ends a child, never the dask worker, so that no innocent job is blamed.

The workers need rogue-scan of the same version; rules travel with the jobs. Dask trusts whoever can reach
it, since its messages are pickled: keep the cluster in a closed network or use its TLS.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import multiprocessing.util
import threading
import time
import uuid
import warnings
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from rogue_scan.errors import UsageError
from rogue_scan.fleet.engine import ENGINE, EngineLost, Job, Result, Setup
from rogue_scan.fleet.local import LocalEngine

_log = logging.getLogger(__name__)
_CONNECT = "15s"
_COUNT_AGAIN = 2.0
"""Seconds after which the workers are counted again."""


class ClusterEngine:
    """Jobs on the workers of one dask scheduler, ``HOST:PORT`` or an address that dask knows."""

    def __init__(self, address: str, setup: Setup) -> None:
        """Connect. Raises UsageError where dask is missing or nobody answers."""
        try:
            from distributed import Client
        except ImportError:
            raise UsageError("clusters need the extra 'cluster': pip install 'rogue-scan[cluster]'") from None
        try:
            self._client: Any = Client(  # type: ignore[no-untyped-call]
                address, timeout=_CONNECT, set_as_default=False
            )
        except (OSError, ValueError) as error:  # a time-out is an OSError, too
            raise UsageError(f"no dask scheduler at {address}: {error}") from None
        self._setup = setup
        self._slots, self._counted = 2, 0.0
        self._lock = threading.Lock()
        self._flying: dict[Any, Future[Result]] = {}
        self._send_data = False
        self._closed = False

    @property
    def slots(self) -> int:
        """Two for each thread of the workers that are there now."""
        now = time.monotonic()
        if now - self._counted > _COUNT_AGAIN:
            self._counted = now
            with contextlib.suppress(Exception):  # while the connection is being made again
                workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
                self._slots = max(2, 2 * sum(worker["nthreads"] for worker in workers))
        return self._slots

    def submit(self, job: Job) -> Future[Result]:
        """Begin one job (see :class:`~rogue_scan.fleet.engine.Engine`)."""
        if self._closed:
            raise EngineLost("the engine is closed")
        out: Future[Result] = Future()
        # Where workers turned out not to see our files, they get the content at once.
        self._begin(_with_data(job) if self._send_data else job, out)
        return out

    def close(self, *, kill: bool = False) -> None:
        """Leave the cluster; with ``kill`` (or when jobs are left) its jobs are cancelled."""
        self._closed = True
        with self._lock:
            left = dict(self._flying)
            self._flying.clear()
        if left:
            with contextlib.suppress(Exception):
                self._client.cancel(list(left), force=True)
            for out in left.values():
                out.cancel()
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)

    def _begin(self, job: Job, out: Future[Result]) -> None:
        with warnings.catch_warnings():
            # "Sending large graph": content is part of the task on purpose, so that it survives the
            # worker it was sent to.
            warnings.simplefilter("ignore", UserWarning)
            future = self._client.submit(
                _vet, self._setup, job, key=f"rogue-scan-{uuid.uuid4().hex}", pure=False
            )
        with self._lock:
            self._flying[future] = out
        future.add_done_callback(lambda done: self._done(done, job, out))

    def _done(self, future: Any, job: Job, out: Future[Result]) -> None:
        with self._lock:
            if self._flying.pop(future, None) is None:
                return
        if self._closed:
            out.cancel()
            return
        try:
            result: Result = future.result(timeout=60)
        except (Exception, asyncio.CancelledError) as error:
            self._failed(error, job, out)
            return
        finally:
            with contextlib.suppress(Exception):
                future.release()
        if result.absent and job.data is None and not job.remote:
            self._send_data = True
            try:
                self._begin(_with_data(job), out)
            except Exception as error:
                self._failed(error, job, out)
            return
        out.set_result(result)

    def _failed(self, error: BaseException, job: Job, out: Future[Result]) -> None:
        """An app cannot cause this: its child process would have ended, not the task."""
        from distributed import KilledWorker

        what = f"{type(error).__name__}: {error}"
        if isinstance(error, KilledWorker):
            sha256 = "" if job.remote else job.identity
            message = f"its machine was lost: {what}"
            out.set_result(Result(job.identity, sha256=sha256, kind="crashed", message=message, died=True))
        elif isinstance(error, FileNotFoundError):
            out.set_result(Result(job.identity, sha256=job.identity, kind="unreadable", message=str(error)))
        else:
            out.set_exception(EngineLost(f"the cluster cannot run the work: {what}"))


def _with_data(job: Job) -> Job:
    """The job with the content of the files it names."""
    if job.remote:
        return job
    facts = _read(job.facts) if job.facts else None
    return msgspec.structs.replace(job, data=_read(job.location), facts=None, facts_data=facts)


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


# On the dask worker.

_engines: dict[tuple[str, str], LocalEngine] = {}
_engines_lock = threading.Lock()


def _vet(setup: Setup, job: Job) -> Result:
    from distributed import get_worker

    if setup.version != ENGINE:
        raise RuntimeError(f"a worker has {ENGINE}, this run needs {setup.version}")
    with _engines_lock:
        key = (setup.digest, repr(setup.limits))
        engine = _engines.get(key)
        if engine is None:
            for name, old in list(_engines.items()):
                if old.idle:  # of a run with other rules
                    _engines.pop(name).close()
            # Dask starts its workers as daemons, which may not have children; ours end with their parent
            # (see `local`), which is what that rule is for.
            multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
            engine = _engines[key] = LocalEngine(setup, workers=get_worker().state.nthreads)
            # Unlike `atexit`, this also runs where the dask worker is a child of its nanny.
            multiprocessing.util.Finalize(None, engine.close, kwargs={"kill": True}, exitpriority=100)
    return engine.submit(job).result()
