"""The needle follows one transmitter, and a clone has a needle of its own."""

from rogue_scan.wifi.live.locate import Finder, Transmitter
from rogue_scan.wifi.world import Bss, ClockLine, Signal, World


def a_world(*levels: dict[int, int]) -> World:
    bss = Bss("02:00:00:00:00:01")
    for number, each in enumerate(levels):
        bss.lines.append(ClockLine(number, 0, signal=Signal(each), frequencies={2437 + 25 * number: 9}))
    return World(bss={bss.bssid: bss})


def test_walking_up_raises_the_needle_and_the_record() -> None:
    one = Transmitter(0)
    one.take({0: {-70: 10}}, 0.0)
    one.take({0: {-70: 10, -50: 10}}, 1.0)
    assert one.now is not None
    assert -62.1 < one.now.dbm < -61.9
    assert one.now.frames == 10
    one.take({0: {-70: 10, -50: 30}}, 2.0)
    assert one.strongest == one.trace[-1].dbm or one.strongest > -58


def test_silence_gives_no_reading() -> None:
    one = Transmitter(0)
    one.take({0: {-70: 10}}, 0.0)
    one.take({0: {-70: 10}}, 1.0)
    assert len(one.trace) == 1


def test_real_one_and_clone_are_told_apart() -> None:
    finder = Finder("02:00:00:00:00:01".upper())
    finder.take(a_world({-40: 5}, {-80: 5}), 0.0)
    assert [finder.transmitters[number].now.dbm for number in (0, 1)] == [-40.0, -80.0]  # type: ignore[union-attr]
    assert set(finder.frequencies()) == {2437, 2462}


def test_an_unknown_address_waits() -> None:
    finder = Finder("02:00:00:00:00:02")
    finder.take(a_world({-40: 5}), 0.0)
    assert finder.transmitters == {}
