"""Single key presses from a terminal."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import select
import sys
from collections.abc import Callable
from types import TracebackType

_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.)")
"""What arrow and function keys send."""
_MOST_AT_ONCE = 4096


class Keys:
    """Single key presses, without waiting; none where standard input is no terminal, and none on Windows.

    A context manager: the terminal hands over each key at once and does not show it, and is put back after.
    """

    def __init__(self) -> None:
        self._restore: Callable[[], None] | None = None
        self._decode = codecs.getincrementaldecoder("utf-8")("ignore").decode

    def __enter__(self) -> Keys:
        if sys.stdin.isatty() and _termios():
            import termios
            import tty

            descriptor = sys.stdin.fileno()
            before = termios.tcgetattr(descriptor)
            tty.setcbreak(descriptor)
            self._restore = lambda: termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._restore is not None:
            with contextlib.suppress(OSError):
                self._restore()
            self._restore = None

    @property
    def known(self) -> bool:
        """Whether keys can come at all."""
        return self._restore is not None

    def pressed(self) -> list[str]:
        """Keys since the last call; those that write nothing (arrows) are left out."""
        if self._restore is None:
            return []
        data = b""
        while len(data) < _MOST_AT_ONCE and select.select([sys.stdin], [], [], 0)[0]:
            piece = os.read(sys.stdin.fileno(), 256)
            if not piece:
                break
            data += piece
        return list(_SEQUENCE.sub("", self._decode(data)))


def _termios() -> bool:
    """Whether this system's terminals can be asked for single keys."""
    try:
        import termios  # noqa: F401
    except ImportError:
        return False
    return True
