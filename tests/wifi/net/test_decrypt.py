import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from rogue_scan.errors import UsageError
from rogue_scan.wifi.net import decrypt
from rogue_scan.wifi.net.decrypt import Key, parse_key


@pytest.fixture
def opened(capture, folded):
    """The decryptor after a whole capture: ``opened(name, key …)``."""

    def open_with(name: str, *keys: str) -> decrypt.Decryptor:
        decryptor = folded(capture(name), [parse_key(key) for key in keys]).decryptor
        assert decryptor is not None
        return decryptor

    return open_with


def test_a_key_is_name_and_passphrase() -> None:
    assert (
        parse_key("IEEE:password").pmk.hex()
        == "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"
    )
    assert parse_key("a\\:b:" + "0f" * 32) == Key(b"a:b", b"\x0f" * 32)
    assert parse_key("name:pass:word1").ssid == b"name"


@pytest.mark.parametrize(
    "text", ["", "name", "name:short", ":password1", "n" * 33 + ":password1", "name:" + "é" * 60]
)
def test_a_bad_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_key(text)
    secret = text.partition(":")[2]
    assert not secret or secret not in str(error.value)


def test_a_key_shows_no_secret() -> None:
    assert "password" not in repr(parse_key("IEEE:password"))
    assert "f42c6f" not in repr(parse_key("IEEE:password"))


def test_the_frames_of_a_wpa2_network_are_opened(opened) -> None:
    """tshark opens 18 of them; the others belong to a client with WPA3."""
    decryptor = opened("transition-a", "Haus am See:bootssteg-1998")
    assert (decryptor.opened, decryptor.problems()) == (18, [])


def test_the_frames_of_a_wpa_network_with_tkip_are_opened(opened) -> None:
    """tshark opens 79 of them."""
    decryptor = opened("weak-c", "Upstairs:ladder-1999")
    assert (decryptor.opened, decryptor.closed, decryptor.problems()) == (79, 0, [])


def test_the_master_key_itself_works_too(opened) -> None:
    pmk = parse_key("Upstairs:ladder-1999").pmk.hex()
    assert opened("weak-c", f"Upstairs:{pmk}").opened == 79


def test_a_wrong_key_is_said_to_be_wrong(opened) -> None:
    decryptor = opened("weak-c", "Upstairs:not-the-one", "Elsewhere:whatever-it-is")
    [wrong] = decryptor.problems()
    [unused] = decryptor.remarks()
    assert decryptor.opened == 0
    assert "'Upstairs' is wrong" in wrong
    assert "no access point announced" in unused
    assert "not-the-one" not in wrong


def test_tkip_mixes_keys_as_the_standard_does() -> None:
    """IEEE 802.11, annex J.3.2, vector 1."""
    made = decrypt._mix(bytes(range(16)), bytes.fromhex("102233445566"), 0)
    assert made.hex() == "00200033ea8d2f60ca6d1374234a660b"


@pytest.mark.parametrize("cipher", [decrypt.CCMP, decrypt.CCMP256, decrypt.GCMP, decrypt.GCMP256])
def test_ciphers_with_authentication(cipher: int) -> None:
    key = bytes(range(decrypt._KEY_OCTETS[cipher]))
    engine = decrypt._Cipher(cipher, key)
    header = bytes.fromhex("8841300002000000000102000000 00c1020000000002 1000 0500".replace(" ", ""))
    number = b"\x01\x02\x03\x04\x05\x06"
    front = bytes([number[5], number[4], 0, 0x20, number[3], number[2], number[1], number[0]])
    if engine._ccm:
        sealed = engine._ccm.encrypt(b"\x05" + header[10:16] + number, b"data", decrypt._associated(header))
    else:
        assert engine._gcm
        sealed = engine._gcm.encrypt(header[10:16] + number, b"data", decrypt._associated(header))
    assert engine.open(header, front + sealed) == b"data"
    assert engine.open(header, front + sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    again = bytes([header[0], header[1] | 8, *header[2:]])  # a retransmission
    assert engine.open(again, front + sealed) == b"data"


def handshake(akm: int, cipher: int, version: int, pmk: bytes) -> tuple[decrypt.Decryptor, bytes, int, int]:
    """A decryptor that heard the first two messages of a handshake, and the keys that they lead to."""
    bssid, client = 0x02000000_0001, 0x02000000_00C1
    theirs, ours = bytes([7]) * 32, bytes([9]) * 32
    rsn = bytes(
        [0x30, 20, 1, 0, 0, 0x0F, 0xAC, cipher, 1, 0, 0, 0x0F, 0xAC, cipher, 1, 0, 0, 0x0F, 0xAC, akm, 0, 0]
    )
    size = 32 + decrypt._KEY_OCTETS[cipher]
    keys = decrypt._expand(pmk, bssid, client, theirs, ours, version, size)

    def message(info: int, nonce: bytes, data: bytes) -> bytes:
        body = bytes([2]) + info.to_bytes(2, "big") + bytes([0, 16]) + bytes(8) + nonce + bytes(48)
        packet = bytearray(b"\2\3" + (len(body) + 2 + len(data)).to_bytes(2, "big") + body)
        packet += len(data).to_bytes(2, "big") + data
        return bytes(packet)

    decryptor = decrypt.Decryptor([Key(b"Home", pmk)])
    decryptor.learn_ssid(bssid, b"Home")
    decryptor.learn_key(bssid, bssid, client, message(0x0088 | version, theirs, b""))
    second = bytearray(message(0x0108 | version, ours, rsn))
    if version == 3:
        code = CMAC(AES(keys[:16]))
        code.update(bytes(second))
        second[81:97] = code.finalize()
    else:
        second[81:97] = hmac.digest(keys[:16], bytes(second), "sha1")[:16]
    decryptor.learn_key(bssid, client, bssid, bytes(second))
    return decryptor, keys[32:], bssid, client


@pytest.mark.parametrize(
    ("akm", "cipher", "version"),
    [(2, decrypt.CCMP, 2), (6, decrypt.CCMP, 3), (2, decrypt.GCMP, 2), (6, decrypt.GCMP256, 3)],
)
def test_a_handshake_opens_the_frames_after_it(akm: int, cipher: int, version: int) -> None:
    decryptor, key, bssid, client = handshake(akm, cipher, version, bytes(range(32)))
    header = b"\x88\x41\0\0" + bssid.to_bytes(6, "big") + client.to_bytes(6, "big") + bytes(6) + b"\x10\0\0\0"
    front, number = bytes([1, 0, 0, 0x20, 0, 0, 0, 0]), bytes(5) + b"\1"
    engine = decrypt._Cipher(cipher, key)
    if engine._ccm:
        sealed = engine._ccm.encrypt(b"\0" + header[10:16] + number, b"data", decrypt._associated(header))
    else:
        assert engine._gcm
        sealed = engine._gcm.encrypt(header[10:16] + number, b"data", decrypt._associated(header))
    assert decryptor.open(header, front + sealed) == b"data"
    assert decryptor.problems() == []


@pytest.mark.parametrize(("akm", "name"), [(8, "WPA3"), (4, "802.11r"), (1, "enterprise")])
def test_networks_that_a_passphrase_does_not_open_are_not_called_wrong(akm: int, name: str) -> None:
    decryptor, *_ = handshake(akm, decrypt.CCMP, 2, bytes(32))
    assert decryptor.problems() == []
    assert name in decryptor.remarks()[0]
