"""What a live run shows fits its screen, whatever the air says, and keys do what they stand for."""

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from rogue_scan.cli.live_lines import LiveLines
from rogue_scan.cli.live_view import LiveView
from rogue_scan.rules.load import load
from rogue_scan.wifi.live.monitor import Dwell, Heard, Monitor
from rogue_scan.wifi.live.plan import HopPlan
from rogue_scan.wifi.live.run import Live

HOSTILE = [
    b"\x1b[31mRED\x1b[0m\x1b]0;own\x07",
    "\u202eevil\u202c rtl".encode(),
    "مقهى الإنترنت".encode(),
    "中华人民共和国无线网".encode(),
    b"W" * 32,
    "😀🎉👩\u200d👩\u200d👧".encode(),
    b"a\nb\rc\td\x08\x08\x08",
    b"\x80\xff\xfe",
    b"[bold red]markup[/]",
    ("e" + "\u0301" * 9).encode(),
    b"",
]


class Radios(Monitor):
    """Two radios that hand on given frames."""

    def __init__(self, batches: list[bytes]) -> None:
        super().__init__(["wlan1", "wlan2"], None, 0.25)
        self._given = batches
        self.lost: float | None = None
        self._plans = [HopPlan([2412, 2437], 0.25), HopPlan([2462, 5180], 0.25)]

    @property
    def plans(self) -> list[HopPlan]:
        return self._plans

    @property
    def radios(self) -> list[Heard]:
        return [
            Heard("wlan1", 10, 0, {2437: Dwell(12.0, 10)}, None),
            Heard("wlan2", 5, 3, {2462: Dwell(7.0, 5)}, self.lost),
        ]

    @property
    def dwell(self) -> dict[int, Dwell]:
        return {2412: Dwell(0.5, 0), 2437: Dwell(12.0, 10), 2462: Dwell(7.0, 5)}

    @property
    def tuned(self) -> list[int]:
        return [2437, 2462]

    @property
    def dropped(self) -> int:
        return 3

    def stream(self, *, idle: float = 0.25) -> Any:
        yield from self._given


@pytest.fixture(scope="module")
def capture(wire: Any) -> bytes:
    """Networks of all kinds of names, each with an open double."""
    rsn = wire.element(48, bytes.fromhex("0100000fac040100000fac040100000fac020000"))
    frames = []
    for number in range(20):
        for place, name in enumerate([*HOSTILE, *(b"net-%d" % each for each in range(20))]):
            at = 1_700_000_000_000_000_000 + number * 102_400_000 + place * 1_000_000
            for head, more, capabilities, ahead in (
                ("50:c7:bf:00:11", [rsn], 0x11, 0),
                ("00:c0:ca:22:33", [], 1, 7_000_000 + place * 900_000),
            ):
                if not more and place > 12:
                    continue
                beacon = wire.beacon(
                    f"{head}:{place:02x}", name, *more, tsf=number * 102_400 + ahead + place * 5_000_000,
                    sequence=number, capabilities=capabilities, channel=6 if more else 11,
                )  # fmt: skip
                frames.append(
                    (at, wire.radiotap(beacon, frequency=2437 if more else 2462, signal=-40 - place))
                )
    raw: bytes = wire.pcapng(frames)
    return raw


class Quiet:
    fix = None

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def live(capture: bytes) -> Live:
    made = Live(Radios([capture]), load(), name="live", gps=Quiet())  # type: ignore[arg-type]
    for _ in made.steps():
        pass
    return made


@pytest.fixture
def view(live: Live) -> LiveView:
    made = LiveView(live, colour=False)
    made._keys._restore = lambda: None  # as on a terminal
    made.learn()
    return made


def drawn(view: LiveView, width: int, height: int, *, colour: bool = False) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, height=height, force_terminal=colour, no_color=not colour,
        color_system="standard" if colour else None, highlight=False,
    )  # fmt: skip
    console.print(view.picture(width, height), end="")
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 10), (80, 12), (132, 43)])
def test_the_picture_fills_its_screen_and_no_more(view: LiveView, width: int, height: int) -> None:
    lines = drawn(view, width, height)
    assert len(lines) == height
    assert max(cell_len(line) for line in lines) <= width
    assert lines[-1].startswith("q end  p pause  l lock channel  m mark")
    text = "\n".join(lines)
    assert not any(character in text for character in "\x1b\x07\x08\r\u202e\u200d")
    assert "more" in text
    assert any(" high " in line for line in lines)


