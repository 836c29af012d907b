"""EAPOL: key frames of the 4-way handshake and EAP packets.

IEEE 802.1X-2020 clause 11, 802.11-2024 12.7.2, RFC 3748.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rogue_scan.errors import Malformed, Truncated

EAP_METHODS = {
    1: "Identity",
    2: "Notification",
    3: "Nak",
    4: "MD5",
    5: "OTP",
    6: "GTC",
    13: "TLS",
    17: "LEAP",
    18: "SIM",
    21: "TTLS",
    23: "AKA",
    25: "PEAP",
    26: "MSCHAPv2",
    43: "FAST",
    50: "AKA'",
    52: "PWD",
    55: "TEAP",
    254: "Expanded",
}
TLS_METHODS = frozenset({13, 21, 25, 43, 55})


@dataclass(slots=True, frozen=True)
class KeyFrame:
    """An EAPOL-Key frame of RSN or WPA."""

    descriptor: int
    """2 RSN, 254 WPA."""
    info: int
    key_length: int
    replay_counter: int
    nonce: bytes
    mic: bytes
    data: bytes
    """Key data as sent (encrypted where :attr:`encrypted`)."""

    @property
    def pairwise(self) -> bool:
        """Pairwise rather than group key exchange."""
        return bool(self.info & 0x0008)

    @property
    def install(self) -> bool:
        """Install flag."""
        return bool(self.info & 0x0040)

    @property
    def ack(self) -> bool:
        """The access point wants an answer."""
        return bool(self.info & 0x0080)

    @property
    def has_mic(self) -> bool:
        """A MIC is set."""
        return bool(self.info & 0x0100)

    @property
    def secure(self) -> bool:
        """Secure flag."""
        return bool(self.info & 0x0200)

    @property
    def error(self) -> bool:
        """A Michael failure is reported (with :attr:`request`)."""
        return bool(self.info & 0x0400)

    @property
    def request(self) -> bool:
        """The client asks for a new handshake."""
        return bool(self.info & 0x0800)

    @property
    def encrypted(self) -> bool:
        """Key data are encrypted."""
        return bool(self.info & 0x1000)

    @property
    def message(self) -> int:
        """1 to 4 of the pairwise handshake; 0 for anything else (group handshake, requests)."""
        if not self.pairwise or self.request:
            return 0
        if self.ack:
            return 3 if self.has_mic or self.install else 1
        if not self.has_mic and not self.encrypted:
            return 0
        # Message 4 carries no nonce in RSN and no key data; WPA never sets "secure" in it.
        if self.secure or (not any(self.nonce) and not self.data) or not self.data:
            return 4
        return 2

    @property
    def pmkid(self) -> bytes | None:
        """PMKID in the clear key data of message 1."""
        if self.encrypted:
            return None
        at = self.data.find(b"\xdd\x14\x00\x0f\xac\x04")
        found = self.data[at + 6 : at + 22] if at >= 0 else b""
        return found if len(found) == 16 and any(found) else None


def decode_key(body: bytes, mic_length: int = 16) -> KeyFrame:
    """Decode what follows the 802.1X header of a key frame.

    The MIC is 16 bytes for all AKMs but those of 192-bit security (24), and absent for FILS: the size with
    which the key data end where the frame ends is taken.
    """
    if len(body) < 79 + mic_length:
        raise Truncated("EAPOL-Key frame is too short")
    descriptor, info, key_length, counter = struct.unpack_from(">BHHQ", body)
    at = 77
    sizes = (mic_length, 24, 0)
    ends = [_data_end(body, at + size) for size in sizes]
    if len(body) in ends:
        size = sizes[ends.index(len(body))]
    elif ends[0] <= len(body):
        size = mic_length
    else:
        raise Malformed("EAPOL-Key frame: key data do not fit")
    data = body[at + size + 2 : _data_end(body, at + size)]
    return KeyFrame(descriptor, info, key_length, counter, body[13:45], body[at : at + size], data)


def _data_end(body: bytes, at: int) -> int:
    """Where the key data end if their length stands at ``at``; beyond the body where that cannot be."""
    return at + 2 + int.from_bytes(body[at : at + 2], "big") if at + 2 <= len(body) else len(body) + 1


@dataclass(slots=True, frozen=True)
class EapPacket:
    """An EAP packet."""

    code: int
    """1 request, 2 response, 3 success, 4 failure."""
    identifier: int
    method: int | None = None
    data: bytes = b""
    """After the type byte, at most what was captured: identities are personal, never print them."""

    @property
    def method_name(self) -> str:
        """Name of the method."""
        return EAP_METHODS.get(self.method or 0, f"method {self.method}" if self.method is not None else "")

    @property
    def tls(self) -> tuple[int, bytes] | None:
        """(flags, fragment) of a TLS-based method: 0x80 length present, 0x40 more follow, 0x20 start."""
        if self.method not in TLS_METHODS or not self.data:
            return None
        flags = self.data[0]
        return flags, self.data[5:] if flags & 0x80 else self.data[1:]


def decode_eap(body: bytes) -> EapPacket:
    """Decode an EAP packet (body of an 802.1X packet of type 0)."""
    if len(body) < 4:
        raise Truncated("EAP packet is too short")
    code, identifier, length = struct.unpack_from(">BBH", body)
    if length < 4:
        raise Malformed("EAP packet: length below 4")
    content = body[4:length]
    if code in (1, 2) and content:
        return EapPacket(code, identifier, content[0], content[1:])
    return EapPacket(code, identifier)


def decode_header(payload: bytes) -> tuple[int, int, bytes]:
    """(version, packet type, body) of an 802.1X packet; padding after the body is cut off."""
    if len(payload) < 4:
        raise Truncated("802.1X header is too short")
    version, kind, length = struct.unpack_from(">BBH", payload)
    return version, kind, payload[4 : 4 + length]
