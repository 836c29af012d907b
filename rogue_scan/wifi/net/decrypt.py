"""Opens the frames of networks that the auditor owns: WPA and WPA2 with a pre-shared key.

From the passphrase and the four-way handshakes in the capture come the keys of each client; CCMP, GCMP
(both with 128 and 256 bits) and TKIP are opened. IEEE 802.11-2024, 12.5 (ciphers), 12.7 (key management).

SAE and enterprise networks have a fresh secret in each session, which no passphrase gives: they stay closed.
No key leaves this module, in no message either.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from collections import OrderedDict
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from rogue_scan.errors import SourceError, UsageError
from rogue_scan.wifi.dot11 import eapol

TKIP, CCMP, GCMP, GCMP256, CCMP256 = 2, 4, 8, 9, 10
_READABLE_AKMS = frozenset({2, 6})
"""PSK, and PSK with SHA-256."""
_OTHER_AKMS = {
    4: "fast transition (802.11r)",
    8: "SAE (WPA3)",
    9: "SAE (WPA3)",
    24: "SAE (WPA3)",
    25: "SAE (WPA3)",
}
_KEY_OCTETS = {TKIP: 32, CCMP: 16, GCMP: 16, GCMP256: 32, CCMP256: 32}
_MAX_SESSIONS = 4096
_KEPT_KEYS = 3
"""Newest keys of a client that are tried: frames may come after the next handshake."""
_GROUP = 1 << 40


class Key(msgspec.Struct, frozen=True):
    """The secret of one network. Its representation shows no secret."""

    ssid: bytes
    pmk: bytes

    def __repr__(self) -> str:
        return f"Key({self.ssid!r})"


def parse_key(text: str) -> Key:
    """A key as given by ``--key``: ``SSID:PASSPHRASE`` or ``SSID:`` and 64 hex digits.

    A colon or backslash in the SSID is written with a backslash in front. Raises
    :class:`~rogue_scan.errors.UsageError`, whose message does not repeat the secret.
    """
    name, at = "", 0
    while at < len(text) and text[at] != ":":
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        name += text[at]
        at += 1
    secret = text[at + 1 :]
    ssid = name.encode()
    if at >= len(text) or not 1 <= len(ssid) <= 32:
        raise UsageError("a key is SSID:PASSPHRASE or SSID:HEX-PMK, with an SSID of 1 to 32 bytes")
    if len(secret) == 64:
        try:
            return Key(ssid, bytes.fromhex(secret))
        except ValueError:
            pass
    if not 8 <= len(secret.encode()) <= 63:
        raise UsageError(f"the passphrase for {name!r} has to be 8 to 63 characters, or 64 hex digits")
    return Key(ssid, hashlib.pbkdf2_hmac("sha1", secret.encode(), ssid, 4096, 32))


class _Handshake:
    """One client's handshake as far as it came."""

    def __init__(self) -> None:
        self.nonces: OrderedDict[bytes, None] = OrderedDict()
        """Nonces of the access point, newest last."""
        self.second: tuple[bytes, eapol.KeyFrame] | None = None
        """The client's answer: the whole EAPOL packet, and decoded."""
        self.kek = b""
        self.version = 0


class _Cipher:
    """One temporal key, ready for use."""

    def __init__(self, cipher: int, key: bytes) -> None:
        self.cipher, self.key = cipher, key
        self._ccm: AESCCM | None = None
        self._gcm: AESGCM | None = None
        if cipher in (CCMP, CCMP256):
            self._ccm = AESCCM(key, tag_length=8 if cipher == CCMP else 16)
        elif cipher in (GCMP, GCMP256):
            self._gcm = AESGCM(key)

    def open(self, header: bytes, body: bytes) -> bytes | None:
        """The clear body of a frame, or None if this is not its key."""
        if self.cipher == TKIP:
            return _open_tkip(self.key, header, body)
        number = body[7:3:-1] + body[1::-1]
        try:
            if self._ccm:
                nonce = bytes([_tid(header)]) + header[10:16] + number
                return self._ccm.decrypt(nonce, body[8:], _associated(header))
            assert self._gcm
            return self._gcm.decrypt(header[10:16] + number, body[8:], _associated(header))
        except (InvalidTag, ValueError):
            return None


