"""Options on captures: joined, exported, followed."""

import json
from pathlib import Path

import pytest

WIFI = Path(__file__).parents[1] / "data" / "wifi"
ONE, TWO = WIFI / "weak-c.pcapng", WIFI / "transition-a.pcapng"


def test_joined_captures_are_one_subject(run):
    report = json.loads(run("wifi", "--join", ONE, TWO, "-f", "json").stdout)
    (subject,) = report["subjects"]
    apart = json.loads(run("wifi", ONE, TWO, "-f", "json").stdout)["subjects"]
    assert subject["coverage"]["frames"] == sum(s["coverage"]["frames"] for s in apart)
    points = {p["bssid"] for s in apart for p in s["wifi"]["access_points"]}
    assert {p["bssid"] for p in subject["wifi"]["access_points"]} == points


def test_tables_are_exported(run, tmp_path):
    done = run(
        "wifi",
        ONE,
        "-q",
        "--export",
        "wigle=w.csv",
        "--export",
        "access-points=a.csv",
        "--export",
        "clients=c.csv",
    )
    assert done.returncode == 0
    assert (tmp_path / "w.csv").read_text().startswith("WigleWifi-1.6,")
    assert len((tmp_path / "a.csv").read_text().splitlines()) > 1
    assert (tmp_path / "c.csv").read_text().startswith("mac,")


@pytest.mark.parametrize(
    "options",
    [
        ("--export", "pdf=x"),
        ("--export", "wigle"),
        ("--join", "--evidence", "e.pcapng"),
        ("--follow", TWO),
    ],
)
def test_what_cannot_be_done_is_wrong_usage(run, options):
    done = run("wifi", ONE, *options)
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_followed_stream_ends_with_its_findings(run):
    done = run("wifi", "-", "--follow", "-f", "jsonl", stdin=ONE.read_bytes())
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"] == "started"
    assert events[-1]["event"] == "ended"
    assert "wifi/weak-encryption" in {e["finding"]["rule"] for e in events if e["event"] == "opened"}
