"""The classic capture format (draft-ietf-opsawg-pcap): µs and ns, both byte orders, also "modified" pcap."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rogue_scan.errors import Malformed
from rogue_scan.wifi.capture.chains import WORTH_BYTES, Chains
from rogue_scan.wifi.capture.chunk import MAX_RECORD, Chunk, Damage, Interface, gather

MAGICS = {
    b"\xa1\xb2\xc3\xd4": (">", 1_000, 16),
    b"\xd4\xc3\xb2\xa1": ("<", 1_000, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1, 16),
    # Alexey Kuznetzov's variant: eight more bytes in each record header.
    b"\xa1\xb2\xcd\x34": (">", 1_000, 24),
    b"\x34\xcd\xb2\xa1": ("<", 1_000, 24),
}
_NEAR_SECONDS = 7 * 86_400
"""After damage, a record is believed when its time lies this near to the last good one."""


def _chains(held: bytearray, order: str, head: int) -> Chains:
    """All places that look like a record header of about the first record's time."""
    raw = np.frombuffer(held, np.uint8)
    last = len(raw) - head
    # The two high bytes of the seconds stay the same for 18 hours. Pairs of bytes are compared as one
    # number, once for those that begin at even places and once for the others.
    high = 2 if order == "<" else 0
    pair = raw[high : high + 2].view(np.uint16)[0]
    even = raw[: len(raw) & ~1].view(np.uint16)
    odd = raw[1 : 1 + (len(raw) - 1 & ~1)].view(np.uint16)
    found = (np.flatnonzero(even == pair) * 2, np.flatnonzero(odd == pair) * 2 + 1)
    places = np.sort(np.concatenate(found), kind="stable") - high
    places = places[(places >= 0) & (places <= last)]
    size = gather(raw, places + 8, 4).view(order + "u4")[:, 0].astype(np.int64)
    after = places + head + size
    fits = (size > 0) & (size <= MAX_RECORD) & (after <= len(raw))
    return Chains(places[fits], after[fits])


class PcapReader:
    """Reads one pcap stream. Raises :class:`Malformed` on a bad file header only."""

    def __init__(self) -> None:
        self.interfaces: list[Interface] = []
        self.damage = Damage()
        self._rest = bytearray()
        self._order = ""
        self._scale = 1_000
        self._head = 16
        self._last_second: int | None = None
        self._lost = False

    def feed(self, data: bytes | memoryview) -> Iterator[Chunk]:
        """Take the next bytes and give the frames that are whole now."""
        self._rest += data
        if not self._order:
            if len(self._rest) < 24:
                return
            self._open()
        yield from self._cut(final=False)

    def finish(self) -> Iterator[Chunk]:
        """Say that no more bytes come."""
        if not self._order:
            self.damage.truncated = len(self._rest)
            self.damage.note("the file ends inside its header")
            return
        yield from self._cut(final=True)
        if self._rest:
            self.damage.truncated = len(self._rest)
            self.damage.note(f"the last record is cut: {len(self._rest)} bytes left over")
            self._rest.clear()

    def _open(self) -> None:
        magic = bytes(self._rest[:4])
        if magic not in MAGICS:
            raise Malformed("not a pcap file")
        self._order, self._scale, self._head = MAGICS[magic]
        snap, network = struct.unpack_from(self._order + "II", self._rest, 16)
        fcs = (network >> 28 & 0x0F) * 2 if network & 0x04000000 else None
        self.interfaces.append(Interface(network & 0xFFFF, "", snap, fcs, 1_000_000_000 // self._scale))
        del self._rest[:24]

    def _cut(self, *, final: bool) -> Iterator[Chunk]:
        """Index the whole records of what is held, and keep what remains."""
        held = self._rest
        while True:
            starts, used, broken = self._walk(held)
            chunk = self._chunk(held, starts) if len(starts) else None
            if not broken:
                self._rest = held[used:]
                if chunk is not None:
                    yield chunk
                return
            if chunk is not None:
                yield chunk
            found = self._resync(held, used + 1)
            if found is None:
                # Keep enough that a record which starts in what is held can still be recognised.
                keep = 0 if final else min(len(held) - used - 1, 3 * (self._head + MAX_RECORD))
                self._skip(len(held) - used - keep)
                self._rest = held[len(held) - keep :]
                self._lost = keep > 0
                return
            self._skip(found - used)
            self._lost = False
            held = held[found:]

    def _skip(self, size: int) -> None:
        if not self._lost:
            self.damage.records += 1
            self.damage.note("a record header makes no sense; searched for the next one")
        self.damage.skipped += size

    def _walk(self, held: bytearray) -> tuple[NDArray[np.int64], int, bool]:
        """(offsets of whole records, bytes used, whether a nonsense header stopped it)."""
        head, last = self._head, len(held) - self._head
        if self._lost:
            return np.empty(0, np.int64), 0, True
        lengths = struct.Struct(self._order + "I").unpack_from
        chains = _chains(held, self._order, head) if last > WORTH_BYTES else None
        parts: list[NDArray[np.int64]] = []
        single: list[int] = []
        at, broken = 0, False
        while at <= last:
            run = chains.run(at) if chains is not None else None
            if run is not None:
                if single:
                    parts.append(np.array(single, np.int64))
                    single = []
                parts.append(run[0])
                at = run[1]
                continue
            (size,) = lengths(held, at + 8)
            if not 0 < size <= MAX_RECORD:
                broken = True
                break
            if at + head + size > len(held):
                break
            single.append(at)
            at += head + size
        if single:
            parts.append(np.array(single, np.int64))
        return (np.concatenate(parts) if parts else np.empty(0, np.int64)), at, broken

    def _chunk(self, held: bytearray, at: NDArray[np.int64]) -> Chunk:
        buffer = np.frombuffer(held, np.uint8)
        words = gather(buffer, at, 16).view(self._order + "u4").astype(np.int64)
        seconds = words[:, 0]
        self._last_second = int(seconds[-1])
        n = len(at)
        return Chunk(
            buffer,
            at + self._head,
            words[:, 2],
            np.maximum(words[:, 3], words[:, 2]),
            seconds * 1_000_000_000 + words[:, 1] * self._scale,
            np.zeros(n, np.int64),
            np.zeros(n, np.bool_),
        )

    def _resync(self, held: bytearray, start: int) -> int | None:
        """Offset of the next place where two records follow each other (or one ends the data)."""
        size = len(held) - self._head - start
        if size <= 0:
            return None
        raw = np.frombuffer(bytes(held), np.uint8)

        def word(offset: int) -> NDArray[np.int64]:
            order = (0, 1, 2, 3) if self._order == "<" else (3, 2, 1, 0)
            base = start + offset
            parts = [raw[base + k : base + k + size].astype(np.int64) << 8 * i for i, k in enumerate(order)]
            return parts[0] | parts[1] | parts[2] | parts[3]

        limit = 1_000_000_000 // self._scale
        captured, original = word(8), word(12)
        good = (word(4) < limit) & (captured <= MAX_RECORD) & (captured <= original) & (captured >= 10)
        good &= original <= MAX_RECORD
        if self._last_second is not None:
            good &= np.abs(word(0) - self._last_second) < _NEAR_SECONDS
        for place in np.flatnonzero(good)[:100_000].tolist():
            following = place + self._head + int(captured[place])
            if following < size and good[following]:
                return start + int(place)
        return None
