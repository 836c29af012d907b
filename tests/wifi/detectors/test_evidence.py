"""What speaks for and against, item by item: each is stated where it holds, and not elsewhere."""

import re
from collections.abc import Callable

import pytest

from rogue_scan.model.finding import Finding
from rogue_scan.model.severity import Severity

Find = Callable[..., list[Finding]]


@pytest.fixture
def stated(findings_of: Find) -> Callable[[str, str], str]:
    """``stated(listing, rule)``: all that the rule's findings say, one item a line."""

    def of(listing: str, rule: str) -> str:
        found = [finding for finding in findings_of(listing) if finding.rule == f"wifi/{rule}"]
        assert found, f"{rule} says nothing"
        return "\n".join(item.says for finding in found for item in finding.evidence)

    return of


KARMA = """
    ap rogue 02:c0:ca:41:41:41 x ch=6 sec=open make=bare up=7 to=0
    station phone 64:b4:73:4b:00:01
    ask 1 phone {0}
    answer 1.01 rogue phone {0}
    ask 2 phone {1}
    answer 2.01 rogue phone {1}
    ask 3 phone Kappelhof-Intern
    answer 3.01 rogue phone Kappelhof-Intern
"""


def test_karma_names_that_many_have_saved_are_told(stated) -> None:
    shared = "several of the names are of networks that many devices have saved"
    assert shared in stated(KARMA.format("freenet", "linksys"), "karma")
    assert shared not in stated(KARMA.format("Quellweg-Buero", "linksys"), "karma")


def test_karma_shows_the_shared_names_and_no_others(findings_of) -> None:
    (karma,) = [f for f in findings_of(KARMA.format("freenet", "linksys")) if f.rule == "wifi/karma"]
    (shared,) = [item for item in karma.evidence if item.says.startswith("several of the names")]
    assert shared.value == "freenet, linksys"


def test_goodbyes_both_ways_begin_with_three_each_way(stated) -> None:
    burst = """
        ap real 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink up=90000 to=10
        station phone 3c:a9:f4:0c:0f:fe
        join 1 phone real
        goodbye 5 real phone count=60 every=0.02 reason=7 seq=0
        goodbye 5.01 real phone count={0} every=0.3 reason=7 seq=900 by=station
    """
    three, two = (stated(burst.format(count), "deauth-flood") for count in (3, 2))
    assert "3 " in three
    assert len(three.splitlines()) == len(two.splitlines()) + 1


LOGINS = """
    ap real 50:c7:bf:f1:00:10 OfficeWest ch=6 sec=wpa2 make=tplink up=90000 to=12
    login 4 random real count=120 every=0.03
"""


def test_logins_that_nobody_follows_up_are_told(stated) -> None:
    assert re.search(r"^0 of \d+ went on to join", stated(LOGINS, "auth-flood"), re.MULTILINE)


def test_real_joins_speak_against_a_flood_of_logins(stated) -> None:
    crowd = "\n".join(
        f"station c{i} 3c:a9:f4:00:01:{i:02x}\njoin {4 + i * 0.1:.1f} c{i} real" for i in range(40)
    )
    one = "station one 3c:a9:f4:00:02:01\nlogin 4 one real count=120 every=0.03"
    says = stated(f"{LOGINS.splitlines()[1]}\n{one}\n{crowd}", "auth-flood")
    assert re.search(r"^(39|40) of them really joined", says, re.MULTILINE)
    assert "went on to join" not in says


def test_a_passphrase_network_is_no_rival_of_an_enterprise_one(findings_of: Find) -> None:
    two = """
        ap a 70:db:98:12:3a:20 Campus ch=1 sec=eap make=cisco up=400000 to=12
        ap b 02:c0:ca:41:41:41 Campus ch=6 sec={} make=bare up=3 from=5 to=12
    """
    assert "wifi/evil-twin-enterprise" not in {f.rule for f in findings_of(two.format("wpa2"))}


HARVEST = """
    ap real 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink up=90000 to=12
    station phone 3c:a9:f4:0c:0f:fe
    join 1 phone real
    goodbye 5 real phone count=12 every=0.05 reason=7 {0}
    join 7 phone real
"""


def test_a_provoked_handshake_is_told_step_by_step(stated) -> None:
    says = stated(HARVEST.format("seq=0"), "handshake-harvest")
    assert "12 deauthentications within 0.6 s are aimed at 3c:a9:f4:0c:0f:fe alone" in says
    assert "2.0 s later 3c:a9:f4:0c:0f:fe joins again" in says
    assert "do not follow those of the access point's beacons" in says
    assert "one sender plays both" not in says
    assert "one sender plays both" in stated(HARVEST.format("seq=0 by=both"), "handshake-harvest")


