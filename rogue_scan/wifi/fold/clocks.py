"""Clock lines: which beacons of a BSSID came from one transmitter, and samples of them over time.

A BSSID whose beacons all follow each other within the tolerance, the rule on honest air, is folded by the
column. As soon as one does not, its beacons of that batch are placed one by one. Both ways use the same
rule and give the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.dot11.frame import address_number
from rogue_scan.wifi.fold.announcements import BEACON, Announced, Slot
from rogue_scan.wifi.fold.tools import Groups, Refs, bump, cells, group
from rogue_scan.wifi.observe import LINE_DRIFT_PPM, LINE_TOLERANCE_US, Batch
from rogue_scan.wifi.world import BeaconBefore, Bss, ClockLine, Ref, Samples, Span

MAX_LINES = 16
"""For each BSS and receiver."""
MAX_SAMPLES = 2048
RECENT = 512
"""Beacons whose TSF is remembered, to recognise one that is sent again."""
SAME_AIR_SECONDS = 0.01
"""Two copies of one beacon this near in time are one frame heard twice."""
REPEAT_REFS = 16
STEPS = ("next", "same", "jump", "gap")
_NEXT, _SAME, _JUMP, _GAP = range(4)
_SAMPLE = np.dtype(
    [
        ("frame", "i8"),
        ("time", "f8"),
        ("tsf", "u8"),
        ("sequence", "u2"),
        ("signal", "i2"),
        ("frequency", "u2"),
        ("line", "i2"),
        ("receiver", "i2"),
    ]
)
_RECENT = np.dtype([("tsf", "u8"), ("frame", "i8"), ("time", "f8")])


@dataclass(slots=True)
class _Line:
    """A line with what its next beacon is compared with."""

    line: ClockLine
    number: int
    """Among all lines of the fold."""
    offset: int
    time_us: int
    sequence: int


@dataclass(slots=True)
class _Track:
    """The lines of one BSS at one receiver."""

    lines: list[_Line] = field(default_factory=list)
    last: _Line | None = None
    recent: NDArray[np.void] = field(default_factory=lambda: np.empty(0, _RECENT))


@dataclass(slots=True)
class _State:
    """What is kept for one BSS besides the world's own tables."""

    bss: Bss
    tracks: dict[int, _Track] = field(default_factory=dict)
    samples: NDArray[np.void] = field(default_factory=lambda: np.empty(8, _SAMPLE))
    held: int = 0
    stride: int = 1
    beacons: int = 0
    before: BeaconBefore | None = None
    """The last beacon of earlier batches."""


@dataclass(slots=True)
class _Columns:
    """Beacons of a batch that belong to a BSS."""

    rows: NDArray[np.int64]
    slot: NDArray[np.int64]
    tsf: NDArray[np.int64]
    offset: NDArray[np.int64]
    time_us: NDArray[np.int64]
    sequence: NDArray[np.int64]
    line: NDArray[np.int64]
    """Number of the line among all lines; -1 none."""


def tolerance(apart_us: int) -> int:
    """How far two beacons of one line may differ in offset, µs, when they are ``apart_us`` apart."""
    return LINE_TOLERANCE_US + abs(apart_us) * LINE_DRIFT_PPM // 1_000_000


