import hashlib
import itertools
import time

import msgspec
import pytest

from rogue_scan.incident import join, scans_of
from rogue_scan.model.data import DataCategory, Sink
from rogue_scan.model.evidence import Evidence
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Link, Report
from rogue_scan.model.scan import Carved, Scan
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import (
    AccessPoint,
    AppView,
    Client,
    ClientEvent,
    DataUse,
    Endpoint,
    Flow,
    Signer,
    Signing,
    Subject,
    WifiView,
)

REAL, TWIN, PHONE = "a4:00:00:00:00:01", "a4:00:00:00:00:02", "7a:00:00:00:00:03"


def finding(rule, subject, *, severity=Severity.HIGH, confidence=0.95, **fields):
    name = f"{rule}-{subject}-{fields.get('actors')}-{fields.get('targets')}"
    return Finding(
        id=name,
        fingerprint=name,
        rule=rule,
        title=f"title of {rule}",
        severity=severity,
        confidence=confidence,
        subject=subject,
        message=f"message of {rule}",
        evidence=(Evidence(says="s", weight=3.0),),
        remediation=f"remedy of {rule}",
        **fields,
    )


def capture(*findings, name="c1", events=(), hosts=(), carved=(), links=()):
    client = Client(mac=PHONE, hosts=hosts, events=events, bssids=(TWIN,))
    aps = (
        AccessPoint(bssid=REAL, ssids=("Net",), channel=1),
        AccessPoint(bssid=TWIN, ssids=("Net",), channel=6, signal=-40),
    )
    view = WifiView(access_points=aps, clients=(client,))
    subject = Subject(id=name, kind="capture", name=f"{name}.pcap", wifi=view)
    return Scan(subject, tuple(findings), links, (), carved)


def app(*findings, name="a1", data=b"app", parent=None, host="drop.example", signer=None, known=""):
    flow = Flow(data=DataCategory.SMS, sink=Sink.HTTP, endpoint=host)
    view = AppView(
        package=f"org.{name}",
        label=name.title(),
        signing=Signing(signers=(Signer(sha256=signer, known=known),) if signer else ()),
        data=(DataUse(category=DataCategory.SMS, collected=True, leaves_device=True),),
        flows=(flow,),
        endpoints=(Endpoint(value=f"https://{host}/x", host=host),),
    )
    digest = hashlib.sha256(data).hexdigest()
    return Scan(
        Subject(id=name, kind="apk", name=f"{name}.apk", sha256=digest, parent=parent, apk=view), findings
    )


TWIN_FOUND = finding(
    "wifi/evil-twin-open",
    "c1",
    actors=(TWIN,),
    targets=(REAL,),
    ssids=("Net",),
    first_seen=10.0,
    last_seen=60.0,
)
FLOOD = finding("wifi/deauth-flood", "c1", targets=(REAL, PHONE), first_seen=5.0, last_seen=9.0)
PUSH = finding(
    "wifi/app-push",
    "c1",
    actors=(TWIN,),
    targets=(PHONE,),
    endpoints=("http://10.0.0.1/a1.apk",),
    first_seen=30.0,
)
STEALS = finding(
    "apk/sms-exfiltration", "a1", severity=Severity.CRITICAL, endpoints=("https://drop.example/x",),
    data=(DataCategory.SMS,),
)  # fmt: skip
JOINED = ClientEvent(time=20.0, kind="associated", bssid=TWIN)
CARVED = Carved(name="a1.apk", data=b"app", complete=True, origin="frame 9", bssid=TWIN, finding=PUSH.id)


def kinds(links):
    return {(link.kind, link.source, link.target) for link in links}


def test_the_whole_chain_is_one_incident():
    scans = [
        capture(FLOOD, TWIN_FOUND, PUSH, events=(JOINED,), hosts=("drop.example",), carved=(CARVED,)),
        app(STEALS, parent="c1"),
    ]
    incidents, links = join(scans)
    assert len(incidents) == 1
    story = incidents[0]
    assert set(story.findings) == {FLOOD.id, TWIN_FOUND.id, PUSH.id, STEALS.id}
    assert story.access_points == (TWIN,) and story.apps == ("a1",) and story.victims == (PHONE,)
    assert "drop.example" in story.endpoints
    assert "Net" in story.title and "A1" in story.title
    assert f"{PHONE} moved to the copy." in story.story
    assert "whether it was installed" not in story.story, "no download was seen"
    assert kinds(links) == {
        ("precedes", FLOOD.id, TWIN_FOUND.id),
        ("moved-to", "c1", TWIN_FOUND.id),
        ("served-by", "a1", PUSH.id),
        ("talks-to", "a1", "c1"),
    }
    assert [step.time for step in story.timeline] == [5.0, 10.0, 20.0, 30.0, None]


