"""pcapng (draft-ietf-opsawg-pcapng): sections, interfaces, packets; everything else is skipped safely."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rogue_scan.errors import Malformed
from rogue_scan.wifi.capture.chains import WORTH_BYTES, Chains
from rogue_scan.wifi.capture.chunk import MAX_RECORD, Chunk, Damage, Interface, gather

SECTION = 0x0A0D0D0A
INTERFACE = 1
OLD_PACKET = 2
SIMPLE_PACKET = 3
STATISTICS = 5
PACKET = 6
MAX_INTERFACES = 4096
MAX_PACKET_BLOCK = MAX_RECORD + 65_536
_LINK_ERRORS = 0xFF00_0000
"""Packet flags that say the link layer found the frame damaged (symbol, preamble, … CRC error)."""


def _chains(held: bytearray, order: str) -> Chains:
    """All words that could be the type of a packet block."""
    words = np.frombuffer(held, order + "u4", len(held) // 4)
    index = np.flatnonzero(words[:-1] == PACKET)
    size = words[index + 1].astype(np.int64)
    places = index.astype(np.int64) * 4
    after = places + size
    fits = (size >= 32) & (size <= MAX_PACKET_BLOCK) & (size & 3 == 0) & (after <= len(held))
    return Chains(places[fits], after[fits])


class PcapngReader:
    """Reads one pcapng stream. Raises :class:`Malformed` on a bad first section header only."""

    def __init__(self) -> None:
        self.interfaces: list[Interface] = []
        self.damage = Damage()
        self._rest = bytearray()
        self._order = ""
        self._base = 0
        """Index of the current section's first interface."""
        self._last_ns = 0
        """Time of the last frame."""
        self._skip = 0
        """Bytes of a large block that are still to be dropped."""
        self._lost = False

    def feed(self, data: bytes | memoryview) -> Iterator[Chunk]:
        """Take the next bytes and give the frames that are whole now."""
        if self._skip:
            drop = min(self._skip, len(data))
            self._skip -= drop
            data = memoryview(data)[drop:]
        self._rest += data
        yield from self._cut(final=False)

    def finish(self) -> Iterator[Chunk]:
        """Say that no more bytes come."""
        yield from self._cut(final=True)
        left = len(self._rest) + self._skip
        if left:
            self.damage.truncated = left
            self.damage.note(f"the last block is cut: {len(self._rest)} bytes left over")
            self._rest.clear()

    def _cut(self, *, final: bool) -> Iterator[Chunk]:
        held = self._rest
        at = 0
        chains: Chains | None = None
        while True:
            if chains is None and self._order and len(held) - at > WORTH_BYTES:
                chains = _chains(held, self._order)
            packets, at, stop = self._walk(held, at, chains)
            if len(packets):
                yield from self._chunks(held, packets)
            if stop == "more":
                break
            if stop == "block":
                order = self._order
                single = self._single(held, at) if order else None
                if single is not None:
                    yield single
                at = self._other(held, at)
                if self._order != order:
                    chains = None
                if at > len(held):
                    self._skip = at - len(held)
                    at = len(held)
                    break
                continue
            found = self._resync(held, at + 4)
            if not self._lost:
                self.damage.records += 1
                self.damage.note("a block header makes no sense; searched for the next one")
            if found is None:
                keep = 0 if final else min(len(held) - at, 2 * MAX_PACKET_BLOCK)
                self.damage.skipped += len(held) - keep - at
                at = len(held) - keep
                self._lost = keep > 0
                break
            self.damage.skipped += found - at
            self._lost = False
            at = found
        self._rest = held[at:]

    def _walk(self, held: bytearray, at: int, chains: Chains | None) -> tuple[NDArray[np.int64], int, str]:
        """Offsets of packet blocks up to the first other one.

        Stops with ``more`` (the rest is not whole yet), ``block`` (another type of block is at the offset)
        or ``broken``.
        """
        nothing = np.empty(0, np.int64)
        if self._lost:
            return nothing, at, "broken"
        end = len(held)
        if not self._order:
            return nothing, at, "block" if end - at >= 28 else "more"
        heads = struct.Struct(self._order + "II").unpack_from
        parts: list[NDArray[np.int64]] = []
        single: list[int] = []
        why = "more"
        while at <= end - 12:
            run = chains.run(at) if chains is not None else None
            if run is not None:
                if single:
                    parts.append(np.array(single, np.int64))
                    single = []
                parts.append(run[0])
                at = run[1]
                continue
            kind, size = heads(held, at)
            if kind == PACKET:
                if size < 32 or size > MAX_PACKET_BLOCK or size & 3:
                    why = "broken"
                elif at + size <= end:
                    single.append(at)
                    at += size
                    continue
            elif kind == SECTION:  # its length is in the byte order that it will tell
                why = "block" if end - at >= 28 else "more"
            elif size < 12 or size & 3:
                why = "broken"
            elif kind in (INTERFACE, STATISTICS, OLD_PACKET, SIMPLE_PACKET):
                why = "broken" if size > MAX_PACKET_BLOCK else "block" if at + size <= end else "more"
            else:
                why = "block"
            break
        if single:
            parts.append(np.array(single, np.int64))
        return (np.concatenate(parts) if parts else nothing), at, why

    def _other(self, held: bytearray, at: int) -> int:
        """Take one block that is no enhanced packet; returns the offset behind it."""
        if not self._order or held[at : at + 4] == b"\n\r\r\n":
            return self._section(held, at)
        kind, size = struct.unpack_from(self._order + "II", held, at)
        if kind == INTERFACE:
            self._interface(bytes(held[at + 8 : at + size - 4]))
        elif kind == STATISTICS:
            self._statistics(bytes(held[at + 8 : at + size - 4]))
        # Names, secrets, custom and unknown blocks, of any size, are passed over.
        return at + int(size)

    def _single(self, held: bytearray, at: int) -> Chunk | None:
        """The frame of a simple or (obsolete) packet block; None for any other block.

        A simple one belongs to the section's first interface and has no time: it gets that of the frame
        before it.
        """
        kind, size = struct.unpack_from(self._order + "II", held, at)
        if kind not in (OLD_PACKET, SIMPLE_PACKET):
            return None
        number, stamp, head = self._base, None, 12
        if kind == SIMPLE_PACKET:
            (original,) = struct.unpack_from(self._order + "I", held, at + 8)
            captured = min(original, size - 16)
            snap = self.interfaces[number].snap_length if number < len(self.interfaces) else 0
            captured = min(captured, snap) if snap else captured
        else:
            head = 28
            if size < 32:
                return None
            place, _, high, low, captured, original = struct.unpack_from(self._order + "HHIIII", held, at + 8)
            number += place
            stamp = high << 32 | low
        if number >= len(self.interfaces) or not 0 < captured <= size - head - 4:
            self.damage.records += 1
            self.damage.note("a packet of an unknown interface or with an impossible length")
            return None
        if stamp is not None:
            ticks = np.array([stamp & (1 << 63) - 1], np.int64)
            self._last_ns = int(_nanoseconds(ticks, self.interfaces[number])[0])
        one = np.array([captured], np.int64)
        return Chunk(
            np.frombuffer(bytes(held[at + head : at + head + captured]), np.uint8),
            np.zeros(1, np.int64),
            one,
            np.array([max(original, captured)], np.int64),
            np.array([self._last_ns], np.int64),
            np.array([number], np.int64),
            np.zeros(1, np.bool_),
        )

    def _section(self, held: bytearray, at: int) -> int:
        magic = bytes(held[at + 8 : at + 12])
        if held[at : at + 4] != b"\n\r\r\n" or magic not in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a"):
            if self._order:
                self.damage.note("a section header makes no sense")
                self.damage.records += 1
                self.damage.skipped += 4
                return at + 4
            raise Malformed("not a pcapng file")
        self._order = ">" if magic == b"\x1a\x2b\x3c\x4d" else "<"
        (size,) = struct.unpack_from(self._order + "I", held, at + 4)
        self._base = len(self.interfaces)
        if size < 28 or size & 3 or size > 1 << 24:
            self.damage.note("a section header has an impossible length")
            return at + 28
        return at + int(size)

    def _interface(self, body: bytes) -> None:
        if len(self.interfaces) >= MAX_INTERFACES or len(body) < 8:
            self.damage.note("too many or too short interface descriptions")
            self.interfaces.append(Interface(-1)) if len(self.interfaces) < MAX_INTERFACES else None
            return
        link, _, snap = struct.unpack_from(self._order + "HHI", body)
        made = Interface(link, snap_length=snap)
        for code, value in self._options(body[8:]):
            if code == 2:
                made.name = value.decode("utf-8", "replace")
            elif code == 9 and value:
                power = value[0] & 0x7F
                if value[0] & 0x80:
                    made.ticks = 1 << power if power <= 62 else 1_000_000
                else:
                    made.ticks = 10**power if power <= 18 else 1_000_000
            elif code == 13 and value:
                made.fcs_length = value[0]
            elif code == 14 and len(value) == 8:
                (made.offset_seconds,) = struct.unpack(self._order + "q", value)
                if abs(made.offset_seconds) > 1 << 33:
                    made.offset_seconds = 0
        self.interfaces.append(made)

    def _statistics(self, body: bytes) -> None:
        if len(body) < 12:
            return
        (number,) = struct.unpack_from(self._order + "I", body)
        number += self._base
        if number >= len(self.interfaces):
            return
        found = [
            struct.unpack(self._order + "Q", value)[0]
            for code, value in self._options(body[12:])
            if code in (5, 7) and len(value) == 8  # dropped by interface, by operating system
        ]
        if found:  # counted from the start of the capture, so the last block tells all
            self.interfaces[number].dropped = max(sum(found), self.interfaces[number].dropped or 0)

    def _options(self, body: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at + 4 <= len(body):
            code, size = struct.unpack_from(self._order + "HH", body, at)
            at += 4
            if code == 0 or at + size > len(body):
                return
            yield code, body[at : at + size]
            at += (size + 3) & ~3

    def _chunks(self, held: bytearray, packets: NDArray[np.int64]) -> Iterator[Chunk]:
        # Only what the packets span is copied: a file may have many small runs between other blocks.
        first, tail = int(packets[0]), int(packets[-1])
        (size,) = struct.unpack_from(self._order + "I", held, tail + 4)
        buffer = np.frombuffer(memoryview(held)[first : tail + size], np.uint8)
        at = packets - first
        words = gather(buffer, at, 28).view(self._order + "u4").astype(np.int64)
        total, number, captured, original = words[:, 1], words[:, 2], words[:, 5], words[:, 6]
        stamp = (words[:, 3] << 32) | words[:, 4]
        number = number + self._base
        fits = (captured <= total - 32) & (number < len(self.interfaces))
        if not fits.all():
            lost = int(len(fits) - fits.sum())
            self.damage.records += lost
            self.damage.note(f"{lost} packets of an unknown interface or with an impossible length")
            keep = np.flatnonzero(fits)
            if not len(keep):
                return
            at, total, number = at[keep], total[keep], number[keep]
            captured, original, stamp = captured[keep], original[keep], stamp[keep]
        time_ns = np.empty(len(at), np.int64)
        for index in np.unique(number).tolist():
            which = number == index
            time_ns[which] = _nanoseconds(stamp[which], self.interfaces[index])
        self._last_ns = int(time_ns[-1])
        yield Chunk(
            buffer,
            at + 28,
            captured,
            np.maximum(original, captured),
            time_ns,
            number,
            self._flags(buffer, at, total, captured),
        )

    def _flags(
        self,
        buffer: NDArray[np.uint8],
        at: NDArray[np.int64],
        total: NDArray[np.int64],
        captured: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Whether packet flags (option 2) mark a link-layer error; most files have no options at all."""
        bad = np.zeros(len(at), np.bool_)
        behind = 28 + (captured + 3 & ~3)
        for row in np.flatnonzero(total - behind >= 4 + 8).tolist():
            start = int(at[row] + behind[row])
            options = buffer[start : int(at[row] + total[row]) - 4].tobytes()
            for code, value in self._options(options):
                if code == 2 and len(value) == 4:
                    (flags,) = struct.unpack(self._order + "I", value)
                    bad[row] = bool(flags & _LINK_ERRORS)
        return bad

    def _resync(self, held: bytearray, start: int) -> int | None:
        """Offset of the next packet block whose two lengths agree."""
        heads = struct.Struct(self._order + "I").unpack_from if self._order else None
        if heads is None:
            return None
        mark = struct.pack(self._order + "I", PACKET)
        at = start
        for _ in range(100_000):
            at = held.find(mark, at)
            if at < 0 or at + 12 > len(held):
                return None
            (size,) = heads(held, at + 4)
            if 32 <= size <= MAX_PACKET_BLOCK and not size & 3 and at + size <= len(held):
                (again,) = heads(held, at + size - 4)
                if again == size:
                    return at
            at += 1
        return None


def _nanoseconds(stamp: NDArray[np.int64], interface: Interface) -> NDArray[np.int64]:
    """Time stamps of an interface as nanoseconds since 1970, without rounding where that is possible."""
    ticks, base = interface.ticks, interface.offset_seconds * 1_000_000_000
    if ticks <= 1_000_000_000 and 1_000_000_000 % ticks == 0:
        return stamp * (1_000_000_000 // ticks) + base
    seconds, rest = np.divmod(stamp, ticks)
    parts = (rest.astype(np.float64) * (1e9 / ticks)).astype(np.int64)
    return seconds * 1_000_000_000 + parts + base
