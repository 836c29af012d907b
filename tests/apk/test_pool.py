import struct

from rogue_scan.apk.difference import Differences
from rogue_scan.apk.pool import UTF8, Pool


def pool(data, offsets, flags=0, notes=None, styles=0):
    start = 28 + 4 * len(offsets)
    head = struct.pack("<HHI5I", 1, 28, start + len(data), len(offsets), styles, flags, start, 0)
    notes = notes if notes is not None else Differences()
    return Pool(head + struct.pack(f"<{len(offsets)}I", *offsets) + data, 0, notes, "axml", "x")


def test_utf16():
    data = struct.pack("<H", 2) + "hé".encode("utf-16-le") + b"\0\0"
    assert pool(data, [0]).get(0) == "hé"


def test_utf8_counts_bytes_and_characters():
    data = bytes([2, 3]) + "hé".encode() + b"\0"
    assert pool(data, [0], UTF8).get(0) == "hé"


def test_long_utf8():
    text = b"a" * 300
    data = bytes([0x81, 0x2C, 0x81, 0x2C]) + text + b"\0"
    assert pool(data, [0], UTF8).get(0) == text.decode()


def test_bad_indices_give_an_empty_string_and_are_counted():
    strings = pool(struct.pack("<H", 0) + b"\0\0", [0])
    assert [strings.get(n) for n in (0xFFFFFFFF, 7, -1)] == ["", "", ""]
    assert strings.bad == 2


def test_offsets_outside_are_noted_and_read_as_empty():
    notes = Differences()
    strings = pool(struct.pack("<H", 1) + b"a\0\0\0", [0, 5000], notes=notes)
    assert (strings.get(0), strings.get(1)) == ("a", "")
    assert "axml:pool-offsets" in notes


def test_a_string_never_reaches_beyond_its_pool():
    assert pool(struct.pack("<H", 500) + b"a\0b\0", [0]).get(0) == "ab"
