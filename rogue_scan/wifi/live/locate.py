"""Follows the signal of one transmitter, to walk up to it.

A cloned address has several transmitters; they are told apart by their clocks (clock lines), so the needle
shows one of them and not a mixture.
"""

from __future__ import annotations

from collections import deque

import msgspec

from rogue_scan.wifi.world import ClockLine, World

_TRACE = 120
"""Readings kept for each transmitter."""
_SMOOTH = 0.4
"""Weight of the newest reading: fading moves single frames by 10 dB, a person walks slowly."""
_SAME_US = 200_000
"""Two radios that hear one clock see offsets this near: half of it is the delay of reading."""


class Reading(msgspec.Struct, frozen=True):
    """What one transmitter sounded like in one step."""

    time: float
    dbm: float
    """Smoothed."""
    frames: int


class Transmitter:
    """One clock under the address, heard by one radio or several."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.trace: deque[Reading] = deque(maxlen=_TRACE)
        self.strongest: float | None = None
        self.frequency: int | None = None
        self._levels: dict[int, dict[int, int]] = {}

    @property
    def now(self) -> Reading | None:
        """The newest reading."""
        return self.trace[-1] if self.trace else None

    def take(self, heard: dict[int, dict[int, int]], time: float) -> None:
        """Take the histograms so far (clock line → dBm → frames); what is new in them is one reading.

        Antennas differ, so with several radios the one that hears best is read, not their mean.
        """
        best: tuple[float, int] | None = None
        for line, levels in heard.items():
            before = self._levels.get(line, {})
            new = {level: count - before.get(level, 0) for level, count in levels.items()}
            self._levels[line] = dict(levels)
            frames = sum(new.values())
            if frames > 0:
                mean = sum(level * count for level, count in new.items()) / frames
                best = max(best or (mean, frames), (mean, frames))
        if best is None:
            return
        mean, frames = best
        last = self.now
        value = mean if last is None else last.dbm + _SMOOTH * (mean - last.dbm)
        self.trace.append(Reading(time, round(value, 1), frames))
        self.strongest = value if self.strongest is None else max(self.strongest, value)


class Finder:
    """Readings of all transmitters under one BSSID, from a world that is being filled."""

    def __init__(self, bssid: str) -> None:
        self.bssid = bssid.lower()
        self.transmitters: dict[int, Transmitter] = {}
        self._heads: dict[int, ClockLine] = {}
        """First clock line of each transmitter."""

    def take(self, world: World, time: float) -> None:
        """Take what was received since the last call; ``time`` in seconds, of any clock."""
        bss = world.bss.get(self.bssid)
        if bss is None:
            return
        heard: dict[int, dict[int, dict[int, int]]] = {}
        tuned: dict[int, dict[int, int]] = {}
        for line in bss.lines:
            number = self._number(line)
            heard.setdefault(number, {})[line.number] = line.signal.levels
            where = tuned.setdefault(number, {})
            for frequency, count in line.frequencies.items():
                where[frequency] = where.get(frequency, 0) + count
        for number, lines in heard.items():
            one = self.transmitters.setdefault(number, Transmitter(number))
            known = {frequency: count for frequency, count in tuned[number].items() if frequency}
            one.frequency = max(known, key=lambda each: known[each]) if known else None
            one.take(lines, time)

    def _number(self, line: ClockLine) -> int:
        """The transmitter of a clock line: radios of one machine share its clock, so offsets compare."""
        for number, head in self._heads.items():
            same = head.receiver != line.receiver and abs(head.offset_last - line.offset_last) <= _SAME_US
            if head is line or same:
                return number
        self._heads[len(self._heads)] = line
        return len(self._heads) - 1

    def frequencies(self, since: float = 0.0) -> list[int]:
        """Where transmitters were heard since a time (of :meth:`take`), MHz, the most recent first."""
        heard = sorted(
            (
                one
                for one in self.transmitters.values()
                if one.now and one.now.time >= since and one.frequency
            ),
            key=lambda one: -one.now.time if one.now else 0.0,
        )
        return list(dict.fromkeys(one.frequency for one in heard if one.frequency))
