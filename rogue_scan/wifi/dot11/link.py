"""What capture headers say about each frame: radiotap, PPI, prism, AVS; whole columns at a time.

Frames whose headers have the same shape (length and field bits) have their fields at the same places, so
the shape is worked out once and the fields of all its frames are taken in one step.

Sources: radiotap.org (field sizes and alignment), the PPI specification 1.0.10, the prism and AVS headers
as libpcap and Wireshark read them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.capture.chunk import (
    LINK_80211,
    LINK_AVS,
    LINK_PPI,
    LINK_PRISM,
    LINK_RADIOTAP,
    gather,
)
from rogue_scan.wifi.dot11.channel import BAND_2G, BAND_5G, frequency_of

SUPPORTED = frozenset({LINK_80211, LINK_PRISM, LINK_RADIOTAP, LINK_AVS, LINK_PPI})
MAX_HEADER = 2048
"""Longest capture header that is believed, bytes (below the padding of buffers)."""


@dataclass(slots=True)
class LinkColumns:
    """Facts of capture headers; one row a frame."""

    header: NDArray[np.int64]
    """Length of the capture header; -1 where it is broken or cut."""
    frequency: NDArray[np.int64]
    """MHz; 0 unknown."""
    signal: NDArray[np.int64]
    """dBm; 0 unknown."""
    mac_time: NDArray[np.int64]
    """Receive time by the radio's clock (TSFT), µs; -1 unknown."""
    fcs: NDArray[np.bool_]
    """The header says that an FCS follows the frame."""
    bad: NDArray[np.bool_]
    """The header says that the frame is damaged."""
    padded: NDArray[np.bool_]
    """The MAC header is padded to four bytes."""

    @classmethod
    def blank(cls, size: int) -> LinkColumns:
        """Nothing known."""
        no = np.zeros(size, np.bool_)
        zero = np.zeros(size, np.int64)
        return cls(zero, zero.copy(), zero.copy(), np.full(size, -1, np.int64), no, no.copy(), no.copy())

    def put(self, rows: NDArray[np.int64], part: LinkColumns) -> None:
        """Write the rows of one part."""
        for name in ("header", "frequency", "signal", "mac_time", "fcs", "bad", "padded"):
            getattr(self, name)[rows] = getattr(part, name)


def decode_link(
    link_type: int, buffer: NDArray[np.uint8], offset: NDArray[np.int64], captured: NDArray[np.int64]
) -> LinkColumns:
    """Read the capture headers of frames of one link type (one of :data:`SUPPORTED`)."""
    if link_type == LINK_RADIOTAP:
        return _radiotap(buffer, offset, captured)
    if link_type == LINK_PPI:
        return _ppi(buffer, offset, captured)
    if link_type == LINK_PRISM:
        return _prism(buffer, offset, captured)
    if link_type == LINK_AVS:
        return _avs(buffer, offset, captured)
    return LinkColumns.blank(len(offset))


# radiotap: bit → (alignment, size) of the fields of the default namespace.
_FIELDS = {
    0: (8, 8),
    1: (1, 1),
    2: (1, 1),
    3: (2, 4),
    4: (2, 2),
    5: (1, 1),
    6: (1, 1),
    7: (2, 2),
    8: (2, 2),
    9: (2, 2),
    10: (1, 1),
    11: (1, 1),
    12: (1, 1),
    13: (1, 1),
    14: (2, 2),
    15: (2, 2),
    16: (1, 1),
    17: (1, 1),
    18: (4, 8),
    19: (1, 3),
    20: (4, 8),
    21: (2, 12),
    22: (8, 12),
    23: (2, 12),
    24: (2, 12),
    25: (2, 6),
    26: (1, 1),
    27: (2, 4),
}
_TSFT, _FLAGS, _CHANNEL, _SIGNAL, _RX_FLAGS, _XCHANNEL = 0, 1, 3, 5, 14, 18
_TLV, _NEXT_RADIOTAP, _NEXT_VENDOR, _MORE = 28, 29, 30, 31
_MAX_WORDS = 32


def radiotap_fields(words: tuple[int, ...], length: int) -> dict[int, int]:
    """Offsets of the fields (by bit) in a radiotap header with these presence words and this length.

    Words are read as long as each begins the radiotap namespace anew: what follows a vendor namespace (whose
    length is in the data), the TLV bit or a word of fields that are not defined is skipped. Of repeated
    fields (one set for each antenna) the first counts. Fields that would reach beyond the header are left
    out.
    """
    found: dict[int, int] = {}
    at = 4 + 4 * len(words)
    for word in words:
        for bit in range(_TLV):
            if not word >> bit & 1:
                continue
            align, size = _FIELDS[bit]
            at = (at + align - 1) & -align
            if at + size > length:
                return found
            found.setdefault(bit, at)
            at += size
        # Without the bit that begins the namespace anew, the next word has fields from 32 on: unknown ones.
        if word >> _NEXT_VENDOR & 1 or word >> _TLV & 1 or not word >> _NEXT_RADIOTAP & 1:
            break
    return found