def test_the_order_of_scans_does_not_matter():
    scans = [
        capture(FLOOD, TWIN_FOUND, PUSH, events=(JOINED,), carved=(CARVED,)),
        app(STEALS, parent="c1"),
        app(finding("apk/sms-exfiltration", "a2", endpoints=("drop.example",)), name="a2", data=b"2"),
    ]
    assert len({repr(join(order)) for order in itertools.permutations(scans)}) == 1


def test_a_report_taken_apart_and_joined_tells_the_same():
    scans = [
        capture(FLOOD, TWIN_FOUND, PUSH, events=(JOINED,), hosts=("drop.example",), carved=(CARVED,)),
        app(STEALS, parent="c1"),
    ]
    incidents, links = join(scans)
    report = Report(
        subjects=tuple(scan.subject for scan in scans),
        findings=tuple(item for scan in scans for item in scan.findings),
        links=links,
        incidents=incidents,
    )
    assert join(scans_of(report)) == (incidents, links), "although the carved file is gone"


def test_unrelated_attacks_are_two_incidents():
    other = finding("wifi/karma", "c1", actors=("b8:00:00:00:00:09",), ssids=("Other",))
    incidents, _ = join([capture(TWIN_FOUND, other)])
    assert len(incidents) == 2


def test_one_transmitter_in_two_captures_is_one_incident():
    again = finding(
        "wifi/evil-twin-open", "c2", actors=(TWIN,), targets=(REAL,), ssids=("Net",), first_seen=1.0
    )
    incidents, links = join([capture(TWIN_FOUND), capture(again, name="c2")])
    assert len(incidents) == 1 and incidents[0].subjects == ("c1", "c2")
    assert ("same-transmitter", TWIN_FOUND.id, again.id) in kinds(links)
    assert "2 captures" in incidents[0].story


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"signer": "5e" * 32, "host": "b.example"}, "same-signer"),
        ({"host": "drop.example"}, "same-endpoint"),
    ],
)
def test_apps_are_kin_by_signer_or_endpoint(fields, kind):
    first = app(STEALS, signer="5e" * 32)
    second = app(
        finding("apk/sms-exfiltration", "a2", severity=Severity.CRITICAL), name="a2", data=b"2", **fields
    )
    incidents, links = join([first, second])
    assert (kind, "a1", "a2") in kinds(links)
    assert len(incidents) == 1 and incidents[0].apps == ("a1", "a2")


def coded(number, code):
    """A thief of messages with a sketch of its code."""
    name = f"a{number}"
    scan = app(finding("apk/sms-exfiltration", name), name=name, data=name.encode(), host=f"{name}.example")
    view = msgspec.structs.replace(scan.subject.apk, code=code)
    return msgspec.structs.replace(scan, subject=msgspec.structs.replace(scan.subject, apk=view))


def test_apps_are_kin_by_code_whatever_it_is_called():
    sketch = [f"{number:08x}" for number in range(100)]
    near = sketch[:85] + [f"{number:08x}" for number in range(1000, 1015)]
    far = sketch[:20] + [f"{number:08x}" for number in range(1000, 1080)]
    apps = [coded(1, "".join(sketch)), coded(2, "".join(near)), coded(3, "".join(far)), coded(4, "no sketch")]
    incidents, links = join(apps)
    assert [(link.kind, link.source, link.target, link.value) for link in links] == [
        ("same-code", "a1", "a2", "0.85")
    ]
    assert [story.apps for story in incidents if len(story.apps) > 1] == [("a1", "a2")]
    assert "Much of their code is the same." in incidents[0].story


def test_a_key_that_everybody_has_ties_nothing():
    first = app(STEALS, signer="de" * 32, known="debug")
    case = finding("apk/sms-exfiltration", "a2")
    second = app(case, name="a2", data=b"2", signer="de" * 32, known="debug", host="b.example")
    incidents, links = join([first, second])
    assert links == () and len(incidents) == 2


def test_a_harmless_app_is_not_drawn_in_by_its_signer():
    first = app(STEALS, signer="5e" * 32)
    second = app(name="a2", data=b"2", signer="5e" * 32, host="b.example")
    incidents, links = join([first, second])
    assert ("same-signer", "a1", "a2") in kinds(links)
    assert incidents[0].apps == ("a1",)


