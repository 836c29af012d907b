"""Data frames: who talks to which BSS, and the readable ones for ``net``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.capture.chunk import gather
from rogue_scan.wifi.dot11.frame import address_text
from rogue_scan.wifi.fold.rates import RateFold
from rogue_scan.wifi.fold.tools import Allowance, Groups, Refs, group, mix, trim
from rogue_scan.wifi.observe import BLOCK, DATA, Batch, CleartextBatch
from rogue_scan.wifi.world import Kind, Link, Ref, World

MAX_LINKS = 16_384
MAX_NEW_LINKS = BLOCK
_GROUP = np.uint64(1 << 40)
_EAPOL = np.frombuffer(b"\xaa\xaa\x03\x00\x00\x00\x88\x8e", np.uint64)[0]
_TO_DS, _FROM_DS, _MORE, _RETRY, _PROTECTED = 0x01, 0x02, 0x04, 0x08, 0x40


class TrafficFold:
    """Folds data frames into links."""

    def __init__(self, world: World, rates: RateFold) -> None:
        self.world = world
        self.rates = rates
        self._new = Allowance(world, "links", MAX_NEW_LINKS)
        self._cache: dict[int, Link] = {}

    def fold(self, batch: Batch, refs: Refs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count a batch; returns the rows with readable content and those of EAPOL frames."""
        data = np.flatnonzero((batch.type >> 4 == DATA) & batch.ok)
        nothing = np.empty(0, np.int64)
        if not len(data):
            return nothing, nothing
        flags, kind = batch.flags[data], batch.type[data]
        content = (kind & 0x04 == 0) & (batch.mac[data] + batch.length[data] > batch.body[data])
        clear = content & (flags & _PROTECTED == 0)
        eapol = np.zeros(len(data), np.bool_)
        some = np.flatnonzero(clear & (batch.mac[data] + batch.length[data] >= batch.body[data] + 8))
        if len(some):
            llc = gather(batch.buffer, batch.body[data[some]], 8).view(np.uint64)[:, 0]
            eapol[some] = llc == _EAPOL
        self._links(batch, refs, data, content, clear & ~eapol)
        return data[clear], data[eapol]

    def _links(
        self,
        batch: Batch,
        refs: Refs,
        data: NDArray[np.int64],
        content: NDArray[np.bool_],
        clear: NDArray[np.bool_],
    ) -> None:
        direction = batch.flags[data] & (_TO_DS | _FROM_DS)
        up, down = direction == _TO_DS, direction == _FROM_DS
        client = np.where(up, batch.transmitter[data], batch.receiver_address[data])
        bssid = np.where(up, batch.receiver_address[data], batch.transmitter[data])
        kept = np.flatnonzero((up | down) & (client & _GROUP == 0) & (bssid & _GROUP == 0))
        if not len(kept):
            return
        rows, up, client, bssid = data[kept], up[kept], client[kept], bssid[kept]
        content, clear = content[kept], clear[kept]
        protected = content & (batch.flags[rows] & _PROTECTED != 0)
        key = mix(client, bssid)
        groups = group(key)
        keys = key[groups.first].tolist()
        totals = [
            groups.total(column)
            for column in (
                content & up,
                content & ~up,
                protected & up,
                protected & ~up,
                ~content & up,
                batch.flags[rows] & _RETRY != 0,
            )
        ]
        beyond = len(rows)
        place_of = np.arange(beyond)
        first_protected = groups.lowest(np.where(protected, place_of, beyond))
        first_clear = groups.lowest(np.where(clear, place_of, beyond))
        last_clear = groups.highest(np.where(clear, place_of, -1))
        counts, firsts, lasts = groups.counts.tolist(), groups.first.tolist(), groups.last.tolist()
        late: list[NDArray[np.int64]] = []
        for place, first in enumerate(firsts):
            link = self._cache.get(keys[place])
            if link is None:
                link = self._link(int(client[first]), int(bssid[first]))
                if link is None:
                    continue
                self._cache[keys[place]] = link
            refs.extend(link.seen, counts[place], int(rows[first]), int(rows[lasts[place]]))
            link.up += totals[0][place]
            link.down += totals[1][place]
            link.up_protected += totals[2][place]
            link.down_protected += totals[3][place]
            link.null_up += totals[4][place]
            link.retries += totals[5][place]
            if link.first_protected is None and first_protected[place] < beyond:
                link.first_protected = refs.at(int(rows[first_protected[place]]))
            if last_clear[place] >= 0:
                if link.first_clear is None:
                    link.first_clear = refs.at(int(rows[first_clear[place]]))
                link.last_clear = refs.at(int(rows[last_clear[place]]))
                if link.first_protected is not None:
                    late.append(self._after(batch, groups, place, rows, clear & up, link.first_protected))
        if late:
            self.rates.count(batch, refs, Kind.CLEAR_TO_PROTECTED, np.sort(np.concatenate(late)))

    @staticmethod
    def _after(
        batch: Batch,
        groups: Groups,
        place: int,
        rows: NDArray[np.int64],
        clear_up: NDArray[np.bool_],
        start: Ref,
    ) -> NDArray[np.int64]:
        """Rows of one link that were sent in the clear after protection had begun."""
        begin = int(groups.starts[place])
        end = int(groups.starts[place + 1]) if place + 1 < len(groups) else len(groups.order)
        members = groups.order[begin:end]
        found = rows[members[clear_up[members]]]
        return found[batch.frame[found] > start.frame]

    def _link(self, client: int, bssid: int) -> Link | None:
        key = (address_text(client), address_text(bssid))
        link = self.world.links.get(key)
        if link is None and self._new.take():
            link = self.world.links[key] = Link(*key)
        return link

    def trim(self) -> None:
        """Bring the table back under its cap."""
        self._new.used = 0
        if trim(self.world, "links", self.world.links, MAX_LINKS):
            self._cache.clear()


