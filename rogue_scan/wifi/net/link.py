"""Bodies of data frames: LLC header, VLAN tags, mesh control, A-MSDU sub-frames, fragments.

IEEE 802.11-2024, 9.3.2.1 (data frames), 9.3.2.2 (A-MSDU), 9.2.4.8.3 (mesh control), 10.5
(defragmentation); 802.1H / RFC 1042 for LLC/SNAP; 802.1Q for VLAN tags.
"""

from collections import OrderedDict
from collections.abc import Hashable

import msgspec

from rogue_scan.errors import Malformed, Truncated

ARP, IPV4, IPV6, EAPOL = 0x0806, 0x0800, 0x86DD, 0x888E
SNAP = b"\xaa\xaa\x03\x00\x00\x00"
_TUNNEL = b"\xaa\xaa\x03\x00\x00\xf8"
_VLAN = frozenset({0x8100, 0x88A8, 0x9100})
_MAX_TAGS = 4
_MAX_SUBFRAMES = 64
_MAX_PENDING = 256
_MAX_BODY = 65_536


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One MSDU: user data as the sender handed it to the wireless interface."""

    ethertype: int
    payload: bytes
    source: int | None = None
    """Of an A-MSDU's sub-frame, 48-bit number; None where the MAC header's addresses hold."""
    destination: int | None = None


def units(body: bytes, *, aggregated: bool = False) -> list[Unit]:
    """The user data in a frame's decrypted, defragmented body.

    Sub-frames of an A-MSDU without an LLC header are left out. Raises :class:`Malformed` or
    :class:`Truncated`.
    """
    if not aggregated:
        return [Unit(*_llc(_without_mesh(body)))]
    found: list[Unit] = []
    at = 0
    while len(body) - at >= 14 and len(found) < _MAX_SUBFRAMES:
        length = body[at + 12] << 8 | body[at + 13]
        inside = body[at + 14 : at + 14 + length]
        if len(inside) < length:
            if not found:
                raise Truncated("A-MSDU sub-frame is cut off")
            break
        if inside[:3] == SNAP[:3]:
            destination, source = body[at : at + 6], body[at + 6 : at + 12]
            found.append(
                Unit(*_llc(inside), int.from_bytes(source, "big"), int.from_bytes(destination, "big"))
            )
        at += (14 + length + 3) & ~3
    return found


def _without_mesh(body: bytes) -> bytes:
    """Skips a mesh control field: flags, time to live, sequence, up to two addresses.

    A bit of the QoS control field announces it, but only in a mesh: elsewhere the same bit belongs to a
    queue size. So the LLC header behind it decides.
    """
    if body[:3] == SNAP[:3] or len(body) < 6:
        return body
    skip = 6 + 6 * (body[0] & 3)
    return body[skip:] if body[skip : skip + 3] == SNAP[:3] else body


def _llc(body: bytes) -> tuple[int, bytes]:
    """Ethertype and payload behind LLC/SNAP, VLAN tags removed."""
    if len(body) < 8:
        raise Truncated("LLC header is cut off")
    if body[:6] not in (SNAP, _TUNNEL):
        raise Malformed("no SNAP header")
    at = 6
    for _ in range(_MAX_TAGS):
        ethertype = body[at] << 8 | body[at + 1]
        if ethertype not in _VLAN:
            return ethertype, body[at + 2 :]
        at += 4
        if body[at : at + 6] in (SNAP, _TUNNEL):  # 802.11 encodes the inner type as SNAP again
            at += 6
        if len(body) < at + 2:
            raise Truncated("VLAN tag is cut off")
    raise Malformed("too many VLAN tags")


class Defragmenter:
    """Puts the fragments of MSDUs together; bounded, oldest given up first.

    Fragments must come in order, as a receiver demands, retransmissions aside.
    """

    def __init__(self) -> None:
        self._pending: OrderedDict[Hashable, tuple[int, bytes]] = OrderedDict()

    def add(self, key: Hashable, fragment: int, more: bool, body: bytes) -> bytes | None:
        """The whole body once its last fragment is here, else None.

        ``key`` names the MSDU: transmitter, receiver, TID and sequence number.
        """
        if not fragment:
            if not more:
                return body
            self._pending[key] = (0, body)
            self._pending.move_to_end(key)
            if len(self._pending) > _MAX_PENDING:
                self._pending.popitem(last=False)
            return None
        held = self._pending.get(key)
        if held is None or fragment != held[0] + 1:
            return None
        whole = held[1] + body
        if more and len(whole) <= _MAX_BODY:
            self._pending[key] = (fragment, whole)
            return None
        del self._pending[key]
        return whole if len(whole) <= _MAX_BODY else None
