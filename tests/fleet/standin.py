"""A stand-in for the analyser: does what the app's content says, in the worker process.

Imported by name in worker processes, hence no test module.
"""

import gc
import hashlib
import os
import signal
import socket
import time
from pathlib import Path

from pebble.pool.channel import WorkerChannel

from rogue_scan.fleet.engine import Feature, Job, Mark, Result, Setup


def vet(job: Job, setup: Setup) -> Result:
    """Obey ``crash``, ``hang``, ``memory``, ``garbage`` … at the start of the content."""
    if job.facts or job.facts_data:
        raw = job.facts_data or Path(job.facts or "").read_bytes()
        return answer(job, raw, setup, from_facts=True)
    if job.data is None and not Path(job.location).exists():
        return Result(job.identity, absent=True, kind="unreadable", message="not there")
    data = job.data if job.data is not None else Path(job.location).read_bytes()
    order, _, rest = data.partition(b":")
    if order == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif order == b"crash-once" and not Path(rest.decode()).exists():
        Path(rest.decode()).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    elif order == b"locked-once" and not Path(rest.decode()).exists():
        Path(rest.decode()).touch()
        channel = next(item for item in gc.get_objects() if isinstance(item, WorkerChannel))
        channel.mutex.acquire()
        os.kill(os.getpid(), signal.SIGKILL)
    elif order == b"exit":
        os._exit(0)
    elif order == b"hang":
        time.sleep(600)
    elif order == b"memory":
        hold = []
        while True:
            hold.append(bytes(16 << 20))  # asked for and not touched: quick
    elif order == b"take":
        bytes(int(rest) << 20)
    elif order == b"garbage":
        return Result(job.identity, sha256=job.identity, kind="malformed", message="no package")
    elif order == b"connect":
        host, _, port = rest.decode().partition(":")
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except OSError as error:
            return Result(job.identity, kind="unreadable", message=str(error))
    elif order == b"raise":
        raise ValueError("a slip")
    elif order == b"slow":
        time.sleep(float(rest.partition(b":")[0]))
    elif order == b"spin":
        until = time.process_time() + float(rest.partition(b":")[0])
        while time.process_time() < until:
            pass
    return answer(job, data, setup, from_facts=False)


def answer(job: Job, data: bytes, setup: Setup, *, from_facts: bool) -> Result:
    """A verdict that depends on content and rules alone."""
    digest = hashlib.sha256(data).hexdigest()
    bad = b"bad" in data
    marks = (Mark(digest[:16], "apk/made-up", "high", 0.9, "Made up"),) if bad else ()
    return Result(
        job.identity,
        sha256=digest,
        size=len(data),
        verdict="high" if bad else "clean",
        score=70 if bad else 0,
        marks=marks,
        features=(Feature("signer", digest[:1]),),
        scans=digest.encode() + setup.digest.encode(),
        facts=b"" if from_facts else data,
        from_facts=from_facts,
    )
