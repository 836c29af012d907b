"""Marks of attack tools."""

import pytest

from rogue_scan.rules.load import load
from rogue_scan.wifi import tools
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.judge import view
from rogue_scan.wifi.listing import capture

RULES = load()


def marks(listing: str, bssid: str, real: tuple[str, ...] = ()) -> set[str]:
    session = Session(RULES)
    session.feed(capture(listing))
    session.finish()
    session.findings("capture-x")
    (transmitter,) = view(session.world).transmitters[bssid]
    return {hit.tool for hit in tools.marks(transmitter, real)}


@pytest.mark.parametrize("tool", tools.known(), ids=lambda tool: tool.tool)
def test_each_mark_says_where_it_is_known_from(tool: tools.Tool) -> None:
    assert tool.references
    assert tool.marks
    for mark in tool.marks:
        assert mark.provenance
        assert mark.says


def test_the_tools_that_are_asked_for_are_described() -> None:
    names = {tool.tool for tool in tools.known()}
    assert {
        "airbase-ng", "bettercap", "mdk4", "aireplay-ng", "hostapd-mana", "eaphammer", "wifiphisher",
        "wifipumpkin3", "fluxion", "airgeddon", "WiFi Pineapple", "ESP32 Marauder",
        "Flipper evil portal", "pwnagotchi", "hcxdumptool", "mc-mitm",
    } <= names  # fmt: skip


def test_a_clock_from_1970() -> None:
    listing = "ap x 02:11:22:33:44:55 Free ch=6 sec=open make=bare clock=epoch to=3"
    assert marks(listing, "02:11:22:33:44:55") == {"airbase-ng"}


def test_the_clock_value_of_marauder() -> None:
    listing = "ap x 02:11:22:33:44:55 Free ch=6 sec=open make=bare clock=still up=66839.859587 to=3"
    assert marks(listing, "02:11:22:33:44:55") == {"ESP32 Marauder"}


def test_a_zero_width_space() -> None:
    listing = 'ap x 02:11:22:33:44:55 "Lobby\u200b" ch=6 sec=open make=bare to=3'
    assert marks(listing, "02:11:22:33:44:55") == {"airgeddon"}


def test_addresses_made_from_the_real_one() -> None:
    real = ("04:d4:c4:0b:19:c0",)
    listing = "ap x {} Lobby ch=6 sec=open make=bare to=3"
    assert marks(listing.format("04:d4:c4:07:19:c0"), "04:d4:c4:07:19:c0", real) == {"airgeddon"}
    assert marks(listing.format("04:d4:c4:0b:29:c0"), "04:d4:c4:0b:29:c0", real) == {"fluxion"}
    assert marks(listing.format("04:d4:c4:0b:19:c1"), "04:d4:c4:0b:19:c1", real) == set()


def test_honest_access_points_have_no_mark() -> None:
    for make in ("bare", "tplink", "netgear", "cisco", "unifi", "phone"):
        listing = f"ap x 04:d4:c4:0b:19:c0 Lobby ch=6 sec=wpa2 make={make} up=90000 to=3"
        assert marks(listing, "04:d4:c4:0b:19:c0") == set()


def test_a_mark_alone_is_no_finding() -> None:
    session = Session(RULES)
    session.feed(capture("ap x 00:13:37:a5:00:01 Free ch=6 sec=open make=bare clock=epoch to=5"))
    session.finish()
    assert {f.rule for f in session.findings("capture-x")} == {"wifi/open-network"}
