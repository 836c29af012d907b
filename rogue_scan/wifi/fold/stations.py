"""Stations and what they ask for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.capture.chunk import gather
from rogue_scan.wifi.dot11.frame import address_text
from rogue_scan.wifi.fold.malformed import MalformedFold
from rogue_scan.wifi.fold.tools import Allowance, Refs, content_hash, group, mix, trim
from rogue_scan.wifi.observe import BLOCK, DATA, Batch
from rogue_scan.wifi.world import Damage, Probe, Station, World

PROBE_REQUEST, AUTH = 4, 11
MAX_STATIONS = 16_384
MAX_NEW_STATIONS = BLOCK
MAX_PROBES = 16_384
MAX_NEW_PROBES = BLOCK
_GROUP = np.uint64(1 << 40)


class StationFold:
    """Folds frames that only clients send into stations and probes."""

    def __init__(self, world: World, malformed: MalformedFold) -> None:
        self.world = world
        self.malformed = malformed
        self._new_stations = Allowance(world, "stations", MAX_NEW_STATIONS)
        self._new_probes = Allowance(world, "probes", MAX_NEW_PROBES)
        self._cache: dict[int, Probe] = {}

    def fold(self, batch: Batch, refs: Refs) -> NDArray[np.int64]:
        """Count a batch; returns the rows of probe requests."""
        kinds, ok = batch.type, batch.ok
        asking = ok & (kinds == PROBE_REQUEST)
        joining = ok & ((kinds == 0) | (kinds == 2))
        joining |= ok & (kinds == AUTH) & (batch.transmitter != batch.address3)
        sending = ok & (kinds >> 4 == DATA) & (batch.flags & 3 == 1)
        rows = np.flatnonzero((asking | joining | sending) & (batch.transmitter & _GROUP == 0))
        if len(rows):
            self._stations(batch, refs, rows)
        probes = np.flatnonzero(asking)
        if len(probes):
            self._probes(batch, refs, probes)
        return probes

    def _stations(self, batch: Batch, refs: Refs, rows: NDArray[np.int64]) -> None:
        groups = group(batch.transmitter[rows])
        firsts, lasts = rows[groups.first], rows[groups.last].tolist()
        counts, addresses = groups.counts.tolist(), batch.transmitter[firsts].tolist()
        stations = self.world.stations
        for place, first in enumerate(firsts.tolist()):
            address = address_text(addresses[place])
            station = stations.get(address)
            if station is None:
                if not self._new_stations.take():
                    continue
                station = stations[address] = Station(address)
            refs.extend(station.seen, counts[place], first, lasts[place])

    def _probes(self, batch: Batch, refs: Refs, rows: NDArray[np.int64]) -> None:
        """Requested names. The SSID element comes first in every probe request."""
        room = batch.mac[rows] + batch.length[rows] - batch.body[rows]
        head = gather(batch.buffer, batch.body[rows], 40)
        size = head[:, 1].astype(np.int64)
        good = (room >= 2) & (head[:, 0] == 0) & (size <= 32) & (size + 2 <= room) & ~batch.cut[rows]
        wrong = rows[~good & ~batch.cut[rows]]
        if len(wrong):
            self.malformed.count(batch, refs, wrong, Damage.ELEMENT_CONTENT, "no proper SSID element")
        kept = np.flatnonzero(good)
        if not len(kept):
            return
        rows, size = rows[kept], size[kept]
        name = head[kept]
        name[np.arange(40) >= (size + 2)[:, None]] = 0
        client = batch.transmitter[rows]
        key = mix(client, content_hash(name.copy().view(np.uint64)))
        groups = group(key)
        counts, keys = groups.counts.tolist(), key[groups.first].tolist()
        first_rows, last_rows = rows[groups.first].tolist(), rows[groups.last].tolist()
        starts, order = groups.starts.tolist(), groups.order
        for place, first in enumerate(groups.first.tolist()):
            probe = self._cache.get(keys[place])
            if probe is None:
                ssid = name[first, 2 : 2 + int(size[first])].tobytes()
                probe = self._probe(int(client[first]), ssid, int(batch.address3[first_rows[place]]))
                if probe is None:
                    continue
                self._cache[keys[place]] = probe
            refs.extend(probe.seen, counts[place], first_rows[place], last_rows[place])
            left = 4 - len(probe.refs)
            if left > 0:
                members = order[starts[place] : starts[place] + min(counts[place], left)]
                probe.refs += [refs.at(row) for row in rows[members].tolist()]

    def _probe(self, client: int, ssid: bytes, bssid: int) -> Probe | None:
        key = (address_text(client), ssid)
        probe = self.world.probes.get(key)
        if probe is None and self._new_probes.take():
            probe = self.world.probes[key] = Probe(*key, bssid=address_text(bssid))
        return probe

    def trim(self) -> None:
        """Bring the tables back under their caps."""
        self._new_stations.used = self._new_probes.used = 0
        trim(self.world, "stations", self.world.stations, MAX_STATIONS)
        if trim(self.world, "probes", self.world.probes, MAX_PROBES):
            self._cache.clear()
