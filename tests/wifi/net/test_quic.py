import contextlib
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, SourceError
from rogue_scan.wifi.net import quic
from rogue_scan.wifi.net.select import choose

AP, CLIENT = "02:00:00:00:00:01", "02:00:00:00:00:c1"
NAME = bytes.fromhex("8394c8f03e515708")


def hello(site: str = "www.shop.example", padding: int = 0) -> bytes:
    names = struct.pack("!HBH", len(site) + 3, 0, len(site)) + site.encode()
    extensions = struct.pack("!HH", 0, len(names)) + names + struct.pack("!HH", 16, 5) + b"\0\3\2h3"
    extensions += struct.pack("!HH", 0x0A0A, padding) + bytes(padding)
    body = b"\3\3" + bytes(32) + b"\0\0\2\x13\1\1\0" + struct.pack("!H", len(extensions)) + extensions
    return b"\1" + len(body).to_bytes(3, "big") + body


def crypto(offset: int, data: bytes) -> bytes:
    return b"\6" + struct.pack("!HH", 0x4000 | offset, 0x4000 | len(data)) + data


def packet(frames: bytes, number: int = 0, name: bytes = NAME, version: int = 1, token: bytes = b"") -> bytes:
    """A client's Initial packet, filled up to a full datagram."""
    salt, label, kind = quic._SALTS[version]
    key, vector, cover = quic._keys(name, salt, label)
    frames = frames.ljust(1162 - len(token), b"\0")
    head = bytes([0xC1 | kind << 4]) + struct.pack("!IB", version, len(name)) + name + b"\0"
    head += bytes([len(token)]) + token + struct.pack("!HH", 0x4000 | 2 + len(frames) + 16, number)
    nonce = int.from_bytes(vector, "big") ^ number
    sealed = AESGCM(key).encrypt(nonce.to_bytes(12, "big"), frames, head)
    mask = Cipher(algorithms.AES(cover), modes.ECB()).encryptor().update(sealed[2:18])
    covered = bytes(a ^ b for a, b in zip(head[-2:], mask[1:3], strict=True))
    return bytes([head[0] ^ mask[0] & 15]) + head[1:-2] + covered + sealed


def test_keys_are_those_of_the_standard() -> None:
    """RFC 9001, A.1."""
    key, vector, cover = quic._keys(NAME, *quic._SALTS[1][:2])
    assert key.hex() == "1f369613dd76d5467730efcbe3b1a22d"
    assert vector.hex() == "fa044b2f42a3fd3b46fb255c"
    assert cover.hex() == "9f50449e04a0e810283a1e9933adedd2"


@pytest.mark.parametrize("version", list(quic._SALTS))
@pytest.mark.parametrize("token", [b"", b"t" * 40])
def test_the_site_that_a_client_asks_for(version, token) -> None:
    raw = packet(b"\1" + crypto(0, hello()), version=version, token=token)
    found = quic.Reader().add(b"\1", 5, raw)
    assert (found.server_name, found.protocols) == ("www.shop.example", ("h3",))


def test_a_long_hello_in_two_packets_in_any_order_and_in_pieces() -> None:
    whole = hello(padding=1500)
    reader = quic.Reader()
    late = crypto(1000, whole[1000:])
    early = crypto(500, whole[500:1000]) + b"\2\0\0\0\0" + crypto(0, whole[:510])
    assert reader.add(b"\1", 5, packet(late, 1)) is None
    assert reader.add(b"\2", 5, packet(crypto(0, whole[:900]))) is None
    assert reader.add(b"\1", 5, packet(early)).server_name == "www.shop.example"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        packet(crypto(0, hello()))[:1000],
        packet(crypto(0, hello()))[:-1] + bytes([packet(crypto(0, hello()))[-1] ^ 1]),
        packet(crypto(0, hello())).replace(NAME, NAME[::-1]),
        b"\xc1\0\0\0\7" + bytes(1200),
        packet(crypto(0, b"\2" + hello()[1:])),
    ],
)
def test_what_is_no_beginning_of_a_connection(raw) -> None:
    with pytest.raises(SourceError):
        quic.Reader().add(b"\1", 5, raw)


def test_what_waits_is_bounded() -> None:
    reader = quic.Reader()
    for number in range(quic._MAX_PENDING + 50):
        assert reader.add(number.to_bytes(4, "big"), 5, packet(crypto(9, b"x"))) is None
    assert len(reader._pending) == quic._MAX_PENDING
    for number in range(100):
        reader.add(b"\1", 5, packet(crypto(1 + number * 2, b"x"), number))
    assert max(len(parts) for parts in reader._pending.values()) == quic._MAX_PARTS


@given(st.binary(max_size=100), st.binary(max_size=60))
def test_any_octets(raw, frames) -> None:
    reader = quic.Reader()
    with contextlib.suppress(SourceError):
        reader.add(b"\1", 5, b"\xc0\0\0\0\1" + raw)
    with contextlib.suppress(SourceError):
        reader.add(b"\1", 5, packet(frames))
    with contextlib.suppress(SourceError):
        list(quic._crypto(frames))


def test_it_is_told_as_a_session(air, kit) -> None:
    for raw in (packet(crypto(0, hello())), b"\x40" + bytes(1250), b"\xe0" + bytes(60)):
        air.ip(CLIENT, AP, kit("udp", "10.9.0.50", 5000, "198.51.100.7", 443, raw))
    assert choose(air.batch(), None)[0].tolist() == [0]
    net = air.fold()
    [session] = net.sessions
    assert (session.server_name, session.ends.client, session.answered) == ("www.shop.example", CLIENT, False)
    assert [c.ip for c in net.contacts.values()] == ["198.51.100.7"]


def test_another_version_is_not_guessed() -> None:
    with pytest.raises(Malformed):
        quic.opened(b"\xc1\xff\0\0\x1d" + bytes(1200))
