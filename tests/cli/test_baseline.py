"""``rogue-scan baseline`` and ``--baseline`` with a learnt site."""

import json
from pathlib import Path

import pytest

from rogue_scan.wifi.listing import capture

OFFICE = """
ap one 70:db:98:12:3a:20 Office ch=6 sec=wpa2 make=cisco up=400000 to=8
ap two 70:db:98:12:44:e0 Office ch=6 sec=wpa2 make=cisco up=410000 to=8
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with captures of three visits."""
    (tmp_path / "first.pcap").write_bytes(capture(OFFICE))
    (tmp_path / "second.pcap").write_bytes(capture(OFFICE.replace("to=8", "to=9")))
    changed = OFFICE.replace(
        "44:e0 Office ch=6 sec=wpa2 make=cisco up=410000", "44:e0 Office ch=6 sec=open up=20"
    )
    (tmp_path / "third.pcap").write_bytes(capture(changed))
    return tmp_path


def test_visits_add_up(place: Path, run) -> None:
    site = place / "site.json"
    first = run("baseline", "learn", place / "first.pcap", "-o", site, "--name", "Head office")
    assert first.returncode == 0, first.stderr
    assert "2 access points from 1 visits (2 new)" in first.stderr.decode()
    second = run("baseline", "learn", place / "second.pcap", "-o", site)
    assert "2 access points from 2 visits (0 new)" in second.stderr.decode()
    learnt = json.loads(site.read_text())
    assert learnt["name"] == "Head office"
    assert [point["visits"] for point in learnt["access_points"]] == [2, 2]


def test_what_changed_is_told(place: Path, run) -> None:
    site = place / "site.json"
    run("baseline", "learn", place / "first.pcap", "-o", site)
    same = run("baseline", "diff", site, place / "second.pcap", "--exit-code")
    assert same.returncode == 0, same.stderr
    assert same.stdout.decode().strip() == "0 new, 0 gone, 0 changed, 0 unwanted"
    changed = run("baseline", "diff", site, place / "third.pcap", "--exit-code")
    assert changed.returncode == 1
    assert "changed  70:db:98:12:44:e0  Office: security: WPA2 PSK (CCMP) → open" in changed.stdout.decode()
    as_json = run("baseline", "diff", site, place / "third.pcap", "-f", "json")
    assert {change["kind"] for change in json.loads(as_json.stdout)} == {"changed"}


def test_a_scan_takes_a_site(place: Path, run) -> None:
    site = place / "site.json"
    run("baseline", "learn", place / "first.pcap", "-o", site)
    report = json.loads(run("wifi", place / "third.pcap", "-f", "json", "--baseline", site).stdout)
    (subject,) = report["subjects"]
    assert {change["what"] for change in subject["wifi"]["changes"]} >= {"security"}
    (twin,) = [f for f in report["findings"] if f["rule"] == "wifi/evil-twin-open"]
    assert any("it has changed" in item["says"] for item in twin["evidence"])


def test_something_else_than_a_site_is_refused(place: Path, run) -> None:
    other = place / "other.json"
    other.write_text("{}")
    result = run("baseline", "diff", other, place / "first.pcap")
    assert result.returncode == 2
