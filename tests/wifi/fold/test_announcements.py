"""Each distinct content is decoded once, and nothing hides behind another one."""

import struct

import numpy as np
import pytest

from rogue_scan.wifi.fold.announcements import MAX_VARIANTS
from rogue_scan.wifi.fold.tools import cells, content_hash, group, mix
from rogue_scan.wifi.world import Damage

AP = "50:c7:bf:00:00:01"
SECOND = 1_000_000_000
RSN = bytes.fromhex("0100000fac040100000fac040100000fac020000")


def capture(wire, *frames, gap=SECOND // 10):
    return wire.pcap([(n * gap, wire.radiotap(frame)) for n, frame in enumerate(frames)])


def test_traffic_maps_of_any_length_make_no_new_variant(wire, fold):
    maps = [b"\0\3\0\0", b"\1\3\1\x10\x20", b"\2\3\0\0", b"\0\3\1" + bytes(30)]
    frames = [wire.beacon(AP, b"net", wire.element(5, m), tsf=n) for n, m in enumerate(maps * 3)]
    bss = fold(capture(wire, *frames)).bss[AP]
    (variant,) = bss.variants.values()
    assert (variant.seen.count, [r.frame for r in variant.refs]) == (12, list(range(1, 9)))
    assert (variant.tsf_first, variant.tsf_last, variant.tsf_lowest, variant.tsf_highest) == (0, 11, 0, 11)


def test_any_setting_makes_a_new_variant(wire, fold):
    frames = [
        wire.beacon(AP, b"net"),
        wire.beacon(AP, b"net", interval=200),
        wire.beacon(AP, b"net", capabilities=0x0411),
        wire.beacon(AP, b"net", channel=6),
        wire.beacon(AP, b"net", subtype=5),
    ]
    assert len(fold(capture(wire, *frames)).bss[AP].variants) == 5


def test_equal_contents_of_two_access_points_have_equal_digests(wire, fold):
    world = fold(capture(wire, wire.beacon(AP, b"net"), wire.beacon("50:c7:bf:00:00:02", b"net")))
    first, second = (next(iter(b.variants.values())) for b in world.bss.values())
    assert first.digest == second.digest


@pytest.mark.parametrize("hidden_first", [False, True])
def test_a_protection_element_cannot_hide_in_another_ones_traffic_map(wire, fold, hidden_first):
    # Both have the same address and length; where one has its traffic map, the other has an RSN element.
    tim = wire.element(5, b"\0\3\0" + bytes(len(RSN) + 1))
    rsn = wire.element(5, b"\0\3") + wire.element(48, RSN)
    assert len(tim) == len(rsn)
    frames = [wire.beacon(AP, b"net", part, capabilities=0x11) for part in (tim, rsn)]
    frames = frames[::-1] if hidden_first else frames
    bss = fold(capture(wire, *frames * 3)).bss[AP]
    assert sorted(v.security.label for v in bss.variants.values()) == ["WEP", "WPA2 PSK (CCMP)"]
    assert [v.seen.count for v in bss.variants.values()] == [3, 3]


def test_many_names_of_one_radio_are_all_kept(wire, fold):
    frames = [wire.beacon(AP, b"name %d" % n, tsf=n) for n in range(300)]
    bss = fold(capture(wire, *frames)).bss[AP]
    assert len(bss.ssids) == 300
    assert len(bss.variants) == MAX_VARIANTS * 3 // 4
    assert bss.beacons.count == 300


def test_vendor_counters_do_not_make_endless_variants(wire, fold):
    frames = [
        wire.beacon(AP, b"net", wire.element(221, b"\x00\x10\x18\x09" + struct.pack("<I", n)))
        for n in range(200)
    ]
    assert len(fold(capture(wire, *frames)).bss[AP].variants) == 25


def test_a_beacon_interval_of_zero_is_odd_but_seen(wire, fold):
    world = fold(capture(wire, wire.beacon(AP, b"net", interval=0)))
    assert list(world.bss) == [AP]
    assert [m.damage for m in world.malformed.values()] == [Damage.BAD_INTERVAL]


def test_a_contradicting_protection_element_is_not_believed(wire, fold):
    world = fold(capture(wire, wire.beacon(AP, b"net", wire.element(48, RSN[:9] + b"\x09"))))
    assert not world.bss
    assert [m.damage for m in world.malformed.values()] == [Damage.ELEMENT_CONTENT]


def test_signal_and_channels_are_added_up(wire, fold):
    beacon = wire.beacon(AP, b"net")
    frames = [(n * SECOND, wire.radiotap(beacon, 2412 if n % 3 else 2417, -40 - n % 2)) for n in range(9)]
    bss = fold(wire.pcap(frames)).bss[AP]
    assert (bss.signal.levels, bss.signal.median) == ({-40: 5, -41: 4}, -40)
    assert bss.frequencies == {2412: 6, 2417: 3}
    assert (bss.main.tuned, bss.main.frequency) == (2412, 2412)


def test_groups_come_by_their_first_row():
    key = np.array([7, 3, 7, 9, 3, 7])
    groups = group(key)
    assert [rows.tolist() for rows in groups.rows()] == [[0, 2, 5], [1, 4], [3]]
    assert groups.total(np.array([1, 10, 2, 100, 20, 3])) == [6, 30, 100]
    assert list(cells(groups, np.array([-5, 1, -5, 2, 1, 0]))) == [
        (0, -5, 2),
        (0, 0, 1),
        (1, 1, 2),
        (2, 2, 1),
    ]


def test_keys_tell_columns_apart():
    one, two = np.array([1, 2, 1], np.uint64), np.array([2, 1, 2], np.uint64)
    keys = mix(one, two)
    assert keys[0] == keys[2] != keys[1]
    words = np.arange(80, dtype=np.uint64).reshape(10, 8)
    assert len(set(content_hash(words.copy()).tolist())) == 10