def test_an_access_point_may_throw_off_a_client_itself(findings_of: Find) -> None:
    assert "wifi/handshake-harvest" not in {f.rule for f in findings_of(HARVEST.format("seq=own"))}


def test_wrong_proofs_of_somebody_else_are_half_handshakes(stated) -> None:
    eve = "station eve 02:aa:bb:cc:dd:ee\n" + "\n".join(f"join {2 + i} eve real wrong" for i in range(2))
    half = "02:aa:bb:cc:dd:ee tried"
    assert half in stated(HARVEST.format("seq=0") + eve, "handshake-harvest")
    assert half not in stated(HARVEST.format("seq=0"), "handshake-harvest")


COLLECTOR = "\n".join(
    f"ap a{i} 50:c7:bf:00:{i:02x}:10 {name} ch=6 sec=wpa2 make=tplink up=9{i}000 to=12"
    for i, name in enumerate(("Anker", "Birke", "Chor", "Dohle", "Esche", "Farn"))
)


@pytest.mark.parametrize("visits", [2, 3, 6])
def test_who_only_takes_first_messages_collects(findings_of: Find, visits: int) -> None:
    steps = "\n".join(f"join {1 + i} eve a{i} first" for i in range(visits))
    found = findings_of(f"{COLLECTOR}\nstation eve 02:aa:bb:cc:dd:ee\n{steps}")
    harvests = [f for f in found if f.rule == "wifi/handshake-harvest"]
    assert len(harvests) == (visits >= 3)
    for harvest in harvests:
        assert harvest.actors == ("02:aa:bb:cc:dd:ee",)
        assert harvest.ssids == ("Anker", "Birke", "Chor", "Dohle", "Esche", "Farn")[:visits]
        assert harvest.last_seen is not None and harvest.first_seen is not None
        assert abs(harvest.last_seen - harvest.first_seen - (visits - 1)) < 0.5


@pytest.mark.parametrize(("flags", "pin"), [("wps", False), ("wps pin", True), ("wps pin locked", False)])
def test_a_pin_that_can_be_tried_is_told(findings_of: Find, flags: str, pin: bool) -> None:
    found = findings_of(f"ap real 50:c7:bf:f1:00:10 Office ch=6 sec=wpa2 make=tplink {flags} to=5")
    (wps,) = [f for f in found if f.rule == "wifi/wps-enabled"]
    assert ("with a PIN" in wps.message) is pin
    assert any("lock" in item.says for item in wps.evidence) is ("locked" in flags)


SWITCH = """
    ap real 78:8a:20:5f:31:02 Notariat ch=6 sec=wpa2 make=unifi up=400000 to=14
    {0}
    switch 6 real ch=11 frames=20 every=0.1 count=3 forged
"""


def test_a_copy_on_the_channel_that_is_named_waits_and_is_accused(findings_of: Find, stated) -> None:
    def actors(copy: str) -> tuple[str, ...]:
        (found,) = [f for f in findings_of(SWITCH.format(copy)) if f.rule == "wifi/channel-switch-spoof"]
        return found.actors

    waits = "ap copy 78:8a:20:5f:31:02 Notariat ch=11 sec=wpa2 make=unifi up=70000 from=4 to=14"
    assert actors(waits) == ("78:8a:20:5f:31:02",)
    assert actors("") == ()
    assert actors(waits.replace("ch=11", "ch=1")) == (), "on another channel"


def test_a_forged_switch_shows_in_clock_and_sequence(stated) -> None:
    says = stated(SWITCH.format(""), "channel-switch-spoof")
    for sign in ("clock", "sequence"):
        assert sign in says


IMITATION = """
    ap real 50:c7:bf:8e:02:6a {real} ch=6 sec={theirs} make=tplink up=400000 to=12
    ap copy 02:11:22:33:44:55 {copy} ch=6 sec={mine} make=bare up=20 from=5 to=12
"""


@pytest.mark.parametrize(
    ("mine", "theirs", "sign"),
    [
        ("open", "wpa2", "it is open, “Lindenhof” is protected"),
        ("wpa", "wpa3", "it is weaker protected"),
        ("wpa2", "wpa2", "it is as well protected as the original"),
    ],
)
def test_an_imitation_is_compared_by_its_protection(stated, mine: str, theirs: str, sign: str) -> None:
    listing = IMITATION.format(real="Lindenhof", copy="Lind\u0435nhof", mine=mine, theirs=theirs)
    assert sign in stated(listing, "lookalike-ssid")


