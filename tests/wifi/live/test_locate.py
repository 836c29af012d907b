"""The needle follows one transmitter, and a clone has a needle of its own."""

from rogue_scan.wifi.live.locate import Finder, Transmitter
from rogue_scan.wifi.world import World

BSSID = "50:c7:bf:00:11:22"
START = 1_700_000_000_000_000_000


def a_bss(wire, fold, *beacons: tuple[float, int, int, int]) -> World:
    """A world of beacons as (time in s, clock in s, dBm, interface)."""
    raw = wire.section()
    raw += b"".join(
        wire.interface(wire.option(9, b"\x09"), wire.option(2, name)) for name in (b"wlan1", b"wlan2")
    )
    for sequence, (time, clock, level, interface) in enumerate(beacons):
        beacon = wire.beacon(BSSID, b"Teahouse", tsf=int((clock + time) * 1e6), sequence=sequence)
        frame = (
            START + int(time * 1e9),
            wire.radiotap(beacon, signal=level, frequency=2412 + 25 * (clock > 500)),
        )
        raw += wire.packet(frame, number=interface, per_second=10**9)
    world: World = fold(raw)
    return world


def real_and_clone(until: float, *, radios: int = 1, real: int = -40, clone: int = -80):
    for step in range(int(until * 10)):
        for radio in range(radios):
            yield (step / 10 + radio / 1e4, 100, real - 9 * radio, radio)
            yield (step / 10 + 0.05 + radio / 1e4, 9000, clone - 9 * radio, radio)


def levels(finder: Finder) -> list[float]:
    return [one.now.dbm for one in finder.transmitters.values() if one.now]


def test_walking_up_raises_the_needle_and_the_record() -> None:
    one = Transmitter()
    one.take([{-70: 10}], 0.0)
    one.take([{-50: 10}], 1.0)
    assert one.now is not None
    assert -62.1 < one.now.dbm < -61.9
    assert one.now.frames == 10
    for second in range(2, 12):
        one.take([{-50: 20}], float(second))
    assert one.strongest is not None and one.strongest > -51
    one.take([{-90: 20}], 12.0)
    assert one.now.dbm < -60 and one.strongest > -51


def test_silence_gives_no_reading() -> None:
    one = Transmitter()
    one.take([{-70: 10}], 0.0)
    one.take([{-70: 0}], 1.0)
    one.take([], 2.0)
    assert len(one.trace) == 1


def test_real_one_and_clone_are_told_apart(wire, fold) -> None:
    finder = Finder(BSSID.upper())
    finder.take(a_bss(wire, fold, *real_and_clone(5)), 5.0)
    assert levels(finder) == [-40.0, -80.0]
    assert set(finder.frequencies()) == {2412, 2437}


def test_only_what_is_new_moves_the_needle(wire, fold) -> None:
    finder = Finder(BSSID)
    finder.take(a_bss(wire, fold, *real_and_clone(5)), 5.0)
    later = ((time + 5, clock, level, radio) for time, clock, level, radio in real_and_clone(5, real=-60))
    finder.take(a_bss(wire, fold, *real_and_clone(5), *later), 10.0)
    assert levels(finder) == [-48.0, -80.0]
    assert [len(one.trace) for one in finder.transmitters.values()] == [2, 2]


def test_two_radios_hear_two_transmitters_and_not_four_the_better_ear_is_read(wire, fold) -> None:
    finder = Finder(BSSID)
    finder.take(a_bss(wire, fold, *real_and_clone(5, radios=2)), 5.0)
    assert levels(finder) == [-40.0, -80.0]


def test_beacons_that_are_read_late_are_still_of_one_transmitter(wire, fold) -> None:
    """A stall of the machine shifts receive times, and the order stays."""
    stall = dict.fromkeys(range(20, 30), 0.4)
    late = [(number / 10 + (by := stall.get(number, 0.0)), 100 - by, -50, 0) for number in range(50)]
    finder = Finder(BSSID)
    finder.take(a_bss(wire, fold, *late), 5.0)
    assert len(finder.transmitters) == 1


def test_where_nothing_was_heard_lately_is_not_where_it_is(wire, fold) -> None:
    finder = Finder(BSSID)
    finder.take(a_bss(wire, fold, *real_and_clone(5)), 5.0)
    assert finder.frequencies(5.0) and not finder.frequencies(5.1)


def test_an_unknown_address_waits(wire, fold) -> None:
    finder = Finder("02:00:00:00:00:02")
    finder.take(a_bss(wire, fold, *real_and_clone(1)), 0.0)
    assert finder.transmitters == {}
