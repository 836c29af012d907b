"""The analyser, but an app can ask to be a poison one: an entry of that name does what it says.

Imported by name in worker processes. Bomb and garbage need no help: the real analyser meets them.
"""

import os
import signal
import time
from pathlib import Path

from rogue_scan.fleet import work
from rogue_scan.fleet.engine import Job, Result, Setup


def vet(job: Job, setup: Setup) -> Result:
    """As :func:`rogue_scan.fleet.work.vet`."""
    data = Path(job.location).read_bytes()
    if b"poison/crash" in data:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"poison/hang" in data:
        time.sleep(3600)
    if b"poison/memory" in data:
        hold = []
        while True:
            hold.append(bytearray(64 << 20))
    return work.vet(job, setup)


def nothing(job: Job, setup: Setup) -> Result:
    """No work at all: what is left is the engine's own cost."""
    return Result(job.identity, sha256=job.identity, verdict="clean", scans=b"x")
