import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.dot11.eapol import decode_eap, decode_header, decode_key


def key(info, data=b"", nonce=bytes(range(32)), mic=16):
    head = struct.pack(">BHHQ", 2, info, 16, 1) + nonce + bytes(32)
    return head + bytes(mic) + struct.pack(">H", len(data)) + data


@pytest.mark.parametrize(
    ("info", "data", "nonce", "message"),
    [
        (0x008A, b"", bytes(range(32)), 1),
        (0x010A, b"\x30\x14", bytes(range(32)), 2),
        (0x13CA, b"x" * 24, bytes(range(32)), 3),
        (0x030A, b"", bytes(32), 4),
        (0x0109, b"", bytes(32), 4),  # WPA: "secure" is never set
        (0x1382, b"x" * 24, bytes(32), 0),  # group key
    ],
)
def test_messages_of_the_handshake(info, data, nonce, message):
    assert decode_key(key(info, data, nonce)).message == message


def test_a_pmkid_in_message_1():
    data = b"\xdd\x14\x00\x0f\xac\x04" + bytes(range(1, 17))
    assert decode_key(key(0x008A, data)).pmkid == bytes(range(1, 17))
    assert decode_key(key(0x008A)).pmkid is None


def test_a_mic_of_24_bytes_is_recognised():
    found = decode_key(key(0x010B, b"\x30\x14abc", mic=24))
    assert (len(found.mic), found.data) == (24, b"\x30\x14abc")


def test_lying_lengths():
    with pytest.raises(Truncated):
        decode_key(bytes(50))
    with pytest.raises(Malformed):
        decode_key(key(0x008A)[:-2] + b"\xff\xff")
    with pytest.raises(Malformed):
        decode_eap(b"\x01\x01\x00\x02")


def test_eap_methods():
    found = decode_eap(b"\x01\x07\x00\x0a\x19\x80\x00\x00\x01\x02" + b"padding")
    assert (found.code, found.identifier, found.method_name) == (1, 7, "PEAP")
    assert found.tls == (0x80, b"")
    assert decode_eap(b"\x03\x07\x00\x04").method is None


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(raw):
    for decode in (decode_key, decode_eap, decode_header):
        with contextlib.suppress(Malformed, Truncated):
            decode(raw)
