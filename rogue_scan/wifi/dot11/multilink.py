"""Elements that name other BSSs of the same box or network.

Multi-link (IEEE 802.11be 9.4.2.321), reduced neighbour report (802.11-2024 9.4.2.169), multiple BSSID
(9.4.2.44). All are unauthenticated: they lower suspicion, they never lift it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rogue_scan.errors import Malformed
from rogue_scan.wifi.dot11.channel import frequency_in_class


@dataclass(slots=True, frozen=True)
class MultiLink:
    """A multi-link element."""

    kind: int
    """0 basic, 1 probe request, 2 reconfiguration, 3 TDLS, 4 priority access."""
    mld: str | None = None
    """Address of the multi-link device."""
    link_id: int | None = None
    change_count: int | None = None
    links: tuple[tuple[int, str | None], ...] = ()
    """(link id, address of the station on it) of the per-link profiles."""


def decode_multi_link(body: bytes) -> MultiLink:
    """Decode the body after the extension id, de-fragmented."""
    if len(body) < 2:
        raise Malformed("multi-link element without control field")
    (control,) = struct.unpack_from("<H", body)
    kind, present = control & 7, control >> 4
    at = 2
    mld: str | None = None
    link_id: int | None = None
    change: int | None = None
    if kind == 0:
        if len(body) < 3 or len(body) < 2 + body[2] or body[2] < 7:
            raise Malformed("multi-link element: common info does not fit")
        end = 2 + body[2]
        mld = body[3:9].hex(":")
        at = 9
        if present & 1 and at < end:
            link_id = body[at] & 0x0F
            at += 1
        if present & 2 and at < end:
            change = body[at]
        at = end
    elif kind in (1, 2, 3, 4):
        if len(body) < 3 or len(body) < 2 + body[2] or body[2] < 1:
            raise Malformed("multi-link element: common info does not fit")
        if (kind == 2 and present & 1 and body[2] >= 7) or (kind in (3, 4) and body[2] >= 7):
            mld = body[3:9].hex(":")
        at = 2 + body[2]
    links: list[tuple[int, str | None]] = []
    while at + 2 <= len(body):
        sub, length = body[at], body[at + 1]
        if at + 2 + length > len(body):
            raise Malformed("multi-link element: a link profile does not fit")
        part = body[at + 2 : at + 2 + length]
        if sub == 0 and length >= 2:
            (link_control,) = struct.unpack_from("<H", part)
            address = None
            # STA info: length, then the address where bit 5 says so.
            if link_control & 0x20 and length >= 9 and part[2] >= 7:
                address = part[3:9].hex(":")
            links.append((link_control & 0x0F, address))
        at += 2 + length
    return MultiLink(kind, mld, link_id, change, tuple(links))


@dataclass(slots=True, frozen=True)
class Neighbour:
    """One BSS of a reduced neighbour report."""

    operating_class: int
    channel: int
    frequency: int | None
    bssid: str | None = None
    short_ssid: int | None = None
    """CRC-32 of the SSID."""
    same_ssid: bool = False
    multiple_bssid: bool = False
    transmitted: bool = False
    colocated: bool = False
    """Within 20 µs·c of the reporting access point, so: the same box or next to it."""
    mld_id: int | None = None
    """0: the same multi-link device as the reporting access point."""
    link_id: int | None = None


def decode_neighbours(body: bytes) -> tuple[Neighbour, ...]:
    """Decode a reduced neighbour report."""
    found: list[Neighbour] = []
    at = 0
    while at < len(body):
        if at + 4 > len(body):
            raise Malformed("neighbour report: header does not fit")
        header, operating_class, channel = struct.unpack_from("<HBB", body, at)
        at += 4
        kind, count, length = header & 3, (header >> 4 & 0x0F) + 1, header >> 8
        if kind != 0 or length == 0:
            raise Malformed("neighbour report: unknown kind of entry")
        if at + count * length > len(body):
            raise Malformed(f"neighbour report: {count} entries of {length} bytes do not fit")
        for _ in range(count):
            found.append(_neighbour(body[at : at + length], operating_class, channel))
            at += length
    return tuple(found)


def _neighbour(entry: bytes, operating_class: int, channel: int) -> Neighbour:
    """One TBTT information field: its length tells which parts it has (Table 9-337)."""
    n = len(entry)
    bssid = short = parameters = mld = None
    if n >= 7:
        bssid = entry[1:7].hex(":")
    if n in (5, 6):
        (short,) = struct.unpack_from("<I", entry, 1)
    elif n >= 11:
        (short,) = struct.unpack_from("<I", entry, 7)
    if n == 2:
        parameters = entry[1]
    elif n == 6:
        parameters = entry[5]
    elif n in (8, 9):
        parameters = entry[7]
    elif n >= 12:
        parameters = entry[11]
    if n >= 16:
        mld = entry[13:16]
    elif n == 4:
        mld = entry[1:4]
    elif n == 10:
        mld = entry[7:10]
    bits = parameters or 0
    return Neighbour(
        operating_class,
        channel,
        frequency_in_class(operating_class, channel),
        bssid,
        short,
        same_ssid=bool(bits & 0x02),
        multiple_bssid=bool(bits & 0x04),
        transmitted=bool(bits & 0x08),
        colocated=bool(bits & 0x40),
        mld_id=mld[0] if mld else None,
        link_id=mld[1] & 0x0F if mld else None,
    )
