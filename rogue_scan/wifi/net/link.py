"""Data frames of a wireless LAN: addresses, aggregation, fragments, and the LLC header of their payload.

IEEE 802.11-2020, 9.2.4 (MAC header), 9.3.2.1 (data frames), 9.3.2.2 (A-MSDU), 9.2.4.7.3 (mesh control);
802.1H / RFC 1042 for LLC/SNAP; 802.1Q for VLAN tags.
"""

from collections import OrderedDict

import msgspec

from rogue_scan.errors import Malformed, Truncated

ARP, IPV4, IPV6, EAPOL = 0x0806, 0x0800, 0x86DD, 0x888E
_VLAN = frozenset({0x8100, 0x88A8, 0x9100})
_SNAP = b"\xaa\xaa\x03\x00\x00\x00"
_TUNNEL = b"\xaa\xaa\x03\x00\x00\xf8"
_MAX_TAGS = 4
_MAX_SUBFRAMES = 64
_MAX_PENDING = 256
_MAX_BODY = 65_536


class Header(msgspec.Struct, frozen=True, gc=False):
    """MAC header of a data frame."""

    subtype: int
    to_ds: bool
    from_ds: bool
    more_fragments: bool
    retry: bool
    protected: bool
    receiver: bytes
    transmitter: bytes
    third: bytes
    """Address 3: destination, source or BSSID, as the two DS bits say."""
    fourth: bytes | None
    sequence: int
    fragment: int
    qos: int | None
    """QoS control field; None for data frames without it."""
    length: int
    """Octets of the header: the frame's body begins there."""

    @property
    def tid(self) -> int:
        """Traffic identifier, 0 without QoS."""
        return (self.qos or 0) & 0xF

    @property
    def aggregated(self) -> bool:
        """Whether the body is an A-MSDU."""
        return self.qos is not None and bool(self.qos & 0x80)

    @property
    def bssid(self) -> bytes:
        """BSS of the frame; with four addresses the transmitter stands for it."""
        if self.to_ds and not self.from_ds:
            return self.receiver
        if self.from_ds:
            return self.transmitter
        return self.third

    @property
    def destination(self) -> bytes:
        """Final receiver of an unaggregated frame."""
        return self.third if self.to_ds else self.receiver

    @property
    def source(self) -> bytes:
        """First sender of an unaggregated frame."""
        if self.to_ds and self.from_ds:
            return self.fourth or self.transmitter
        return self.third if self.from_ds else self.transmitter


class Msdu(msgspec.Struct, frozen=True, gc=False):
    """One unit of user data, as the sender handed it to the wireless interface."""

    bssid: bytes
    source: bytes
    destination: bytes
    from_station: bool
    """Whether a station sent it over the air to the access point; then ``source`` is in range."""
    ethertype: int
    payload: bytes


def header(mpdu: bytes) -> Header:
    """The MAC header of a data frame.

    ``mpdu`` begins with the frame control field. Raises :class:`Malformed` if it is no data frame,
    :class:`Truncated` if the header is cut off.
    """
    if len(mpdu) < 24:
        raise Truncated("data frame shorter than its header")
    control, flags = mpdu[0], mpdu[1]
    if control & 0x0F != 0x08:
        raise Malformed("no data frame")
    subtype = control >> 4
    to_ds, from_ds = bool(flags & 1), bool(flags & 2)
    at, fourth, qos = 24, None, None
    if to_ds and from_ds:
        fourth = mpdu[24:30]
        at = 30
    if subtype & 8:
        if len(mpdu) < at + 2:
            raise Truncated("QoS control field is cut off")
        qos = mpdu[at] | mpdu[at + 1] << 8
        at += 2
        if flags & 0x80:
            at += 4  # HT control: the order bit of a QoS frame
    if len(mpdu) < at:
        raise Truncated("data frame shorter than its header")
    control_field = mpdu[22] | mpdu[23] << 8
    return Header(
        subtype, to_ds, from_ds, bool(flags & 4), bool(flags & 8), bool(flags & 0x40),
        mpdu[4:10], mpdu[10:16], mpdu[16:22], fourth, control_field >> 4, control_field & 0xF, qos, at,
    )  # fmt: skip


