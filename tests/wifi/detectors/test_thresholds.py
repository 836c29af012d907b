"""Where a rule begins to speak: one frame, one name, one address more or less."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rogue_scan.model.evidence import Evidence
from rogue_scan.model.finding import Finding
from rogue_scan.model.site import KnownAccessPoint, Site
from rogue_scan.wifi.analyse import Session
from rogue_scan.wifi.listing import capture
from rogue_scan.wifi.world import Kind

Find = Callable[..., list[Finding]]
REAL = "ap real 50:c7:bf:f1:00:10 Office ch=6 sec={} make=tplink up=90000 to=14\n"


def by_rule(found: list[Finding], rule: str) -> list[Finding]:
    return [finding for finding in found if finding.rule == f"wifi/{rule}"]


def said(found: list[Finding], rule: str) -> str:
    return "\n".join(item.says for finding in by_rule(found, rule) for item in finding.evidence)


@pytest.mark.parametrize(("seconds", "speaks"), [(0.15, False), (0.25, True)])
def test_two_beacons_make_an_open_network(findings_of: Find, seconds: float, speaks: bool) -> None:
    found = findings_of(f"ap cafe 58:b6:33:0d:44:18 Café sec=open every=0.14 to={seconds}")
    assert bool(by_rule(found, "open-network")) is speaks


@pytest.mark.parametrize("frames", [9, 10])
def test_a_lone_frame_before_a_flood_does_not_dilute_it(findings_of: Find, frames: int) -> None:
    found = findings_of(
        REAL.format("wpa2")
        + "station phone 3c:a9:f4:0c:0f:fe\njoin 1 phone real\n"
        + "goodbye 1.2 real phone seq=1500\n"
        + f"goodbye 11.1 real phone count={frames} every=0.05 seq=2500"
    )
    assert bool(by_rule(found, "deauth-flood")) is (frames == 10)


def test_most_sequence_numbers_must_be_foreign(findings_of: Find) -> None:
    def listing(foreign: int, own: int) -> str:
        return (
            REAL.format("wpa2")
            + f"goodbye 5 real all count={foreign} every=0.1 seq=900\n"
            + f"goodbye 5.05 real all count={own} every=0.1\n"
        )

    assert "do not follow" in said(findings_of(listing(3, 2)), "deauth-flood")
    assert "do not follow" not in said(findings_of(listing(3, 3)), "deauth-flood")
    assert "do not follow" not in said(findings_of(listing(2, 5)), "deauth-flood")


@pytest.mark.parametrize(("strangers", "told"), [(19, False), (20, True)])
def test_twenty_new_addresses_are_told(findings_of: Find, strangers: int, told: bool) -> None:
    """The device that joined is new among them, too."""
    found = findings_of(
        REAL.format("wpa2")
        + "station phone 3c:a9:f4:0c:0f:fe\njoin 1 phone real\n"
        + "eapol 4.5 phone real start count=30 every=0.05\n"
        + f"eapol 4.51 random real start count={strangers - 1} every=0.05"
    )
    assert (f"{strangers} of the senders were never heard" in said(found, "eapol-flood")) is told


def probing(frames: int) -> str:
    """Seventy devices that each send so many probe requests for one name."""
    lines = [f"station c{i} 02:00:00:00:01:{i:02x}" for i in range(70)]
    lines += [f"ask {2 + i * 0.05 + j * 0.01} c{i} Office{i}" for i in range(70) for j in range(frames)]
    return REAL.format("wpa2") + "\n".join(lines)


def test_a_device_that_searches_sends_several_frames(findings_of: Find) -> None:
    once = "send one frame each"
    assert once in said(findings_of(probing(1)), "probe-flood")
    assert once not in said(findings_of(probing(2)), "probe-flood")


def test_names_that_are_beaconed_are_no_echo(findings_of: Find) -> None:
    names = ("Anker", "Birke", "Chor")
    aps = "".join(f"ap a{i} 02:c0:ca:41:41:41 {name} ch=6 sec=open\n" for i, name in enumerate(names))
    asked = "".join(
        f"ask {i} phone {name}\nanswer {i}.01 a{i} phone {name}\n" for i, name in enumerate(names, 0)
    )
    says = said(findings_of(aps + "station phone 64:b4:73:4b:00:01\n" + asked), "karma")
    assert "3 of the names are in its beacons as well" in says
    assert "asked for" not in says


def test_a_control_character_in_a_name_imitates_it_whoever_came_first(findings_of: Find) -> None:
    for copy, real in (("from=5", ""), ("", "from=5")):
        found = findings_of(f"""
            ap real 50:c7:bf:8e:02:6a Lindenhof ch=6 sec=open make=tplink up=400000 {real} to=12
            ap copy 02:11:22:33:44:55 "Linden\x01hof" ch=6 sec=wpa2 make=bare up=20 {copy} to=12
        """)
        for finding in by_rule(found, "lookalike-ssid"):
            assert finding.actors == ("02:11:22:33:44:55",)
        assert by_rule(found, "lookalike-ssid")


@pytest.mark.parametrize(("names", "told"), [(("freenet", "Anker", "Birke"), False),
                                             (("freenet", "linksys", "Birke"), True)])  # fmt: skip
def test_two_saved_names_make_a_lure(findings_of: Find, names: tuple[str, ...], told: bool) -> None:
    found = findings_of(
        "\n".join(
            f"ap a{i} 02:11:22:33:44:{i:02x} {name} ch=6 sec=open up=20" for i, name in enumerate(names)
        )
    )
    assert (
        "of the names are those of networks that many devices" in said(found, "known-network-lure")
    ) is told


def test_an_enterprise_network_offered_with_a_passphrase_is_a_downgrade(findings_of: Find) -> None:
    found = findings_of("""
        ap real 70:db:98:12:3a:20 Campus ch=1 sec=eap make=cisco up=400000 to=12
        ap twin 02:c0:ca:41:41:41 Campus ch=6 sec=wpa2 make=bare up=3 from=5 to=12
    """)
    (finding,) = by_rule(found, "security-downgrade")
    assert finding.actors == ("02:c0:ca:41:41:41",)
    assert "802.1X" in said(found, "security-downgrade") or "enterprise" in said(found, "security-downgrade")


def test_a_name_that_the_site_knows_as_protected_is_a_twin_in_the_open(findings_of: Find) -> None:
    def site(security: str) -> Site:
        return Site(access_points=(KnownAccessPoint("50:c7:bf:f1:00:10", ("Office",), (security,)),))

    alone = "ap twin 02:c0:ca:41:41:41 Office ch=6 sec=open make=bare up=20"
    (twin,) = by_rule(findings_of(alone, site=site("WPA2 PSK (CCMP)")), "evil-twin-open")
    assert twin.targets == ("50:c7:bf:f1:00:10",)
    assert any("50:c7:bf:f1:00:10" in item.says for item in twin.evidence)
    assert not by_rule(findings_of(alone, site=site("open")), "evil-twin-open")


def test_a_real_switch_that_does_not_come_about_carries_its_own_sequence_numbers(findings_of: Find) -> None:
    """An access point may announce a switch and stay: nothing in the frames is forged."""
    found = findings_of(REAL.format("wpa2") + "switch 5 real ch=11 frames=10 every=0.1 count=3")
    says = said(found, "channel-switch-spoof")
    assert "more beacons" in says
    assert "do not follow" not in says


def test_a_harvest_in_the_client_s_name_bears_the_mark_of_its_tool(findings_of: Find) -> None:
    listing = (
        REAL.format("wpa2")
        + "station phone 3c:a9:f4:0c:0f:fe\njoin 1 phone real\n"
        + "goodbye 5 real phone count=64 every=0.01 reason=7 seq=0 by=station\njoin 7 phone real"
    )
    found = findings_of(listing)
    assert "mark of" in said(found, "handshake-harvest") + said(found, "deauth-flood")


def test_only_kinds_that_the_rule_names_are_pushed(air: Any, ask: Any) -> None:
    page = b'<a href="/tool.exe">tool</a> <a href="/app.apk">app</a>'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n".encode()
    air.talk(
        ("client", b"GET / HTTP/1.1\r\nHost: 10.9.0.1\r\n\r\n"), ("server", head + page), server_ip="10.9.0.1"
    )
    (both,) = ask("wifi/app-push", air)
    assert {end.rsplit("/", 1)[-1] for end in both.endpoints} == {"tool.exe", "app.apk"}
    (one,) = ask("wifi/app-push", air, kinds={"apk": "Android app"})
    assert {end.rsplit("/", 1)[-1] for end in one.endpoints} == {"app.apk"}


@pytest.mark.parametrize(("frames", "told"), [(79, False), (80, True)])
def test_eighty_logins_of_one_address_are_told(findings_of: Find, frames: int, told: bool) -> None:
    found = findings_of(
        REAL.format("wpa2")
        + "station phone 3c:a9:f4:0c:0f:fe\n"
        + f"login 4.2 phone real count={frames} every=0.01\nlogin 4.25 random real count=30 every=0.01"
    )
    assert ("3c:a9:f4:0c:0f:fe starts to log in" in said(found, "auth-flood")) is told


@pytest.mark.parametrize(("seconds", "speaks"), [(0.2, False), (0.42, True)])
def test_three_beacons_make_a_hidden_network(findings_of: Find, seconds: float, speaks: bool) -> None:
    listing = f"ap back 84:b8:02:1c:70:e0 office sec=wpa2 hidden every=0.14 to={seconds}"
    assert bool(by_rule(findings_of(listing), "hidden-ssid")) is speaks


@pytest.mark.parametrize(
    ("answers", "karma"),
    [(("Lxbbx", "xobxy", "Lo"), False), (("Lxxxy", "Lobxxx"), True), (("Lxxxy", "Lobby Guest"), False)],
    ids=["two letters wrong or cut off", "other names", "one other name"],
)
def test_a_damaged_name_differs_in_two_letters(
    findings_of: Find, answers: tuple[str, ...], karma: bool
) -> None:
    told = "\n".join(f'answer {3 + i} real s "{name}"' for i, name in enumerate(answers))
    found = findings_of(f"""
        ap real 04:d4:c4:0b:19:c0 Lobby ch=6 sec=wpa2 make=tplink up=400000 to=8
        station s 3c:a9:f4:0c:0f:fe
        {told}
    """)
    assert bool(by_rule(found, "karma")) is karma


def test_of_two_names_with_foreign_letters_the_one_with_more_imitates(findings_of: Find) -> None:
    for copy, real in (("from=5", ""), ("", "from=5")):
        found = findings_of(f"""
            ap real 50:c7:bf:8e:02:6a L\u0456ndenhof ch=6 sec=wpa2 make=tplink up=400000 {real} to=12
            ap copy 02:11:22:33:44:55 Lind\u0435nh\u043ef ch=6 sec=wpa2 make=bare up=20 {copy} to=12
        """)
        assert [f.actors for f in by_rule(found, "lookalike-ssid")] == [("02:11:22:33:44:55",)]


def test_retries_are_counted_once(rules: Any) -> None:
    """What the air makes twice of one frame is one frame."""
    session = Session(rules)
    session.feed(
        capture(
            REAL.format("wpa2") + "station s 3c:a9:f4:0c:0f:fe\ngoodbye 5 real s count=60 every=0.02 seq=0"
        )
    )
    session.finish()
    for (kind, transmitter, _), rate in session.world.rates.items():
        if kind is Kind.DEAUTH and transmitter == "50:c7:bf:f1:00:10":
            rate.seen.count, rate.retries = 100, 30
    (flood,) = by_rule(session.findings("capture-1"), "deauth-flood")
    assert flood.message.startswith("70 ")


def test_strangers_at_a_network_with_tkip_make_it_count_forged_mics(rules: Any) -> None:
    """Its own reports of them (EAPOL-Key with error and request) are told with their number."""
    listing = "ap real 50:c7:bf:f1:00:10 Office ch=6 sec=tkip make=tplink up=90000 to=14\n"
    session = Session(rules)
    session.feed(capture(listing + "data 0.2 random real\ndata 4.2 random real count=40 every=0.02"))
    session.finish()
    (alone,) = by_rule(session.findings("capture-1"), "malformed-frames")
    assert alone.first_seen is not None
    assert 4 < alone.first_seen < 4.3, "a lone frame before it is no part of it"
    assert "message check" not in said([alone], "malformed-frames")


def test_a_portal_that_the_network_announces_is_named(air: Any, kit: Any, ask: Any) -> None:
    options = {3: kit("raw", "10.9.0.1"), 6: kit("raw", "10.9.0.1"), 114: b"https://portal.hotel.example/api"}
    message = kit("dhcp", 5, "02:00:00:00:00:c1", "10.9.0.50", "10.9.0.1", options)
    air.ip("02:00:00:00:00:01", "02:00:00:00:00:c1", kit("udp", "10.9.0.1", 67, "10.9.0.50", 68, message))
    form = b"<form method=post action=/x>Passport <input name=passport> Card <input name=card_number></form>"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(form)}\r\n\r\n".encode()
    air.talk(
        ("client", b"GET / HTTP/1.1\r\nHost: 10.9.0.1\r\n\r\n"), ("server", head + form), server_ip="10.9.0.1"
    )
    (finding,) = ask("wifi/captive-portal-phishing", air)
    assert any("https://portal.hotel.example/api" in item.says for item in finding.evidence)


def test_one_address_that_probes_without_end_is_named(findings_of: Find) -> None:
    asked = "\n".join(f"ask {4 + i * 0.02:.2f} phone Office{i % 40}" for i in range(150))
    found = findings_of(f"{REAL.format('wpa2')}station phone 3c:a9:f4:0c:0f:fe\n{asked}")
    assert "3c:a9:f4:0c:0f:fe sends 150 within 10 s" in said(found, "probe-flood")


def test_reports_of_forged_mics_are_counted(rules: Any) -> None:
    listing = """
        ap real 50:c7:bf:f1:00:10 Office ch=6 sec=tkip make=tplink up=90000 to=14
        station s 3c:a9:f4:0c:0f:fe
        join 1 s real
        data 4.2 random real count=60 every=0.02
    """
    error, request = 0x0400, 0x0800

    def mics(*reports: tuple[str, int]) -> list[Evidence]:
        session = Session(rules)
        session.feed(capture(listing))
        session.finish()
        keys = session.world.keys
        for bssid, flags in reports:
            keys.append(replace(keys[0], bssid=bssid, key=replace(keys[0].key, info=flags)))
        (finding,) = by_rule(session.findings("capture-1"), "malformed-frames")
        return [item for item in finding.evidence if "message check" in item.says]

    own, other = "50:c7:bf:f1:00:10", "04:d4:c4:0b:19:c0"
    assert mics((own, error), (own, request), (other, error | request)) == []
    (item,) = mics((own, error | request), (own, error | request))
    assert item.says.startswith("2 ")


def test_malformed_frames_of_an_unknown_sender_are_laid_to_the_network_they_are_in(rules: Any) -> None:
    session = Session(rules)
    session.feed(
        capture(REAL.format("wpa2") + "station s 3c:a9:f4:0c:0f:fe\nempty 4 real s count=40 every=0.02")
    )
    session.finish()
    entries = session.world.malformed
    for key, entry in list(entries.items()):
        entries[key] = replace(entry, transmitter="02:11:22:33:44:55")
    (finding,) = by_rule(session.findings("capture-1"), "malformed-frames")
    assert finding.targets == ("50:c7:bf:f1:00:10",)
    assert finding.ssids == ("Office",)


def test_a_network_under_another_name_on_its_own_channel(findings_of: Find) -> None:
    """There the clock alone tells that a second transmitter is at work."""
    (finding,) = by_rule(
        findings_of("""
            ap trusted 70:db:98:55:10:20 Uni-Secure ch=6 sec=wpa2 make=cisco up=400000 to=14
            ap guest 70:db:98:55:10:21 Uni-Guest ch=6 sec=wpa2 make=cisco up=300000 to=14
            replay 8 guest of=2 seconds=4 as=Uni-Secure
        """),
        "ssid-confusion",
    )
    assert finding.actors == ("70:db:98:55:10:21",)
    assert not any("channel" in item.says for item in finding.evidence)


def test_only_files_of_the_kinds_that_the_rule_names_are_pushed(air: Any, ask: Any) -> None:
    for name, body in (("tool.exe", b"MZ" + bytes(600)), ("page.sh", b"#!/bin/sh\necho hello\n" * 40)):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nContent-Length: {len(body)}\r\n\r\n"
        request = f"GET /{name} HTTP/1.1\r\nHost: 10.9.0.1\r\n\r\n".encode()
        air.talk(("client", request), ("server", head.encode() + body), server_ip="10.9.0.1")
    (both,) = ask("wifi/app-push", air)
    assert {end.rsplit("/", 1)[-1] for end in both.endpoints} == {"tool.exe", "page.sh"}
    (one,) = ask("wifi/app-push", air, kinds={"script": "script"})
    assert {end.rsplit("/", 1)[-1] for end in one.endpoints} == {"page.sh"}


def test_recorded_beacons_of_a_hidden_network_that_answers_to_its_name(findings_of: Find) -> None:
    """Its name in answers is no second network."""
    listing = """
        ap real 9c:3d:cf:0b:0b:31 Fitness ch=6 sec=wpa2 make=netgear hidden up=400000 to=14
        station phone 3c:a9:f4:0c:0f:fe
        ask 1 phone Fitness
        answer 1.01 real phone
        ask 13 phone Fitness
        answer 13.01 real phone
        replay 8 real of=2 seconds=4
    """
    assert [f.targets for f in by_rule(findings_of(listing), "beacon-replay")] == [("9c:3d:cf:0b:0b:31",)]


def test_of_two_transmitters_under_one_enterprise_address_the_later_is_strange(
    findings_of: Find,
) -> None:
    found = findings_of("""
        ap real 70:db:98:12:3a:20 Campus ch=1 sec=eap make=cisco up=400000 to=14
        ap copy 70:db:98:12:3a:20 Campus ch=11 sec=eap make=bare up=20 from=6 to=14
    """)
    for finding in by_rule(found, "evil-twin-enterprise"):
        assert finding.first_seen is not None and finding.first_seen > 5
    assert by_rule(found, "evil-twin-enterprise")


@pytest.mark.parametrize(("pause", "found"), [(1.9, 41), (2.1, 40)])
def test_a_phantom_that_follows_soon_belongs_to_the_flood(
    findings_of: Find, pause: float, found: int
) -> None:
    """Soon: within eight times the mean distance of the flood."""
    listing = f"phantom 2 count=40 every=0.25\nphantom {11.75 + pause} count=1 name=Late\n"
    assert f"{found} access points" in said(findings_of(REAL.format("wpa2") + listing), "beacon-flood")


@pytest.mark.parametrize(("seconds", "told"), [(0.5, False), (0.6, True)])
def test_six_beacons_make_a_transmitter_that_repeats(findings_of: Find, seconds: float, told: bool) -> None:
    listing = f"""
        ap real 9c:3d:cf:0b:0b:31 Fitness ch=6 sec=wpa2 make=netgear up=400000 to=14
        replay 8 real of=2 seconds={seconds}
    """
    assert ("comes again" in said(findings_of(listing), "beacon-replay")) is told


@pytest.mark.parametrize(("security", "beside"), [("tkip", False), ("mixed", True)])
def test_a_strong_cipher_beside_a_weak_one_is_told(findings_of: Find, security: str, beside: bool) -> None:
    says = said(findings_of(REAL.format(security)), "weak-encryption")
    assert "TKIP" in says
    assert ("CCMP is offered as well" in says) is beside


@pytest.mark.parametrize(("weak", "told"), [(5, False), (9, True)])
def test_the_middle_level_of_forged_frames_counts(findings_of: Find, weak: int, told: bool) -> None:
    found = findings_of(
        REAL.format("wpa2")
        + f"goodbye 5 real all count={weak} every=0.1 seq=900 dbm=-80\n"
        + f"goodbye 5.05 real all count={14 - weak} every=0.1 seq=1900 dbm=-50"
    )
    assert ("dB" in said(found, "deauth-flood")) is told


def test_who_joined_another_access_point_is_a_stranger_here(findings_of: Find) -> None:
    devices = "\n".join(
        f"station c{i} 3c:a9:f4:00:01:{i:02x}\njoin {1 + i * 0.1:.1f} c{i} other\n"
        f"eapol {5 + i * 0.05} c{i} real start count=8 every=0.2"
        for i in range(12)
    )
    other = "ap other 04:d4:c4:0b:19:c0 Next ch=6 sec=wpa2 make=tplink up=90000 to=14\n"
    assert "12 senders never joined" in said(
        findings_of(REAL.format("wpa2") + other + devices), "eapol-flood"
    )
