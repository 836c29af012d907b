"""Follows the signal of one transmitter, to walk up to it.

A cloned address has several transmitters; they are told apart by their clocks (clock lines), so the needle
shows one of them and not a mixture.
"""

from __future__ import annotations

from collections import deque

import msgspec

from rogue_scan.wifi.world import World

_TRACE = 120
"""Readings kept for each transmitter."""
_SMOOTH = 0.4
"""Weight of the newest reading: fading moves single frames by 10 dB, a person walks slowly."""


class Reading(msgspec.Struct, frozen=True):
    """What one transmitter sounded like in one step."""

    time: float
    dbm: float
    """Smoothed."""
    frames: int


class Transmitter:
    """One clock line under the address."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.trace: deque[Reading] = deque(maxlen=_TRACE)
        self.strongest: float | None = None
        self.frequency: int | None = None
        self._levels: dict[int, int] = {}

    @property
    def now(self) -> Reading | None:
        """The newest reading."""
        return self.trace[-1] if self.trace else None

    def take(self, levels: dict[int, int], time: float) -> None:
        """Take the histogram of levels (dBm → frames) so far; what is new in it is one reading."""
        new = {level: count - self._levels.get(level, 0) for level, count in levels.items()}
        self._levels = dict(levels)
        frames = sum(new.values())
        if frames <= 0:
            return
        mean = sum(level * count for level, count in new.items()) / frames
        before = self.now
        value = mean if before is None else before.dbm + _SMOOTH * (mean - before.dbm)
        self.trace.append(Reading(time, round(value, 1), frames))
        self.strongest = value if self.strongest is None else max(self.strongest, value)


class Finder:
    """Readings of all transmitters under one BSSID, from a world that is being filled."""

    def __init__(self, bssid: str) -> None:
        self.bssid = bssid.lower()
        self.transmitters: dict[int, Transmitter] = {}

    def take(self, world: World, time: float) -> None:
        """Take what was received since the last call; ``time`` in seconds, of any clock."""
        bss = world.bss.get(self.bssid)
        if bss is None:
            return
        for line in bss.lines:
            one = self.transmitters.setdefault(line.number, Transmitter(line.number))
            known = {frequency: count for frequency, count in line.frequencies.items() if frequency}
            one.frequency = max(known, key=lambda each: known[each]) if known else None
            one.take(line.signal.levels, time)

    @property
    def frequencies(self) -> list[int]:
        """Where the transmitters are heard, MHz, the most recently heard first."""
        heard = sorted(
            (one for one in self.transmitters.values() if one.now and one.frequency),
            key=lambda one: -one.now.time if one.now else 0.0,
        )
        return list(dict.fromkeys(one.frequency for one in heard if one.frequency))
