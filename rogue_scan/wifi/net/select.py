"""Which data frames are worth a look, told for whole batches at once.

Half of all frames may be encrypted downloads in open networks: those are passed over here, without any
work in Python for each frame. What is chosen depends on the frame alone; for segments of TCP a key of the
connection is given along, by which conversations that nobody reads any more are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.net import ndp, quic

if TYPE_CHECKING:
    from rogue_scan.wifi.observe import CleartextBatch

U8: TypeAlias = NDArray[np.uint8]
U64: TypeAlias = NDArray[np.uint64]
I64: TypeAlias = NDArray[np.int64]
Bool: TypeAlias = NDArray[np.bool_]

_NAME_PORTS = (53, 67, 68, 5353)
_MASK = 0xFFFF_FFFF_FFFF_FFFF
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
_SYN_FIN_RST = 0x07
_QUIC_FIRST = 1200
"""Octets of the shortest datagram that begins a connection (RFC 9000, 14.1)."""


def flow_key(bssid: int, one: bytes, one_port: int, other: bytes, other_port: int) -> int:
    """A number for a TCP connection, the same for both directions; see :func:`flow_keys`."""
    a = _end(_folded(one), one_port)
    b = _end(_folded(other), other_port)
    return ((a + b) ^ ((a ^ b) * _FACTORS[1]) ^ (bssid * _FACTORS[2])) & _MASK


def _folded(address: bytes) -> int:
    value = int.from_bytes(address, "big")
    if len(address) == 4:
        return value
    value ^= value >> 64
    return (value ^ value >> 32) & 0xFFFF_FFFF


def _end(address: int, port: int) -> int:
    return ((address << 16 | port) * _FACTORS[0]) & _MASK


def choose(batch: CleartextBatch, keyed: U64 | None) -> tuple[I64, U64]:
    """Indices of the frames of ``batch`` that are worth a look, in order, and their keys.

    The key is :func:`flow_key` for plain TCP segments that open no connection, else 0. ``keyed`` holds the
    BSSIDs whose frames can be deciphered: their key handshakes and protected frames are chosen, too (None:
    no keys were given). Frames that are not plain (aggregated, fragmented, tagged) are always chosen.
    """
    keys = np.zeros(len(batch), np.uint64)
    if not len(batch):
        return np.empty(0, np.int64), keys
    buffer, at, length = batch.buffer, batch.offset, batch.length
    odd = ~batch.protected & (batch.amsdu | batch.more_fragments | (batch.fragment != 0))
    if keyed is not None:
        odd |= batch.protected & np.isin(batch.bssid, keyed)
    plain = ~odd & ~batch.protected & (length >= 8)
    chosen = odd.copy()
    rows = np.flatnonzero(plain)
    base = at[rows]
    snap = (
        (buffer[base] == 0xAA) & (buffer[base + 1] == 0xAA) & (buffer[base + 2] == 3)
        & (buffer[base + 3] == 0) & (buffer[base + 4] == 0) & (buffer[base + 5] == 0)
    )  # fmt: skip
    chosen[rows[~snap]] = True  # mesh control, bridge tunnel, or nothing of ours: looked at one by one
    rows, base = rows[snap], base[snap]
    kind = _two(buffer, base + 6)
    chosen[rows[(kind == 0x0806) | (kind == 0x8100) | (kind == 0x88A8) | (kind == 0x9100)]] = True
    if keyed is not None:
        chosen[rows[kind == 0x888E]] = True
    for version in (4, 6):
        picked = kind == (0x0800 if version == 4 else 0x86DD)
        _internet(batch, rows[picked], base[picked] + 8, version, chosen, keys)
    found = np.flatnonzero(chosen)
    return found, keys[found]


def _internet(batch: CleartextBatch, rows: I64, base: I64, version: int, chosen: Bool, keys: U64) -> None:
    """Marks the rows of one IP version that are worth a look; ``base`` is where their IP header begins."""
    buffer = batch.buffer
    room = batch.length[rows] - 8
    fits = room >= (28 if version == 4 else 48)
    rows, base, room = rows[fits], base[fits], room[fits]
    if not len(rows):
        return
    if version == 4:
        head = (buffer[base] & 15).astype(np.int64) * 4
        protocol = buffer[base + 9]
        fragment = (_two(buffer, base + 6) & 0x3FFF) != 0
        total = _two(buffer, base + 2).astype(np.int64)
        chosen[rows[fragment & ((protocol == 6) | (protocol == 17))]] = True
        usable = ~fragment & (head >= 20)
    else:
        head = np.full(len(rows), 40, np.int64)
        protocol = buffer[base + 6]
        total = _two(buffer, base + 4).astype(np.int64) + 40
        extended = np.isin(protocol, (0, 43, 44, 51, 60))
        chosen[rows[extended]] = True
        usable = ~extended
        where = np.flatnonzero(protocol == 58)
        chosen[rows[where[np.isin(buffer[base[where] + 40], ndp.TYPES)]]] = True
    if version == 4:
        icmp = usable & (protocol == 1) & (room >= head + 8)
        where = np.flatnonzero(icmp)
        chosen[rows[where[buffer[base[where] + head[where]] == 5]]] = True
    where = np.flatnonzero(usable & (protocol == 17) & (room >= head + 8))
    ports = base[where] + head[where]
    named = np.isin(_two(buffer, ports), _NAME_PORTS) | np.isin(_two(buffer, ports + 2), _NAME_PORTS)
    chosen[rows[where[named]]] = True
    # Clients' first packets of QUIC are long: the header form, then at least 1200 octets in all.
    where = where[(_two(buffer, ports + 2) == quic.PORT) & (room[where] >= head[where] + _QUIC_FIRST)]
    first = buffer[base[where] + head[where] + 8]
    chosen[rows[where[first & 0xC0 == 0xC0]]] = True
    where = np.flatnonzero(usable & (protocol == 6) & (room >= head + 20))
    if not len(where):
        return
    start = base[where] + head[where]
    flags = buffer[start + 13]
    size = (
        np.minimum(total[where], room[where]) - head[where] - (buffer[start + 12] >> 4).astype(np.int64) * 4
    )
    wanted = (size > 0) | ((flags & _SYN_FIN_RST) != 0)
    chosen[rows[where[wanted]]] = True
    plain = wanted & ((flags & 2) == 0)
    where, start = where[plain], start[plain]
    keys[rows[where]] = flow_keys(buffer, batch.bssid[rows[where]], base[where], start, version)


def flow_keys(buffer: U8, bssid: U64, base: I64, start: I64, version: int) -> U64:
    """:func:`flow_key` of many segments, whose IP headers begin at ``base`` and TCP headers at ``start``."""
    with np.errstate(over="ignore"):
        if version == 4:
            one, other = _four(buffer, base + 12), _four(buffer, base + 16)
        else:
            one = other = np.zeros(len(base), np.uint64)
            for step in range(0, 16, 4):
                one = one ^ _four(buffer, base + 8 + step)
                other = other ^ _four(buffer, base + 24 + step)
        a = (one << np.uint64(16) | _two(buffer, start).astype(np.uint64)) * np.uint64(_FACTORS[0])
        b = (other << np.uint64(16) | _two(buffer, start + 2).astype(np.uint64)) * np.uint64(_FACTORS[0])
        keys: U64 = (a + b) ^ ((a ^ b) * np.uint64(_FACTORS[1])) ^ (bssid * np.uint64(_FACTORS[2]))
        return keys


def _two(buffer: U8, at: I64) -> NDArray[np.uint16]:
    value: NDArray[np.uint16] = buffer[at].astype(np.uint16) << np.uint16(8) | buffer[at + 1]
    return value


def _four(buffer: U8, at: I64) -> U64:
    return _two(buffer, at).astype(np.uint64) << np.uint64(16) | _two(buffer, at + 2).astype(np.uint64)
