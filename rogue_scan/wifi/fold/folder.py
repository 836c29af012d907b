"""The fold as a whole: batches in, world out."""

from __future__ import annotations

import numpy as np

from rogue_scan.wifi.fold.announcements import AnnouncementFold
from rogue_scan.wifi.fold.clocks import ClockFold
from rogue_scan.wifi.fold.coverage import CoverageFold
from rogue_scan.wifi.fold.malformed import MalformedFold
from rogue_scan.wifi.fold.rare import RareFold
from rogue_scan.wifi.fold.rates import RateFold
from rogue_scan.wifi.fold.stations import StationFold
from rogue_scan.wifi.fold.tools import Refs
from rogue_scan.wifi.fold.traffic import TrafficFold, cleartext
from rogue_scan.wifi.observe import BLOCK, DATA, Batch, NetFold
from rogue_scan.wifi.world import Kind, World

BEACON, PROBE_RESPONSE, RTS, CTS = 0x08, 0x05, 0x1B, 0x1C
LONG_NAV_US = 10_000
"""Longer than any exchange of frames takes."""


class Folder:
    """Owns a world and everything that is needed to go on folding into it."""

    def __init__(self, world: World, net: NetFold | None = None, *, with_protected: bool = False) -> None:
        self.world = world
        self.net = net
        self.with_protected = with_protected
        """Keys were given: protected data frames go to ``net`` as well."""
        self.rates = RateFold(world)
        self.malformed = MalformedFold(world)
        self.announcements = AnnouncementFold(world, self.malformed)
        self.clocks = ClockFold()
        self.coverage = CoverageFold(world)
        self.rare = RareFold(world, self.rates, self.malformed, self.clocks)
        self.stations = StationFold(world, self.malformed)
        self.traffic = TrafficFold(world, self.rates)

    def fold(self, batch: Batch) -> None:
        """Take the next frames (never across a multiple of ``BLOCK``)."""
        while len(batch):
            room = self.announcements.room(batch)
            if room == len(batch):
                self._fold(batch)
                break
            if room:
                self._fold(batch.rows(0, room))
            self._trim()
            batch = batch.rows(room, len(batch))
        if self.world.coverage.frames % BLOCK == 0:
            self._trim()

    def _fold(self, batch: Batch) -> None:
        refs = Refs(batch)
        self.coverage.fold(batch, refs)
        self.malformed.fold(batch, refs)
        found = self.announcements.fold(batch, refs)
        if found is not None:
            self.clocks.fold(batch, refs, found, self.announcements.slots)
            self.rare.switches(batch, refs, found, self.announcements.slots)
        probes = self.stations.fold(batch, refs)
        self.rare.management(batch, refs)
        readable, eapol = self.traffic.fold(batch, refs)
        self.rare.eapol(batch, refs, eapol)
        self.rates.count(batch, refs, Kind.PROBE_REQUEST, probes)
        for kind, code in (
            (Kind.BEACON, BEACON),
            (Kind.PROBE_RESPONSE, PROBE_RESPONSE),
            (Kind.RTS, RTS),
            (Kind.CTS, CTS),
        ):
            rows = np.flatnonzero((batch.type == code) & batch.ok)
            # Long reservations tell floods from ordinary frames; 32768 and up are no durations.
            nav = batch.duration[rows].astype(np.int64)
            reserved = np.where((nav >= LONG_NAV_US) & (nav < 1 << 15), nav // 1000, -1)
            fields = {"nav_ms": reserved} if code in (RTS, CTS) else None
            self.rates.count(batch, refs, kind, rows, pairs=False, fields=fields)
        if self.net is not None:
            for bssid, ssid in self.announcements.fresh:
                self.net.learn_ssid(bssid, ssid)
            if self.with_protected:
                data = (batch.type >> 4 == DATA) & batch.ok & (batch.type & 0x04 == 0)
                readable = np.flatnonzero(data & (batch.mac + batch.length > batch.body))
            if len(readable):
                self.net.fold(cleartext(batch, readable))
        self.clocks.close(batch)

    def _trim(self) -> None:
        """Bring every table back under its cap; only at places that depend on the frames alone."""
        gone = self.announcements.trim()
        self.clocks.forget(gone)
        self.rates.trim()
        self.malformed.trim()
        self.stations.trim()
        self.traffic.trim()

    def finish(self) -> None:
        """No more frames come: tables are brought under their caps, as at the end of a block."""
        self._trim()

    def settle(self) -> None:
        """Bring the world up to date for those who read it now."""
        self.announcements.settle()
        self.clocks.settle()
        self.coverage.settle()
        self.world.coverage.duplicates = self.clocks.duplicates
