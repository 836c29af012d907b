"""Where to listen next: every channel in turn, longer where access points and suspects are.

Pure and deterministic: time is handed in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

_FIRST = (2412, 2437, 2462)
"""Channels 1, 6 and 11: most access points are there, so a walk of a minute begins with them."""
_WEIGHT_PLAIN, _WEIGHT_BUSY, _WEIGHT_SUSPECT = 1.0, 3.0, 8.0


class HopPlan:
    """Chooses the channel for each dwell of one radio.

    A channel's claim grows with the time since the last visit, times its weight; so none starves: with
    the weights here, an empty channel still comes up at least once in a few rounds.
    """

    def __init__(self, frequencies: Iterable[int], dwell: float) -> None:
        known = dict.fromkeys(frequencies)
        if not known:
            raise ValueError("a plan needs a channel")
        first = [frequency for frequency in _FIRST if frequency in known]
        self._order = [*first, *(frequency for frequency in sorted(known) if frequency not in first)]
        self._dwell = dwell
        self._visited: dict[int, float] = {}
        self._busy: set[int] = set()
        self._suspect: set[int] = set()
        self._locked: int | None = None
        self._broken: set[int] = set()

    @property
    def frequencies(self) -> list[int]:
        """Channels of the plan that can be tuned to, MHz."""
        return [frequency for frequency in self._order if frequency not in self._broken]

    @property
    def locked(self) -> int | None:
        """The channel that the plan stays on, if any."""
        return self._locked

    def add(self, frequency: int) -> None:
        """Take over a channel (MHz) of a radio that was lost."""
        if frequency not in self._order:
            self._order.append(frequency)

    def learn(self, busy: Iterable[int], suspect: Iterable[int]) -> None:
        """Tell on which channels access points and suspects are, MHz."""
        self._busy, self._suspect = set(busy), set(suspect)

    def lock(self, frequency: int | None) -> None:
        """Stay on one channel; None goes on hopping."""
        self._locked = frequency

    def give_up(self, frequency: int) -> None:
        """The radio refuses this channel: leave it out."""
        self._broken.add(frequency)

    def next(self, now: float) -> tuple[int, float]:
        """Channel (MHz) and dwell (s) from ``now`` on. Raises LookupError when no channel is left."""
        if self._locked is not None:
            return self._locked, self._dwell
        usable = self.frequencies
        if not usable:
            raise LookupError("no channel is left")
        fresh = [frequency for frequency in usable if frequency not in self._visited]
        best = (
            fresh[0]
            if fresh
            else max(usable, key=lambda each: (now - self._visited[each]) * self._weight(each))
        )
        self._visited[best] = now
        return best, self._dwell

    def _weight(self, frequency: int) -> float:
        if frequency in self._suspect:
            return _WEIGHT_SUSPECT
        return _WEIGHT_BUSY if frequency in self._busy else _WEIGHT_PLAIN


def share(able: Sequence[Collection[int]]) -> list[list[int]]:
    """Channels dealt out over radios, from what each of them is able to listen on.

    Takes and returns frequencies in MHz, one list a radio (none of them empty). Channels that few radios know
    are dealt first, so that a radio with more bands takes those; the others in turn, so that equal radios get
    their part of every band. With more radios than channels, some share.
    """
    parts: list[list[int]] = [[] for _ in able]
    known = sorted({frequency for one in able for frequency in one})
    for frequency in sorted(known, key=lambda each: sum(each in one for one in able)):
        radios = [number for number, one in enumerate(able) if frequency in one]
        parts[min(radios, key=lambda number: len(parts[number]))].append(frequency)
    return [
        sorted(part) or sorted(able[number])[number % len(able[number]) :][:1]
        for number, part in enumerate(parts)
    ]
