import csv
import io

import msgspec
import pytest

from rogue_scan.model.subject import AccessPoint, Client, ClientEvent, Mark, WifiView
from rogue_scan.wifi.export import access_points_csv, auth_mode, clients_csv, wigle_csv

POINT = AccessPoint(
    "02:00:00:00:00:01",
    ("Cafe, old town",),
    channel=6,
    frequency=2437,
    security="WPA2 PSK (CCMP)",
    akms=("PSK",),
    ciphers=("CCMP",),
    mfp="none",
    wps=True,
    signal=-51,
    beacons=12,
    first_seen=1.5,
)
EVIL = AccessPoint("02:00:00:00:00:02", ('=HYPERLINK("http://x")',), security="open", first_seen=3.0)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_wigle_has_its_head_line_and_a_row_for_each_access_point():
    marks = (
        Mark(0.0, "door"),
        Mark(1.0, latitude=52.5, longitude=13.4),
        Mark(60.0, latitude=0.0, longitude=0.0),
    )
    text = wigle_csv(WifiView(access_points=(POINT, EVIL), marks=marks), 1_700_000_000_000_000_000)
    head, table = text.split("\n", 1)
    assert head.startswith("WigleWifi-1.6,appRelease=")
    first, second = rows(table)
    assert (first["MAC"], first["SSID"], first["Type"]) == ("02:00:00:00:00:01", "Cafe, old town", "WIFI")
    assert (first["AuthMode"], first["FirstSeen"]) == ("[WPA2-PSK-CCMP][WPS][ESS]", "2023-11-14 22:13:21")
    assert (first["Channel"], first["Frequency"], first["RSSI"]) == ("6", "2437", "-51")
    assert (first["CurrentLatitude"], first["CurrentLongitude"]) == ("52.50000000", "13.40000000")
    assert second["AuthMode"] == "[ESS]"
    assert not second["SSID"].startswith("=")


def test_without_positions_a_row_says_so():
    (row,) = rows(wigle_csv(WifiView(access_points=(POINT,)), 0).split("\n", 1)[1])
    assert (row["CurrentLatitude"], row["AccuracyMeters"]) == ("0", "")


def test_a_position_brings_its_height_and_accuracy_and_does_not_reach_far():
    near = Mark(1.0, latitude=52.5, longitude=13.4, altitude=34.52, accuracy=4.0)
    (row,) = rows(wigle_csv(WifiView(access_points=(POINT,), marks=(near,)), 0).split("\n", 1)[1])
    assert (row["AltitudeMeters"], row["AccuracyMeters"]) == ("34.5", "4.0")
    later = msgspec.structs.replace(near, time=300.0)
    (row,) = rows(wigle_csv(WifiView(access_points=(POINT,), marks=(later,)), 0).split("\n", 1)[1])
    assert row["CurrentLatitude"] == "0", "five minutes' walk away is another place"


@pytest.mark.parametrize(
    ("security", "akms", "ciphers", "mfp", "told"),
    [
        ("WEP", (), (), "none", "[WEP][ESS]"),
        ("WPA PSK (TKIP)", ("PSK",), ("TKIP",), "none", "[WPA-PSK-TKIP][ESS]"),
        ("WPA2 802.1X (CCMP)", ("802.1X",), ("CCMP",), "none", "[WPA2-EAP-CCMP][ESS]"),
        ("WPA3 SAE (CCMP)", ("SAE",), ("CCMP",), "required", "[RSN-SAE-CCMP][MFPR][MFPC][ESS]"),
    ],
)
def test_protection_in_androids_words(security, akms, ciphers, mfp, told):
    point = AccessPoint("02:00:00:00:00:01", security=security, akms=akms, ciphers=ciphers, mfp=mfp)
    assert auth_mode(point) == told


def test_tables_of_access_points_and_clients():
    event = ClientEvent(2.0, "associated", "02:00:00:00:00:01")
    client = Client("02:00:00:00:00:c1", randomised=True, probed=("a", "-b"), events=(event,))
    view = WifiView(access_points=(POINT, EVIL), clients=(client,))
    first, second = rows(access_points_csv(view))
    assert (first["ssids"], first["wps"], first["channel"]) == ("Cafe, old town", "yes", "6")
    assert not second["ssids"].startswith("=")
    (row,) = rows(clients_csv(view))
    assert (row["mac"], row["randomised"], row["probed"]) == ("02:00:00:00:00:c1", "yes", "a | -b")
    assert row["events"] == "2.000 associated 02:00:00:00:00:01"
