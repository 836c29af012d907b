"""Several captures as one, in order of time: rotating files of one radio, or several radios at one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rogue_scan.wifi.capture.chunk import Chunk, joined


@dataclass(slots=True, frozen=True)
class Feed:
    """One capture to be joined."""

    first_ns: int
    """Time of its first frame."""
    start: Callable[[bool], Iterator[Chunk]]
    """Begins to read it; told whether it begins after all others that were begun have ended."""


@dataclass(slots=True)
class _Head:
    """A capture that is being read, with what of it is not given yet."""

    chunks: Iterator[Chunk]
    chunk: Chunk

    def advance(self) -> bool:
        """Go to the next chunk that is not empty; False at the end."""
        for chunk in self.chunks:
            if len(chunk):
                self.chunk = chunk
                return True
        return False


def in_time_order(feeds: Sequence[Feed]) -> Iterator[Chunk]:
    """The frames of all captures by time.

    A capture is opened when the others have come to its first frame, so any number of files that follow each
    other cost the memory of one. Frames of one capture keep their order where their times are equal, and
    captures theirs; a time that goes back within a capture stays close to where it stood.
    """
    later = sorted(feeds, key=lambda feed: feed.first_ns)
    heads: list[_Head] = []
    while heads or later:
        if not heads:
            _open(heads, later.pop(0), alone=True)
            continue
        horizon = min(int(head.chunk.time_ns.max()) for head in heads)
        if later and later[0].first_ns <= horizon:
            _open(heads, later.pop(0), alone=False)
            continue
        parts: list[Chunk] = []
        ended: list[_Head] = []
        for head in heads:
            due = head.chunk.time_ns <= horizon
            if due.all():
                parts.append(head.chunk)
                if not head.advance():
                    ended.append(head)
            elif due.any():
                parts.append(head.chunk.take(np.flatnonzero(due)))
                head.chunk = head.chunk.take(np.flatnonzero(~due))
        heads = [head for head in heads if not any(head is gone for gone in ended)]
        if len(parts) == 1:
            yield parts[0]
        else:
            whole = joined(parts)
            yield whole.take(np.argsort(whole.time_ns, kind="stable"))


def _open(heads: list[_Head], feed: Feed, *, alone: bool) -> None:
    chunks = feed.start(alone)
    for chunk in chunks:
        if len(chunk):
            heads.append(_Head(chunks, chunk))
            return
