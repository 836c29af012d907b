"""Who transmits: BSSIDs split into transmitters, kinship, recordings."""

from collections.abc import Callable

import pytest

from rogue_scan.rules.load import load
from rogue_scan.wifi import judge
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.judge import View
from rogue_scan.wifi.listing import capture

REAL = "ap real 14:cc:20:77:31:f0 Shop ch=6 sec=wpa2 make=tplink up=400000 to=12\n"
BSSID = "14:cc:20:77:31:f0"


@pytest.fixture(scope="module")
def look() -> Callable[[str], View]:
    rules = load()

    def of(listing: str) -> View:
        session = Session(rules)
        session.feed(capture(listing))
        session.finish()
        session.findings("capture-1")
        return judge.view(session.world)

    return of


def test_one_access_point_is_one_transmitter(look) -> None:
    (transmitter,) = look(REAL).transmitters[BSSID]
    assert transmitter.uptime == pytest.approx(400000, abs=1)
    assert len(transmitter.lines) == 1
    assert transmitter.count == pytest.approx(12 / 0.1024, abs=1)


def test_two_clocks_that_take_turns_are_two(look) -> None:
    first, second = look(
        REAL + f"ap copy {BSSID} Shop ch=6 sec=wpa2 make=tplink up=500 from=4 to=12"
    ).transmitters[BSSID]
    assert first.uptime > second.uptime
    assert second.first.time == pytest.approx(4, abs=0.2)


def test_a_restart_is_one(look) -> None:
    listing = f"""
        ap before {BSSID} Shop ch=6 sec=wpa2 make=tplink up=400000 to=5
        ap after {BSSID} Shop ch=6 sec=wpa2 make=tplink up=4 from=8 to=12
    """
    (transmitter,) = look(listing).transmitters[BSSID]
    assert len(transmitter.lines) == 2


def test_a_recording_is_told_from_a_copy(look) -> None:
    real, replayed = look(REAL + "replay 7 real of=1 seconds=4").transmitters[BSSID]
    assert len(judge.recorded(real, replayed)) > 30
    real, copied = look(
        REAL + f"ap copy {BSSID} Shop ch=6 sec=wpa2 make=tplink up=400002 from=4 to=12"
    ).transmitters[BSSID]
    assert judge.recorded(real, copied) == []


def test_siblings_share_a_clock_and_strangers_do_not(look) -> None:
    seen = look(
        REAL
        + "ap guest 14:cc:20:77:31:f1 Shop-Guest ch=6 sec=open make=tplink up=400000.02 to=12\n"
        + "ap other 70:db:98:13:02:40 Flat ch=6 sec=wpa2 make=cisco up=300000 to=12\n"
    ).transmitters
    (real,), (guest,), (other,) = seen[BSSID], seen["14:cc:20:77:31:f1"], seen["70:db:98:13:02:40"]
    assert judge.same_clock(real, guest)
    assert not judge.same_clock(real, other)


@pytest.mark.parametrize(
    ("a", "b", "siblings"),
    [
        ("14:cc:20:77:31:f0", "14:cc:20:77:31:f1", True),
        ("14:cc:20:77:31:f0", "16:cc:20:77:31:f0", True),
        ("14:cc:20:77:31:f0", "14:cc:20:77:32:f0", False),
        ("14:cc:20:77:31:f0", "70:cc:20:78:31:f0", False),
    ],
)
def test_sibling_addresses(a: str, b: str, siblings: bool) -> None:
    assert judge.sibling_addresses(a, b) is siblings


def test_differences_name_what_hardware_fixes(look) -> None:
    members = look(
        REAL + "ap twin 02:11:22:33:44:55 Shop ch=11 sec=wpa2 make=netgear up=90 to=12\n"
    ).networks[b"Shop"]
    parts = judge.differences(members[0].main, members[1].main)
    assert {"maker's elements", "rates", "HT capabilities"} <= set(parts)


def test_channels_and_protection_are_no_differences_of_hardware(look) -> None:
    members = look(REAL + "ap twin 02:11:22:33:44:55 Shop ch=11 sec=wpa3 make=tplink up=90 to=12\n").networks[
        b"Shop"
    ]
    assert judge.differences(members[0].main, members[1].main) == []


def test_a_neighbour_report_names_a_member(look) -> None:
    seen = judge.listed(look(REAL.replace("up=", "rnr=02:11:22:33:44:55 up=")).world)
    assert [who for who, _ in seen["02:11:22:33:44:55"]] == [BSSID]
    assert "02:11:22:33:44:56" not in seen


def test_handshakes_that_break_off(look) -> None:
    world = look(REAL + "station s 3c:a9:f4:0c:0f:fe\njoin 2 s real wrong\njoin 7 s real\n").world
    handshake = judge.handshakes(world)["3c:a9:f4:0c:0f:fe", BSSID]
    assert handshake.completed is not None
    world = look(REAL + "station s 3c:a9:f4:0c:0f:fe\njoin 2 s real wrong\n").world
    handshake = judge.handshakes(world)["3c:a9:f4:0c:0f:fe", BSSID]
    assert handshake.completed is None
    assert handshake.failures == 3


def test_names_of_any_bytes_can_be_shown() -> None:
    assert judge.show("Café".encode()) == "Café"
    assert judge.show(b"\xff\xfe") == "ÿþ"
