"""The world depends on the frames alone, not on how they were cut."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.wifi import observe
from rogue_scan.wifi.world import Damage, Kind

DATA = Path(__file__).parents[2] / "data" / "wifi"
SECOND = 1_000_000_000
CAPTURES = sorted(DATA.glob("*.pcapng"))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda p: p.stem)
def test_frames_in_pieces_give_the_same_world_as_at_once(wire, fold, path):
    raw = path.read_bytes()
    whole = wire.plain(fold(raw))
    assert wire.plain(fold(raw, 3000, each=True)) == whole
    assert wire.plain(fold(raw, 40_000, each=True)) == whole


def test_frames_one_by_one_give_the_same_world(wire, fold, frames):
    raw = wire.pcap(frames)
    assert wire.plain(fold(raw, 150, each=True)) == wire.plain(fold(raw))


def test_pcap_and_pcapng_give_the_same_world(wire, fold, frames):
    assert wire.plain(fold(wire.pcap(frames, ">"))) == wire.plain(fold(wire.pcapng(frames)))


def noise(wire, draw):
    """A frame of a hostile sender: few addresses, so that things collide."""
    names = [f"02:00:00:00:00:0{n}" for n in range(4)]
    sender, other = draw(st.sampled_from(names)), draw(st.sampled_from([*names, "ff:ff:ff:ff:ff:ff"]))
    subtype = draw(st.sampled_from([0, 1, 2, 4, 5, 8, 8, 8, 10, 11, 12, 13]))
    if subtype in (5, 8):
        more = draw(st.binary(max_size=12))
        return wire.beacon(
            sender,
            draw(st.sampled_from([b"", b"one", b"two"])),
            wire.element(5, draw(st.sampled_from([b"\0\1\0\0", b"\0\1\0\0\0", b"\1\2\3\4"]))),
            more,
            tsf=draw(st.sampled_from([0, 10**6, 2 * 10**6, 10**12, 2**64 - 1])),
            sequence=draw(st.integers(0, 4095)),
            subtype=subtype,
            receiver=other,
        )
    return wire.management(subtype, other, sender, sender, draw(st.binary(max_size=30)))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_cut_of_any_frames_gives_the_same_world(wire, fold, data):
    count = data.draw(st.integers(1, 25))
    steps = data.draw(st.lists(st.sampled_from([0, 10**6, 10**8, SECOND]), min_size=count, max_size=count))
    frames, time = [], 1_700_000_000 * SECOND
    for step in steps:
        time += step
        frames.append((time, wire.radiotap(noise(wire, data.draw), data.draw(st.sampled_from([2412, 2437])))))
    raw = wire.pcap(frames)
    size = data.draw(st.integers(60, 2000))
    assert wire.plain(fold(raw, size, each=True)) == wire.plain(fold(raw))


def test_tables_are_trimmed_at_the_same_frames_however_they_are_cut(wire, fold, monkeypatch):
    monkeypatch.setattr(observe, "BLOCK", 64)
    monkeypatch.setattr("rogue_scan.wifi.fold.folder.BLOCK", 64)
    monkeypatch.setattr("rogue_scan.wifi.fold.announcements.MAX_BSS", 20)
    monkeypatch.setattr("rogue_scan.wifi.fold.announcements.MAX_NEW_BSS", 16)
    frames = []
    for number in range(1000):
        real = number % 4 == 0
        bssid = "50:00:00:00:00:01" if real else f"02:{number // 256:02x}:{number % 256:02x}:00:00:00"
        beacon = wire.beacon(
            bssid, b"real" if real else b"made up", tsf=number * 25_000, sequence=number % 4096
        )
        frames.append((number * 25_000_000, wire.radiotap(beacon)))
    raw = wire.pcap(frames)
    world = fold(raw)
    assert world.bss["50:00:00:00:00:01"].beacons.count == 250
    assert len(world.bss) <= 20 + 16
    assert world.evicted["bss"] > 500
    assert wire.plain(fold(raw, 777, each=True)) == wire.plain(world)


def test_a_flood_of_made_up_names_does_not_push_out_real_access_points(wire, fold):
    frames = []
    for number in range(20_000):
        bssid = f"02:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}:01"
        if number % 1000 < 2:
            bssid = f"50:00:00:00:00:{number // 1000:02x}"
        frames.append((number * 1_000_000, wire.radiotap(wire.beacon(bssid, b"x", tsf=number))))
    world = fold(wire.pcap(frames))
    assert all(f"50:00:00:00:00:{n:02x}" in world.bss for n in range(20))
    rate = world.rate(Kind.BEACON)
    assert rate is not None
    assert rate.seen.count == 20_000
    assert rate.sources > 15_000


def test_broken_chains_are_counted_and_never_claimed_from(wire, fold):
    good = wire.radiotap(wire.beacon("02:00:00:00:00:01", b"net"))
    bad = wire.radiotap(wire.beacon("02:00:00:00:00:02", b"net", b"\x30\xff\x01"))
    world = fold(wire.pcap([(0, good), (SECOND, bad), (2 * SECOND, bad)]))
    assert list(world.bss) == ["02:00:00:00:00:01"]
    (found,) = world.malformed.values()
    assert (found.damage, found.seen.count, found.transmitter) == (
        Damage.ELEMENT_OVERRUN,
        2,
        "02:00:00:00:00:02",
    )
    assert world.coverage.malformed == 2
