import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import SourceError, Truncated
from rogue_scan.wifi.net import ndp
from rogue_scan.wifi.net.select import choose

ROUTER, HOST = bytes.fromhex("fe80" + "00" * 13 + "01"), bytes.fromhex("fe80" + "00" * 13 + "50")
MAC = bytes.fromhex("0200000000e1")


def message(kind: int, flags: int = 0, options: bytes = b"") -> bytes:
    return bytes([kind, 0, 0, 0, flags, 0, 0, 0]) + HOST + options


def test_a_question() -> None:
    found = ndp.decode(message(135, options=b"\1\1" + MAC), ROUTER)
    assert found == ndp.Neighbour(135, HOST)


@pytest.mark.parametrize(
    ("flags", "solicited", "overrides"), [(0xE0, True, True), (0x20, False, True), (0x40, True, False)]
)
def test_an_answer(flags, solicited, overrides) -> None:
    found = ndp.decode(message(136, flags, b"\x0e\1" + bytes(6) + b"\2\1" + MAC), ROUTER)
    assert found == ndp.Neighbour(136, HOST, MAC, solicited, overrides)


def test_a_router_speaks_of_itself() -> None:
    found = ndp.decode(bytes([134]) + bytes(15) + b"\3\4" + bytes(30) + b"\1\1" + MAC, ROUTER)
    assert found == ndp.Neighbour(134, ROUTER, MAC, overrides=True)


def test_other_messages_and_broken_ones() -> None:
    assert ndp.decode(b"\x80\0\0\0", ROUTER) is None
    assert ndp.decode(message(136, options=b"\2\0" + MAC), ROUTER).mac == b""
    for raw in (b"", message(135)[:20]):
        with pytest.raises(Truncated):
            ndp.decode(raw, ROUTER)


@given(st.binary(max_size=100))
def test_any_octets(raw) -> None:
    with contextlib.suppress(SourceError):
        ndp.decode(raw, ROUTER)


def test_such_frames_are_looked_at(air) -> None:
    for kind in (128, 134, 135, 136, 143):
        packet = b"\x60\0\0\0\0\x18\x3a\xff" + HOST + ROUTER + message(kind)
        air.send("02:00:00:00:00:c1", "02:00:00:00:00:01", 0x86DD, packet)
    assert choose(air.batch(), None)[0].tolist() == [1, 2, 3]
