"""Neighbour discovery: who says that an IPv6 address is his (RFC 4861), as ARP does for IPv4."""

import msgspec

from rogue_scan.errors import Truncated

ROUTER, SOLICITATION, ADVERTISEMENT = 134, 135, 136
TYPES = (ROUTER, SOLICITATION, ADVERTISEMENT)
_SOURCE, _TARGET = 1, 2
"""Options with the sender's, or the claimed, link-layer address."""
_MAX_OPTIONS = 32


class Neighbour(msgspec.Struct, frozen=True, gc=False):
    """One message on whose an address is."""

    kind: int
    target: bytes
    """The address that it is about: that of the router itself for a router's advertisement."""
    mac: bytes = b""
    """Who has it; empty where the message does not say."""
    solicited: bool = False
    """Whether it calls itself an answer."""
    overrides: bool = False
    """Whether it replaces what is known: true neighbours say so, those that stand in for others must not."""


def decode(raw: bytes, source: bytes) -> Neighbour | None:
    """The message in the ICMPv6 payload ``raw`` of a packet from ``source``; None for other kinds."""
    if not raw:
        raise Truncated("ICMPv6 header is cut off")
    kind = raw[0]
    if kind == ROUTER:
        return Neighbour(kind, source, _address(raw, 16, _SOURCE), overrides=True)
    if kind not in TYPES:
        return None
    if len(raw) < 24:
        raise Truncated("neighbour discovery message is cut off")
    if kind == SOLICITATION:
        return Neighbour(kind, raw[8:24])
    return Neighbour(kind, raw[8:24], _address(raw, 24, _TARGET), bool(raw[4] & 0x40), bool(raw[4] & 0x20))


def _address(raw: bytes, at: int, wanted: int) -> bytes:
    """The link-layer address in the options that begin at ``at``; empty where there is none."""
    for _ in range(_MAX_OPTIONS):
        size = raw[at + 1] * 8 if len(raw) > at + 1 else 0
        if not size:
            break
        if raw[at] == wanted and size == 8 and len(raw) >= at + 8:
            return raw[at + 2 : at + 8]
        at += size
    return b""
