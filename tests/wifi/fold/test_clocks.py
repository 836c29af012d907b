"""Who transmits under a BSSID: clock lines."""

import pytest

from rogue_scan.wifi.fold.clocks import MAX_LINES, MAX_SAMPLES

AP = "50:c7:bf:00:00:01"
MS = 1_000_000


def beacons(wire, start_ms, count, boot_us, sequence=0, jitter=lambda n: 0, step_ms=100, **more):
    """(time, frame) of an access point whose clock was zero ``boot_us`` before the capture began."""
    return [
        (
            (start_ms + n * step_ms) * MS + jitter(n) * 1000,
            wire.radiotap(
                wire.beacon(
                    AP,
                    b"net",
                    tsf=(start_ms + n * step_ms) * 1000 + boot_us,
                    sequence=(sequence + n) % 4096,
                ),
                **more,
            ),
        )
        for n in range(count)
    ]


def test_one_transmitter_is_one_line(wire, fold):
    world = fold(wire.pcap(beacons(wire, 0, 50, 10**9)))
    (line,) = world.bss[AP].lines
    assert line.seen.count == 50
    assert line.jitter == 0
    assert line.sequence_steps == {"next": 49}
    assert line.frequencies == {2412: 50}


def test_late_frames_stay_on_their_line(wire, fold):
    # Host time: most frames a few ms late, one in ten 80 ms.
    world = fold(
        wire.pcap(beacons(wire, 0, 60, 10**9, jitter=lambda n: 80_000 if n % 10 == 3 else n % 7 * 900))
    )
    (line,) = world.bss[AP].lines
    assert line.seen.count == 60
    assert 70_000 < line.jitter < 90_000


def test_a_clone_on_the_same_channel_with_the_same_elements_is_a_second_line_that_takes_turns(wire, fold):
    real = beacons(wire, 0, 80, 10**11, sequence=100)
    clone = beacons(wire, 3051, 40, -3_000_000, sequence=7)
    bss = fold(wire.pcap(sorted(real + clone))).bss[AP]
    assert [line.seen.count for line in bss.lines] == [80, 40]
    assert len(bss.variants) == 1
    assert all(line.turns > 30 for line in bss.lines)
    assert all("jump" not in line.sequence_steps for line in bss.lines)


def test_a_restart_is_a_second_line_that_takes_no_turns(wire, fold):
    bss = fold(wire.pcap(beacons(wire, 0, 30, 10**9) + beacons(wire, 8000, 30, -8_000_000))).bss[AP]
    assert [line.seen.count for line in bss.lines] == [30, 30]
    assert [line.turns for line in bss.lines] == [0, 1]


def test_drift_of_the_two_clocks_is_followed(wire, fold):
    # 40 ppm over 50 minutes are 120 ms; one beacon a minute.
    found = []
    for n in range(50):
        time = n * 60_000_000
        beacon = wire.beacon(AP, b"net", tsf=10**9 + time + time * 40 // 10**6)
        found.append((time * 1000, wire.radiotap(beacon)))
    assert len(fold(wire.pcap(found)).bss[AP].lines) == 1


def test_replayed_beacons_have_time_stamps_that_were_there_before(wire, fold):
    real = beacons(wire, 0, 60, 10**9)
    again = [(time + 1530 * MS, raw) for time, raw in real[10:30]]
    bss = fold(wire.pcap(sorted(real + again))).bss[AP]
    assert bss.repeated_tsf.count == 20
    repeat, original = bss.repeated_refs[0]
    assert repeat.time - original.time == pytest.approx(1.53)


def test_one_beacon_heard_twice_is_a_duplicate_and_no_replay(wire, fold):
    real = beacons(wire, 0, 20, 10**9)
    twice = sorted(real + [(time + 200_000, raw) for time, raw in real])
    world = fold(wire.pcap(twice))
    assert world.bss[AP].repeated_tsf.count == 0
    assert world.coverage.duplicates == 20
    assert len(world.bss[AP].lines) == 1


def test_a_clock_that_jumps_with_every_beacon_has_a_bounded_number_of_lines(wire, fold):
    found = [(n * 100 * MS, wire.radiotap(wire.beacon(AP, b"net", tsf=n * 10**10))) for n in range(100)]
    bss = fold(wire.pcap(found)).bss[AP]
    assert len(bss.lines) == MAX_LINES
    assert bss.lines_refused == 100 - MAX_LINES
    assert bss.beacons.count == 100


def test_radio_time_stamps_show_the_jitter_of_the_air_alone(wire, fold):
    found = [
        (
            n * 100 * MS + n % 5 * 4 * MS,
            wire.radiotap(
                wire.beacon(AP, b"net", tsf=10**9 + n * 100_000), tsft=5 * 10**8 + n * 100_000 + n % 3
            ),
        )
        for n in range(40)
    ]
    (line,) = fold(wire.pcap(found)).bss[AP].lines
    assert line.jitter == 16_000
    assert line.mac_offset_highest - line.mac_offset_lowest == 2


def test_samples_are_thinned_and_span_everything(wire, fold):
    count = MAX_SAMPLES * 2 + 100
    samples = fold(wire.pcap(beacons(wire, 0, count, 10**9))).bss[AP].samples
    assert samples.stride == 4
    assert samples.frame.tolist() == list(range(1, count + 1, 4))
    assert set(samples.line.tolist()) == {0}
    assert set(samples.signal.tolist()) == {-50}
