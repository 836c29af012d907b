"""Names of networks: shared ones, and look-alikes."""

import pytest

from rogue_scan.wifi import names


@pytest.mark.parametrize(
    ("name", "original", "kind"),
    [
        ("CоffeeHouse", "CoffeeHouse", "homoglyph"),  # Cyrillic o
        ("StarIight Hotel", "Starlight Hotel", "homoglyph"),
        ("Starl1ght Hotel", "Starlight Hotel", "homoglyph"),
        ("Ｓtarlight Hotel", "Starlight Hotel", "homoglyph"),  # full width
        ("modern", "modem", "homoglyph"),
        ("Lobby\u200b", "Lobby", "invisible"),
        ("Lo\u200dbby", "Lobby", "invisible"),
        ("lobby", "Lobby", "case"),
        ("Lobby ", "Lobby", "spacing"),
        ("Grand-Hotel", "Grand Hotel", "spacing"),
        ("CoffeeHouse_Free", "CoffeeHouse", "affix"),
        ("Free CoffeeHouse", "CoffeeHouse", "affix"),
        ("CoffeeHouse-5G", "CoffeeHouse", "affix"),
        ("CoffeeHouse FreeWiFi", "CoffeeHouse", "affix"),
        ("CofeeHouse", "CoffeeHouse", "typo"),
        ("CoffeeHuose", "CoffeeHouse", "typo"),
    ],
)
def test_likeness(name: str, original: str, kind: str) -> None:
    how = names.likeness(name, original)
    assert how is not None
    assert how.kind == kind


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("CoffeeHouse", "CoffeeHouse"),
        ("TP-Link_1A2B", "TP-Link_1A82"),
        ("Flat 12", "Flat 13"),
        ("Miller_Family", "Miller_Guest"),
        ("", "Lobby"),
        ("\u200b", "Lobby"),
        ("Mall-Kids", "Mall-Events"),
        ("Home", "Homer Simpson"),
    ],
)
def test_no_likeness(name: str, original: str) -> None:
    assert names.likeness(name, original) is None


@pytest.mark.parametrize(
    "name", ["linksys", "NETGEAR", "xfinitywifi", "eduroam", "Free WiFi", "AndroidAP", "dlink"]
)
def test_shared_names(name: str) -> None:
    assert names.generic(name)


@pytest.mark.parametrize("name", ["CoffeeHouse", "Kanzlei Meier", "NETGEAR21", "TP-Link_1A2B", "Office-Main"])
def test_names_of_one_owner(name: str) -> None:
    assert not names.generic(name)


def test_a_plug_in_radio() -> None:
    assert names.adapter("00:c0:ca:11:22:33")
    assert names.adapter("02:c0:ca:11:22:33"), "the local bit changes nothing"
    assert not names.adapter("50:c7:bf:11:22:33")
