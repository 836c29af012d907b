"""The first packets of QUIC, which everybody can open: which site a client asks for (RFC 9000, 9001, 9369).

The keys of Initial packets follow from the connection identifier that they carry themselves. Only what a
client sends first is read, until its ClientHello is whole.
"""

import struct
from collections import OrderedDict
from collections.abc import Iterator

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.net import tls

PORT = 443
_SALTS = {
    1: (bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), "quic", 0),
    0x6B3343CF: (bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), "quicv2", 1),
}
"""Version → salt, beginning of the labels, kind of Initial packets."""
_MAX_PENDING = 256
_MAX_HELLO = 16 * 1024
_MAX_PARTS = 32
_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO = 0, 1, 2, 3, 6


class Reader:
    """Gathers ClientHellos over several packets; bounded, oldest given up first."""

    def __init__(self) -> None:
        self._pending: OrderedDict[tuple[bytes, int, bytes], dict[int, bytes]] = OrderedDict()

    def add(self, source: bytes, port: int, datagram: bytes) -> tls.ClientHello | None:
        """The ClientHello once all of it is here.

        ``source`` and ``port`` are the client's. Raises :class:`Malformed` or :class:`Truncated` for what is
        no Initial packet of a client, or does not open.
        """
        name, plain = opened(datagram)
        key = (source, port, name)
        parts = self._pending.setdefault(key, {})
        self._pending.move_to_end(key)
        if len(self._pending) > _MAX_PENDING:
            self._pending.popitem(last=False)
        for offset, data in _crypto(plain):
            if offset + len(data) <= _MAX_HELLO and len(parts) < _MAX_PARTS:
                parts.setdefault(offset, data)
        whole = b""
        for offset in sorted(parts):
            if offset > len(whole):
                break
            whole += parts[offset][len(whole) - offset :]
        if len(whole) < 4 or len(whole) < 4 + (size := int.from_bytes(whole[1:4], "big")):
            return None
        del self._pending[key]
        if whole[0] != tls.CLIENT_HELLO:
            raise Malformed("QUIC does not begin with a ClientHello")
        return tls.client_hello(whole[4 : 4 + size])


def opened(datagram: bytes) -> tuple[bytes, bytes]:
    """Connection identifier and content of the Initial packet that a client's datagram begins with."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(datagram) < 7:
        raise Truncated("QUIC header is cut off")
    first, version = struct.unpack_from("!BI", datagram)
    known = _SALTS.get(version)
    if known is None or first & 0xC0 != 0xC0 or first >> 4 & 3 != known[2]:
        raise Malformed("no Initial packet of a known version of QUIC")
    name, at = _short(datagram, 5)
    _, at = _short(datagram, at)
    size, at = _number(datagram, at)
    at += size  # the token
    size, at = _number(datagram, at)
    if size < 20 or at + size > len(datagram):
        raise Truncated("QUIC packet is cut off")
    key, vector, cover = _keys(name, known[0], known[1])
    # The first octet and the packet number are covered by a cipher over what comes after them.
    engine = Cipher(algorithms.AES(cover), modes.ECB()).encryptor()  # noqa: S305
    mask = engine.update(datagram[at + 4 : at + 20])
    first ^= mask[0] & 0x0F
    width = (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(datagram[at : at + width], mask[1:], strict=False))
    head = bytes([first]) + datagram[1:at] + number
    nonce = int.from_bytes(vector, "big") ^ int.from_bytes(number, "big")
    try:
        plain = AESGCM(key).decrypt(nonce.to_bytes(12, "big"), datagram[at + width : at + size], head)
    except InvalidTag:
        raise Malformed("QUIC packet does not open: damaged, or not the client's first") from None
    return name, plain


def _keys(name: bytes, salt: bytes, label: str) -> tuple[bytes, bytes, bytes]:
    """Key, nonce and header key of a client (RFC 9001, 5.2)."""
    import hashlib
    import hmac

    def expand(secret: bytes, text: str, size: int) -> bytes:
        full = f"tls13 {text}".encode()
        info = struct.pack("!HB", size, len(full)) + full + b"\0\1"
        return hmac.digest(secret, info, hashlib.sha256)[:size]

    secret = expand(hmac.digest(salt, name, hashlib.sha256), "client in", 32)
    return (
        expand(secret, f"{label} key", 16),
        expand(secret, f"{label} iv", 12),
        expand(secret, f"{label} hp", 16),
    )


def _crypto(plain: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, octets) of the handshake in the content of a packet."""
    at = 0
    while at < len(plain):
        kind, at = plain[at], at + 1
        if kind in (_PADDING, _PING):
            continue
        if kind in (_ACK, _ACK_ECN):
            _, at = _number(plain, at)
            _, at = _number(plain, at)
            count, at = _number(plain, at)
            for _ in range(min(2 * count + 1 + 3 * (kind == _ACK_ECN), len(plain))):
                _, at = _number(plain, at)
            continue
        if kind != _CRYPTO:
            return
        offset, at = _number(plain, at)
        size, at = _number(plain, at)
        yield offset, plain[at : at + size]
        at += size


def _short(raw: bytes, at: int) -> tuple[bytes, int]:
    """A connection identifier behind its length, and where it ends."""
    if at >= len(raw) or raw[at] > 20 or at + 1 + raw[at] > len(raw):
        raise Malformed("QUIC connection identifier is broken")
    end = at + 1 + raw[at]
    return raw[at + 1 : end], end


def _number(raw: bytes, at: int) -> tuple[int, int]:
    """A number of variable length (RFC 9000, 16), and where it ends."""
    if at >= len(raw):
        raise Truncated("QUIC number is cut off")
    end = at + (1 << (raw[at] >> 6))
    if end > len(raw):
        raise Truncated("QUIC number is cut off")
    return int.from_bytes(raw[at:end], "big") & (1 << 8 * (end - at) - 2) - 1, end
