"""Counts by the second, as floods show in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SHARE = 0.25
"""Of the peak's mean rate that a second must reach to belong to the flood."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The busiest span, widened to the seconds around it that belong to the same flood."""

    start: int
    """Second of the capture."""
    end: int
    """The second after the last one."""
    most: int
    """Frames in the busiest window."""
    total: int
    """Frames from ``start`` to ``end``."""

    @property
    def seconds(self) -> int:
        """Duration."""
        return self.end - self.start


def peak(seconds: Mapping[int, int], window: int) -> Peak | None:
    """The busiest ``window`` seconds of a row and what belongs to them; None for an empty row."""
    best_start, most = 0, 0
    for start in sorted(seconds):
        total = sum(seconds.get(start + i, 0) for i in range(window))
        if total > most:
            best_start, most = start, total
    if not most:
        return None
    active = [s for s in range(best_start, best_start + window) if seconds.get(s)]
    start, end = active[0], active[-1] + 1
    least = max(1.0, _SHARE * most / len(active))
    while start < end - 1 and seconds.get(start, 0) < least:
        start += 1
    while any(seconds.get(start - i, 0) >= least for i in (1, 2)):
        start -= 1 if seconds.get(start - 1, 0) >= least else 2
    while any(seconds.get(end + i, 0) >= least for i in (0, 1)):
        end += 1 if seconds.get(end, 0) >= least else 2
    total = sum(count for second, count in seconds.items() if start <= second < end)
    return Peak(start, end, most, total)
