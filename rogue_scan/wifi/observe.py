"""From captured chunks to batches of frames with their headers read, and the hand-over to ``net``."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.capture.chunk import Chunk, Interface, gather, joined
from rogue_scan.wifi.dot11.link import SUPPORTED, LinkColumns, decode_link

LINE_TOLERANCE_US = 150_000
"""How far a beacon may lie from its clock line by host time (82 ms was seen on an honest network)."""
LINE_DRIFT_PPM = 200
"""How fast two clocks may drift apart; each is within 20-40 ppm in practice, 100 by the standard."""
BLOCK = 65_536
"""Batches never cross a multiple of this many frames, so that tables are trimmed at places that depend on
the frames alone."""
_MOST_SPACE = 64 << 20
"""Bytes of a buffer that is kept for the next batch."""
_MOST_WAITING = 20 << 20
"""Bytes of frames that wait for a full batch."""
_FCS_TRIES = 64
"""Frames of an interface that are tested for an FCS nobody declared."""
_CRC_RESIDUE = 0x2144DF1C
_ADDRESS = np.uint64(0xFFFF_FFFF_FFFF)

MANAGEMENT, CONTROL, DATA, EXTENSION = 0, 1, 2, 3


@dataclass(slots=True)
class Batch:
    """Consecutive frames with their MAC headers read; columns of equal length.

    ``buffer`` is only valid until the next batch is made.

    Rows that are not ``ok`` (damaged, cut inside the header, unknown link type) are there to be counted;
    their header columns mean nothing.
    """

    buffer: NDArray[np.uint8]
    mac: NDArray[np.int64]
    """Offset of the MAC header in ``buffer``."""
    length: NDArray[np.int64]
    """Captured bytes from the MAC header on, without FCS."""
    cut: NDArray[np.bool_]
    """Shorter than on the air."""
    ok: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    """Damaged, by its FCS or by what the capture says."""
    broken: NDArray[np.bool_]
    """The capture header makes no sense or its link type is not read."""
    frame: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    """Nanoseconds since 1970."""
    time: NDArray[np.float64]
    """Seconds since the capture's first frame."""
    receiver: NDArray[np.int64]
    frequency: NDArray[np.int64]
    signal: NDArray[np.int64]
    mac_time: NDArray[np.int64]
    type: NDArray[np.uint8]
    """Frame type and subtype: ``type << 4 | subtype``."""
    flags: NDArray[np.uint8]
    """Second byte of frame control."""
    version: NDArray[np.uint8]
    duration: NDArray[np.uint16]
    receiver_address: NDArray[np.uint64]
    """Address 1."""
    transmitter: NDArray[np.uint64]
    """Address 2; 0 in frames without one."""
    address3: NDArray[np.uint64]
    sequence_control: NDArray[np.uint16]
    body: NDArray[np.int64]
    """Offset of the frame body in ``buffer``."""
    fcs_checked: int = 0

    def __len__(self) -> int:
        return len(self.frame)

    def rows(self, start: int, stop: int) -> Batch:
        """The frames from ``start`` to ``stop``, over the same buffer."""
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, column in columns.items():
            if name not in ("buffer", "fcs_checked"):
                columns[name] = column[start:stop]
        columns["fcs_checked"] = 0 if start else self.fcs_checked
        return Batch(**columns)


@dataclass(slots=True, frozen=True)
class CleartextBatch:
    """Data frames with readable content, in the order received, as columns of equal length.

    Holds frames whose *protected* bit is clear (of any BSS; EAPOL included) and, when keys were given, the
    protected ones of all BSSs. Null and QoS-null frames, frames with a bad FCS and cut headers are left out.
    The payload of frame i is ``buffer[offset[i]:offset[i] + length[i]]``: what follows the MAC header
    (LLC/SNAP, or the A-MSDU sub-frames, or the CCMP/TKIP header where protected), without FCS.
    The buffer is only valid during the call.
    """

    buffer: NDArray[np.uint8]
    offset: NDArray[np.int64]
    length: NDArray[np.int64]
    """Captured bytes; shorter than on the air where ``cut``."""
    frame: NDArray[np.int64]
    time: NDArray[np.float64]
    """Seconds since the capture's first frame."""
    header: NDArray[np.int64]
    """Offset of the MAC header in ``buffer`` (for AAD of CCMP and for frames to write out)."""
    transmitter: NDArray[np.uint64]
    receiver: NDArray[np.uint64]
    source: NDArray[np.uint64]
    destination: NDArray[np.uint64]
    bssid: NDArray[np.uint64]
    """Addresses as 48-bit numbers, first byte highest; ``address_text`` in ``dot11.frame`` writes them."""
    to_ds: NDArray[np.bool_]
    from_ds: NDArray[np.bool_]
    sequence: NDArray[np.uint16]
    fragment: NDArray[np.uint8]
    more_fragments: NDArray[np.bool_]
    retry: NDArray[np.bool_]
    protected: NDArray[np.bool_]
    qos: NDArray[np.bool_]
    tid: NDArray[np.uint8]
    amsdu: NDArray[np.bool_]
    """The payload is a chain of A-MSDU sub-frames."""
    cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.frame)