def units(head: Header, body: bytes) -> list[Msdu]:
    """The user data in a frame's (decrypted, defragmented) body.

    Sub-frames of an A-MSDU without an LLC header are left out. Raises :class:`Malformed` or
    :class:`Truncated`.
    """
    station = head.to_ds and not head.from_ds
    if not head.aggregated:
        body = _without_mesh(head, body)
        ethertype, payload = _llc(body)
        return [Msdu(head.bssid, head.source, head.destination, station, ethertype, payload)]
    found: list[Msdu] = []
    at = 0
    while len(body) - at >= 14 and len(found) < _MAX_SUBFRAMES:
        length = body[at + 12] << 8 | body[at + 13]
        inside = body[at + 14 : at + 14 + length]
        if len(inside) < length:
            if not found:
                raise Truncated("A-MSDU sub-frame is cut off")
            break
        if inside[:3] == _SNAP[:3]:
            ethertype, payload = _llc(inside)
            destination, source = body[at : at + 6], body[at + 6 : at + 12]
            found.append(Msdu(head.bssid, source, destination, station, ethertype, payload))
        at += (14 + length + 3) & ~3
    return found


def _without_mesh(head: Header, body: bytes) -> bytes:
    """Skips a mesh control field.

    Bit 8 of the QoS control field announces it in a mesh BSS only, elsewhere it belongs to a queue
    size: so the LLC header decides.
    """
    if head.qos is None or not head.qos & 0x100 or body[:3] == _SNAP[:3] or len(body) < 6:
        return body
    skip = 6 + 6 * (body[0] & 3)
    return body[skip:] if body[skip : skip + 3] == _SNAP[:3] else body


def _llc(body: bytes) -> tuple[int, bytes]:
    """Ethertype and payload behind LLC/SNAP, VLAN tags removed."""
    if len(body) < 8:
        raise Truncated("LLC header is cut off")
    if body[:6] not in (_SNAP, _TUNNEL):
        raise Malformed("no SNAP header")
    at = 6
    for _ in range(_MAX_TAGS):
        ethertype = body[at] << 8 | body[at + 1]
        if ethertype not in _VLAN:
            return ethertype, body[at + 2 :]
        at += 4
        if body[at : at + 6] in (_SNAP, _TUNNEL):  # 802.11 encodes the inner type as SNAP again
            at += 6
        if len(body) < at + 2:
            raise Truncated("VLAN tag is cut off")
    raise Malformed("too many VLAN tags")


class Defragmenter:
    """Puts the fragments of MSDUs together; bounded, oldest given up first.

    Fragments must come in order, as a receiver demands (802.11-2020, 10.5), retransmissions aside.
    """

    def __init__(self) -> None:
        self._pending: OrderedDict[tuple[bytes, bytes, int, int], tuple[int, bytes]] = OrderedDict()

    def add(self, head: Header, body: bytes) -> bytes | None:
        """The whole body once its last fragment is here, else None."""
        if not head.fragment and not head.more_fragments:
            return body
        key = (head.transmitter, head.receiver, head.tid, head.sequence)
        if head.fragment == 0:
            self._pending[key] = (0, body)
            self._pending.move_to_end(key)
            if len(self._pending) > _MAX_PENDING:
                self._pending.popitem(last=False)
            return None
        held = self._pending.get(key)
        if held is None:
            return None
        number, sofar = held
        if head.fragment != number + 1:
            return None
        whole = sofar + body
        if len(whole) > _MAX_BODY:
            del self._pending[key]
            return None
        if head.more_fragments:
            self._pending[key] = (head.fragment, whole)
            return None
        del self._pending[key]
        return whole
