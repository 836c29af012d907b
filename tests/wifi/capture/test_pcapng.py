import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.errors import Malformed
from rogue_scan.wifi.capture.pcapng import PcapngReader


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(wire, frames, order):
    assert wire.read(wire.pcapng(frames, order)) == frames


@pytest.mark.parametrize("size", [1, 13, 4096])
def test_pieces_of_any_size_give_the_same_frames(wire, frames, size):
    some = frames[:40] if size == 1 else frames
    assert wire.read(wire.pcapng(some), size) == some


def test_sections_may_change_byte_order_and_interfaces(wire, frames):
    raw = wire.pcapng(frames[:10], "<") + wire.pcapng(frames[10:20], ">")
    reader = PcapngReader()
    chunks = list(wire.pieces(reader, raw, 999))
    assert wire.frames(chunks) == frames[:20]
    numbers = [number for chunk in chunks for number in chunk.interface.tolist()]
    assert numbers == [0] * 10 + [1] * 10


@pytest.mark.parametrize(
    ("resolution", "per_second"), [(b"\x06", 10**6), (b"\x03", 10**3), (b"\x09", 10**9), (b"\x94", 1 << 20)]
)
def test_time_stamps_in_the_interfaces_own_units(wire, resolution, per_second):
    time = 1_700_000_000_250_000_000
    raw = wire.section() + wire.interface(wire.option(9, resolution))
    raw += wire.packet((time, b"\0" * 20), per_second=per_second)
    assert wire.read(raw)[0][0] == pytest.approx(time, abs=10**9 // per_second)


def test_the_time_offset_of_an_interface_is_added(wire):
    raw = wire.section() + wire.interface(wire.option(14, struct.pack("<q", 3600)))
    raw += wire.packet((5_000_000_000, b"\0" * 20))
    assert wire.read(raw)[0][0] == 3605 * 10**9


def test_names_secrets_and_unknown_blocks_are_passed_over(wire, frames):
    other = [
        wire.block("<", 4, b"\x01\x00\x09\x00\x01\x02\x03\x04host\0\0\0\0"),
        wire.block("<", 10, struct.pack("<II", 0x544C534B, 8) + b"CLIENT_R"),
        wire.block("<", 0x0BAD, b"x" * 300_000),
        wire.block("<", 0x80000001, bytes(40)),
    ]
    raw = wire.section() + wire.interface(wire.option(9, b"\x09"))
    for number, frame in enumerate(frames[:12]):
        raw += wire.packet(frame, per_second=10**9) + other[number % 4]
    for size in (50, 10_000, 1 << 20):
        reader = PcapngReader()
        assert wire.frames(wire.pieces(reader, raw, size)) == frames[:12]
        assert not reader.damage.records


def test_packet_flags_tell_of_damaged_frames(wire, frames):
    raw = wire.section() + wire.interface()
    raw += wire.packet(frames[0], wire.option(1, b"a comment"), wire.option(2, struct.pack("<I", 1 << 24)))
    raw += wire.packet(frames[1], wire.option(2, struct.pack("<I", 1)))
    chunks = list(wire.pieces(PcapngReader(), raw, 1 << 20))
    assert [bad for chunk in chunks for bad in chunk.bad.tolist()] == [True, False]


def test_interfaces_have_names_fcs_and_drops(wire):
    raw = wire.section() + wire.interface(wire.option(2, b"wlan1mon"), wire.option(13, b"\x04"), link=105)
    body = struct.pack("<III", 0, 0, 0)
    raw += wire.block(
        "<", 5, body + wire.option(5, struct.pack("<Q", 3)) + wire.option(7, struct.pack("<Q", 4))
    )
    raw += wire.block("<", 5, body + wire.option(5, struct.pack("<Q", 9)))
    reader = PcapngReader()
    list(wire.pieces(reader, raw, 1 << 20))
    (made,) = reader.interfaces
    assert (made.name, made.fcs_length, made.link_type, made.dropped) == ("wlan1mon", 4, 105, 9)


def test_a_packet_of_no_interface_costs_that_packet_only(wire, frames):
    raw = wire.section() + wire.interface(wire.option(9, b"\x09"))
    raw += wire.packet(frames[0], number=7, per_second=10**9) + wire.packet(frames[1], per_second=10**9)
    reader = PcapngReader()
    assert wire.frames(wire.pieces(reader, raw, 1 << 20)) == [frames[1]]
    assert reader.damage.records == 1


@pytest.mark.parametrize("length", [0, 13, 28, 0xFFFFFFF0])
def test_an_impossible_block_length_costs_that_block_only(wire, frames, length):
    blocks = [wire.packet(f, per_second=10**9) for f in frames[:30]]
    head = wire.section() + wire.interface(wire.option(9, b"\x09"))
    bad = bytearray(blocks[9])
    bad[4:8] = struct.pack("<I", length)
    reader = PcapngReader()
    found = wire.frames(wire.pieces(reader, head + b"".join([*blocks[:9], bytes(bad), *blocks[10:]]), 3000))
    assert found == frames[:9] + frames[10:30]
    assert reader.damage.records == 1


def test_simple_and_obsolete_packets(wire, frames):
    (time, raw), second = frames[0], b"\x00" * 30
    old = struct.pack("<HHIIII", 0, 0, *divmod(time // 1000, 1 << 32), len(raw), len(raw) + 5)
    blocks = wire.block("<", 2, old + raw), wire.block("<", 3, struct.pack("<I", 30) + second)
    content = wire.section() + wire.interface() + b"".join(blocks) + wire.packet(frames[1])
    for size in (11, 1 << 20):
        found = wire.read(content, size)
        assert found[:2] == [(time // 1000 * 1000, raw), (time // 1000 * 1000, second)]
        assert found[2][1] == frames[1][1]
    reader = PcapngReader()
    lying = (
        wire.section()
        + wire.interface()
        + wire.block("<", 2, old[:12] + struct.pack("<II", 9999, 9999) + raw)
    )
    assert wire.frames(wire.pieces(reader, lying, 100)) == []
    assert reader.damage.records == 1


def test_a_cut_file_says_so(wire, frames):
    reader = PcapngReader()
    assert wire.frames(wire.pieces(reader, wire.pcapng(frames)[:-5], 1 << 20)) == frames[:-1]
    assert reader.damage.truncated


def test_what_is_no_pcapng_is_refused():
    with pytest.raises(Malformed):
        list(PcapngReader().feed(bytes(100)))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_never_raises_and_leaves_what_is_before_it(wire, frames, data):
    raw = bytearray(wire.pcapng(frames[:120]))
    head = len(wire.pcapng([]))
    places = data.draw(st.lists(st.integers(head, len(raw) - 1), min_size=1, max_size=8))
    for place in places:
        raw[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(min(places), len(raw)))
    size = data.draw(st.sampled_from([100, 5000, 1 << 20]))
    found = wire.frames(wire.pieces(PcapngReader(), bytes(raw[:cut]), size))
    end, whole = head, 0
    for frame in frames[:120]:
        end += len(wire.packet(frame, per_second=10**9))
        if end > min(places):
            break
        whole += 1
    assert found[:whole] == frames[:whole]
