import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.errors import Malformed
from rogue_scan.wifi.capture.chunk import MAX_RECORD
from rogue_scan.wifi.capture.pcap import PcapReader


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [True, False])
def test_all_four_variants_give_the_same_frames(wire, frames, order, nano):
    found = wire.read(wire.pcap(frames, order, nano))
    assert [raw for _, raw in found] == [raw for _, raw in frames]
    unit = 1 if nano else 1000
    assert [time for time, _ in found] == [time // unit * unit for time, _ in frames]


@pytest.mark.parametrize("size", [1, 7, 1000, 65_537])
def test_pieces_of_any_size_give_the_same_frames(wire, frames, size):
    some = frames[:60] if size == 1 else frames
    assert wire.read(wire.pcap(some), size) == some


def test_modified_pcap_has_longer_record_headers(wire, frames):
    raw = struct.pack("<IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, 127)
    for time, frame in frames[:5]:
        seconds, rest = divmod(time, 10**9)
        raw += struct.pack("<IIIIIHBB", seconds, rest // 1000, len(frame), len(frame), 0, 0, 0, 0) + frame
    assert [f for _, f in wire.read(raw)] == [f for _, f in frames[:5]]


def test_the_link_type_field_may_tell_of_an_fcs(wire):
    reader = PcapReader()
    list(reader.feed(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 105 | 0x24000000)))
    assert (reader.interfaces[0].link_type, reader.interfaces[0].fcs_length) == (105, 4)


def test_a_cut_file_gives_what_came_before_and_says_so(wire, frames):
    reader = PcapReader()
    raw = wire.pcap(frames)[:-10]
    assert wire.frames(wire.pieces(reader, raw, 4096)) == frames[:-1]
    assert reader.damage.truncated == 16 + len(frames[-1][1]) - 10


def test_a_header_alone_is_a_capture_of_nothing(wire):
    reader = PcapReader()
    assert wire.frames(wire.pieces(reader, wire.pcap([]), 100)) == []
    assert not reader.damage.truncated


def test_what_is_no_pcap_is_refused():
    with pytest.raises(Malformed):
        list(PcapReader().feed(bytes(100)))


@pytest.mark.parametrize("length", [0, MAX_RECORD + 1, 0xFFFFFFFF])
def test_an_absurd_length_costs_that_record_only(wire, frames, length):
    raw = bytearray(wire.pcap(frames))
    at = 24 + sum(16 + len(f) for _, f in frames[:50])
    raw[at + 8 : at + 12] = struct.pack("<I", length)
    reader = PcapReader()
    found = wire.frames(wire.pieces(reader, bytes(raw), 4096))
    assert found[:50] == frames[:50]
    assert found[50:] == frames[51:]
    assert reader.damage.records == 1
    assert reader.damage.skipped == 16 + len(frames[50][1])


def test_headers_inside_a_frame_are_not_taken_for_records(wire, frames):
    # A capture of a network that carries captures: a frame holds whole records of the same time.
    inner = wire.pcap(frames[:20])[24:]
    outer = [(time, raw + inner) for time, raw in frames]
    assert wire.read(wire.pcap(outer)) == outer


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_never_raises_and_leaves_what_is_before_it(wire, frames, data):
    raw = bytearray(wire.pcap(frames[:120]))
    places = data.draw(st.lists(st.integers(24, len(raw) - 1), min_size=1, max_size=8))
    for place in places:
        raw[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(min(places), len(raw)))
    size = data.draw(st.sampled_from([100, 5000, 1 << 20]))
    found = wire.frames(wire.pieces(PcapReader(), bytes(raw[:cut]), size))
    end, whole = 24, 0
    for _, frame in frames[:120]:
        end += 16 + len(frame)
        if end > min(places):
            break
        whole += 1
    assert found[:whole] == frames[:whole]