def _radiotap(
    buffer: NDArray[np.uint8], offset: NDArray[np.int64], captured: NDArray[np.int64]
) -> LinkColumns:
    out = LinkColumns.blank(len(offset))
    head = gather(buffer, offset, 8)
    length = head[:, 2].astype(np.int64) | head[:, 3].astype(np.int64) << 8
    broken = (captured < 8) | (length < 8) | (length > captured) | (length > MAX_HEADER) | (head[:, 0] != 0)
    out.header[:] = np.where(broken, -1, length)
    shape = np.ascontiguousarray(head[:, 2:8]).view("<u2").astype(np.int64)
    key = shape[:, 0] | shape[:, 1] << 16 | shape[:, 2] << 32
    key[broken] = -1
    for value in _distinct(key):
        if value == -1:
            continue
        rows = np.flatnonzero(key == value)
        if value >> 47 & 1:  # more presence words follow: they are part of the shape
            _radiotap_extended(buffer, offset, rows, value & 0xFFFF, out)
        else:
            _radiotap_shape(buffer, offset, rows, (value >> 16,), value & 0xFFFF, out)
    return out


def _distinct(key: NDArray[np.int64]) -> list[int]:
    """Distinct values; quick where there are few, as in any capture of one tool."""
    found: list[int] = []
    rest = key
    while len(rest):
        if len(found) == 16:
            return found + [int(v) for v in np.unique(rest)]
        found.append(int(rest[0]))
        rest = rest[rest != rest[0]]
    return found


