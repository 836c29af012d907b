import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.net.link import IPV4, Defragmenter, units

SNAP = b"\xaa\xaa\x03\x00\x00\x00"


def test_a_plain_frame_is_one_unit() -> None:
    [unit] = units(SNAP + b"\x08\x00payload")
    assert (unit.ethertype, unit.payload, unit.source) == (IPV4, b"payload", None)


@pytest.mark.parametrize(
    "tagged",
    [
        SNAP + b"\x81\x00\x00\x05\x08\x00payload",
        SNAP + b"\x88\xa8\x00\x01\x81\x00\x00\x05\x08\x00payload",
        SNAP + b"\x81\x00\x00\x05" + SNAP + b"\x08\x00payload",
    ],
)
def test_vlan_tags_are_skipped(tagged: bytes) -> None:
    [unit] = units(tagged)
    assert (unit.ethertype, unit.payload) == (IPV4, b"payload")


@pytest.mark.parametrize("addresses", [0, 1, 2])
def test_mesh_control_is_skipped(addresses: int) -> None:
    control = bytes([addresses, 31]) + bytes(4) + bytes(6 * addresses)
    assert units(control + SNAP + b"\x08\x00payload")[0].payload == b"payload"


def test_an_aggregate_has_addresses_of_its_own() -> None:
    def part(last: int, payload: bytes) -> bytes:
        inside = SNAP + b"\x08\x00" + payload
        whole = (
            bytes(5) + bytes([last]) + bytes(5) + bytes([last + 1]) + len(inside).to_bytes(2, "big") + inside
        )
        return whole + bytes(-len(whole) % 4)

    first, second = units(part(1, b"one") + part(3, b"three"), aggregated=True)
    assert (first.payload, first.destination, first.source) == (b"one", 1, 2)
    assert (second.payload, second.destination, second.source) == (b"three", 3, 4)


def test_fragments_are_joined_in_order_only() -> None:
    whole = Defragmenter()
    assert whole.add("a", 0, True, b"one ") is None
    assert whole.add("b", 0, True, b"other") is None
    assert whole.add("a", 2, False, b"lost its turn") is None
    assert whole.add("a", 1, True, b"two ") is None
    assert whole.add("a", 2, False, b"three") == b"one two three"


def test_unfinished_fragments_are_bounded() -> None:
    whole = Defragmenter()
    for key in range(10_000):
        whole.add(key, 0, True, b"begun")
    assert whole.add(0, 1, False, b"too late") is None


@given(st.binary(max_size=200), st.booleans())
def test_any_octets_are_read_or_refused(body: bytes, aggregated: bool) -> None:
    with contextlib.suppress(Malformed, Truncated):
        units(body, aggregated=aggregated)
