"""Capture headers: shapes as drivers send them, and broken ones."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.wifi.capture.chunk import PADDING
from rogue_scan.wifi.dot11.link import decode_link, radiotap_fields

FRAME = bytes.fromhex("d4000000025a10000001")


def read(link, *heads):
    raw = b"".join(head + FRAME for head in heads)
    sizes = np.array([len(head) + len(FRAME) for head in heads])
    buffer = np.frombuffer(raw + bytes(PADDING), np.uint8)
    return decode_link(link, buffer, np.cumsum(sizes) - sizes, sizes)


def rows(columns):
    return [
        (int(h), int(f), int(s), int(t))
        for h, f, s, t in zip(
            columns.header, columns.frequency, columns.signal, columns.mac_time, strict=True
        )
    ]


def test_plain_frames_have_no_header():
    assert rows(read(105, b"")) == [(0, 0, 0, -1)]


def test_radiotap_with_alignment():
    # TSFT, flags, rate, channel, signal, antenna, RX flags.
    head = struct.pack("<BBHIQBBHHbBH", 0, 0, 26, 0x482F, 123456789, 0x50, 2, 2437, 0xA0, -43, 1, 0)
    found = read(127, head)
    assert rows(found) == [(26, 2437, -43, 123456789)]
    assert (found.fcs[0], found.bad[0]) == (True, True)


def test_radiotap_shapes_may_be_mixed():
    first = struct.pack("<BBHIBB", 0, 0, 10, 0x06, 0x10, 2)
    second = struct.pack("<BBHIHH", 0, 0, 12, 0x08, 5180, 0x140)
    found = read(127, first, second, first)
    assert rows(found) == [(10, 0, 0, -1), (12, 5180, 0, -1), (10, 0, 0, -1)]
    assert found.fcs.tolist() == [True, False, True]


def test_radiotap_with_one_set_of_fields_for_each_antenna():
    # Words: TSFT, flags, rate, channel, signal, RX flags; then signal and antenna twice.
    words = (0xA000402F, 0xA0000820, 0x00000820)
    body = struct.pack("<QBBHHbxHbBbB", 77, 0, 12, 5500, 0x140, -50, 0, -52, 0, -55, 1)
    head = struct.pack("<BBH", 0, 0, 16 + len(body)) + struct.pack("<3I", *words) + body
    assert rows(read(127, head)) == [(len(head), 5500, -50, 77)]


def test_radiotap_signal_behind_the_first_word_only():
    words = (0xA0000008, 0x00000820)
    head = (
        struct.pack("<BBH", 0, 0, 18) + struct.pack("<2I", *words) + struct.pack("<HHbB", 2462, 0xA0, -61, 0)
    )
    assert rows(read(127, head)) == [(18, 2462, -61, -1)]


def test_radiotap_words_of_undefined_fields_are_skipped():
    # A driver that sets "more" without "radiotap namespace next".
    words = (1 << 31 | 1 << 0, 0x0000002A)
    body = struct.pack("<4xQ", 99) + b"\xff" * 12
    head = struct.pack("<BBH", 0, 0, 12 + len(body)) + struct.pack("<2I", *words) + body
    found = read(127, head)
    assert rows(found) == [(len(head), 0, 0, 99)]
    assert not found.bad[0]


def test_radiotap_vendor_namespace_and_he_fields_are_skipped():
    # Channel, signal, A-MPDU status, HE (12 bytes), then a vendor namespace of its own.
    words = (1 << 3 | 1 << 5 | 1 << 20 | 1 << 23 | 1 << 30 | 1 << 31, 0x1)
    body = struct.pack("<HHbxxxIHBB12x", 6135, 0x140, -70, 9, 0, 0, 0)
    body += b"\x00\x10\x18\x00" + struct.pack("<H", 5) + b"\xee" * 5
    head = struct.pack("<BBH", 0, 0, 12 + len(body)) + struct.pack("<2I", *words) + body
    assert rows(read(127, head)) == [(len(head), 6135, -70, -1)]


def test_radiotap_tlvs_are_skipped():
    word = 1 << 3 | 1 << 5 | 1 << 28
    body = struct.pack("<HHbxxx", 5955, 0x140, -66) + struct.pack("<HHI", 33, 4, 0)
    head = struct.pack("<BBHI", 0, 0, 8 + len(body), word) + body
    assert rows(read(127, head)) == [(len(head), 5955, -66, -1)]


@pytest.mark.parametrize(
    "head",
    [
        struct.pack("<BBHI", 1, 0, 8, 0),  # version
        struct.pack("<BBHI", 0, 0, 4, 0),  # shorter than itself
        struct.pack("<BBHI", 0, 0, 4000, 0),  # longer than the frame
        struct.pack("<BBHI", 0, 0, 8, 0x80000000),  # more words than there is room for
        struct.pack("<BBHIII", 0, 0, 16, *[0x80000000] * 3),  # words without an end
    ],
)
def test_broken_radiotap(head):
    assert read(127, head).header.tolist() == [-1]


def test_fields_beyond_the_header_are_left_out():
    assert radiotap_fields((0x2F,), 18) == {0: 8, 1: 16, 2: 17}


def test_ppi():
    common = struct.pack("<HHQHHHHBBbb", 2, 20, 99, 1, 4, 2412, 0x480, 0, 0, -33, -90)
    plain = struct.pack("<BBHI", 0, 0, 8 + len(common), 105) + common
    gps = struct.pack("<HH8x", 30002, 8)
    behind = struct.pack("<BBHI", 0, 0, 8 + len(gps + common), 105) + gps + common
    found = read(192, plain, behind, struct.pack("<BBHI", 0, 0, 8, 1))
    assert rows(found) == [(32, 2412, -33, 99), (44, 2412, -33, 99), (-1, 0, 0, -1)]
    assert found.fcs.tolist() == [True, True, False]


def prism(order, signal):
    items = [
        (0x1, 1),
        (0x2, 2),
        (0x3, 11),
        (0x4, 50),
        (0x5, 0),
        (0x6, signal),
        (0x7, -95),
        (0x8, 2),
        (0x9, 0),
        (0xA, 10),
    ]
    body = b"".join(struct.pack(order + "IHHi", kind << 12 | 0x44, 0, 4, value) for kind, value in items)
    return struct.pack(order + "II16s", 0x44, 144, b"wlan0") + body


@pytest.mark.parametrize("order", ["<", ">"])
def test_prism(order):
    assert rows(read(119, prism(order, -60), prism(order, 40))) == [(144, 2462, -60, -1), (144, 2462, 0, -1)]


def test_avs_also_under_the_link_type_of_prism():
    head = struct.pack(">IIQQIIIIIIiiII", 0x80211001, 64, 555, 0, 5, 6, 20, 0, 0, 2, -48, -95, 0, 0)
    assert len(head) == 64
    assert rows(read(163, head)) == rows(read(119, head)) == [(64, 2437, -48, 555)]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([105, 119, 127, 163, 192]), st.lists(st.binary(max_size=90), min_size=1, max_size=5))
def test_any_bytes_are_read_or_refused(link, heads):
    found = read(link, *heads)
    sizes = [len(head) + len(FRAME) for head in heads]
    assert all(header <= size for header, size in zip(found.header.tolist(), sizes, strict=True))
