"""Captures from text."""

import pytest

from rogue_scan.errors import UsageError
from rogue_scan.rules.load import load
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.listing import capture

RULES = load()


def session(text: str) -> Session:
    made = Session(RULES)
    made.feed(capture(text))
    made.finish()
    made.findings("capture-1")
    return made


def test_the_same_listing_gives_the_same_bytes() -> None:
    text = "ap a 14:cc:20:77:31:f0 Shop to=3\nphantom 1 count=5"
    assert capture(text) == capture(text)


@pytest.mark.parametrize("make", ["bare", "tplink", "netgear", "cisco", "unifi", "phone"])
@pytest.mark.parametrize("sec", ["open", "wep", "wpa", "tkip", "wpa2", "wpa23", "wpa3", "eap", "owe"])
def test_every_announcement_is_intact(make: str, sec: str) -> None:
    world = session(f"ap a 14:cc:20:77:31:f0 Shop sec={sec} make={make} wps mdid=1 to=1").world
    announcement = world.bss["14:cc:20:77:31:f0"].main
    assert announcement is not None
    assert announcement.elements.check() == []
    assert not world.malformed


def test_protection_is_as_written() -> None:
    kinds = {
        "open": "open", "wep": "WEP", "wpa": "WPA PSK (TKIP)", "wpa2": "WPA2 PSK (CCMP)",
        "wpa3": "WPA3 SAE (CCMP), MFP required", "eap": "WPA2 802.1X (CCMP)",
        "owe": "OWE (CCMP), MFP required",
    }  # fmt: skip
    for sec, label in kinds.items():
        main = session(f"ap a 14:cc:20:77:31:f0 Shop sec={sec} to=1").world.bss["14:cc:20:77:31:f0"].main
        assert main is not None
        assert main.security.label == label


@pytest.mark.parametrize(
    "text",
    [
        "ap a 14:cc:20 Shop",
        "ap a 14:cc:20:77:31:f0 Shop sec=wpa9",
        "answer 1 nobody nowhere",
        "dance 1",
        "ap a",
        "phantom 1 count=1000000 every=0.001",
    ],
)
def test_nonsense_names_its_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"line 1|200000"):
        capture(text)