class Decryptor:
    """Learns keys from handshakes and opens frames."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = list(keys)
        self._ssids: dict[int, set[bytes]] = {}
        self._handshakes: OrderedDict[tuple[int, int], _Handshake] = OrderedDict()
        self._pairwise: OrderedDict[tuple[int, int], list[_Cipher]] = OrderedDict()
        self._group: dict[tuple[int, int], list[_Cipher]] = {}
        self._right: set[bytes] = set()
        self._wrong: set[bytes] = set()
        self._other: dict[bytes, str] = {}
        self.opened = 0
        """Frames opened."""
        self.closed = 0
        """Protected frames of networks with a key that stayed closed."""

    def learn_ssid(self, bssid: int, ssid: bytes) -> None:
        """A BSS announced this SSID."""
        if any(key.ssid == ssid for key in self._keys):
            self._ssids.setdefault(bssid, set()).add(ssid)

    @property
    def bssids(self) -> list[int]:
        """BSSs that there is a key for."""
        return sorted(self._ssids)

    def problems(self) -> list[str]:
        """Keys that are wrong, one sentence for each, without any secret."""
        return [
            f"the key for {_shown(ssid)} is wrong: no handshake in the capture fits it"
            for ssid in self._names()
            if ssid in self._wrong and ssid not in self._right
        ]

    def remarks(self) -> list[str]:
        """Keys that could not be tried, and why."""
        found = []
        announced = {ssid for ssids in self._ssids.values() for ssid in ssids}
        for ssid in self._names():
            if ssid in self._right or ssid in self._wrong:
                continue
            if ssid in self._other:
                reason = f"the network uses {self._other[ssid]}, where no passphrase opens frames"
            elif ssid in announced:
                reason = "the capture has no whole handshake"
            else:
                reason = "no access point announced that name"
            found.append(f"the key for {_shown(ssid)} was not used: {reason}")
        return found

    def _names(self) -> list[bytes]:
        return list(dict.fromkeys(key.ssid for key in self._keys))

    def learn_key(self, bssid: int, source: int, destination: int, packet: bytes) -> None:
        """An EAPOL packet between an access point and a client."""
        ssids = self._ssids.get(bssid)
        if not ssids:
            return
        try:
            _, kind, body = eapol.decode_header(packet)
            if kind != 3:
                return
            frame = eapol.decode_key(body)
        except SourceError:
            return
        packet = packet[: 4 + len(body)]
        client = destination if source == bssid else source
        key = (bssid, client)
        state = self._handshakes.setdefault(key, _Handshake())
        self._handshakes.move_to_end(key)
        if len(self._handshakes) > _MAX_SESSIONS:
            self._handshakes.popitem(last=False)
        message = frame.message
        if message in (1, 3):
            state.nonces[frame.nonce] = None
            state.nonces.move_to_end(frame.nonce)
            while len(state.nonces) > 4:
                state.nonces.popitem(last=False)
        elif message == 2:
            state.second = (packet, frame)
        if message in (1, 2, 3) and state.second:
            self._derive(bssid, client, state, ssids)
        if state.kek and (message == 3 or not frame.pairwise) and frame.has_mic and source == bssid:
            self._learn_group(bssid, state, frame, packet)

    def open(self, header: bytes, body: bytes) -> bytes | None:
        """The clear body of a protected frame, or None.

        ``header`` is the MAC header, ``body`` what follows it, cipher header and check value included.
        """
        if len(body) < 16 or not body[3] & 0x20:
            return None  # WEP, or too short for any of the ciphers
        to_ds, from_ds = header[1] & 1, header[1] & 2
        bssid = int.from_bytes(header[4:10] if to_ds and not from_ds else header[10:16], "big")
        client = int.from_bytes(header[10:16] if to_ds and not from_ds else header[4:10], "big")
        ciphers = (
            self._group.get((bssid, body[3] >> 6), [])
            if client & _GROUP
            else self._pairwise.get((bssid, client), [])
        )
        for cipher in reversed(ciphers):
            clear = cipher.open(header, body)
            if clear is not None:
                self.opened += 1
                return clear
        if bssid in self._ssids:
            self.closed += 1
        return None

    def _derive(self, bssid: int, client: int, state: _Handshake, ssids: set[bytes]) -> None:
        assert state.second is not None
        packet, second = state.second
        akm, cipher = _chosen(second.data)
        for key in self._keys:
            if key.ssid not in ssids:
                continue
            if akm not in _READABLE_AKMS:
                self._other[key.ssid] = _OTHER_AKMS.get(akm, "enterprise authentication")
                continue
            for nonce in reversed(state.nonces):
                version, size = second.info & 7, 32 + _KEY_OCTETS[cipher]
                keys = _expand(key.pmk, bssid, client, nonce, second.nonce, version, size)
                if not _mic_holds(keys[:16], version, packet):
                    continue
                self._right.add(key.ssid)
                state.kek, state.version = keys[16:32], version
                _add(self._pairwise.setdefault((bssid, client), []), cipher, keys[32:])
                if len(self._pairwise) > _MAX_SESSIONS:
                    self._pairwise.popitem(last=False)
                state.second = None
                return
            if state.nonces:
                self._wrong.add(key.ssid)

    def _learn_group(self, bssid: int, state: _Handshake, frame: eapol.KeyFrame, packet: bytes) -> None:
        data = frame.data
        if frame.encrypted or frame.descriptor == 254:
            try:
                if state.version == 1:
                    data = _rc4(packet[4 + 45 : 4 + 61] + state.kek, data, 256)
                else:
                    data = aes_key_unwrap(state.kek, data)
            except (InvalidUnwrap, ValueError):
                return
        if frame.descriptor == 254:  # WPA: the key data is the key itself
            if not frame.pairwise and len(data) >= frame.key_length:
                number = frame.info >> 4 & 3
                cipher = TKIP if frame.key_length == 32 else CCMP
                _add(self._group.setdefault((bssid, number), []), cipher, data[: frame.key_length])
            return
        at = 0
        while at + 6 <= len(data):
            size = data[at + 1]
            if data[at] == 0xDD and data[at + 2 : at + 6] == b"\x00\x0f\xac\x01" and size >= 6:
                number, key = data[at + 6] & 3, data[at + 8 : at + 2 + size]
                for cipher in _group_ciphers(data, len(key)):
                    _add(self._group.setdefault((bssid, number), []), cipher, key)
            at += 2 + size


def _shown(ssid: bytes) -> str:
    return repr(ssid.decode("utf-8", "replace"))


def _group_ciphers(data: bytes, size: int) -> list[int]:
    """Group ciphers that fit a key of ``size`` octets; the RSN element in message 3 says which it is."""
    if (
        len(data) > 8
        and data[0] == 0x30
        and data[4:7] == b"\x00\x0f\xac"
        and _KEY_OCTETS.get(data[7]) == size
    ):
        return [data[7]]
    return [cipher for cipher, octets in _KEY_OCTETS.items() if octets == size]


def _add(ciphers: list[_Cipher], cipher: int, key: bytes) -> None:
    if len(key) != _KEY_OCTETS[cipher] or any(c.key == key and c.cipher == cipher for c in ciphers):
        return
    ciphers.append(_Cipher(cipher, key))
    del ciphers[: -2 * _KEPT_KEYS]


def _chosen(elements: bytes) -> tuple[int, int]:
    """AKM and pairwise cipher that the client chose, by the element in message 2."""
    at = 0
    while at + 2 <= len(elements):
        kind, size = elements[at], elements[at + 1]
        body = elements[at + 2 : at + 2 + size]
        if kind == 0xDD and body[:4] == b"\x00\x50\xf2\x01":
            body, kind = body[4:], 0x30
        if kind == 0x30 and len(body) >= 18:
            pairs = struct.unpack_from("<H", body, 6)[0]
            after = 8 + 4 * pairs
            akm = body[after + 5] if len(body) >= after + 6 else 2
            cipher = body[11] if body[11] in _KEY_OCTETS else CCMP
            return akm, cipher
        at += 2 + size
    return 2, CCMP


def _expand(
    pmk: bytes, bssid: int, client: int, theirs: bytes, ours: bytes, version: int, size: int
) -> bytes:
    """The pairwise transient key: confirmation, encryption and temporal key (12.7.1.2, 12.7.1.6.2)."""
    one, other = bssid.to_bytes(6, "big"), client.to_bytes(6, "big")
    data = min(one, other) + max(one, other) + min(theirs, ours) + max(theirs, ours)
    label = b"Pairwise key expansion"
    if version == 3:
        length = struct.pack("<H", 8 * size)
        parts = [hmac.digest(pmk, struct.pack("<H", i) + label + data + length, "sha256") for i in (1, 2)]
    else:
        parts = [hmac.digest(pmk, label + b"\0" + data + bytes([i]), "sha1") for i in range(4)]
    return b"".join(parts)[:size]


def _mic_holds(kck: bytes, version: int, packet: bytes) -> bool:
    mic, zeroed = packet[81:97], packet[:81] + bytes(16) + packet[97:]
    if version == 1:
        made = hmac.digest(kck, zeroed, "md5")
    elif version == 2:
        made = hmac.digest(kck, zeroed, "sha1")[:16]
    elif version == 3:
        code = CMAC(AES(kck))
        code.update(zeroed)
        made = code.finalize()
    else:
        return False
    return hmac.compare_digest(mic, made)


def _tid(header: bytes) -> int:
    at = _qos_at(header)
    return header[at] & 0x0F if at else 0


def _qos_at(header: bytes) -> int:
    """Where the QoS control field stands; 0 if there is none."""
    if not header[0] & 0x80:
        return 0
    return 30 if header[1] & 3 == 3 else 24


def _associated(header: bytes) -> bytes:
    """The header as CCMP and GCMP authenticate it: without what changes on a retransmission (12.5.2.3.3)."""
    at = _qos_at(header)
    flags = header[1] & (0x47 if at else 0xC7) | 0x40
    start = bytes([header[0] & 0x8F, flags]) + header[4:22] + bytes([header[22] & 0x0F, 0])
    if header[1] & 3 == 3:
        start += header[24:30]
    return start + bytes([header[at] & 0x0F, 0]) if at else start


def _rc4(key: bytes, data: bytes, skip: int = 0) -> bytes:
    engine = Cipher(ARC4(key), mode=None).decryptor()
    engine.update(bytes(skip))
    return engine.update(data)


def _open_tkip(key: bytes, header: bytes, body: bytes) -> bytes | None:
    """TKIP: mixes the frame's key, deciphers, checks the ICV; cuts Michael's value off the last fragment."""
    counter = body[7] << 40 | body[6] << 32 | body[5] << 24 | body[4] << 16 | body[0] << 8 | body[2]
    clear = _rc4(_mix(key[:16], header[10:16], counter), body[8:])
    data, check = clear[:-4], clear[-4:]
    if zlib.crc32(data).to_bytes(4, "little") != check:
        return None
    return data if header[1] & 4 else data[:-8]


def _mix(key: bytes, transmitter: bytes, counter: int) -> bytes:
    """The RC4 key of one frame, both phases (12.5.2.2)."""
    high, low = counter >> 16, counter & 0xFFFF
    ttak = [high & 0xFFFF, high >> 16, *struct.unpack("<3H", transmitter)]
    words = struct.unpack("<8H", key)
    for i in range(8):
        j = i & 1
        ttak[0] = ttak[0] + _sbox(ttak[4] ^ words[j]) & 0xFFFF
        ttak[1] = ttak[1] + _sbox(ttak[0] ^ words[2 + j]) & 0xFFFF
        ttak[2] = ttak[2] + _sbox(ttak[1] ^ words[4 + j]) & 0xFFFF
        ttak[3] = ttak[3] + _sbox(ttak[2] ^ words[6 + j]) & 0xFFFF
        ttak[4] = ttak[4] + _sbox(ttak[3] ^ words[j]) + i & 0xFFFF
    ppk = [*ttak, ttak[4] + low & 0xFFFF]
    for i in range(6):
        ppk[i] = ppk[i] + _sbox(ppk[i - 1] ^ words[i]) & 0xFFFF
    ppk[0] = ppk[0] + _rotated(ppk[5] ^ words[6]) & 0xFFFF
    ppk[1] = ppk[1] + _rotated(ppk[0] ^ words[7]) & 0xFFFF
    for i in range(2, 6):
        ppk[i] = ppk[i] + _rotated(ppk[i - 1]) & 0xFFFF
    first = low >> 8
    return bytes([first, (first | 0x20) & 0x7F, low & 0xFF, (ppk[5] ^ words[0]) >> 1 & 0xFF]) + struct.pack(
        "<6H", *ppk
    )


def _rotated(value: int) -> int:
    return value >> 1 | (value & 1) << 15


def _sbox(value: int) -> int:
    low, high = _SBOX[value & 0xFF], _SBOX[value >> 8]
    return low ^ (high >> 8 | (high & 0xFF) << 8)


def _substitutions() -> tuple[int, ...]:
    """TKIP's table: AES's substitution S with {2}·S and {3}·S side by side."""
    box = [0] * 256
    p = q = 1
    while True:  # p runs through all non-zero field elements, q through their inverses
        p = p ^ (p << 1 & 0xFF) ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        q ^= 0x09 if q & 0x80 else 0
        turned = q ^ _left(q, 1) ^ _left(q, 2) ^ _left(q, 3) ^ _left(q, 4)
        box[p] = turned ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    doubled = [s << 1 & 0xFF ^ (0x1B if s & 0x80 else 0) for s in box]
    return tuple(d << 8 | (d ^ s) for s, d in zip(box, doubled, strict=True))


def _left(value: int, by: int) -> int:
    return (value << by | value >> (8 - by)) & 0xFF


_SBOX = _substitutions()
