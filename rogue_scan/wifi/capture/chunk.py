"""A stretch of captured frames as columns over one buffer, whatever format they came in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PADDING = 4096
"""Zero bytes behind the last frame of a joined buffer, so that fixed-size gathers never reach beyond it."""
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

    def take(self, rows: NDArray[np.int64]) -> Chunk:
        """Some frames, in the order given, over the same buffer."""
        return Chunk(
            self.buffer,
            self.offset[rows],
            self.captured[rows],
            self.original[rows],
            self.time_ns[rows],
            self.interface[rows],
            self.bad[rows],
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


def gather(buffer: NDArray[np.uint8], offset: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Matrix of ``size`` bytes from each offset; all of them must lie within the buffer.

    One copy of ``size`` bytes per row: the items of an overlapping view are taken whole.
    """
    if not len(offset):
        return np.empty((0, size), np.uint8)
    view = np.ndarray((len(buffer) - size + 1,), f"V{size}", buffer.data, 0, (1,))
    return view[offset].view(np.uint8).reshape(len(offset), size)


def joined(chunks: list[Chunk], space: NDArray[np.uint8] | None = None) -> Chunk:
    """Several chunks (at least one) as one, with :data:`PADDING` behind; only bytes of frames are copied.

    They are copied into ``space`` where that is large enough.
    """
    spans = [(int(c.offset.min()), int((c.offset + c.captured).max())) for c in chunks]
    sizes = [stop - start for start, stop in spans]
    size = sum(sizes) + PADDING
    buffer = space[:size] if space is not None and len(space) >= size else np.empty(size, np.uint8)
    buffer[size - PADDING :] = 0
    at = 0
    offsets = []
    for chunk, (start, stop) in zip(chunks, spans, strict=True):
        buffer[at : at + stop - start] = chunk.buffer[start:stop]
        offsets.append(chunk.offset + (at - start))
        at += stop - start
    return Chunk(
        buffer,
        np.concatenate(offsets),
        np.concatenate([c.captured for c in chunks]),
        np.concatenate([c.original for c in chunks]),
        np.concatenate([c.time_ns for c in chunks]),
        np.concatenate([c.interface for c in chunks]),
        np.concatenate([c.bad for c in chunks]),
    )
