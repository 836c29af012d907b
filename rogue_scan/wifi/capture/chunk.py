"""A stretch of captured frames as columns over one buffer, whatever format they came in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PADDING = 4096
"""Zero bytes after the last frame of every buffer, so that fixed-size gathers never reach beyond it."""
MAX_RECORD = 262_144
"""Largest frame that is believed, bytes; what claims more is damage."""

LINK_80211 = 105
LINK_PRISM = 119
LINK_RADIOTAP = 127
LINK_AVS = 163
LINK_PPI = 192


@dataclass(slots=True)
class Interface:
    """One capturing interface of a file."""

    link_type: int
    name: str = ""
    snap_length: int = 0
    fcs_length: int | None = None
    """Bytes of FCS at the end of each frame; None where the file does not say."""
    ticks: int = 1_000_000
    """Time stamp units in a second."""
    offset_seconds: int = 0
    """Added to every time stamp."""
    dropped: int | None = None
    """Frames lost by the kernel or driver, where the file says so."""


@dataclass(slots=True, frozen=True)
class Chunk:
    """Frames in file order; columns of equal length."""

    buffer: NDArray[np.uint8]
    offset: NDArray[np.int64]
    """Of the link-layer header in ``buffer``."""
    captured: NDArray[np.int64]
    original: NDArray[np.int64]
    """Length on the air, bytes."""
    time_ns: NDArray[np.int64]
    """Nanoseconds since 1970."""
    interface: NDArray[np.int64]
    """Index into the reader's interfaces."""
    bad: NDArray[np.bool_]
    """The file itself marks the frame as damaged."""

    def __len__(self) -> int:
        return len(self.offset)

    def rows(self, start: int, stop: int) -> Chunk:
        """The frames ``start`` to ``stop`` over the same buffer."""
        s = slice(start, stop)
        return Chunk(
            self.buffer,
            self.offset[s],
            self.captured[s],
            self.original[s],
            self.time_ns[s],
            self.interface[s],
            self.bad[s],
        )


@dataclass(slots=True)
class Damage:
    """What a reader had to give up."""

    truncated: int = 0
    """Bytes at the end that make no whole record."""
    skipped: int = 0
    """Bytes jumped over to find the next plausible record."""
    records: int = 0
    """Places where that happened."""
    notes: list[str] = field(default_factory=list)
    """The first few, for people."""

    def note(self, text: str) -> None:
        """Keep a sentence, unless there are many."""
        if len(self.notes) < 16:
            self.notes.append(text)


class Reader(Protocol):
    """Turns bytes, in pieces of any size, into chunks."""

    interfaces: list[Interface]
    damage: Damage

    def feed(self, data: bytes | memoryview) -> Iterator[Chunk]:
        """Take the next bytes and give the frames that are whole now."""

    def finish(self) -> Iterator[Chunk]:
        """Say that no more bytes come."""


def padded(parts: bytes | bytearray | memoryview) -> NDArray[np.uint8]:
    """Bytes as an array with :data:`PADDING` zero bytes behind."""
    size = len(parts)
    array = np.empty(size + PADDING, np.uint8)
    array[:size] = np.frombuffer(parts, np.uint8)
    array[size:] = 0
    return array


def gather(buffer: NDArray[np.uint8], offset: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Matrix of ``size`` bytes from each offset; the buffer's padding must cover the last one.

    One copy of ``size`` bytes per row: the items of an overlapping view are taken whole.
    """
    if not len(offset):
        return np.empty((0, size), np.uint8)
    view = np.ndarray((len(buffer) - size + 1,), f"V{size}", buffer.data, 0, (1,))
    return view[offset].view(np.uint8).reshape(len(offset), size)


def empty() -> Chunk:
    """No frames."""
    none = np.empty(0, np.int64)
    return Chunk(np.zeros(PADDING, np.uint8), none, none, none, none, none, np.empty(0, np.bool_))
