"""Runs the analysis of apps in child processes with limits on wall time, CPU time and memory.

An app that hangs, eats memory or kills its reader costs one child process: it becomes a scan with one
entry in ``errors`` and a finding that says that it could not be vetted. The apps after it get a new
child. Results cross the process border as msgpack and are decoded strictly by type.
"""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from rogue_scan.model.scan import Scan

if TYPE_CHECKING:
    from rogue_scan.apk.analyse import Analyser


_START = 30.0
"""Seconds that a child may take to stand; its wall time counts from then on."""


_NEWNET, _NEWUSER = 0x40000000, 0x10000000


class Limits(msgspec.Struct, frozen=True):
    """What the analysis of one app may cost."""

    wall: float = 120.0
    """Seconds."""
    cpu: int = 120
    """Seconds of processor time; rounded up to what the child has used before."""
    memory: int = 2 << 30
    """Bytes of address space."""


class Isolated:
    """A child process (or several, one after another) that vets apps; use it in a ``with`` statement.

    ``rules`` are signature files or folders beside the built-in ones, which the caller has checked;
    ``facts`` is the folder of stored facts.
    """

    def __init__(
        self, rules: Sequence[Path] = (), limits: Limits | None = None, facts: Path | None = None
    ) -> None:
        from pebble import ProcessPool

        self._rules, self._limits = tuple(rules), limits or Limits()
        self._pool: Any = ProcessPool(
            max_workers=1, initializer=start, initargs=(self._rules, self._limits, facts), context=_context()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._pool.close()
        else:
            self._pool.stop()
        self._pool.join()

    def scan(self, data: bytes, name: str) -> list[Scan]:
        """Scan of the app and of the apps inside it; never raises because of the app."""
        future = self._pool.schedule(work, args=(data, name, self._limits.cpu), timeout=self._limits.wall)
        try:
            return decode(future.result(timeout=self._limits.wall + _START))
        except FutureTimeoutError:
            future.cancel()
            kind, message = "limit", f"the analysis took longer than {self._limits.wall:g} s"
        except MemoryError:
            kind, message = "limit", f"the analysis needed more than {self._limits.memory >> 20} MiB"
        except Exception as error:  # pebble.ProcessExpired, and whatever the child raised
            kind, message = "crashed", _cause(error)
        return [failed(data, name, kind, message, self._rules)]


def _cause(error: Exception) -> str:
    code = getattr(error, "exitcode", None)
    if code is not None:
        return f"the child process that analysed it ended with status {code}"
    return f"the analysis failed: {type(error).__name__}: {error}"


def _context() -> multiprocessing.context.BaseContext:
    # Forking a process that has threads can deadlock; the fork server has none, and starts children
    # four times faster than a new interpreter.
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")


_analyser: "Analyser | None" = None


def start(rules: Sequence[Path], limits: Limits, facts: Path | None) -> None:
    """Prepare a child process: limits first, then the rules."""
    global _analyser
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads would reserve address space
    _limit(limits)
    leave_network()
    from rogue_scan.apk.analyse import Analyser
    from rogue_scan.apk.facts import Store
    from rogue_scan.rules.load import load

    _analyser = Analyser(load(rules), Store(facts) if facts else None)


def leave_network() -> bool:
    """Move this process into a network namespace of its own, without any interface (unshare(2)).

    The analysis needs no network; so whatever an app could make its reader do, nothing leaves. Returns
    False where the system does not allow it (not Linux, or no right to), which changes nothing else.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (_NEWNET, _NEWUSER | _NEWNET))


def _limit(limits: Limits) -> None:
    if sys.platform == "win32":
        return
    import resource

    for what, value in ((resource.RLIMIT_AS, limits.memory), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (value if hard < 0 else min(value, hard), hard))


def _limit_cpu(seconds: int) -> None:
    """Allow this much processor time from now on."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    value = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (value if hard < 0 else min(value, hard), hard))


def work(data: bytes, name: str, cpu: int) -> bytes:
    """Vet one app in the child process; the scans as msgpack."""
    assert _analyser is not None, "start() prepares the process"
    _limit_cpu(cpu)
    return encode(_analyser.scan_or_fail(data, name))


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Scan])


def encode(scans: list[Scan]) -> bytes:
    """Scans as bytes."""
    return _encoder.encode(scans)


def decode(raw: bytes) -> list[Scan]:
    """Scans from bytes, checked against their types."""
    return _decoder.decode(raw)


def failed(data: bytes, name: str, kind: str, message: str, rules: Sequence[Path] = ()) -> Scan:
    """The scan of an app whose analysis ended without a result: not clean, but not vetted."""
    from rogue_scan.apk.analyse import Analyser, unread
    from rogue_scan.rules.load import load

    return Analyser(load(rules)).judge(unread(data, kind, message), name)