def test_suspects_come_first_and_are_told_without_colour(view: LiveView) -> None:
    lines = drawn(view, 80, 24)
    at = next(number for number, line in enumerate(lines) if "BSSID" in line)
    assert lines[at + 1].startswith("! 00:c0:ca:22:33:")
    assert "wlan1 ch 6 of 2 · wlan2 ch 11 of 2 · 3 dropped" in lines[1]
    assert lines[2].startswith("listened: >ch 6 12 s · >ch 11 7 s · ch 1 0 s")
    assert "[bold red]markup[/]" in "\n".join(drawn(view, 200, 50))


def test_colour_is_an_addition(view: LiveView) -> None:
    assert any("\x1b[31m" in line for line in drawn(view, 80, 24, colour=True))
    assert not any("\x1b" in line for line in drawn(view, 80, 24))


def test_a_wide_screen_shows_more_about_each(view: LiveView) -> None:
    assert "maker" in "\n".join(drawn(view, 200, 50))
    assert "maker" not in "\n".join(drawn(view, 80, 24))


def test_a_lost_radio_is_named(view: LiveView, live: Live) -> None:
    live.source.lost = 4.0  # type: ignore[union-attr]
    assert "wlan2 lost" in drawn(view, 80, 24)[1]


def test_a_place_is_typed_and_lands_in_the_report(view: LiveView, live: Live) -> None:
    for key in "mroom 33\x7f\r":
        view.press(key)
    assert [mark.name for mark in live.scan().subject.wifi.marks] == ["room 3"]  # type: ignore[union-attr]
    assert "marked room 3" in drawn(view, 80, 24)[-1]
    for key in "mnot this\x1b":
        view.press(key)
    assert len(live.marks) == 1
    for key in "m\r":
        view.press(key)
    assert live.marks[-1].name == "place 2"


def test_typed_text_cannot_grow_without_end_or_carry_control_characters(view: LiveView) -> None:
    for key in "m" + "x" * 500 + "\x00\x07":
        view.press(key)
    assert drawn(view, 80, 24)[-1].startswith("place: " + "x" * 40 + "_")


def test_pause_stops_hopping_and_goes_on(view: LiveView, live: Live) -> None:
    view.press("p")
    assert "PAUSED" in drawn(view, 80, 24)[0]
    assert live.source._paused.is_set()  # type: ignore[union-attr]
    view.press("p")
    assert not live.source._paused.is_set()  # type: ignore[union-attr]


def test_a_lock_offers_the_suspects_channel_and_takes_any_of_the_plan(view: LiveView, live: Live) -> None:
    first, second = live.source.plans  # type: ignore[union-attr]
    view.press("l")
    assert drawn(view, 80, 24)[-1].startswith("stay on channel: 11_")
    view.press("\r")
    assert (first.locked, second.locked) == (None, 2462)
    assert "wlan2 ch 11 locked" in drawn(view, 80, 24)[1]
    for key in "l\r":
        view.press(key)
    assert second.locked is None
    for key in "l\x156\r":
        view.press(key)
    assert first.locked == 2437


@pytest.mark.parametrize(
    ("typed", "says"), [("13", "in no radio's plan"), ("99", "no channel 99"), ("x", "no channel x")]
)
def test_a_channel_that_cannot_be_is_refused(view: LiveView, live: Live, typed: str, says: str) -> None:
    for key in f"l\x15{typed}\r":
        view.press(key)
    assert says in drawn(view, 80, 24)[-1]
    assert not any(plan.locked for plan in live.source.plans)  # type: ignore[union-attr]


def test_q_ends(view: LiveView, live: Live) -> None:
    view.press("q")
    assert live.source.stopped


def test_new_findings_are_marked_for_a_while(
    view: LiveView, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any(line.startswith("+ 00:0") for line in drawn(view, 80, 24))
    began = live._began
    monkeypatch.setattr(live, "_began", began - 60)
    assert not any(line.startswith("+ ") for line in drawn(view, 80, 24))


def test_without_keys_none_are_offered(view: LiveView) -> None:
    view._keys._restore = None
    assert drawn(view, 80, 24)[-1].startswith("Ctrl-C ends and writes the report")


def test_nothing_yet_is_not_called_clean() -> None:
    empty = Live(Radios([]), load(), name="live", gps=Quiet())  # type: ignore[arg-type]
    lines = drawn(LiveView(empty, colour=False), 80, 24)
    assert len(lines) == 24
    assert "no finding yet: what was not watched may hide one" in lines[-2]


def test_terminals_that_cannot_move_the_cursor_get_lines(
    live: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = LiveLines(live)
    lines.draw(True)
    lines.draw(True)
    said = capsys.readouterr().err
    assert said.count("also offered without protection by 00:c0:ca:22:33:03") == 1
    assert "\x1b" not in said
