"""Counts by the second, for floods."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.dot11.frame import address_text
from rogue_scan.wifi.fold.tools import Allowance, Groups, Refs, cells, group, mix, trim
from rogue_scan.wifi.observe import Batch
from rogue_scan.wifi.world import Kind, Rate, World

MAX_ROWS = 8192
MAX_NEW = 8192
"""Rows of one transmitter and receiver, and of one receiver, in one block of frames."""
MAX_SECONDS = 4096
MAX_SOURCES = 131_072
"""Remembered over all rows."""
MAX_FIELDS = 64
ANY = "*"
_WITHOUT_SOURCES = frozenset({Kind.RTS, Kind.CTS})


class RateFold:
    """Counts frames of one kind by transmitter, receiver and second."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._new = Allowance(world, "rates", MAX_NEW)
        self._new_receivers = Allowance(world, "rates", MAX_NEW)
        self._sources: dict[tuple[Kind, str, str], set[int]] = {}
        self._remembered = 0

    def count(
        self,
        batch: Batch,
        refs: Refs,
        kind: Kind,
        rows: NDArray[np.int64],
        *,
        pairs: bool = True,
        fields: dict[str, NDArray[Any]] | None = None,
    ) -> None:
        """Count rows of a batch under one kind.

        ``pairs`` also keeps a row for each transmitter and receiver (not wanted for beacons, whose number is
        that of all access points). ``fields`` are columns of whole numbers beside ``rows``; -1 is left out.
        """
        if not len(rows):
            return
        sender, receiver = batch.transmitter[rows], batch.receiver_address[rows]
        fields = fields or {}
        everything = Groups(np.arange(len(rows)), np.zeros(1, np.int64))
        self._rows(batch, refs, kind, rows, everything, (None, None), fields)
        if not pairs:
            return
        self._rows(batch, refs, kind, rows, group(receiver), (None, receiver), fields)
        self._rows(batch, refs, kind, rows, group(mix(sender, receiver)), (sender, receiver), fields)

    def _rows(
        self,
        batch: Batch,
        refs: Refs,
        kind: Kind,
        rows: NDArray[np.int64],
        groups: Groups,
        ends: tuple[NDArray[np.uint64] | None, NDArray[np.uint64] | None],
        fields: dict[str, NDArray[Any]],
    ) -> None:
        sender, receiver = ends
        counts, firsts, lasts = groups.counts.tolist(), groups.first.tolist(), groups.last.tolist()
        retries = groups.total(batch.flags[rows] & 0x08 != 0)
        protected = groups.total(batch.flags[rows] & 0x40 != 0)
        found: list[Rate | None] = []
        for place, first in enumerate(firsts):
            transmitter = ANY if sender is None else address_text(int(sender[first]))
            target = ANY if receiver is None else address_text(int(receiver[first]))
            key = (kind, transmitter, target)
            rate = self.world.rates.get(key)
            if rate is None:
                allowance = self._new_receivers if sender is None else self._new
                if target != ANY and not allowance.take():
                    found.append(None)
                    continue
                rate = self.world.rates[key] = Rate(kind, transmitter, target)
            refs.extend(rate.seen, counts[place], int(rows[first]), int(rows[lasts[place]]))
            rate.retries += retries[place]
            rate.protected += protected[place]
            found.append(rate)
        seconds = np.floor(batch.time[rows]).astype(np.int64)
        for place, second, count in cells(groups, seconds):
            rate = found[place]
            if rate is not None:
                _second(rate.seconds, second, count)
        for name, column in fields.items():
            for place, value, count in cells(groups, column):
                rate = found[place]
                if rate is not None and value != -1:
                    label = f"{name}={value}"
                    if label in rate.fields or len(rate.fields) < MAX_FIELDS:
                        rate.fields[label] = rate.fields.get(label, 0) + count
        if sender is None and kind not in _WITHOUT_SOURCES:
            self._new_sources(batch, kind, rows, groups, found)

    def _new_sources(
        self,
        batch: Batch,
        kind: Kind,
        rows: NDArray[np.int64],
        groups: Groups,
        found: list[Rate | None],
    ) -> None:
        """Distinct transmitters of a row of all, and when each was first heard."""
        if len(groups) == 1 and found[0] is not None:
            # Mostly nobody is new, which is quickly told.
            known = self._sources.get((kind, found[0].transmitter, found[0].receiver), set())
            if known.issuperset(np.unique(batch.transmitter[rows]).tolist()):
                return
        numbers = np.empty(len(rows), np.int64)
        numbers[groups.order] = groups.number
        firsts = group(mix(numbers, batch.transmitter[rows])).first
        for place in firsts.tolist():
            rate = found[int(numbers[place])]
            if rate is None:
                continue
            known = self._sources.setdefault((kind, rate.transmitter, rate.receiver), set())
            address = int(batch.transmitter[rows[place]])
            if address in known:
                continue
            if self._remembered >= MAX_SOURCES:
                self.world.evicted["sources"] = self.world.evicted.get("sources", 0) + 1
                continue
            known.add(address)
            self._remembered += 1
            rate.sources += 1
            _second(rate.new_sources, int(np.floor(batch.time[rows[place]])), 1)

    def trim(self) -> None:
        """Bring the table back under its cap."""
        self._new.used = self._new_receivers.used = 0
        for key in trim(self.world, "rates", self.world.rates, MAX_ROWS):
            self._remembered -= len(self._sources.pop(key, ()))


def _second(seconds: dict[int, int], second: int, count: int) -> None:
    """Add to a second; when a new one is one too many, the quietest half of the earlier ones goes.

    That happens only when a second is opened, so all earlier ones are complete however the frames were cut.
    """
    if second not in seconds and len(seconds) >= MAX_SECONDS:
        for quiet in sorted(seconds, key=lambda s: (seconds[s], s))[: MAX_SECONDS // 2]:
            del seconds[quiet]
    seconds[second] = seconds.get(second, 0) + count
