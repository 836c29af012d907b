"""Encoded values written by hand behind a real DEX file, whose identifier tables they point into."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk.container import open_container
from rogue_scan.apk.dex import values
from rogue_scan.apk.dex.reader import read_all
from rogue_scan.errors import Malformed, Truncated


@pytest.fixture(scope="module")
def plain():
    from pathlib import Path

    data = next((Path(__file__).parents[2] / "data" / "apk").glob("bank-overlay.a*")).read_bytes()
    box = open_container(data)
    return box.read(box.get("classes.dex"))


@pytest.fixture
def dex(plain):
    return read_all("classes.dex", plain)[0]


def read(dex, raw):
    """One value, as if it stood behind the file."""
    dex.data = dex.data + raw
    return values._value(dex, len(dex.data) - len(raw), 0)[0]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"\x00\xff", -1),
        (b"\x22\x00\x80", -32768),
        (b"\x23\x41\x00", 0x41),
        (b"\x64\x15\xcd\x5b\x07", 123456789),
        (b"\xe6" + (-5).to_bytes(8, "little", signed=True), -5),
        (b"\x70" + struct.pack("<f", 1.5), 1.5),
        (b"\xf1" + struct.pack("<d", -2.25), -2.25),
        (b"\x11\x40", 2.0),
        (b"\x1e", None),
        (b"\x3f", True),
        (b"\x1f", False),
        (b"\x1c\x02\x00\x01\x1e", [1, None]),
        (b"\x16\x00", None),
    ],
)
def test_values(dex, raw, value):
    assert read(dex, raw) == value


def test_values_that_point_into_the_tables(dex):
    assert read(dex, b"\x17\x00") == dex.string(0)
    assert read(dex, b"\x18\x00") == dex.type(0)
    assert read(dex, b"\x19\x00") == read(dex, b"\x1b\x00") == dex.field_id(0)
    assert read(dex, b"\x1a\x00") == dex.method_id(0)
    assert read(dex, b"\x15\x00") == dex.proto(0)


def test_an_annotation_inside(dex):
    assert read(dex, b"\x1d\x00\x01\x00\x00\x07") == {dex.string(0): 7}


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"\x1c\x01" * 40 + b"\x1e", Malformed),
        (b"\x1c\xff\xff\xff\x7f", Malformed),
        (b"\x1d\x00\xff\xff\xff\x7f", Malformed),
        (b"\x14\x00", Malformed),
        (b"\x64\x01", Truncated),
        (b"\x1c\x03", Truncated),
    ],
)
def test_what_is_broken(dex, raw, error):
    with pytest.raises(error):
        read(dex, raw)


def annotated(dex, row, sets):
    """Give a class annotations; ``sets``: raw annotation items of the class and of its method 3."""
    items, offsets = b"", []
    start = len(dex.data)
    for item in sets:
        offsets.append(start + len(items))
        items += b"\x01" + item
    lists = [start + len(items) + 8 * n for n in range(len(sets))]
    body = items + b"".join(struct.pack("<II", 1, at) for at in offsets)
    directory = start + len(body)
    body += struct.pack("<4I", lists[0], 0, 1, 0) + struct.pack("<II", 3, lists[1])
    dex.data = dex.data + body
    dex.classes = dex.classes.copy()
    dex.classes[row, 5] = directory


def test_annotations_of_a_class_and_its_methods(dex):
    annotated(dex, 0, [b"\x00\x01\x00\x00\x05", b"\x01\x00"])
    of_class, of_methods = values.annotations(dex, 0)
    assert of_class == [values.Annotation(dex.type(0), {dex.string(0): 5})]
    assert of_methods == {3: [values.Annotation(dex.type(1), {})]}


def test_broken_annotations_are_left_out(dex):
    annotated(dex, 0, [b"\x00\x01\x00\x14\x05", b"\x01\x00"])
    assert values.annotations(dex, 0)[0] == []
    dex.classes[0, 5] = len(dex.data) - 8
    assert values.annotations(dex, 0) == ([], {})
    dex.classes[0, 5] = 0
    assert values.annotations(dex, 0) == ([], {})


def test_static_values_as_far_as_they_go(dex):
    dex.classes = dex.classes.copy()
    dex.classes[0, 7] = len(dex.data)
    dex.data = dex.data + b"\x03\x00\x01\x00\x02\x14\x00"
    assert values.static_values(dex, 0) == [1, 2]
    dex.classes[0, 7] = 0
    assert values.static_values(dex, 0) == []


@given(st.binary(max_size=80))
def test_any_bytes(plain, raw):
    dex = read_all("classes.dex", plain)[0]
    with contextlib.suppress(Malformed, Truncated):
        read(dex, raw)
    dex.classes = dex.classes.copy()
    dex.classes[0, 5] = dex.classes[0, 7] = len(dex.data) - len(raw)
    values.annotations(dex, 0), values.static_values(dex, 0)
