"""What was heard, on which channels, for how long, and how well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rogue_scan.wifi.dot11.frame import subtype_name
from rogue_scan.wifi.fold.tools import Refs, extend
from rogue_scan.wifi.observe import Batch
from rogue_scan.wifi.world import ChannelUse, Coverage, World

DWELL_NS = 2_000_000_000
"""A silence on a channel longer than this is not counted as listening to it."""
GAP_SECONDS = 5.0
"""A silence of all receivers longer than this is a gap."""
MAX_GAPS = 64
MAX_CHANNELS = 512


@dataclass(slots=True)
class _Tuner:
    """Where one receiver was at its last frame."""

    frequency: int
    time_ns: int
    since_ns: int


class CoverageFold:
    """Folds every frame, good or bad, into the coverage."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._tuners: dict[int, _Tuner] = {}
        self._seconds_ns: dict[int, int] = {}

    def fold(self, batch: Batch, refs: Refs) -> None:
        """Count a batch."""
        cover = self.world.coverage
        if not cover.frames:
            cover.first = refs.at(0)
        cover.frames += len(batch)
        cover.bytes += int(batch.length.sum())
        cover.bad_fcs += int((batch.bad & ~batch.broken).sum())
        cover.fcs_checked += batch.fcs_checked
        cover.truncated += int(batch.cut.sum())
        self._gaps(batch, refs, cover)
        cover.last = refs.at(len(batch) - 1)
        for kind, count in enumerate(np.bincount(batch.type[batch.ok], minlength=64).tolist()):
            if count:
                name = subtype_name(kind >> 4, kind & 15)
                cover.subtypes[name] = cover.subtypes.get(name, 0) + count
        receivers = np.unique(batch.receiver).tolist()
        for number in receivers:
            rows = np.arange(len(batch)) if len(receivers) == 1 else np.flatnonzero(batch.receiver == number)
            receiver = self.world.receivers[number]
            extend(receiver.seen, len(rows), refs.at(int(rows[0])), refs.at(int(rows[-1])))
            receiver.mac_time = receiver.mac_time or bool((batch.mac_time[rows] >= 0).any())
            if receiver.link_type in cover.unknown_links or batch.broken[rows].all():
                self._unknown(cover, receiver.link_type, int(batch.broken[rows].sum()))
            self._first(batch.frequency[rows], rows, refs, cover)
            self._dwell(number, batch.frequency[rows], batch.time_ns[rows], cover)

    @staticmethod
    def _unknown(cover: Coverage, link_type: int, count: int) -> None:
        cover.unknown_links[link_type] = cover.unknown_links.get(link_type, 0) + count

    @staticmethod
    def _gaps(batch: Batch, refs: Refs, cover: Coverage) -> None:
        times = batch.time
        before = cover.last.time if cover.frames > len(batch) else float(times[0])
        moved = np.diff(times, prepend=before)
        cover.time_backwards += int((moved < 0).sum())
        for row in np.flatnonzero(moved > GAP_SECONDS).tolist():
            start = refs.at(row - 1) if row else cover.last
            cover.gaps.append((start, refs.at(row)))
        if len(cover.gaps) > MAX_GAPS:
            longest = sorted(cover.gaps, key=lambda g: (g[0].time - g[1].time, g[0].frame))[:MAX_GAPS]
            cover.gaps = sorted(longest)

    def _first(
        self,
        frequency: np.typing.NDArray[np.int64],
        rows: np.typing.NDArray[np.int64],
        refs: Refs,
        cover: Coverage,
    ) -> None:
        """Keep each channel's first frame."""
        values, at = np.unique(frequency, return_index=True)
        for value, index in zip(values.tolist(), at.tolist(), strict=True):
            use = self._use(cover, value)
            if not use.first.frame:
                use.first = refs.at(int(rows[index]))

    def _dwell(
        self,
        number: int,
        frequency: np.typing.NDArray[np.int64],
        time_ns: np.typing.NDArray[np.int64],
        cover: Coverage,
    ) -> None:
        tuner = self._tuners.get(number)
        if tuner is None:
            tuner = self._tuners[number] = _Tuner(int(frequency[0]), int(time_ns[0]), int(time_ns[0]))
            self._use(cover, tuner.frequency).dwells += 1
        moved = np.diff(time_ns, prepend=tuner.time_ns)
        stayed = np.diff(frequency, prepend=tuner.frequency) == 0
        listening = stayed & (moved >= 0) & (moved <= DWELL_NS)
        for value in np.unique(frequency).tolist():
            which = frequency == value
            use = self._use(cover, value)
            use.frames += int(which.sum())
            self._seconds_ns[value] = self._seconds_ns.get(value, 0) + int(moved[which & listening].sum())
            use.seconds = self._seconds_ns[value] / 1e9
        for row in np.flatnonzero(~listening).tolist():
            end = int(time_ns[row - 1]) if row else tuner.time_ns
            begun = self._use(cover, tuner.frequency)
            begun.longest = max(begun.longest, (end - tuner.since_ns) / 1e9)
            tuner.since_ns, tuner.frequency = int(time_ns[row]), int(frequency[row])
            self._use(cover, tuner.frequency).dwells += 1
        tuner.time_ns = int(time_ns[-1])
        use = self._use(cover, tuner.frequency)
        use.longest = max(use.longest, (tuner.time_ns - tuner.since_ns) / 1e9)

    @staticmethod
    def _use(cover: Coverage, frequency: int) -> ChannelUse:
        use = cover.channels.get(frequency)
        if use is None:
            if len(cover.channels) >= MAX_CHANNELS:  # a made-up tuner: counted, not listed
                frequency = 0
            use = cover.channels.setdefault(frequency, ChannelUse(frequency))
        return use
