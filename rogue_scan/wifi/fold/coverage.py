"""What was heard, on which channels, for how long, and how well."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.dot11.frame import subtype_name
from rogue_scan.wifi.dot11.link import SUPPORTED
from rogue_scan.wifi.fold.tools import Refs
from rogue_scan.wifi.observe import Batch
from rogue_scan.wifi.world import ChannelUse, Coverage, Ref, World

DWELL_NS = 2_000_000_000
"""A silence on a channel longer than this is not counted as listening to it."""
GAP_SECONDS = 5.0
"""A silence of all receivers longer than this is a gap."""
MAX_GAPS = 64
MAX_CHANNELS = 512
"""For each receiver."""
RETURN_NS = 20_000_000
"""No radio can leave a channel and be back on it this soon."""
RETURNS = 20
RETURN_SHARE = 0.01


@dataclass(slots=True)
class _Channel:
    """One frequency at one receiver, reckoned in two ways."""

    first: Ref
    frames: int = 0
    alone_ns: int = 0
    """Time spent there if the receiver is one radio: between frames that follow each other there."""
    beside_ns: int = 0
    """The same if it is several radios at once, whose frames come mixed."""
    last_ns: int | None = None
    dwells: int = 0
    longest_ns: int = 0


@dataclass(slots=True)
class _Tuner:
    """Where one receiver was, and when."""

    channels: dict[int, _Channel] = field(default_factory=dict)
    recent: list[tuple[int, int]] = field(default_factory=list)
    """(frequency, time) of the last two frames."""
    since_ns: int = 0
    frames: int = 0
    returns: int = 0
    """Frames on a channel right after one on another, too soon for one radio."""

    @property
    def several(self) -> bool:
        """Whether this is more than one radio under one name (recordings that were merged)."""
        return self.returns > max(RETURNS, RETURN_SHARE * self.frames)


class CoverageFold:
    """Folds every frame, good or bad, into the coverage."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._tuners: dict[int, _Tuner] = {}

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
            refs.extend(receiver.seen, len(rows), int(rows[0]), int(rows[-1]))
            receiver.mac_time = receiver.mac_time or bool((batch.mac_time[rows] >= 0).any())
            broken = int(batch.broken[rows].sum())
            if broken and receiver.link_type in SUPPORTED:
                cover.malformed += broken
            elif broken:
                known = cover.unknown_links
                known[receiver.link_type] = known.get(receiver.link_type, 0) + broken
            self._dwell(number, batch.frequency[rows], batch.time_ns[rows], refs, rows)

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

    def _dwell(
        self,
        number: int,
        frequency: NDArray[np.int64],
        time_ns: NDArray[np.int64],
        refs: Refs,
        rows: NDArray[np.int64],
    ) -> None:
        """Add to the time spent on each frequency; the frames of one receiver, in order."""
        tuner = self._tuners.setdefault(number, _Tuner())
        if len(tuner.channels) >= MAX_CHANNELS:  # a made-up tuner: what is new is counted as unknown
            frequency = np.where(np.isin(frequency, list(tuner.channels)), frequency, 0)
        tuner.frames += len(frequency)
        carried = len(tuner.recent)
        where = np.concatenate((np.array([f for f, _ in tuner.recent], np.int64), frequency))
        when = np.concatenate((np.array([t for _, t in tuner.recent], np.int64), time_ns))
        back = (where[2:] == where[:-2]) & (where[2:] != where[1:-1]) & (when[2:] - when[:-2] < RETURN_NS)
        tuner.returns += int(back[max(0, carried - 2) :].sum())
        if not carried:
            tuner.since_ns = int(time_ns[0])
        tuner.recent = list(zip(where[-2:].tolist(), when[-2:].tolist(), strict=True))
        # From here on without the frame before the last: it has been counted.
        where, when = where[max(0, carried - 1) :], when[max(0, carried - 1) :]
        begun = 1 if carried else 0
        moved = np.diff(when)
        stayed = (where[1:] == where[:-1]) & (moved >= 0) & (moved <= DWELL_NS)
        starts = np.concatenate(([0], np.flatnonzero(~stayed) + 1))
        ends = np.append(starts[1:], len(where)) - 1
        from_ns = when[starts]
        from_ns[0] = tuner.since_ns
        lasted = when[ends] - from_ns
        tuner.since_ns = int(from_ns[-1])
        for value in np.unique(where).tolist():
            there = where == value
            channel = tuner.channels.get(value)
            if channel is None:
                first = int(np.flatnonzero(there[begun:])[0])
                channel = tuner.channels[value] = _Channel(refs.at(int(rows[first])))
            channel.frames += int(there[begun:].sum())
            channel.alone_ns += int(moved[stayed & there[1:]].sum())
            runs = where[starts] == value
            channel.dwells += int(runs[begun:].sum())
            channel.longest_ns = max(channel.longest_ns, int(lasted[runs].max(initial=0)))
            times = when[begun:][there[begun:]]
            if not len(times):
                continue
            before = int(times[0]) if channel.last_ns is None else channel.last_ns
            apart = np.diff(times, prepend=before)
            channel.beside_ns += int(apart[(apart >= 0) & (apart <= DWELL_NS)].sum())
            channel.last_ns = int(times[-1])

    def settle(self) -> None:
        """Sum up the channels over all receivers."""
        channels: dict[int, ChannelUse] = {}
        self.world.coverage.channels = channels
        for number in sorted(self._tuners):
            tuner = self._tuners[number]
            for value, channel in sorted(tuner.channels.items()):
                use = channels.setdefault(value, ChannelUse(value, channel.first))
                use.first = min(use.first, channel.first)
                use.frames += channel.frames
                use.seconds += (channel.beside_ns if tuner.several else channel.alone_ns) / 1e9
                use.dwells += 1 if tuner.several else channel.dwells
                longest = channel.beside_ns if tuner.several else channel.longest_ns
                use.longest = max(use.longest, longest / 1e9)
