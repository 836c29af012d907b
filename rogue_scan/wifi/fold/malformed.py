"""Malformed frames, counted by kind and claimed transmitter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.dot11.frame import address_text, subtype_name
from rogue_scan.wifi.fold.tools import Allowance, Refs, bump, group, mix, trim
from rogue_scan.wifi.observe import CONTROL, DATA, EXTENSION, MANAGEMENT, Batch
from rogue_scan.wifi.world import Damage, Malformed, World

MAX_ROWS = 4096
MAX_NEW = 2048
REFS = 8
_RESERVED_MANAGEMENT = np.array([7, 15])
_GROUP = np.uint64(1 << 40)


class MalformedFold:
    """Counts malformed frames; other parts of the fold report theirs here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._new = Allowance(world, "malformed", MAX_NEW)

    def fold(self, batch: Batch, refs: Refs) -> None:
        """What the MAC header alone shows."""
        whole = ~batch.broken & ~batch.bad
        reserved = whole & ((batch.version != 0) | (batch.type >> 4 == EXTENSION))
        reserved |= whole & (batch.type >> 4 == MANAGEMENT) & np.isin(batch.type & 15, _RESERVED_MANAGEMENT)
        rows = np.flatnonzero(reserved & (batch.type != 0x31))  # S1G beacons are no damage
        if len(rows):
            self.count(batch, refs, rows, Damage.RESERVED)
        short = np.flatnonzero(whole & ~batch.ok & ~batch.cut & ~reserved & (batch.type >> 4 != CONTROL))
        if len(short):
            self.count(batch, refs, short, Damage.SHORT_FIXED, "ends inside its MAC header")
        sender = batch.ok & (batch.transmitter & _GROUP != 0) & (batch.version == 0)
        sender &= (batch.type >> 4 == MANAGEMENT) | (batch.type >> 4 == DATA)
        rows = np.flatnonzero(sender)
        if len(rows):
            self.count(batch, refs, rows, Damage.GROUP_TRANSMITTER)

    def count(
        self, batch: Batch, refs: Refs, rows: NDArray[np.int64], damage: Damage, detail: str = ""
    ) -> None:
        """Count some rows of a batch under one kind of damage."""
        self.world.coverage.malformed += len(rows)
        groups = group(mix(batch.type[rows], batch.transmitter[rows]))
        for members in groups.rows():
            self._add(batch, refs, rows[members], damage, detail)

    def _add(self, batch: Batch, refs: Refs, rows: NDArray[Any], damage: Damage, detail: str) -> None:
        row = int(rows[0])
        kind = int(batch.type[row])
        subtype = subtype_name(kind >> 4, kind & 0x0F)
        sender = address_text(int(batch.transmitter[row]))
        key = (damage, subtype, sender)
        found = self.world.malformed.get(key)
        if found is None:
            if not self._new.take():
                return
            bssid = address_text(int(batch.address3[row])) if batch.ok[row] else ""
            found = self.world.malformed[key] = Malformed(damage, subtype, sender, bssid, detail=detail)
        refs.extend(found.seen, len(rows), row, int(rows[-1]))
        found.refs += [refs.at(int(r)) for r in rows[: max(REFS - len(found.refs), 0)]]
        seconds, counts = np.unique(np.floor(batch.time[rows]).astype(np.int64), return_counts=True)
        for second, count in zip(seconds.tolist(), counts.tolist(), strict=True):
            bump(found.seconds, second, count)

    def trim(self) -> None:
        """Bring the table back under its cap."""
        self._new.used = 0
        trim(self.world, "malformed", self.world.malformed, MAX_ROWS)
        for found in self.world.malformed.values():
            if len(found.seconds) > 4096:
                quiet = sorted(found.seconds, key=lambda s: (found.seconds[s], s))[:2048]
                for second in quiet:
                    del found.seconds[second]
