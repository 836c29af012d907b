import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.wifi.dot11.volatile import canonical_digest, volatile_ranges


def element(kind, body):
    return bytes((kind, len(body))) + body


def same(first, second, **options):
    return canonical_digest(b"", first, **options) == canonical_digest(b"", second, **options)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (element(5, b"\x00\x03\x00\x00"), element(5, b"\x02\x03\x01\x10\x20\x30")),
        (element(11, bytes(5)), element(11, b"\x05\x00\x80\x00\x00")),
        (element(37, b"\x01\x06\x05"), element(37, b"\x01\x06\x01")),
        (element(60, b"\x01\x51\x06\x05"), element(60, b"\x01\x51\x06\x04")),
        (element(76, struct.pack("<H14x", 4)), element(76, struct.pack("<HQ6s", 4, 99, b"abcdef"))),
        (element(201, b"\x00\x01\x51\x06\x10"), element(201, b"\x00\x01\x51\x06\x77")),
        (
            element(71, b"\x01" + element(0, element(85, b"\x01\x03\x00"))),
            element(71, b"\x01" + element(0, element(85, b"\x01\x03\x02"))),
        ),
    ],
)
def test_what_changes_by_design_makes_no_difference(first, second):
    around = element(0, b"net"), element(48, bytes(20))
    assert same(around[0] + first + around[1], around[0] + second + around[1])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (element(5, b"\x00\x03\x00\x00"), element(5, b"\x00\x01\x00\x00")),  # DTIM period
        (element(37, b"\x01\x06\x05"), element(37, b"\x01\x0b\x05")),  # another channel
        (element(0, b"a") + element(1, b"b"), element(1, b"b") + element(0, b"a")),  # order
        (element(221, b"\x00\x10\x18\x02\x01"), element(221, b"\x00\x10\x18\x02\x02")),
    ],
)
def test_settings_make_a_difference(first, second):
    assert not same(first, second)


def test_coarse_leaves_out_what_vendors_count():
    first, second = element(221, b"\x00\x10\x18\x02\x01"), element(221, b"\x00\x10\x18\x02\x02")
    assert same(first, second, coarse=True)


@given(st.binary(max_size=300))
def test_ranges_never_cover_ids_or_lengths(raw):
    ranges = volatile_ranges(raw)
    assert all(0 <= begin <= end <= len(raw) for begin, end in ranges)
    changed = bytearray(raw)
    for begin, end in ranges:
        changed[begin:end] = bytes(255 - b for b in changed[begin:end])
    assert volatile_ranges(bytes(changed)) == ranges
