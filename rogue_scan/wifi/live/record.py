"""Records a live run as pcapng, in files of bounded size, with a limit on what they take together."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from types import TracebackType

from rogue_scan.errors import Unreadable

FILE_BYTES = 256 << 20
"""Size from which the next file begins."""
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""Windows has no links to follow here, and else writes line ends."""


class Recorder:
    """Writes batches of whole pcapng blocks; the first batch has to be the headers.

    The first file is ``path``, the next ones ``NAME-0002.pcapng`` … beside it. When all together exceed
    ``most`` bytes, the oldest goes; what went is counted in :attr:`given_up`. Files are readable by the
    user only. Raises Unreadable where nothing can be written.
    """

    def __init__(self, path: Path, most: int, *, file_bytes: int = FILE_BYTES) -> None:
        self._path, self._most, self._file_bytes = path, most, min(file_bytes, max(1, most // 2))
        self._headers = b""
        self._files: list[tuple[Path, int]] = []
        self._number = 0
        self.given_up = 0
        """Files deleted to stay within the limit."""
        self._open()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def write(self, batch: bytes) -> None:
        """Append whole blocks; they are in the file, not in a buffer, when this returns."""
        if not batch:
            return
        if not self._headers:
            self._headers = batch
        elif self._size + len(batch) > self._file_bytes and self._size > len(self._headers):
            os.close(self._file)
            self._files[-1] = (self._files[-1][0], self._size)
            self._open()
            self._put(self._headers)
            self._make_room()
        self._put(batch)

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):  # a pipe cannot be cut
                os.ftruncate(self._file, self._size)  # half a block would read as damage
            raise Unreadable(f"{self._files[-1][0]}: cannot be written: {error.strerror or error}") from error
        self._size += len(data)

    def _open(self) -> None:
        self._number += 1
        name = self._path if self._number == 1 else self._path.with_name(
            f"{self._path.stem}-{self._number:04}{self._path.suffix}"
        )  # fmt: skip
        try:
            self._file = os.open(name, _FLAGS, 0o600)
            if stat.S_ISREG(os.fstat(self._file).st_mode) and hasattr(os, "fchmod"):
                os.fchmod(self._file, 0o600)  # one that was there before keeps its mode otherwise
        except OSError as error:
            raise Unreadable(f"{name}: cannot be written: {error.strerror or error}") from error
        self._files.append((name, 0))
        self._size = 0

    def _make_room(self) -> None:
        while len(self._files) > 1 and sum(size for _, size in self._files) + self._file_bytes > self._most:
            oldest, _ = self._files.pop(0)
            oldest.unlink(missing_ok=True)
            self.given_up += 1
