"""Headers of frames, their numbers, and the frame check sum."""

import struct
import zlib

import pytest

from rogue_scan.wifi import observe
from rogue_scan.wifi.observe import Observer

AP, CLIENT = "50:c7:bf:00:00:01", "02:00:00:00:00:c1"
SECOND = 1_000_000_000


def fcs(frame, wrong=False):
    return frame + struct.pack("<I", zlib.crc32(frame) ^ wrong)


def batches(wire, raw):
    from rogue_scan.wifi.capture.open import reader_for

    reader, observer = reader_for(raw), Observer()
    for chunk in wire.pieces(reader, raw, 1 << 20):
        observer.learn(reader.interfaces[len(observer.interfaces) :])
        yield from observer.batches(chunk)
    yield from observer.flush()


@pytest.fixture
def beacon(wire):
    return wire.beacon(AP, b"net", tsf=7)


def test_a_declared_fcs_is_verified_and_cut_off(wire, beacon):
    frames = [wire.radiotap(fcs(beacon, wrong), flags=0x10) for wrong in (False, True, False)]
    (batch,) = batches(wire, wire.pcap([(n * SECOND, f) for n, f in enumerate(frames)]))
    assert batch.length.tolist() == [len(beacon)] * 3
    assert batch.bad.tolist() == [False, True, False]
    assert batch.fcs_checked == 3


def test_an_fcs_that_nobody_declares_is_found(wire, fold, beacon):
    other = wire.beacon("50:c7:bf:00:00:02", b"damaged", tsf=9)
    frames = [wire.radiotap(f) for f in (fcs(beacon), fcs(other, True), fcs(beacon))]
    world = fold(wire.pcap([(n * SECOND, f) for n, f in enumerate(frames)]))
    assert list(world.bss) == [AP]
    assert (world.coverage.bad_fcs, world.coverage.malformed) == (1, 0)


def test_frames_without_fcs_are_left_whole(wire, beacon):
    (batch,) = batches(wire, wire.pcap([(n * SECOND, wire.radiotap(beacon)) for n in range(5)]))
    assert batch.length.tolist() == [len(beacon)] * 5
    assert not batch.bad.any()


def test_the_search_for_an_fcs_ends(wire, beacon):
    count = observe._FCS_TRIES
    frames = [wire.radiotap(beacon)] * count + [wire.radiotap(fcs(beacon))]
    *_, batch = batches(wire, wire.pcap([(n * SECOND, f) for n, f in enumerate(frames)]))
    assert batch.length[-1] == len(beacon) + 4


def test_frames_that_the_driver_calls_damaged_are_counted_only(wire, fold, beacon):
    world = fold(wire.pcap([(0, wire.radiotap(beacon, flags=0x40))]))
    assert (world.coverage.bad_fcs, len(world.bss)) == (1, 0)


def test_data_frames_of_all_shapes_have_their_body_found(wire):
    to = bytes.fromhex("50c7bf000001") + bytes.fromhex("0200000000c1") + bytes.fromhex("040000000001")
    plain = struct.pack("<HH", 0x0108, 0) + to + b"\0\0" + b"BODY"
    qos = struct.pack("<HH", 0x0188, 0) + to + b"\0\0" + b"\x05\0" + b"BODY"
    wide = struct.pack("<HH", 0x0388, 0) + to + b"\0\0" + bytes(6) + b"\x05\0" + b"BODY"
    ordered = struct.pack("<HH", 0x8188, 0) + to + b"\0\0" + b"\x05\0" + bytes(4) + b"BODY"
    padded = struct.pack("<HH", 0x0188, 0) + to + b"\0\0" + b"\x05\0" + b"\xff\xff" + b"BODY"
    frames = [wire.radiotap(f, flags=0x20 * (f is padded)) for f in (plain, qos, wide, ordered, padded)]
    (batch,) = batches(wire, wire.pcap([(n, f) for n, f in enumerate(frames)]))
    for row in range(5):
        start = int(batch.body[row])
        assert batch.buffer[start : start + 4].tobytes() == b"BODY", row


def test_short_control_frames_have_no_transmitter(wire):
    ack = bytes.fromhex("d4000000") + bytes.fromhex("0200000000c1")
    rts = bytes.fromhex("b4000000") + bytes.fromhex("0200000000c1") + bytes.fromhex("50c7bf000001")
    (batch,) = batches(wire, wire.pcap([(0, wire.radiotap(ack)), (1, wire.radiotap(rts))]))
    assert batch.ok.tolist() == [True, True]
    assert batch.transmitter.tolist() == [0, 0x50C7BF000001]


def test_batches_end_at_multiples_of_the_block(wire, beacon, monkeypatch):
    monkeypatch.setattr(observe, "BLOCK", 8)
    frames = [(n * SECOND, wire.radiotap(beacon)) for n in range(21)]
    found = list(batches(wire, wire.pcap(frames)))
    assert [len(b) for b in found] == [8, 8, 5]
    assert [int(b.frame[0]) for b in found] == [1, 9, 17]
    assert found[2].time[0] == 16.0


def test_frames_cut_by_the_snap_length_are_counted_and_not_claimed_from(wire, fold, beacon):
    whole = wire.radiotap(beacon)
    raw = wire.pcap([])
    raw += struct.pack("<IIII", 1, 0, len(whole) - 10, len(whole)) + whole[:-10]
    world = fold(raw)
    assert (world.coverage.truncated, world.coverage.malformed, len(world.bss)) == (1, 0, 0)
