"""Approach mode: a needle for each transmitter, lines for pipes, and an end that says what was lost."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from rogue_scan.cli import locate
from rogue_scan.cli.locate import command, picture, readings
from rogue_scan.errors import UsageError
from rogue_scan.wifi.live import monitor
from rogue_scan.wifi.live.locate import Finder, Transmitter
from rogue_scan.wifi.live.monitor import Dwell
from rogue_scan.wifi.live.plan import HopPlan

BSSID = "50:c7:bf:00:11:22"


def transmitter(*levels: int, frequency: int = 2437, since: float = 0.0) -> Transmitter:
    one = Transmitter()
    one.frequency = frequency
    for second, level in enumerate(levels):
        one.take([{level: 5}], since + second)
    return one


def finder(*transmitters: Transmitter) -> Finder:
    made = Finder(BSSID)
    made.transmitters = dict(enumerate(transmitters))
    return made


def test_nothing_heard_is_said() -> None:
    assert picture(Finder(BSSID), 80, 0.0) == f"{BSSID}\nnot heard yet"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_needle_and_trace_fit_and_move(width: int) -> None:
    lines = picture(finder(transmitter(-90, -60, -30)), width, 2.0).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert "ch 6" in lines[1]
    if width >= 80:
        assert "dBm" in lines[1] and lines[1].endswith("best -59 dBm")
        trace = lines[2].strip()
        assert len(trace) == 3 and trace[0] < trace[1] < trace[2]
        weak = picture(finder(transmitter(-90)), width, 0.0)
        assert weak.count("█") < lines[1].count("█")


def test_a_clone_has_a_line_of_its_own() -> None:
    text = picture(finder(transmitter(-40), transmitter(-80, frequency=2462)), 80, 0.0)
    assert "2 transmitters use this address, told apart by their clocks" in text
    assert "#1 ch 6" in text and "#2 ch 11" in text


def test_silence_shows_for_how_long() -> None:
    one = finder(transmitter(-40))
    assert "last heard" not in picture(one, 80, 9.0)
    assert "last heard 30 s ago" in picture(one, 80, 30.0)
    long = picture(finder(transmitter(*[-40] * 100)), 80, 200.0).splitlines()
    assert long[2].endswith("last heard 101 s ago") and len(long[2]) <= 80
    assert list(readings(one, 9.0)) == ["   9.0 s  #1 ch 6    -40.0 dBm"]
    assert list(readings(one, 30.0)) == []


class Played:
    """A monitor that hands on a capture, and is asked where it listens."""

    made: "Played"
    batches: tuple[bytes, ...] = ()
    watched: tuple[int, ...] = (2412, 2437)

    def __init__(self, interfaces: Any, frequencies: Any, hop: float) -> None:
        type(self).made = self
        self.plans = [HopPlan([2412, 2437], hop)]
        self.dwell = {frequency: Dwell(1.0, 1) for frequency in self.watched}
        self.errors: list[Exception] = []
        self.stopped = False

    def __enter__(self) -> "Played":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def stop(self) -> None:
        self.stopped = True

    def stream(self) -> Iterator[bytes]:
        yield from self.batches
        while not self.stopped:
            yield b""


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, wire: Any) -> type[Played]:
    start = 1_700_000_000_000_000_000
    frames = [
        (
            start + number * 100_000_000,
            wire.radiotap(wire.beacon(BSSID, b"Teahouse", tsf=number * 100_000, channel=6), 2437, -45),
        )
        for number in range(20)
    ]
    fresh = type("Fresh", (Played,), {"batches": (wire.pcapng(frames),)})
    monkeypatch.setattr(monitor, "Monitor", fresh)
    seconds = itertools.count(0.0, 0.5)
    monkeypatch.setattr(locate.time, "monotonic", lambda: next(seconds))
    return fresh


def test_a_pipe_gets_readings_and_the_picture_at_the_end(played: type[Played]) -> None:
    result = CliRunner().invoke(command, [BSSID.upper(), "--interface", "wlan1", "--duration", "8"])
    assert result.exit_code == 0, result.output
    assert "#1 ch 6    -45.0 dBm\n" in result.stdout
    assert result.stdout.count("best -45 dBm") == 1
    assert "\x1b" not in result.stdout
    assert result.stderr == "rogue-scan: listening; Ctrl-C ends\n"
    assert played.made.plans[0].locked == 2437, "found, and nothing to be gained elsewhere"


def test_it_stays_on_a_channel_only_after_all_were_listened_to(played: type[Played]) -> None:
    """A clone may be on any."""
    played.watched = (2437,)
    CliRunner().invoke(command, [BSSID, "--interface", "wlan1", "--duration", "8"])
    assert played.made.plans[0].locked is None


def test_a_lost_radio_is_an_error_of_the_run(played: type[Played], monkeypatch: pytest.MonkeyPatch) -> None:
    from rogue_scan.errors import Unreadable

    def ends(self: Played) -> Iterator[bytes]:
        yield from self.batches
        self.errors.append(Unreadable("wlan1 (rogue0): the radio is gone"))

    monkeypatch.setattr(played, "stream", ends)
    result = CliRunner().invoke(command, [BSSID, "--interface", "wlan1"])
    assert result.exit_code == 3
    assert "the radio is gone" in result.stderr


@pytest.mark.parametrize("text", ["", "50:c7:bf:00:11", "50:c7:bf:00:11:2g", "Teahouse", BSSID + ":00"])
def test_what_is_no_bssid_is_named(text: str) -> None:
    result = CliRunner().invoke(command, [text, "--interface", "wlan1"])
    assert isinstance(result.exception, UsageError)