def test_of_two_names_the_one_with_foreign_letters_imitates_whoever_came_first(findings_of: Find) -> None:
    for copy, real in (("from=5", ""), ("", "from=5")):
        listing = f"""
            ap real 50:c7:bf:8e:02:6a Lindenhof ch=6 sec=wpa2 make=tplink up=400000 {real} to=12
            ap copy 02:11:22:33:44:55 Lind\u0435nhof ch=6 sec=open make=bare up=20 {copy} to=12
        """
        (found,) = [f for f in findings_of(listing) if f.rule == "wifi/lookalike-ssid"]
        assert found.actors == ("02:11:22:33:44:55",)
        assert found.targets == ("50:c7:bf:8e:02:6a",)


def lure(*names: str) -> str:
    return "\n".join(
        f'ap a{i} 02:11:22:33:44:{i:02x} "{name}" ch=6 sec=open make=bare up=20 to=12'
        for i, name in enumerate(names)
    )


def test_a_lure_of_unrelated_names_is_told_from_an_owner_s_own(stated) -> None:
    says = stated(lure("freenet", "linksys", "Starbucks WiFi", "xfinitywifi"), "known-network-lure")
    assert "4 open networks come from one transmitter" in says
    assert "4 of the names are those of networks that many devices have saved" in says
    assert "the names have nothing in common" in says
    assert "one and the same address" not in says


def test_an_owner_s_own_open_names_are_no_lure(findings_of: Find) -> None:
    own = lure("Lindenhof Garten", "Lindenhof Saal", "Lindenhof Zimmer", "Lindenhof Bar")
    loud = {f.rule for f in findings_of(own) if f.severity >= Severity.MEDIUM}
    assert "wifi/known-network-lure" not in loud


STARTS = """
    ap real 50:c7:bf:f1:00:10 OfficeWest ch=6 sec={0} make=tplink up=90000 to=10
    eapol 4 random real start count=100 every=0.04
"""


def test_eapol_of_strangers_and_where_it_is_of_no_use(stated) -> None:
    enterprise, plain = (stated(STARTS.format(security), "eapol-flood") for security in ("eap", "wpa2"))
    assert "senders never joined the network" in enterprise
    assert "has no use for such frames" not in enterprise
    assert "has no use for such frames" in plain


def test_eapol_of_devices_that_joined_is_not_that_of_strangers(stated) -> None:
    joined = "\n".join(
        f"station c{i} 3c:a9:f4:00:01:{i:02x}\njoin {1 + i * 0.2} c{i} real\n"
        f"eapol {6 + i * 0.1} c{i} real start count=8 every=0.2"
        for i in range(10)
    )
    says = stated(STARTS.splitlines()[1].format("wpa2") + "\n" + joined, "eapol-flood")
    assert "never joined" not in says


def test_a_second_radio_of_the_same_make_is_a_venue_s_installation(findings_of: Find) -> None:
    def radio(block: str, make: str, names: tuple[str, ...]) -> str:
        return "\n".join(
            f'ap {block[-2:]}{i} {block}:0{i} "{name}" ch=6 sec=open make={make} up={ord(block[-1])}0 to=12'
            for i, name in enumerate(names)
        )

    names = ("freenet", "linksys", "Starbucks WiFi", "xfinitywifi")
    installed = "a second radio of the same make carries the same names"

    def says(second: str) -> str:
        found = findings_of(radio("50:c7:bf:8e:02", "cisco", names) + "\n" + second)
        lures = [f for f in found if f.rule == "wifi/known-network-lure"]
        return "\n".join(item.says for f in lures for item in f.evidence)

    assert installed in says(radio("50:c7:bf:9e:13", "cisco", names))
    assert installed not in says(radio("50:c7:bf:9e:13", "netgear", names))
    assert installed not in says(radio("50:c7:bf:9e:13", "cisco", ("Anker", "Birke", "linksys", "freenet")))


def test_the_open_half_of_a_protected_pair_names_its_sibling(stated) -> None:
    pair = """
        ap plain 50:c7:bf:8e:02:6a Lobby ch=6 sec=open make=tplink {} to=6
        ap owe 50:c7:bf:8e:02:6b Lobby-owe ch=6 sec=owe make=tplink hidden to=6
    """
    assert "50:c7:bf:8e:02:6b" in stated(pair.format("owe=50:c7:bf:8e:02:6b/Lobby-owe"), "open-network")
    assert "50:c7:bf:8e:02:6b" not in stated(pair.format(""), "open-network")
