"""What was heard, where and how well."""

import struct

import pytest

SECOND, MS = 1_000_000_000, 1_000_000


def heard(wire, *when):
    """(time in ms, MHz) → a capture of beacons."""
    frame = wire.beacon("50:c7:bf:00:00:01", b"net")
    return wire.pcap([(time * MS, wire.radiotap(frame, frequency)) for time, frequency in when])


def test_a_hopping_radio_is_on_one_channel_at_a_time(wire, fold):
    hops = [(start + n * 50, f) for start, f in ((0, 2412), (250, 2437), (500, 2412)) for n in range(5)]
    channels = fold(heard(wire, *hops)).coverage.channels
    assert channels[2412].seconds == pytest.approx(0.4)
    assert channels[2437].seconds == pytest.approx(0.2)
    assert (channels[2412].dwells, channels[2437].dwells) == (2, 1)
    assert channels[2412].longest == pytest.approx(0.2)
    assert channels[2437].first.frame == 6


def test_radios_merged_into_one_interface_are_on_all_channels_at_once(wire, fold):
    both = [(n * 9, (2412, 2437)[n % 2]) for n in range(400)]
    channels = fold(heard(wire, *both)).coverage.channels
    assert channels[2412].seconds == pytest.approx(3.582)
    assert channels[2437].seconds == pytest.approx(3.582)


def test_silence_is_no_listening(wire, fold):
    coverage = fold(heard(wire, (0, 2412), (1000, 2412), (61_000, 2412))).coverage
    assert coverage.channels[2412].seconds == pytest.approx(1.0)
    assert [(a.time, b.time) for a, b in coverage.gaps] == [(1.0, 61.0)]


def test_time_that_goes_back_is_counted(wire, fold):
    coverage = fold(heard(wire, (10_000, 2412), (9_000, 2412), (11_000, 2412))).coverage
    assert coverage.time_backwards == 1
    assert (coverage.frames, coverage.first.frame, coverage.last.frame) == (3, 1, 3)


def test_broken_capture_headers_and_unknown_links(wire, fold):
    coverage = fold(wire.pcap([(0, struct.pack("<BBHI", 0, 0, 999, 0))])).coverage
    assert (coverage.malformed, coverage.unknown_links) == (1, {})
    coverage = fold(wire.pcap([(0, bytes(60))], link=1)).coverage
    assert (coverage.malformed, coverage.unknown_links) == (0, {1: 1})
