"""TCP conversations put in order: late, repeated and overlapping segments, holes, caps (RFC 9293).

A monitor hears what it can: segments are missing that the receiver had, come twice, or come from one
side only. So nothing here waits for an acknowledgement; a hole that is not filled within
:data:`PATIENCE` seconds of capture time is said to be a :class:`Gap`, and reading goes on behind it.
"""

import bisect
from collections.abc import Iterator

import msgspec

PATIENCE = 2.0
"""Seconds that a hole, or the unseen beginning of a conversation, is waited for."""
MAX_WAITING = 512 * 1024
"""Octets held behind a hole."""
_MAX_SEGMENTS = 2048
_WINDOW = 1 << 24
"""Segments further ahead than this are forged or broken: real windows are a few MiB."""
_MASK = 0xFFFF_FFFF


class Piece(msgspec.Struct, frozen=True, gc=False):
    """The next octets of one direction."""

    data: bytes
    frame: int
    time: float


class Gap(msgspec.Struct, frozen=True, gc=False):
    """Octets that the capture does not hold."""

    length: int
    time: float


class Half:
    """One direction of a conversation.

    Feed it segments with :meth:`open` (SYN), :meth:`add` and :meth:`close` (FIN); it gives back pieces
    and gaps in order. Where segments overlap, the octets seen first count.
    """

    __slots__ = ("_end", "_origin", "_position", "_since", "_started", "_waiting", "held")

    def __init__(self) -> None:
        self._origin: int | None = None
        """Sequence number that offset 0 stands for."""
        self._position: int | None = None
        """Offset of the next octet to give out; None while the beginning is not known."""
        self._end: int | None = None
        """Offset behind the last octet, once a FIN told it."""
        self._waiting: list[tuple[int, bytes, int, float]] = []
        self._since: float | None = None
        """When the first of the waiting segments came."""
        self._started = False
        self.held = 0
        """Octets waiting."""

    @property
    def closed(self) -> bool:
        """Whether everything up to the FIN was given out."""
        return self._end is not None and self._position is not None and self._position >= self._end

    @property
    def heard(self) -> bool:
        """Whether any segment came."""
        return self._origin is not None

    @property
    def from_start(self) -> bool:
        """Whether the SYN was heard, so that nothing came before what was given out first."""
        return self._started

    def same_start(self, sequence: int) -> bool:
        """Whether a SYN with this number can belong to this conversation (a repeated or late one)."""
        if self._origin is None:
            return True
        start = self._offset(sequence + 1)
        lowest = self._waiting[0][0] if self._waiting else self._position
        if self._position is not None:
            return start == 0 and self._started
        return lowest is None or -MAX_WAITING < start - lowest <= 0

    def open(self, sequence: int, time: float) -> list[Piece | Gap]:
        """A SYN: the first octet has the number after it."""
        if self._position is not None:
            return []
        start = self._offset(sequence + 1)
        self._rebase(start)
        self._position = 0
        self._started = True
        return list(self._drain(time))

    def add(self, sequence: int, data: bytes, frame: int, time: float) -> list[Piece | Gap]:
        """A segment with data; gives what is now in order."""
        if not data:
            return []
        offset = self._offset(sequence)
        position = self._position
        if position is not None:
            if offset + len(data) <= position or offset > position + _WINDOW:
                return []
            if offset <= position and not self._waiting:  # the common case: next in order
                self._position = offset + len(data)
                return [Piece(data[position - offset :], frame, time)]
        elif self._waiting and abs(offset - self._waiting[0][0]) > _WINDOW:
            return []
        bisect.insort(self._waiting, (offset, data, frame, time), key=lambda item: item[0])
        self.held += len(data)
        if self._since is None:
            self._since = time
        return list(self._drain(time))

    def close(self, sequence: int, time: float) -> list[Piece | Gap]:
        """A FIN: no octet at or after this number."""
        end = self._offset(sequence)
        if self._end is None and (self._position is None or 0 <= end - self._position < _WINDOW):
            self._end = end
        return list(self._drain(time))

    def finish(self, time: float) -> list[Piece | Gap]:
        """Gives out all that waits, gaps in between: nothing more will come."""
        found: list[Piece | Gap] = []
        while self._waiting:
            found += self._drain(time, patient=False)
        return found

    def drain(self, time: float) -> list[Piece | Gap]:
        """Gives up holes that were waited for long enough at ``time``."""
        return list(self._drain(time))

    def _offset(self, sequence: int) -> int:
        if self._origin is None:
            self._origin = sequence & _MASK
        reference = self._position or 0
        delta = (sequence - self._origin - reference) & _MASK
        return reference + (delta - (1 << 32) if delta >= 1 << 31 else delta)

    def _rebase(self, start: int) -> None:
        """Makes ``start`` offset 0."""
        assert self._origin is not None
        self._origin = (self._origin + start) & _MASK
        self._waiting = [(o - start, d, f, t) for o, d, f, t in self._waiting]
        if self._end is not None:
            self._end -= start

    def _drain(self, time: float, patient: bool = True) -> Iterator[Piece | Gap]:
        if self._position is None:
            if patient and not self._tired(time):
                return
            if not self._waiting:
                return
            self._rebase(self._waiting[0][0])
            self._position = 0
        while self._waiting:
            offset, data, frame, when = self._waiting[0]
            if offset > self._position:
                if patient and not self._tired(time):
                    return
                yield Gap(offset - self._position, when)
                self._position = offset
                self._since = time
                patient = True
            self._waiting.pop(0)
            self.held -= len(data)
            fresh = data[self._position - offset :]
            if fresh:
                self._position += len(fresh)
                yield Piece(fresh, frame, when)
        self._since = None

    def _tired(self, time: float) -> bool:
        return (
            self.held > MAX_WAITING
            or len(self._waiting) > _MAX_SEGMENTS
            or (self._since is not None and time - self._since > PATIENCE)
        )