class NetFold(Protocol):
    """What ``net`` offers: it keeps its own bounded state and is part of the world.

    ``rogue_scan.wifi.net.fold.NetFold(keys)`` is made once a capture. :meth:`fold` must not depend on how
    frames were cut into batches. Announcements are folded before the data frames of the same batch.
    """

    def fold(self, batch: CleartextBatch) -> None:
        """Take the next frames."""

    def learn_ssid(self, bssid: int, ssid: bytes) -> None:
        """A BSS announced this SSID (called once for each pair), for keys given by SSID."""


@dataclass(slots=True)
class _FcsState:
    """Whether frames of one interface end with an FCS that nobody declares."""

    tried: int = 0
    present: bool = False


@dataclass(slots=True)
class Observer:
    """Reads link-layer and MAC headers; numbers the frames.

    ``learn`` the interfaces of a source before its chunks. Holds only what must outlive a chunk: the frame
    count, the time of the first frame, and whether an interface was found to deliver the FCS.
    """

    frames: int = 0
    waiting: int = 0
    """Frames that wait for a full batch."""
    epoch_ns: int | None = None
    interfaces: list[Interface] = field(default_factory=list)
    _fcs: list[_FcsState] = field(default_factory=list)
    _pieces: list[tuple[Chunk, int]] = field(default_factory=list)
    _bytes: int = 0
    _space: NDArray[np.uint8] | None = None

    def batches(self, chunk: Chunk, base: int = 0) -> Iterator[Batch]:
        """Batches that are full now; ``base`` is the number of the chunk's first interface.

        Frames wait until there are :data:`BLOCK` of them (or very many bytes), since what a batch costs
        hardly depends on how many frames it has; :meth:`flush` gives those that wait.
        """
        at = 0
        while at < len(chunk):
            size = min(len(chunk) - at, BLOCK - (self.frames + self.waiting) % BLOCK)
            rows = chunk.rows(at, at + size)
            self._pieces.append((rows, base))
            self.waiting += size
            self._bytes += int(rows.captured.sum())
            at += size
            if (self.frames + self.waiting) % BLOCK == 0 or self._bytes > _MOST_WAITING:
                yield from self.flush()

    def flush(self) -> Iterator[Batch]:
        """A batch of the frames that wait."""
        if not self.waiting:
            return
        pieces, self._pieces, self.waiting, self._bytes = self._pieces, [], 0, 0
        chunk = joined([_moved(piece, base) for piece, base in pieces], self._space)
        del pieces
        if len(chunk.buffer) <= _MOST_SPACE:
            # The next batch goes into the same memory: new pages cost more than the copy.
            self._space = chunk.buffer if chunk.buffer.base is None else self._space
        yield self._batch(chunk)

    def learn(self, interfaces: list[Interface]) -> None:
        """Note interfaces that appeared."""
        for interface in interfaces:
            self.interfaces.append(interface)
            self._fcs.append(_FcsState())

    def _batch(self, chunk: Chunk) -> Batch:
        n = len(chunk)
        if self.epoch_ns is None:
            self.epoch_ns = int(chunk.time_ns[0])
        frame = np.arange(self.frames + 1, self.frames + n + 1, dtype=np.int64)
        self.frames += n
        receiver = chunk.interface
        link = LinkColumns.blank(n)
        present = [int(v) for v in np.unique(receiver)]
        for number in present:
            kind = self.interfaces[number].link_type
            rows = np.flatnonzero(receiver == number)
            if kind not in SUPPORTED:
                link.header[rows] = -1
            elif len(present) == 1:
                link = decode_link(kind, chunk.buffer, chunk.offset, chunk.captured)
            else:
                link.put(rows, decode_link(kind, chunk.buffer, chunk.offset[rows], chunk.captured[rows]))
        broken = link.header < 0
        header = np.where(broken, 0, link.header)
        mac = chunk.offset + header
        length = chunk.captured - header
        missing = chunk.original - chunk.captured
        bad = chunk.bad | link.bad
        checked = 0
        for number in present:
            rows = np.flatnonzero((receiver == number) & ~broken)
            checked += self._frame_check(number, chunk.buffer, rows, mac, length, missing, link.fcs, bad)
        head = gather(chunk.buffer, mac, 32)
        control = head[:, 0]
        flags = head[:, 1]
        kind8 = ((control >> 2 & 3) << 4 | control >> 4).astype(np.uint8)
        frame_type = control >> 2 & 3
        four = (frame_type == DATA) & (flags & 3 == 3)
        qos = (frame_type == DATA) & (control & 0x80 != 0)
        size = np.where(frame_type == CONTROL, 10, 24) + 6 * four + 2 * qos
        ordered = (flags & 0x80 != 0) & ((frame_type == MANAGEMENT) | qos)
        size = size + 4 * ordered
        size = np.where(link.padded & (frame_type != CONTROL), (size + 3) & ~3, size)
        ok = ~broken & ~bad & (length >= size)
        lacks = (frame_type == CONTROL) & ((length < 16) | (kind8 == 0x1C) | (kind8 == 0x1D))
        transmitter = _address(head, 8)
        transmitter[lacks | ~ok] = 0
        return Batch(
            chunk.buffer,
            mac,
            length,
            missing > 0,
            ok,
            bad,
            broken,
            frame,
            chunk.time_ns,
            (chunk.time_ns - self.epoch_ns) / 1e9,
            receiver,
            link.frequency,
            link.signal,
            link.mac_time,
            kind8,
            flags,
            (control & 3).astype(np.uint8),
            _word(head, 2),
            _address(head, 2),
            transmitter,
            _address(head, 14),
            _word(head, 22),
            mac + size,
            checked,
        )

    def _frame_check(
        self,
        number: int,
        buffer: NDArray[np.uint8],
        rows: NDArray[np.int64],
        mac: NDArray[np.int64],
        length: NDArray[np.int64],
        missing: NDArray[np.int64],
        declared: NDArray[np.bool_],
        bad: NDArray[np.bool_],
    ) -> int:
        """Verify and strip the FCS of one interface's frames; returns how many were verified."""
        state = self._fcs[number]
        known = self.interfaces[number].fcs_length
        has = declared[rows] if known is None else np.full(len(rows), known == 4)
        if known is None and not has.all():
            has = has | state.present
            if not state.present and state.tried < _FCS_TRIES:
                has = self._try_fcs(state, buffer, rows, mac, length, missing, has)
        with_fcs = rows[has]
        if not len(with_fcs):
            return 0
        whole = with_fcs[(missing[with_fcs] == 0) & (length[with_fcs] >= 14)]
        view = memoryview(buffer.data)
        crc = zlib.crc32
        sums = [
            crc(view[a:b])
            for a, b in zip(mac[whole].tolist(), (mac[whole] + length[whole]).tolist(), strict=True)
        ]
        bad[whole] |= np.array(sums, np.int64) != _CRC_RESIDUE
        length[with_fcs] -= np.clip(4 - missing[with_fcs], 0, 4)
        return len(whole)

    def _try_fcs(
        self,
        state: _FcsState,
        buffer: NDArray[np.uint8],
        rows: NDArray[np.int64],
        mac: NDArray[np.int64],
        length: NDArray[np.int64],
        missing: NDArray[np.int64],
        has: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Look for an FCS that nobody declared: four bytes that fit a frame by chance are one in 2^32."""
        for place in np.flatnonzero(~has).tolist():
            row = int(rows[place])
            if missing[row] or length[row] < 14:
                continue
            start = int(mac[row])
            state.tried += 1
            if zlib.crc32(memoryview(buffer.data)[start : start + int(length[row])]) == _CRC_RESIDUE:
                state.present = True
                has = has.copy()
                has[place:] = True
                return has
            if state.tried >= _FCS_TRIES:
                return has
        return has


def _moved(chunk: Chunk, base: int) -> Chunk:
    """The chunk with its interfaces numbered among those of all sources."""
    return replace(chunk, interface=chunk.interface + base) if base else chunk


def _address(head: NDArray[np.uint8], at: int) -> NDArray[np.uint64]:
    """The 48 bits that end eight bytes after ``at``, first byte highest."""
    return np.ascontiguousarray(head[:, at : at + 8]).view(">u8")[:, 0].astype(np.uint64) & _ADDRESS


def _word(head: NDArray[np.uint8], at: int) -> NDArray[np.uint16]:
    return np.ascontiguousarray(head[:, at : at + 2]).view("<u2")[:, 0]
