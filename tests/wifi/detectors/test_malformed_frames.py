"""Frames made to crash receivers."""

from collections.abc import Callable
from typing import Any

from rogue_scan.model.finding import Finding
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.listing import capture

Find = Callable[..., list[Finding]]
RULE = "wifi/malformed-frames"
REAL = "ap real 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink up=90000 to=14\n"
TOO_LONG = "a-name-with-more-than-32-characters"


def test_who_sends_nothing_but_malformed_beacons_is_faulty_and_attacks_nobody(findings_of: Find) -> None:
    broken = f"ap broken {{}} {TOO_LONG} ch=6 sec=wpa2 make=tplink up=90000 from=5 to=7"
    faulty = findings_of(REAL + broken.format("04:d4:c4:0b:19:c0"))
    assert [f for f in faulty if f.rule == RULE] == []
    forged = findings_of(REAL + broken.format("50:c7:bf:f1:00:10"))
    assert [f.targets for f in forged if f.rule == RULE] == [("50:c7:bf:f1:00:10",)]


def test_malformed_frames_of_an_access_point_are_laid_to_it_whichever_network_they_name(rules: Any) -> None:
    real, other, phone = (bytes.fromhex(mac) for mac in ("50c7bff10010", "04d4c40b19c0", "3ca9f40c0ffe"))
    raw = capture(
        REAL
        + "ap other 04:d4:c4:0b:19:c0 Next ch=6 sec=wpa2 make=cisco up=70000 to=14\n"
        + "station phone 3c:a9:f4:0c:0f:fe\nempty 4 real phone count=40 every=0.02"
    )
    session = Session(rules)
    session.feed(raw.replace(phone + real + real, phone + real + other))
    session.finish()
    (finding,) = [f for f in session.findings("capture-1") if f.rule == RULE]
    assert finding.targets == ("50:c7:bf:f1:00:10",)
    assert finding.ssids == ("Office",)
