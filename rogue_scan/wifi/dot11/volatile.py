"""Which bytes of a beacon change by design, and what a beacon says without them.

Two beacons that agree in everything else say the same. Traffic map, load, counters of announced changes,
message integrity and DTIM counts are left out; the DTIM period stays, being a setting.
"""

from __future__ import annotations

from hashlib import blake2b

TIM, BSS_LOAD, TPC_REPORT, CSA, QUIET, ECSA = 5, 11, 35, 37, 40, 60
AVERAGE_DELAY, ADMISSION, ACCESS_DELAY, TIME_ADVERTISEMENT = 63, 67, 68, 69
MULTIPLE_BSSID, MME, MULTIPLE_BSSID_INDEX, REDUCED_NEIGHBOURS, VENDOR = 71, 76, 85, 201, 221

_WHOLE = frozenset({BSS_LOAD, TPC_REPORT, AVERAGE_DELAY, ADMISSION, ACCESS_DELAY, TIME_ADVERTISEMENT})


def volatile_ranges(raw: bytes) -> list[tuple[int, int]]:
    """Ranges (begin, end) of a chain of elements that change by design; stops where the chain breaks.

    Only values are named, never ids or lengths, so two chains that agree outside the ranges of one of them
    have the same structure.
    """
    found: list[tuple[int, int]] = []
    at, end = 0, len(raw)
    while at + 2 <= end:
        kind, length = raw[at], raw[at + 1]
        begin, stop = at + 2, at + 2 + length
        if stop > end:
            break
        if kind == TIM:
            if length >= 2:
                found += [(begin, begin + 1), (begin + 2, stop)]
        elif kind in _WHOLE:
            found.append((begin, stop))
        elif kind == CSA and length >= 3:
            found.append((begin + 2, begin + 3))
        elif kind == ECSA and length >= 4:
            found.append((begin + 3, begin + 4))
        elif kind == QUIET and length >= 1:
            found.append((begin, begin + 1))
        elif kind == MME and length >= 8:
            found.append((begin + 2, stop))
        elif kind == MULTIPLE_BSSID_INDEX and length >= 3:
            found.append((begin + 2, begin + 3))
        elif kind == MULTIPLE_BSSID:
            found += _profiles(raw, begin + 1, stop)
        elif kind == REDUCED_NEIGHBOURS:
            found += _offsets(raw, begin, stop)
        at = stop
    return found


def _profiles(raw: bytes, at: int, end: int) -> list[tuple[int, int]]:
    """DTIM counts inside the profiles of a multiple-BSSID element."""
    found: list[tuple[int, int]] = []
    while at + 2 <= end:
        kind, stop = raw[at], at + 2 + raw[at + 1]
        if stop > end:
            break
        if kind == 0:
            inner = at + 2
            while inner + 2 <= stop:
                after = inner + 2 + raw[inner + 1]
                if after > stop:
                    break
                if raw[inner] == MULTIPLE_BSSID_INDEX and raw[inner + 1] >= 3:
                    found.append((inner + 4, inner + 5))
                inner = after
        at = stop
    return found


def _offsets(raw: bytes, at: int, end: int) -> list[tuple[int, int]]:
    """TBTT offsets of a reduced neighbour report."""
    found: list[tuple[int, int]] = []
    while at + 4 <= end:
        count, length = (raw[at] >> 4) + 1, raw[at + 1]
        at += 4
        if length == 0 or at + count * length > end:
            break
        found += [(at + i * length, at + i * length + 1) for i in range(count)]
        at += count * length
    return found


def canonical_digest(fixed: bytes, raw: bytes, *, coarse: bool = False) -> str:
    """Hash of a chain (and the fixed fields before it) without its volatile parts.

    The traffic map changes in length as well, so all but its DTIM period is left out. ``coarse`` also leaves
    out what vendor elements hold behind OUI and type: for senders that count or time something in there.
    """
    masked = bytearray(raw)
    for begin, stop in volatile_ranges(raw):
        masked[begin:stop] = bytes(stop - begin)
    state = blake2b(fixed, digest_size=8)
    at, end = 0, len(masked)
    while at + 2 <= end:
        kind, length = masked[at], masked[at + 1]
        stop = at + 2 + length
        if stop > end:
            break
        if kind == TIM:
            state.update(bytes((kind, 0)) + masked[at + 3 : at + 4])
        elif kind == VENDOR and coarse:
            state.update(masked[at : at + 6])
        else:
            state.update(masked[at:stop])
        at = stop
    state.update(masked[at:])
    return state.hexdigest()
