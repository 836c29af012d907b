"""DHCP: who hands out addresses, routers and name servers (RFC 2131, 2132, 3396, 3442, 8910)."""

import struct

import msgspec

from rogue_scan.errors import Malformed, Truncated

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
NAMES = {1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak", 7: "release", 8: "inform"}
_COOKIE = b"\x63\x82\x53\x63"
_PAD, _END = 0, 255
_MAX_OPTIONS = 256
_MAX_ADDRESSES = 16


class Dhcp(msgspec.Struct, frozen=True, gc=False):
    """One DHCP message."""

    kind: int
    """Message type, option 53."""
    transaction: int
    client: bytes
    """Hardware address of the client."""
    offered: bytes
    """``yiaddr``: the address given; four zero octets for none."""
    server: bytes | None = None
    """Server identifier, option 54."""
    mask: bytes | None = None
    routers: tuple[bytes, ...] = ()
    name_servers: tuple[bytes, ...] = ()
    routes: tuple[tuple[bytes, int, bytes], ...] = ()
    """Classless static routes, option 121: destination, prefix length, router."""
    domain: str = ""
    proxy: str = ""
    """Address of a proxy script, option 252."""
    portal: str | None = None
    """Captive-portal API, option 114; None where the option is not there."""
    lease: int | None = None
    """Seconds."""
    hostname: str = ""
    vendor: str = ""
    """Vendor class, option 60."""
    options: tuple[int, ...] = ()
    """Option codes in the order sent: part of a server program's handwriting."""

    @property
    def from_server(self) -> bool:
        """Whether a server said this."""
        return self.kind in (OFFER, ACK, NAK)


def decode(raw: bytes) -> Dhcp:
    """The DHCP message ``raw``; plain BOOTP (no message type) is :class:`Malformed`."""
    if len(raw) < 240:
        raise Truncated("DHCP message is cut off")
    if raw[236:240] != _COOKIE:
        raise Malformed("no DHCP cookie")
    if raw[1] != 1 or raw[2] != 6:
        raise Malformed("DHCP for something other than Ethernet")
    codes, values = _options(raw, 240)
    overload = values.get(52, b"\0")[:1]
    if overload in (b"\1", b"\3"):
        _merge(codes, values, raw[108:236])
    if overload in (b"\2", b"\3"):
        _merge(codes, values, raw[44:108])
    kind = values.get(53, b"")
    if len(kind) != 1 or not 1 <= kind[0] <= 18:
        raise Malformed("DHCP message without its type")
    lease = values.get(51, b"")
    return Dhcp(
        kind=kind[0],
        transaction=struct.unpack_from("!I", raw, 4)[0],
        client=raw[28:34],
        offered=raw[16:20],
        server=_address(values.get(54)),
        mask=_address(values.get(1)),
        routers=_addresses(values.get(3)),
        name_servers=_addresses(values.get(6)),
        routes=_routes(values.get(121) or values.get(249) or b""),
        domain=_text(values.get(15)),
        proxy=_text(values.get(252)),
        portal=_text(values[114]) if 114 in values else None,
        lease=int.from_bytes(lease, "big") if len(lease) == 4 else None,
        hostname=_text(values.get(12)),
        vendor=_text(values.get(60)),
        options=tuple(codes),
    )


def _options(raw: bytes, at: int) -> tuple[list[int], dict[int, bytes]]:
    """Codes as sent, and values; a code sent twice is one long value (RFC 3396)."""
    codes: list[int] = []
    values: dict[int, bytes] = {}
    while at < len(raw) and len(codes) < _MAX_OPTIONS:
        code = raw[at]
        at += 1
        if code == _PAD:
            continue
        if code == _END:
            break
        if at >= len(raw):
            raise Truncated("DHCP option is cut off")
        size = raw[at]
        value = raw[at + 1 : at + 1 + size]
        if len(value) < size:
            raise Truncated("DHCP option is cut off")
        at += 1 + size
        codes.append(code)
        values[code] = values.get(code, b"") + value
    return codes, values


def _merge(codes: list[int], values: dict[int, bytes], field: bytes) -> None:
    more, found = _options(field, 0)
    codes += more
    for code, value in found.items():
        values.setdefault(code, value)


def _address(value: bytes | None) -> bytes | None:
    return value if value is not None and len(value) == 4 else None


def _addresses(value: bytes | None) -> tuple[bytes, ...]:
    value = value or b""
    return tuple(value[i : i + 4] for i in range(0, min(len(value) // 4, _MAX_ADDRESSES) * 4, 4))


def _routes(value: bytes) -> tuple[tuple[bytes, int, bytes], ...]:
    routes: list[tuple[bytes, int, bytes]] = []
    at = 0
    while at < len(value) and len(routes) < _MAX_ADDRESSES:
        prefix = value[at]
        size = (prefix + 7) // 8
        if prefix > 32 or at + 5 + size > len(value):
            break
        network = value[at + 1 : at + 1 + size].ljust(4, b"\0")
        routes.append((network, prefix, value[at + 1 + size : at + 5 + size]))
        at += 5 + size
    return tuple(routes)


def _text(value: bytes | None) -> str:
    return (value or b"").rstrip(b"\0").decode("utf-8", "replace")