def test_an_app_inside_an_app_is_of_its_story():
    inner = app(finding("apk/sms-exfiltration", "a2"), name="a2", data=b"2", parent="a1")
    outer = app(finding("apk/nested-app", "a1", severity=Severity.LOW), host="a.example")
    outer = msgspec.structs.replace(outer, links=(Link("a1", "a2", "contains", "assets/x"),))
    (story,), links = join([outer, inner])
    assert story.apps == ("a1", "a2") and [link.kind for link in links] == ["contains"]


def test_notes_and_doubts_are_no_incident():
    note = finding("wifi/open-network", "c1", severity=Severity.LOW, actors=(TWIN,))
    doubt = finding("wifi/evil-twin-open", "c1", confidence=0.3, actors=(TWIN,), targets=(REAL,))
    lone = finding("wifi/probe-flood", "c1", severity=Severity.MEDIUM)
    assert join([capture(note, doubt, lone)])[0] == ()


def test_a_story_says_where_it_is_least_sure():
    weak = msgspec.structs.replace(TWIN_FOUND, confidence=0.55)
    (story,), _ = join([capture(weak)])
    assert "least sure" in story.story and "55 %" in story.story
    assert "No client was seen to join it." in story.story


def test_what_was_sent_decides_the_advice():
    sent = ClientEvent(time=40.0, kind="sent", bssid=TWIN, data=(DataCategory.BANK_ACCOUNT,))
    portal = finding("wifi/captive-portal-phishing", "c1", actors=(TWIN,), targets=(PHONE,), first_seen=30.0)
    (story,), _ = join([capture(portal, events=(JOINED, sent))])
    assert "bank account" in story.title
    assert PHONE in story.advice[0] and "bank" in story.advice[0]


def test_a_client_that_attacks_is_not_the_access_point():
    spoof = finding("wifi/arp-spoof", "c1", actors=(PHONE,), targets=(REAL,), ssids=("Net",), first_seen=1.0)
    (story,), _ = join([capture(spoof)])
    assert "device" in story.title.lower() or "arp-spoof" in story.title
    assert "access point of" not in story.title and story.access_points == ()
    assert any(PHONE in step for step in story.advice)


def test_one_client_in_two_captures_ties_no_attackers():
    other = "b8:00:00:00:00:09"
    first = finding("wifi/evil-twin-open", "c1", actors=(TWIN,), targets=(REAL, PHONE))
    second = finding("wifi/evil-twin-open", "c2", actors=(other,), targets=(PHONE,))
    assert len(join([capture(first), capture(second, name="c2")])[0]) == 2


def test_a_flood_of_names_ties_nothing_by_its_names():
    names = tuple(f"n{number}" for number in range(50))
    flood = finding("wifi/beacon-flood", "c1", actors=("b8:00:00:00:00:09",), ssids=(*names, "Net"))
    assert len(join([capture(flood, TWIN_FOUND)])[0]) == 2


def test_the_language_of_the_reader():
    (story,), _ = join([capture(TWIN_FOUND, events=(JOINED,))], "zh_CN")
    assert any("\u4e00" <= character <= "\u9fff" for character in story.title + story.story)


def test_ten_thousand_findings_of_one_story_are_joined_quickly():
    def address(first, number):
        return f"{first}:00:00:00:{number >> 8:02x}:{number & 255:02x}"

    floods = [
        finding("wifi/deauth-flood", "c1", targets=(REAL,), actors=(address("c2", n),), first_seen=1.0)
        for n in range(5_000)
    ]
    times = {"first_seen": 2.0, "last_seen": 9.0}
    twins = [
        finding("wifi/evil-twin-open", "c1", targets=(REAL,), actors=(address("b8", n),), **times)
        for n in range(5_000)
    ]
    begin = time.process_time()
    incidents, links = join([capture(*floods, *twins, events=(JOINED,))])
    assert len(incidents) == 1 and len(links) == 5_000
    assert time.process_time() - begin < 5


def test_ten_thousand_findings_are_joined_quickly():
    many = [
        finding(
            "wifi/evil-twin-open", "c1", actors=(f"b8:00:00:00:{n >> 8:02x}:{n & 255:02x}",), ssids=(f"n{n}",)
        )
        for n in range(10_000)
    ]
    assert len(join([capture(*many)])[0]) == 10_000
