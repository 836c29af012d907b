"""A capture that is still being written: a growing file, a pipe, or standard input."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from collections.abc import Iterator

from rogue_scan.errors import SourceError, Unreadable
from rogue_scan.source.walk import STDIN

_BLOCK = 256 << 10


class Follow:
    """Gives the bytes of one capture as they come. A pipe ends by itself, a file when it is stopped."""

    def __init__(self, location: str) -> None:
        self.notes: list[str] = []
        self.errors: list[SourceError] = []
        self._location = location
        self.stopped = False
        """Whether the run was told to end."""

    def stop(self) -> None:
        """End the stream."""
        self.stopped = True

    def stream(self, *, idle: float = 0.25) -> Iterator[bytes]:
        """The bytes; ``b""`` each ``idle`` seconds while there are none. Raises Unreadable."""
        own = self._location != STDIN
        try:
            handle = os.open(self._location, os.O_RDONLY) if own else sys.stdin.fileno()
        except OSError as error:
            raise Unreadable(f"{self._location}: {error.strerror or error}") from error
        try:
            grows = stat.S_ISREG(os.fstat(handle).st_mode)
            while not self.stopped:
                if not grows and not select.select([handle], [], [], idle)[0]:
                    yield b""
                    continue
                data = os.read(handle, _BLOCK)
                if data:
                    yield data
                elif not grows:
                    return
                else:
                    time.sleep(idle)
                    yield b""
        except OSError as error:
            raise Unreadable(f"{self._location}: {error.strerror or error}") from error
        finally:
            if own:
                os.close(handle)
