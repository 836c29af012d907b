import re

import msgspec
import pytest

from rogue_scan.life.anonymise import anonymise
from rogue_scan.life.merge import merge
from rogue_scan.model.report import decode, encode
from rogue_scan.model.subject import Mark
from rogue_scan.render.formats import FORMATS, render

SECRETS = [
    "3c:84:6a:11:20:01",
    "3c:84:6a:77:20:01",
    "7a:10:5e:00:00:31",
    "9c:b6:d0:00:00:77",
    "HarbourGuest",
    "QuayCafe",
    "Home-5G",
    "harbour-hall",
    "broken.pcap",
]


@pytest.mark.parametrize("name", FORMATS)
def test_no_address_or_name_is_left_in_any_format(name, full):
    text = render(name, anonymise(full))
    for secret in SECRETS:
        assert secret not in text
        assert secret[-5:] not in text or ":" not in secret, "labels of pictures show the end of an address"
    assert "gate.parcel-track.example" in text or name == "junit", "what others must look for stays"


def test_the_story_can_still_be_followed(full):
    hidden = anonymise(full)
    twin = next(finding for finding in hidden.findings if finding.rule == "wifi/evil-twin-open")
    assert twin.actors[0] in twin.message and twin.targets[0] in twin.message
    assert twin.actors[0] in hidden.incidents[0].access_points
    assert all(item in {finding.id for finding in hidden.findings} for item in hidden.incidents[0].findings)
    assert all(term.finding in {finding.id for finding in hidden.findings} for term in hidden.risk.terms)
    assert re.fullmatch("02(:[0-9a-f]{2}){5}", twin.actors[0])


def test_ids_cannot_be_guessed_from_addresses(full):
    text = encode(anonymise(full)).decode()
    for finding in full.findings:
        assert f'"{finding.id}"' not in text and finding.fingerprint not in text


def test_a_key_makes_reports_agree_and_the_key_is_needed(full):
    one, same, other = (anonymise(full, key) for key in (b"k", b"k", b"x"))
    assert one == same != other
    assert merge([one, same]).findings == merge([one]).findings


@pytest.mark.parametrize(
    "text",
    [
        "3C-84-6A-11-20-01",
        "3C:84:6A:11:20:01",
        "fe80::3e84:6aff:fe11:2001",
        "mac 3c:84:6a:11:20:01.",
        "bssid:3c:84:6a:11:20:01: x",
    ],
)
def test_other_ways_to_write_an_address(full, text):
    changed = msgspec.structs.replace(full.findings[0], message=text)
    hidden = anonymise(msgspec.structs.replace(full, findings=(changed,)))
    assert not re.search("(?i)3c.?84.?6a|3e84|11.?20.?01", hidden.findings[0].message)


def test_broadcast_stays(full):
    changed = msgspec.structs.replace(full.findings[0], targets=("ff:ff:ff:ff:ff:ff",))
    hidden = anonymise(msgspec.structs.replace(full, findings=(changed,)))
    assert hidden.findings[0].targets == ("ff:ff:ff:ff:ff:ff",)


def test_places_go(full):
    capture = full.subjects[0]
    wifi = msgspec.structs.replace(
        capture.wifi, marks=(Mark(1.0, "Room 12", latitude=51.2, longitude=6.8, altitude=40.0, accuracy=3.0),)
    )
    marked = msgspec.structs.replace(
        full, subjects=(msgspec.structs.replace(capture, wifi=wifi), full.subjects[1])
    )
    mark = anonymise(marked).subjects[0].wifi.marks[0]
    assert (mark.altitude, mark.accuracy) == (None, None)
    assert (mark.name, mark.latitude, mark.longitude) == ("place-1", None, None)


def test_the_result_is_a_report(full):
    assert decode(encode(anonymise(full))) == anonymise(full)
