"""Learning a site, and telling what changed."""

import msgspec
import pytest

from rogue_scan.errors import Malformed
from rogue_scan.model import site as sites
from rogue_scan.model.finding import Finding
from rogue_scan.rules.load import load
from rogue_scan.wifi import baseline
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.listing import capture

OFFICE = """
ap one 70:db:98:12:3a:20 Office ch=1 sec=wpa2 make=cisco up=400000 to=8
ap two 70:db:98:12:44:e0 Office ch=6 sec=wpa2 make=cisco up=410000 to=8
"""


def visit(text: str, site: sites.Site | None = None) -> Session:
    session = Session(load(), name="visit", site=site)
    session.feed(capture(text))
    session.finish()
    session.findings("capture-x")  # brings the world up to date
    return session


def learnt(*texts: str) -> sites.Site:
    return baseline.merge(baseline.learn(visit(text).world, f"visit {n}") for n, text in enumerate(texts))


def changes(site: sites.Site, text: str) -> list[tuple[str, str, str]]:
    return [(c.kind, c.bssid, c.what) for c in baseline.compare(site, visit(text).world)]


def found(text: str, site: sites.Site | None, rule: str) -> list[Finding]:
    return [f for f in visit(text, site).findings("capture-x") if f.rule == rule]


def test_nothing_changed() -> None:
    assert changes(learnt(OFFICE), OFFICE) == []


def test_a_site_survives_being_written_and_read() -> None:
    site = learnt(OFFICE)
    assert sites.decode(sites.encode(site)) == site


def test_another_document_is_no_site() -> None:
    with pytest.raises(Malformed, match="schema"):
        sites.decode(b'{"schema": "rogue-scan/report/1"}')
    with pytest.raises(Malformed):
        sites.decode(b"[]")


def test_a_new_access_point() -> None:
    new = OFFICE + "ap three 02:11:22:33:44:55 Office ch=6 sec=open make=bare to=8\n"
    assert changes(learnt(OFFICE), new) == [("new", "02:11:22:33:44:55", "")]


def test_gone_only_where_its_channel_was_listened_to() -> None:
    site = learnt(OFFICE)
    elsewhere = "ap x 50:c7:bf:61:20:3c Flat ch=11 sec=wpa2 make=tplink to=8\n"
    assert ("gone", "70:db:98:12:44:e0", "") not in changes(site, elsewhere)
    there = elsewhere.replace("ch=11", "ch=6")
    assert ("gone", "70:db:98:12:44:e0", "") in changes(site, there)


def test_a_change_is_named_down_to_the_element() -> None:
    changed = OFFICE.replace("make=cisco up=410000", "make=unifi up=410000")
    parts = {what for kind, bssid, what in changes(learnt(OFFICE), changed) if kind == "changed"}
    assert {"rates (1)", "element 221.004096.01", "element 221.00156d.00"} <= parts


def test_a_change_of_protection() -> None:
    changed = OFFICE.replace("ch=6 sec=wpa2", "ch=6 sec=wpa3")
    assert ("changed", "70:db:98:12:44:e0", "security") in changes(learnt(OFFICE), changed)


def test_what_two_visits_showed_is_both_right() -> None:
    moved = OFFICE.replace("ch=6", "ch=11")
    assert ("changed", "70:db:98:12:44:e0", "channel") in changes(learnt(OFFICE), moved)
    both = learnt(OFFICE, moved)
    assert changes(both, moved) == changes(both, OFFICE) == []
    assert both.access_points[1].visits == 2


def test_the_same_capture_twice_is_one_visit() -> None:
    once = baseline.learn(visit(OFFICE).world, "visit")
    assert baseline.merge([once, once]) == once


def test_what_a_reviewer_wrote_stays() -> None:
    site = learnt(OFFICE)
    refused = msgspec.structs.replace(site.access_points[0], accepted=False, note="left by the tenant before")
    reviewed = msgspec.structs.replace(site, access_points=(refused, *site.access_points[1:]))
    merged = baseline.merge([reviewed, learnt(OFFICE.replace("to=8", "to=9"))])
    assert not merged.access_points[0].accepted
    assert merged.access_points[0].note == "left by the tenant before"
    assert ("unwanted", "70:db:98:12:3a:20", "") in changes(merged, OFFICE)


def test_a_twin_without_the_real_one_in_range() -> None:
    twin = "ap twin 02:11:22:33:44:55 Office ch=6 sec=open make=bare up=20 to=8\n"
    assert not found(twin, None, "wifi/evil-twin-open")
    (finding,) = found(twin, learnt(OFFICE), "wifi/evil-twin-open")
    assert finding.actors == ("02:11:22:33:44:55",)
    assert finding.targets == ("70:db:98:12:3a:20", "70:db:98:12:44:e0")


def test_what_is_known_is_no_suspect() -> None:
    extender = (
        "ap router 04:d4:c4:0b:19:c0 Home ch=6 sec=wpa2 make=tplink up=400000 to=8\n"
        "ap extender 9c:3d:cf:70:0a:51 Home ch=6 sec=wpa2 make=bare up=20 from=3.5 to=8\n"
    )
    assert found(extender, None, "wifi/evil-twin-same-security")
    assert not found(extender, learnt(extender), "wifi/evil-twin-same-security")


def test_a_known_address_that_changed_is_a_suspect() -> None:
    before = (
        "ap router 04:d4:c4:0b:19:c0 Home ch=6 sec=wpa2 make=tplink up=400000 to=8\n"
        "ap extender 9c:3d:cf:70:0a:51 Home ch=11 sec=wpa2 make=netgear up=400000 to=8\n"
    )
    after = before.replace("sec=wpa2 make=netgear up=400000", "sec=open make=bare up=20")
    (finding,) = found(after, learnt(before), "wifi/evil-twin-open")
    assert any("it has changed" in item.says for item in finding.evidence)
