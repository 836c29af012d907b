"""Internet headers: IPv4 with fragments, IPv6 with extension headers, UDP, TCP, ICMP redirects.

RFC 791, RFC 8200, RFC 768, RFC 9293, RFC 792. Addresses are kept as their 4 or 16 octets.
"""

import functools
import ipaddress
import struct
from collections import OrderedDict

import msgspec

from rogue_scan.errors import Malformed, Truncated

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
FIN, SYN, RST, ACK = 1, 2, 4, 16
"""Flags of a TCP segment."""
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
_FRAGMENT, _AUTHENTICATION = 44, 51
_MAX_EXTENSIONS = 8
_MAX_PENDING = 64
_MAX_PIECES = 64
_MAX_DATAGRAM = 65_535


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One IP packet or fragment of one."""

    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    identification: int = 0
    offset: int = 0
    """Octets of the datagram before this fragment."""
    more: bool = False
    """Whether fragments follow."""
    whole: bool = True
    """False where the capture holds less than the header says."""


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One TCP segment."""

    source: int
    destination: int
    sequence: int
    acknowledged: int
    flags: int
    payload: bytes


class Datagram(msgspec.Struct, frozen=True, gc=False):
    """One UDP datagram."""

    source: int
    destination: int
    payload: bytes


class Redirect(msgspec.Struct, frozen=True, gc=False):
    """An ICMP redirect: "for this destination, use that gateway"."""

    gateway: bytes
    destination: bytes


def ipv4(raw: bytes) -> Packet:
    """The IPv4 packet that ``raw`` begins with; link-layer padding is cut off."""
    if len(raw) < 20:
        raise Truncated("IPv4 header is cut off")
    if raw[0] >> 4 != 4:
        raise Malformed("not IPv4")
    head = (raw[0] & 15) * 4
    total, identification, fragment = struct.unpack_from("!HHH", raw, 2)
    if head < 20 or total < head:
        raise Malformed("IPv4 header lengths contradict each other")
    if len(raw) < head:
        raise Truncated("IPv4 options are cut off")
    return Packet(
        raw[12:16], raw[16:20], raw[9], raw[head:total], identification,
        (fragment & 0x1FFF) * 8, bool(fragment & 0x2000), len(raw) >= total,
    )  # fmt: skip


def ipv6(raw: bytes) -> Packet:
    """The IPv6 packet that ``raw`` begins with, extension headers skipped."""
    if len(raw) < 40:
        raise Truncated("IPv6 header is cut off")
    if raw[0] >> 4 != 6:
        raise Malformed("not IPv6")
    length, following = struct.unpack_from("!HB", raw, 4)
    body = raw[40 : 40 + length]
    identification = offset = at = 0
    more = False
    for _ in range(_MAX_EXTENSIONS):
        if following in _EXTENSIONS or following == _AUTHENTICATION:
            if len(body) < at + 8:
                raise Truncated("IPv6 extension header is cut off")
            size = (body[at + 1] + 2) * 4 if following == _AUTHENTICATION else (body[at + 1] + 1) * 8
            following, at = body[at], at + size
        elif following == _FRAGMENT:
            if len(body) < at + 8:
                raise Truncated("IPv6 fragment header is cut off")
            field, identification = struct.unpack_from("!HI", body, at + 2)
            offset, more = field & 0xFFF8, bool(field & 1)
            following, at = body[at], at + 8
            if offset:
                break  # what follows is the middle of a datagram
        else:
            break
    else:
        raise Malformed("too many IPv6 extension headers")
    if at > len(body):
        raise Truncated("IPv6 extension header is cut off")
    return Packet(
        raw[8:24], raw[24:40], following, body[at:], identification, offset, more, len(raw) >= 40 + length
    )


def tcp(raw: bytes) -> Segment:
    """The TCP segment ``raw``."""
    if len(raw) < 20:
        raise Truncated("TCP header is cut off")
    source, destination, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", raw)
    head = (offset >> 4) * 4
    if head < 20:
        raise Malformed("TCP data offset is too small")
    if head > len(raw):
        raise Truncated("TCP options are cut off")
    return Segment(source, destination, sequence, acknowledged, flags, raw[head:])


def udp(raw: bytes) -> Datagram:
    """The UDP datagram ``raw``."""
    if len(raw) < 8:
        raise Truncated("UDP header is cut off")
    source, destination, length = struct.unpack_from("!HHH", raw)
    if length < 8:
        raise Malformed("UDP length is too small")
    return Datagram(source, destination, raw[8:length])


def redirect(raw: bytes) -> Redirect | None:
    """The ICMP (version 4) redirect in ``raw``; None for other messages."""
    if len(raw) < 8:
        raise Truncated("ICMP header is cut off")
    if raw[0] != 5:
        return None
    if len(raw) < 28:
        raise Truncated("ICMP redirect does not hold the packet it is about")
    return Redirect(raw[4:8], raw[24:28])


class Reassembler:
    """Puts IP fragments together: bounded, first octets win where fragments overlap."""

    def __init__(self) -> None:
        self._pending: OrderedDict[tuple[bytes, bytes, int, int], list[Packet]] = OrderedDict()

    def add(self, packet: Packet) -> Packet | None:
        """The whole packet once all of it is here, else None."""
        if not packet.offset and not packet.more:
            return packet
        key = (packet.source, packet.destination, packet.protocol, packet.identification)
        pieces = self._pending.setdefault(key, [])
        pieces.append(packet)
        self._pending.move_to_end(key)
        if len(self._pending) > _MAX_PENDING:
            self._pending.popitem(last=False)
        whole = _join(pieces)
        if whole is not None or len(pieces) >= _MAX_PIECES:
            self._pending.pop(key, None)
        return whole


def _join(pieces: list[Packet]) -> Packet | None:
    data = bytearray()
    ended = False
    for piece in sorted(pieces, key=lambda p: p.offset):
        if piece.offset > len(data) or piece.offset + len(piece.payload) > _MAX_DATAGRAM:
            return None
        data += piece.payload[len(data) - piece.offset :]
        ended = ended or not piece.more
    if not ended:
        return None
    first = pieces[0]
    return Packet(first.source, first.destination, first.protocol, bytes(data), first.identification)


def text(address: bytes) -> str:
    """An address as people write it; empty for anything that is no address."""
    if len(address) == 4:
        return ".".join(map(str, address))
    return str(ipaddress.IPv6Address(address)) if len(address) == 16 else ""


@functools.lru_cache(maxsize=16_384)
def is_local(address: str) -> bool:
    """Whether an address can only be in the network itself: private, link-local, unique-local, shared.

    Documentation and benchmark ranges do not count: no access point hands them out.
    """
    try:
        value = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(value, ipaddress.IPv6Address):
        return value in _ULA or value.is_link_local
    return any(value in block for block in _PRIVATE)


_PRIVATE = tuple(
    ipaddress.IPv4Network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
)
_ULA = ipaddress.IPv6Network("fc00::/7")
