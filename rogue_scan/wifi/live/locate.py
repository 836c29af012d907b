"""Follows the signal of one transmitter, to walk up to it.

A cloned address has several transmitters; they are told apart by their clocks (clock lines), so the needle
shows one of them and not a mixture.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

import msgspec

from rogue_scan.wifi import judge
from rogue_scan.wifi.world import Bss, ClockLine, World

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

    def __init__(self) -> None:
        self.trace: deque[Reading] = deque(maxlen=_TRACE)
        self.strongest: float | None = None
        self.frequency: int | None = None

    @property
    def now(self) -> Reading | None:
        """The newest reading."""
        return self.trace[-1] if self.trace else None

    def take(self, heard: Iterable[dict[int, int]], time: float) -> None:
        """Take what is new as one reading: for each radio, dBm → frames.

        Antennas differ, so the radio that hears best is read, not the mean of all.
        """
        best: tuple[float, int] | None = None
        for levels in heard:
            frames = sum(levels.values())
            if frames > 0:
                mean = sum(level * count for level, count in levels.items()) / frames
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
        """By their first clock line, in order of first sighting."""
        self._levels: dict[int, dict[int, int]] = {}
        """Clock line → its histogram as it was last taken."""

    def take(self, world: World, time: float) -> None:
        """Take what was received since the last call; ``time`` in seconds, of any clock."""
        bss = world.bss.get(self.bssid)
        if bss is None:
            return
        found: dict[int, Transmitter] = {}
        for lines in _transmitters(bss):
            number = min(line.number for line in lines)
            one = found[number] = self.transmitters.get(number) or Transmitter()
            tuned: Counter[int] = Counter()
            heard: dict[int, Counter[int]] = {}
            for line in lines:
                tuned.update({frequency: count for frequency, count in line.frequencies.items() if frequency})
                new = Counter(line.signal.levels)
                new.subtract(self._levels.get(line.number, {}))
                self._levels[line.number] = dict(line.signal.levels)
                heard.setdefault(line.receiver, Counter()).update(new)
            one.frequency = max(tuned, key=lambda each: tuned[each]) if tuned else None
            one.take(heard.values(), time)
        self.transmitters = found

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


def _transmitters(bss: Bss) -> list[list[ClockLine]]:
    """Clock lines by transmitter, over all radios: they share this machine's clock, so offsets compare."""
    found: list[list[ClockLine]] = []
    for receiver in sorted({line.receiver for line in bss.lines}):
        mine = judge.apart(bss, (line for line in bss.lines if line.receiver == receiver))
        others = list(found)
        for lines in mine:
            known = next((each for each in others if _same_clock(each, lines)), None)
            if known is None:
                found.append(lines)
            else:
                known += lines
    return found


def _same_clock(some: Sequence[ClockLine], others: Sequence[ClockLine]) -> bool:
    return any(abs(a.offset_last - b.offset_last) <= _SAME_US for a in some for b in others)