class ClockFold:
    """Folds beacons into clock lines and samples."""

    def __init__(self) -> None:
        self.states: dict[int, _State] = {}
        self.lines: list[ClockLine] = []
        self.duplicates = 0
        self._current: dict[int, NDArray[np.int64]] = {}
        """Address → rows of its beacons in the batch at hand."""

    def fold(self, batch: Batch, refs: Refs, found: Announced, slots: list[Slot]) -> None:
        """Place a batch's beacons."""
        alive = np.array([s.announcement is not None for s in slots], np.bool_)
        picked = np.flatnonzero((batch.type[found.rows] == BEACON) & alive[found.slot])
        if not len(picked):
            return
        rows = found.rows[picked]
        tsf = found.tsf[picked].view(np.int64)
        time_us = batch.time_ns[rows] // 1000
        columns = _Columns(
            rows,
            found.slot[picked],
            tsf,
            tsf - time_us,
            time_us,
            found.sequence[picked].astype(np.int64),
            np.full(len(rows), -1, np.int64),
        )
        key = batch.address3[rows] << np.uint64(16) | batch.receiver[rows].astype(np.uint64) & np.uint64(
            0xFFFF
        )
        groups = group(key)
        steady = self._steady(columns, groups)
        step = self._steps(columns, groups)
        bounds = [*groups.starts.tolist(), len(groups.order)]
        for place, first in enumerate(groups.first.tolist()):
            row = int(rows[first])
            bss = slots[int(columns.slot[first])].bss
            assert bss is not None
            state = self._state(int(batch.address3[row]), bss)
            receiver = int(batch.receiver[row])
            track = state.tracks.get(receiver)
            if track is None:
                track = state.tracks[receiver] = _Track()
            members = groups.order[bounds[place] : bounds[place + 1]]
            if self._simple(track, columns, first, bool(steady[place])):
                steps = step[bounds[place] + 1 : bounds[place + 1]]
                self._fast(batch, (bss, receiver, track), columns, members, steps)
            else:
                self._slow(batch, refs, (bss, receiver, track), columns, members)
        self._totals(batch, refs, columns, slots)
        self._sample(batch, columns)

    # Which line

    def _state(self, bssid: int, bss: Bss) -> _State:
        state = self.states.get(bssid)
        if state is None or state.bss is not bss:
            state = self.states[bssid] = _State(bss)
        return state

    @staticmethod
    def _steady(columns: _Columns, groups: Groups) -> NDArray[np.bool_]:
        """Of each group: whether each beacon is within tolerance of the one before, its TSF beyond it."""
        offset, time_us = columns.offset[groups.order], columns.time_us[groups.order]
        move = np.diff(offset, prepend=offset[:1])
        apart = np.abs(np.diff(time_us, prepend=time_us[:1]))
        near = LINE_TOLERANCE_US + apart * LINE_DRIFT_PPM // 1_000_000
        good = (move <= near) & (move >= -near)
        tsf = columns.tsf[groups.order]
        good &= np.diff(tsf, prepend=tsf[:1] - 1) > 0
        good[groups.starts] = True
        return np.logical_and.reduceat(good, groups.starts)

    @staticmethod
    def _steps(columns: _Columns, groups: Groups) -> NDArray[np.int64]:
        """How the sequence number moved from the beacon before, for each row of the groups' order."""
        sequence, time_us = columns.sequence[groups.order], columns.time_us[groups.order]
        moved = np.diff(sequence, prepend=sequence[:1]) & 0xFFF
        apart = np.abs(np.diff(time_us, prepend=time_us[:1]))
        step = np.full(len(moved), _JUMP, np.int64)
        room = 64 + apart // 1000
        step[moved <= room] = _NEXT
        step[moved == 0] = _SAME
        step[room >= 2048] = _GAP
        return step

    @staticmethod
    def _simple(track: _Track, columns: _Columns, first: int, steady: bool) -> bool:
        """Whether a group can go onto the track's only line as a whole."""
        if not steady or len(track.lines) > 1:
            return False
        if not track.lines:
            return True
        line = track.lines[0]
        offset, time_us, tsf = (
            int(columns.offset[first]),
            int(columns.time_us[first]),
            int(columns.tsf[first]),
        )
        if abs(offset - line.offset) > tolerance(time_us - line.time_us):
            return False
        # A TSF that is not beyond the last one may repeat an earlier beacon.
        return not len(track.recent) or tsf > int(track.recent["tsf"].view(np.int64).max())

    def _open_line(self, bss: Bss, receiver: int, track: _Track, offset: int, at: tuple[int, int]) -> _Line:
        made = ClockLine(len(bss.lines), receiver)
        bss.lines.append(made)
        line = _Line(made, len(self.lines), offset, *at)
        self.lines.append(made)
        track.lines.append(line)
        return line

    def _fast(
        self,
        batch: Batch,
        place: tuple[Bss, int, _Track],
        columns: _Columns,
        members: NDArray[np.int64],
        steps: NDArray[np.int64],
    ) -> None:
        """Put a whole group on the track's only line; ``steps`` are those between its members."""
        bss, receiver, track = place
        first, last = int(members[0]), int(members[-1])
        sequence = int(columns.sequence[first])
        if track.lines:
            line = track.lines[0]
            self._step(line, sequence, int(columns.time_us[first]))
        else:
            at = (int(columns.time_us[first]), sequence)
            line = self._open_line(bss, receiver, track, int(columns.offset[first]), at)
        columns.line[members] = line.number
        line.offset, line.time_us = int(columns.offset[last]), int(columns.time_us[last])
        line.sequence = int(columns.sequence[last])
        track.last = line
        for name, count in zip(STEPS, np.bincount(steps, minlength=4).tolist(), strict=True):
            if count:
                line.line.sequence_steps[name] = line.line.sequence_steps.get(name, 0) + count
        self._remember(batch, track, columns, members)

    def _slow(
        self,
        batch: Batch,
        refs: Refs,
        place: tuple[Bss, int, _Track],
        columns: _Columns,
        members: NDArray[np.int64],
    ) -> None:
        """Place beacons one by one, each on the nearest line within tolerance."""
        bss, receiver, track = place
        recent: dict[int, Ref] = {}
        for tsf, frame, time in track.recent.tolist():
            recent[tsf] = Ref(frame, time)
        for member in members.tolist():
            offset, time_us = int(columns.offset[member]), int(columns.time_us[member])
            sequence, tsf = int(columns.sequence[member]), int(columns.tsf[member]) & 0xFFFF_FFFF_FFFF_FFFF
            line = min(
                (
                    candidate
                    for candidate in track.lines
                    if abs(offset - candidate.offset) <= tolerance(time_us - candidate.time_us)
                ),
                key=lambda candidate: abs(offset - candidate.offset),
                default=None,
            )
            row = int(columns.rows[member])
            ref = refs.at(row)
            known = recent.get(tsf)
            if known is not None:
                if abs(ref.time - known.time) <= SAME_AIR_SECONDS:
                    self.duplicates += 1
                else:
                    refs.extend(bss.repeated_tsf, 1, row, row)
                    if len(bss.repeated_refs) < REPEAT_REFS:
                        bss.repeated_refs.append((ref, known))
            else:
                if len(recent) >= RECENT:
                    del recent[next(iter(recent))]
                recent[tsf] = ref
            if line is None:
                if len(track.lines) >= MAX_LINES:
                    bss.lines_refused += 1
                    continue
                line = self._open_line(bss, receiver, track, offset, (time_us, sequence))
            else:
                self._step(line, sequence, time_us)
            if track.last is not None and track.last is not line:
                line.line.turns += 1
            track.last = line
            line.offset, line.time_us, line.sequence = offset, time_us, sequence
            columns.line[member] = line.number
        kept = [(tsf, ref.frame, ref.time) for tsf, ref in recent.items()]
        track.recent = np.array(kept, _RECENT)

    @staticmethod
    def _step(line: _Line, sequence: int, time_us: int) -> None:
        """Count how the sequence number moved from the line's last beacon."""
        room = 64 + abs(time_us - line.time_us) // 1000
        moved = sequence - line.sequence & 0xFFF
        name = "gap" if room >= 2048 else "same" if moved == 0 else "next" if moved <= room else "jump"
        steps = line.line.sequence_steps
        steps[name] = steps.get(name, 0) + 1

    @staticmethod
    def _remember(batch: Batch, track: _Track, columns: _Columns, members: NDArray[np.int64]) -> None:
        some = members[-RECENT:]
        added = np.empty(len(some), _RECENT)
        added["tsf"] = columns.tsf[some].view(np.uint64)
        added["frame"] = batch.frame[columns.rows[some]]
        added["time"] = batch.time[columns.rows[some]]
        track.recent = np.concatenate((track.recent, added))[-RECENT:]

    # Totals of each line

    def _totals(self, batch: Batch, refs: Refs, columns: _Columns, slots: list[Slot]) -> None:
        placed = np.flatnonzero(columns.line >= 0)
        if not len(placed):
            return
        groups = group(columns.line[placed])
        offset, tsf = columns.offset[placed], columns.tsf[placed].view(np.uint64)
        rows = columns.rows[placed]
        mac_time = batch.mac_time[rows]
        firsts, lasts, counts = groups.first.tolist(), groups.last.tolist(), groups.counts.tolist()
        low, high = groups.lowest(offset), groups.highest(offset)
        tsf_low, tsf_high = groups.lowest(tsf), groups.highest(tsf)
        mac_known = mac_time >= 0
        mac_offset = columns.tsf[placed] - mac_time
        big = np.int64(1) << 62
        mac_low = groups.lowest(np.where(mac_known, mac_offset, big))
        mac_high = groups.highest(np.where(mac_known, mac_offset, -big))
        lines = [self.lines[int(columns.line[placed[f]])] for f in firsts]
        for place, line in enumerate(lines):
            first, last = firsts[place], lasts[place]
            if not line.seen.count:
                line.offset_first = line.offset_lowest = line.offset_highest = int(offset[first])
                line.tsf_first = line.tsf_lowest = int(tsf[first])
            refs.extend(line.seen, counts[place], int(rows[first]), int(rows[last]))
            line.offset_last, line.tsf_last = int(offset[last]), int(tsf[last])
            line.offset_lowest = min(line.offset_lowest, low[place])
            line.offset_highest = max(line.offset_highest, high[place])
            line.tsf_lowest = min(line.tsf_lowest, tsf_low[place])
            line.tsf_highest = max(line.tsf_highest, tsf_high[place])
            if mac_low[place] != big:
                self._mac(line, mac_offset, mac_known, groups, place, (mac_low[place], mac_high[place]))
        for place, value, count in cells(groups, batch.signal[rows]):
            if value:
                bump(lines[place].signal.levels, value, count)
        for place, value, count in cells(groups, batch.frequency[rows]):
            bump(lines[place].frequencies, value, count)
        self._variants(refs, columns, placed, slots)

    @staticmethod
    def _mac(
        line: ClockLine,
        offset: NDArray[np.int64],
        known: NDArray[np.bool_],
        groups: Groups,
        place: int,
        ends: tuple[int, int],
    ) -> None:
        start = int(groups.starts[place])
        stop = int(groups.starts[place + 1]) if place + 1 < len(groups.starts) else len(groups.order)
        members = groups.order[start:stop]
        members = members[known[members]]
        first, last = int(offset[members[0]]), int(offset[members[-1]])
        if line.mac_offset_first is None or line.mac_offset_lowest is None or line.mac_offset_highest is None:
            line.mac_offset_first, line.mac_offset_lowest, line.mac_offset_highest = first, *ends
        line.mac_offset_last = last
        line.mac_offset_lowest = min(line.mac_offset_lowest, ends[0])
        line.mac_offset_highest = max(line.mac_offset_highest, ends[1])

    def _variants(self, refs: Refs, columns: _Columns, placed: NDArray[np.int64], slots: list[Slot]) -> None:
        pairs = group(columns.line[placed] << 32 | columns.slot[placed])
        counts = pairs.counts.tolist()
        for place, (first, last) in enumerate(zip(pairs.first.tolist(), pairs.last.tolist(), strict=True)):
            line = self.lines[int(columns.line[placed[first]])]
            announcement = slots[int(columns.slot[placed[first]])].announcement
            assert announcement is not None
            span = line.variants.get(announcement.digest)
            if span is None:
                if len(line.variants) >= 256:
                    continue
                span = line.variants[announcement.digest] = Span()
            refs.extend(
                span, counts[place], int(columns.rows[placed[first]]), int(columns.rows[placed[last]])
            )

    # Samples

    def _sample(self, batch: Batch, columns: _Columns) -> None:
        """Keep every ``stride``-th beacon of each BSS."""
        rows = columns.rows
        table = np.empty(len(rows), _SAMPLE)
        table["frame"], table["time"] = batch.frame[rows], batch.time[rows]
        table["tsf"], table["sequence"] = columns.tsf.view(np.uint64), columns.sequence
        table["signal"], table["frequency"] = batch.signal[rows], batch.frequency[rows]
        table["receiver"] = batch.receiver[rows]
        numbers = np.array([line.number for line in self.lines] or [0], np.int16)
        table["line"] = np.where(columns.line >= 0, numbers[columns.line], -1)
        groups = group(batch.address3[rows])
        for members in groups.rows():
            address = int(batch.address3[rows[members[0]]])
            self._current[address] = rows[members]
            self._keep(self.states[address], table[members])

    @staticmethod
    def _keep(state: _State, table: NDArray[np.void]) -> None:
        skip = -state.beacons % state.stride
        state.beacons += len(table)
        added = table[skip :: state.stride]
        need = state.held + len(added)
        if need > len(state.samples):
            grown = np.empty(max(need, 2 * len(state.samples)), _SAMPLE)
            grown[: state.held] = state.samples[: state.held]
            state.samples = grown
        state.samples[state.held : need] = added
        state.held = need
        while state.held > MAX_SAMPLES:
            kept = state.samples[: state.held : 2].copy()
            state.samples, state.held = kept, len(kept)
            state.stride *= 2

    def settle(self) -> None:
        """Show the samples in the world's BSSs (views, as of now)."""
        for state in self.states.values():
            table = state.samples[: state.held]
            state.bss.samples = Samples(state.stride, *(table[name] for name in _SAMPLE.names or ()))

    # For other parts of the fold

    def before(self, batch: Batch, address: int, row: int) -> BeaconBefore | None:
        """The last beacon that an address sent before a row of the batch."""
        rows = self._current.get(address)
        place = -1 if rows is None else int(np.searchsorted(rows, row)) - 1
        if rows is not None and place >= 0:
            return self._remembered(batch, int(rows[place]))
        state = self.states.get(address)
        return None if state is None else state.before

    @staticmethod
    def _remembered(batch: Batch, row: int) -> BeaconBefore:
        signal = int(batch.signal[row])
        return BeaconBefore(
            Ref(int(batch.frame[row]), float(batch.time[row])),
            int(batch.sequence_control[row]) >> 4,
            signal or None,
            int(batch.frequency[row]),
        )

    def close(self, batch: Batch) -> None:
        """End of a batch: what :meth:`before` told from its rows is kept for the next one."""
        for address, rows in self._current.items():
            self.states[address].before = self._remembered(batch, int(rows[-1]))
        self._current.clear()

    def forget(self, gone: list[str]) -> None:
        """Drop the state of BSSs that the world gave up."""
        for name in gone:
            self.states.pop(address_number(name), None)
        if gone:
            kept = [line for state in self.states.values() for t in state.tracks.values() for line in t.lines]
            self.lines = [line.line for line in kept]
            for number, line in enumerate(kept):
                line.number = number
