import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk import wire
from rogue_scan.errors import Malformed, Truncated


def test_every_wire_type():
    data = b"\x08\x96\x01" + b"\x12\x02hi" + b"\x1d\x01\0\0\0" + b"\x21" + bytes(7) + b"\x01"
    assert list(wire.fields(data)) == [(1, 150), (2, b"hi"), (3, 1), (4, 1 << 56)]


def test_asking_for_one_field():
    data = b"\x0a\x01a\x0a\x01b\x10\x05"
    assert list(wire.messages(data, 1)) == [b"a", b"b"]
    assert (wire.text(data, 1), wire.number_of(data, 2), wire.text(data, 9), wire.number_of(data, 1)) == (
        "a", 5, "", 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"\x0a", b"\x0a\x05abc", b"\x0d\0\0\0", b"\x09\0", b"\x08\x80", b"\x80" * 12]
)
def test_what_ends_too_early(data):
    with pytest.raises(Truncated):
        list(wire.fields(data))


@pytest.mark.parametrize("data", [b"\x0b", b"\x0c", b"\x0f", b"\x02\x01a"])
def test_what_is_no_field(data):
    with pytest.raises(Malformed):
        list(wire.fields(data))


@given(st.binary(max_size=200))
def test_any_bytes(data):
    with contextlib.suppress(Malformed, Truncated):
        assert sum(len(v) for _, v in wire.fields(data) if isinstance(v, bytes)) <= len(data)