def cleartext(batch: Batch, rows: NDArray[np.int64]) -> CleartextBatch:
    """The hand-over to ``net`` for some data frames of a batch."""
    flags = batch.flags[rows]
    to_ds, from_ds = flags & _TO_DS != 0, flags & _FROM_DS != 0
    kind = batch.type[rows]
    qos = kind & 0x08 != 0
    a1, a2, a3 = batch.receiver_address[rows], batch.transmitter[rows], batch.address3[rows]
    four = to_ds & from_ds
    a4 = np.zeros(len(rows), np.uint64)
    if four.any():
        raw = gather(batch.buffer, batch.mac[rows[four]] + 24, 8).view(">u8")[:, 0]
        a4[four] = raw.astype(np.uint64) >> np.uint64(16)
    tid = np.zeros(len(rows), np.uint8)
    amsdu = np.zeros(len(rows), np.bool_)
    if qos.any():
        control = batch.buffer[batch.mac[rows[qos]] + 24 + 6 * four[qos]]
        tid[qos] = control & 0x0F
        amsdu[qos] = control & 0x80 != 0
    offset = batch.body[rows]
    sequence = batch.sequence_control[rows]
    return CleartextBatch(
        buffer=batch.buffer,
        offset=offset,
        length=batch.mac[rows] + batch.length[rows] - offset,
        frame=batch.frame[rows],
        time=batch.time[rows],
        header=batch.mac[rows],
        transmitter=a2,
        receiver=a1,
        source=np.where(four, a4, np.where(from_ds, a3, a2)),
        destination=np.where(to_ds, a3, a1),
        bssid=np.where(to_ds & ~from_ds, a1, np.where(from_ds & ~to_ds, a2, np.where(four, a1, a3))),
        to_ds=to_ds,
        from_ds=from_ds,
        sequence=(sequence >> 4).astype(np.uint16),
        fragment=(sequence & 15).astype(np.uint8),
        more_fragments=flags & _MORE != 0,
        retry=flags & _RETRY != 0,
        protected=flags & _PROTECTED != 0,
        qos=qos,
        tid=tid,
        amsdu=amsdu,
        cut=batch.cut[rows],
    )