def _radiotap_extended(
    buffer: NDArray[np.uint8],
    offset: NDArray[np.int64],
    rows: NDArray[np.int64],
    length: int,
    out: LinkColumns,
) -> None:
    most = min(_MAX_WORDS, (length - 4) // 4)
    words = gather(buffer, offset[rows] + 4, 4 * most).view("<u4").copy()
    # Zero the words behind the last one that says "more", so that rows compare by their words alone.
    more = np.logical_and.accumulate(words >> _MORE & 1, axis=1)
    words[:, 1:][~more[:, :-1].astype(bool)] = 0
    shapes, inverse = np.unique(words, axis=0, return_inverse=True)
    for number, shape in enumerate(shapes):
        count = 1
        while count < most and int(shape[count - 1]) >> _MORE & 1:
            count += 1
        which = rows[inverse.ravel() == number]
        if int(shape[count - 1]) >> _MORE & 1:
            out.header[which] = -1  # presence words without an end
            continue
        _radiotap_shape(buffer, offset, which, tuple(int(w) for w in shape[:count]), length, out)


def _radiotap_shape(
    buffer: NDArray[np.uint8],
    offset: NDArray[np.int64],
    rows: NDArray[np.int64],
    words: tuple[int, ...],
    length: int,
    out: LinkColumns,
) -> None:
    fields = radiotap_fields(words, length)
    start = offset[rows]
    if _TSFT in fields:
        out.mac_time[rows] = gather(buffer, start + fields[_TSFT], 8).view("<i8")[:, 0]
    if _FLAGS in fields:
        flags = buffer[start + fields[_FLAGS]]
        out.fcs[rows] = flags & 0x10 != 0
        out.bad[rows] = flags & 0x40 != 0
        out.padded[rows] = flags & 0x20 != 0
    if _CHANNEL in fields:
        out.frequency[rows] = gather(buffer, start + fields[_CHANNEL], 2).view("<u2")[:, 0]
    elif _XCHANNEL in fields:
        out.frequency[rows] = gather(buffer, start + fields[_XCHANNEL] + 4, 2).view("<u2")[:, 0]
    if _SIGNAL in fields:
        out.signal[rows] = buffer[start + fields[_SIGNAL]].view(np.int8)
    if _RX_FLAGS in fields:
        out.bad[rows] |= buffer[start + fields[_RX_FLAGS]] & 0x02 != 0  # bad PLCP


def _ppi(buffer: NDArray[np.uint8], offset: NDArray[np.int64], captured: NDArray[np.int64]) -> LinkColumns:
    out = LinkColumns.blank(len(offset))
    head = gather(buffer, offset, 12)
    length = head[:, 2].astype(np.int64) | head[:, 3].astype(np.int64) << 8
    inner = head[:, 4:8].copy().view("<u4")[:, 0]
    broken = (
        (captured < 8) | (length < 8) | (length > captured) | (length > MAX_HEADER) | (inner != LINK_80211)
    )
    out.header[:] = np.where(broken, -1, length)
    field = head[:, 8:12].copy().view("<u2").astype(np.int64)
    good = ~broken & (length >= 12)
    first = good & (field[:, 0] == 2) & (field[:, 1] >= 20) & (length >= 12 + 20)
    _ppi_common(buffer, offset + 12, np.flatnonzero(first), out)
    # Where something else stands first (GPS, sensors), walk the fields of each frame.
    for row in np.flatnonzero(good & ~first).tolist():
        start = int(offset[row])
        blob = buffer[start : start + int(length[row])].tobytes()
        at = 8
        while at + 4 <= len(blob):
            kind, size = struct.unpack_from("<HH", blob, at)
            if kind == 2 and size >= 20 and at + 4 + size <= len(blob):
                _ppi_common(buffer, offset + at + 4, np.array([row]), out)
                break
            at += 4 + size
    return out


def _ppi_common(
    buffer: NDArray[np.uint8], start: NDArray[np.int64], rows: NDArray[np.int64], out: LinkColumns
) -> None:
    """The 802.11-common field."""
    body = gather(buffer, start[rows], 20)
    out.mac_time[rows] = body[:, 0:8].copy().view("<i8")[:, 0]
    flags = body[:, 8]
    out.mac_time[rows[flags & 0x02 != 0]] *= 1000  # milliseconds
    out.fcs[rows] = flags & 0x01 != 0
    out.bad[rows] = flags & 0x0C != 0
    out.frequency[rows] = body[:, 12:14].copy().view("<u2")[:, 0]
    out.signal[rows] = body[:, 18].view(np.int8)


def _frequencies() -> NDArray[np.int64]:
    """Frequency by channel number, for headers that only have the number (2.4 and 5 GHz)."""
    table = np.zeros(256, np.int64)
    for number in range(1, 200):
        table[number] = frequency_of(number, BAND_2G if number <= 14 else BAND_5G) or 0
    return table


_BY_CHANNEL = _frequencies()


def _prism(buffer: NDArray[np.uint8], offset: NDArray[np.int64], captured: NDArray[np.int64]) -> LinkColumns:
    out = LinkColumns.blank(len(offset))
    head = gather(buffer, offset, 8)
    big = head.view(">u4").astype(np.int64)
    little = head.view("<u4").astype(np.int64)
    avs = big[:, 0] & 0xFFFFF000 == 0x80211000  # drivers put AVS headers under this link type as well
    if avs.any():
        rows = np.flatnonzero(avs)
        out.put(rows, _avs(buffer, offset[rows], captured[rows]))
    swapped = big[:, 0] < 0x10000
    length = np.where(swapped, big[:, 1], little[:, 1])
    broken = ~avs & ((captured < 144) | (length < 24) | (length > captured) | (length > MAX_HEADER))
    out.header[~avs] = np.where(broken, -1, length)[~avs]
    rows = np.flatnonzero(~avs & ~broken & (length >= 144))
    # Ten items of 12 bytes: id, status (0 present), length, value.
    for order, which in (("<", rows[~swapped[rows]]), (">", rows[swapped[rows]])):
        body = gather(buffer, offset[which] + 24, 120)
        for item in range(10):
            part = body[:, 12 * item : 12 * item + 12].copy()
            did = part[:, 0:4].copy().view(order + "u4")[:, 0]
            absent = part[:, 4:6].copy().view(order + "u2")[:, 0]
            value = part[:, 8:12].copy().view(order + "i4")[:, 0].astype(np.int64)
            kind = np.where(absent == 0, did >> 12 & 0xF, 0)
            channel, signal = kind == 3, kind == 6
            out.frequency[which[channel]] = _BY_CHANNEL[np.clip(value[channel], 0, 255)]
            negative = signal & (value < 0) & (value > -128)  # others are raw units of the chip
            out.signal[which[negative]] = value[negative]
    # The MAC time of 32 bits wraps every 71 minutes: it is no clock to compare with.
    return out


def _avs(buffer: NDArray[np.uint8], offset: NDArray[np.int64], captured: NDArray[np.int64]) -> LinkColumns:
    out = LinkColumns.blank(len(offset))
    head = gather(buffer, offset, 64)
    words = head.view(">u4").astype(np.int64)
    length = words[:, 1]
    broken = (captured < 64) | (words[:, 0] & 0xFFFFF000 != 0x80211000)
    broken |= (length < 64) | (length > captured) | (length > MAX_HEADER)
    out.header[:] = np.where(broken, -1, length)
    good = ~broken
    out.mac_time[good] = words[good, 2] << 32 | words[good, 3]
    out.frequency[good] = _BY_CHANNEL[np.clip(words[good, 7], 0, 255)]
    dbm = good & (words[:, 11] == 2)
    out.signal[dbm] = words[dbm, 12].astype(np.uint32).view(np.int32)
    return out
