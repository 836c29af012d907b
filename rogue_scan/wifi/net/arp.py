"""Address resolution: who says that an IPv4 address is theirs (RFC 826, RFC 5227)."""

import struct

import msgspec

from rogue_scan.errors import Malformed, Truncated

REQUEST, REPLY = 1, 2


class Arp(msgspec.Struct, frozen=True, gc=False):
    """One ARP packet for Ethernet and IPv4."""

    operation: int
    sender_mac: bytes
    sender_ip: bytes
    target_mac: bytes
    target_ip: bytes

    @property
    def claims(self) -> bool:
        """Whether it says where ``sender_ip`` is: a probe (RFC 5227, sender 0.0.0.0) does not."""
        return self.sender_ip != b"\0\0\0\0"

    @property
    def gratuitous(self) -> bool:
        """Whether the sender speaks of itself to all."""
        return self.sender_ip == self.target_ip


def decode(raw: bytes) -> Arp:
    """The ARP packet ``raw``; raises :class:`Malformed` for hardware other than Ethernet."""
    if len(raw) < 28:
        raise Truncated("ARP packet is cut off")
    hardware, protocol, size, width, operation = struct.unpack_from("!HHBBH", raw)
    if (hardware, protocol, size, width) not in ((1, 0x0800, 6, 4), (6, 0x0800, 6, 4)):
        raise Malformed("ARP for something other than Ethernet and IPv4")
    return Arp(operation, raw[8:14], raw[14:18], raw[18:24], raw[24:28])
