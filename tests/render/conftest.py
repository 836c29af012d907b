"""One fixed, rich report that all renderer tests share."""

import pytest

from rogue_scan.model.data import DataCategory, Sink
from rogue_scan.model.evidence import Evidence, Where
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Incident, Link, Report, ScanError, Step, Suppressed, Tool
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.model.subject import (
    AccessPoint,
    AppView,
    ChannelWatch,
    Client,
    ClientEvent,
    Component,
    Coverage,
    DataUse,
    Endpoint,
    Flow,
    Hop,
    Network,
    NotAssessed,
    Risk,
    RiskTerm,
    SignalPoint,
    Signer,
    Signing,
    Subject,
    Track,
    WifiView,
)

REAL, SECOND, ROGUE = "3c:84:6a:11:20:01", "3c:84:6a:11:20:09", "3c:84:6a:77:20:01"
PHONE, LAPTOP = "7a:10:5e:00:00:31", "9c:b6:d0:00:00:77"
HOST, DROP = "10.0.0.1", "gate.parcel-track.example"
APP = "org.parcel.track"
SHA = "5c1d" * 16


def _open_twin() -> Finding:
    return Finding(
        id="f-twin",
        fingerprint="fp-twin",
        rule="wifi/evil-twin-open",
        title="An open copy of a protected network",
        severity=Severity.HIGH,
        confidence=0.97,
        subject="capture-1",
        message=f"{ROGUE} announces HarbourGuest without encryption; {REAL} serves it with WPA2",
        actors=(ROGUE,),
        targets=(REAL,),
        ssids=("HarbourGuest",),
        first_seen=41.2,
        last_seen=118.9,
        evidence=(
            Evidence(
                says="the copy has no RSN element, the real network has one",
                where=Where(frame=4102, time=41.2),
                value="open / WPA2-PSK (CCMP)",
                weight=3.0,
            ),
            Evidence(
                says="its clock is not the real network's: 8123.4 s apart",
                where=Where(frame=4110, time=41.5),
                weight=2.5,
            ),
            Evidence(
                says="the maker of its elements differs from the maker of the address",
                where=Where(frame=4102, time=41.2),
                weight=0.8,
            ),
            Evidence(
                says="the real network's neighbour report names this address",
                supports=False,
                where=Where(frame=12, time=0.4),
                weight=-1.0,
            ),
        ),
        explanation="A second access point uses the name of a protected network but asks for no key.\n"
        "Devices that have joined the name before may join it on their own.",
        benign_causes=("a guest network whose operator gave it the name of the inner one",),
        remediation="Turn the Wi-Fi off at this place, forget the network, and join only the protected one.",
        references=("https://attack.mitre.org/techniques/T1638/",),
        attack=("T1638",),
    )


def _findings() -> tuple[Finding, ...]:
    return (
        _open_twin(),
        Finding(
            id="f-deauth",
            fingerprint="fp-deauth",
            rule="wifi/deauth-flood",
            title="Clients are thrown off their network",
            severity=Severity.MEDIUM,
            confidence=0.91,
            subject="capture-1",
            message=f"112 deauthentication frames in the name of {REAL} against 2 clients in 9 s",
            targets=(REAL, PHONE, LAPTOP),
            ssids=("HarbourGuest",),
            first_seen=36.0,
            last_seen=45.1,
            evidence=(
                Evidence(
                    says="112 frames in 9 s, 12.4 a second",
                    where=Where(frame=3620, time=36.0),
                    value="reason 7",
                    weight=2.2,
                ),
                Evidence(
                    says="their sequence numbers do not run with those of the access point",
                    where=Where(frame=3622, time=36.1),
                    weight=1.8,
                ),
            ),
            explanation="Forged frames tell clients that they have been disconnected.",
            benign_causes=("an access point that restarts",),
            remediation="Ask the operator to require management frame protection (802.11w).",
            references=("https://attack.mitre.org/techniques/T1464/",),
            attack=("T1464",),
        ),
        Finding(
            id="f-portal",
            fingerprint="fp-portal",
            rule="wifi/captive-portal-phishing",
            title="A portal asks for secrets in the clear",
            severity=Severity.CRITICAL,
            confidence=0.98,
            subject="capture-1",
            message=f"The page at http://{HOST}/login asks for an identity number and a bank card over HTTP",
            actors=(ROGUE,),
            targets=(PHONE,),
            ssids=("HarbourGuest",),
            endpoints=(f"http://{HOST}/login",),
            data=(DataCategory.BANK_ACCOUNT, DataCategory.IDENTITY_NUMBER),
            first_seen=58.0,
            last_seen=96.3,
            evidence=(
                Evidence(
                    says="a form field asks for an identity number",
                    where=Where(frame=5230, time=60.2),
                    value="id_no",
                    weight=2.4,
                ),
                Evidence(
                    says="a form with a card number was sent without TLS",
                    where=Where(frame=5611, time=96.3),
                    value="bank-account, 16 characters",
                    weight=3.1,
                ),
            ),
            explanation="The page that a hotspot shows asks for things that no hotspot needs.",
            benign_causes=("a paying hotspot with a badly made page",),
            remediation="Treat what was typed in as known to others: block the card, change the password.",
            references=("https://attack.mitre.org/techniques/T1557/",),
            attack=("T1557",),
        ),
        Finding(
            id="f-push",
            fingerprint="fp-push",
            rule="wifi/app-push",
            title="A hotspot offers an app for download",
            severity=Severity.HIGH,
            confidence=0.95,
            subject="capture-1",
            message=f"{HOST} offered an Android package to 1 client",
            actors=(ROGUE,),
            targets=(PHONE,),
            ssids=("HarbourGuest",),
            endpoints=(f"http://{HOST}/dl/track.apk",),
            first_seen=99.0,
            last_seen=107.5,
            evidence=(
                Evidence(
                    says="an Android package was sent over plain HTTP",
                    where=Where(frame=6003, time=99.0),
                    value="track.apk, 48,213 bytes",
                    weight=3.4,
                ),
            ),
            explanation="Apps come from stores. A hotspot that offers one wants it on the device.",
            benign_causes=("a hotel that offers its own app",),
            remediation="Remove the app from every device that installed it.",
            references=(),
            attack=("T1474",),
        ),
        Finding(
            id="f-sms",
            fingerprint="fp-sms",
            rule="apk/sms-exfiltration",
            title="Text messages leave the device",
            severity=Severity.CRITICAL,
            confidence=0.99,
            subject="apk-1",
            message=f"{APP} reads received text messages and sends them to {DROP}",
            actors=(f"{APP}.Inbox",),
            endpoints=(f"https://{DROP}/c",),
            data=(DataCategory.SMS,),
            evidence=(
                Evidence(
                    says="a receiver for SMS_RECEIVED reads the message body",
                    where=Where(
                        dex="classes.dex",
                        method="Lorg/parcel/track/Inbox;->onReceive(Landroid/content/Context;)V",
                        offset=0x1F40,
                    ),
                    weight=2.8,
                ),
                Evidence(
                    says="the text reaches an HTTP request",
                    where=Where(
                        dex="classes.dex",
                        method="Lorg/parcel/track/Net;->post(Ljava/lang/String;)V",
                        offset=0x2A10,
                    ),
                    value=DROP,
                    weight=3.2,
                ),
            ),
            explanation="The app forwards messages, among them the codes that banks send.",
            benign_causes=("a messaging app that backs up its messages at the user's wish",),
            remediation="Uninstall the app; tell the bank that codes may have been read.",
            references=("https://attack.mitre.org/techniques/T1636/004/",),
            attack=("T1636.004",),
        ),
        Finding(
            id="f-hidden",
            fingerprint="fp-hidden",
            rule="apk/hidden-endpoint",
            title="An address is hidden in the code",
            severity=Severity.MEDIUM,
            confidence=0.86,
            subject="apk-1",
            message=f"https://{DROP}/c is stored xor-coded",
            actors=(f"{APP}.Net",),
            endpoints=(f"https://{DROP}/c",),
            evidence=(
                Evidence(
                    says="a byte array decodes to an address",
                    where=Where(
                        dex="classes.dex", method="Lorg/parcel/track/Net;-><clinit>()V", offset=0x2800
                    ),
                    weight=2.0,
                ),
            ),
            explanation="Addresses in plain sight need no coding.",
            benign_causes=("a shrinker that encodes all strings",),
            remediation="Block the address.",
        ),
        Finding(
            id="f-open",
            fingerprint="fp-open",
            rule="wifi/open-network",
            title="A network without encryption",
            severity=Severity.LOW,
            confidence=0.99,
            subject="capture-1",
            message="QuayCafe (a0:40:a0:00:51:02) is open: nothing that crosses it is protected",
            actors=("a0:40:a0:00:51:02",),
            ssids=("QuayCafe",),
            first_seen=0.1,
            last_seen=119.0,
            evidence=(
                Evidence(
                    says="the announcement has no privacy bit, no RSN and no WPA element",
                    where=Where(frame=3, time=0.1),
                    weight=4.0,
                ),
            ),
            explanation="Whatever crosses an open network can be read by anyone in range.",
            benign_causes=("a public hotspot",),
            remediation="Use a VPN on this network.",
        ),
    )


def _capture() -> Subject:
    return Subject(
        id="capture-1",
        kind="capture",
        name="harbour-hall.pcapng",
        sha256="ab" * 32,
        size=1_803_224,
        risk=Risk(score=93, verdict=Verdict.CRITICAL, because=("f-portal", "f-twin", "f-push")),
        coverage=Coverage(
            seconds=119.0,
            frames=7211,
            channels=(
                ChannelWatch(frequency=2412, channel=1, seconds=40.0, frames=2100),
                ChannelWatch(frequency=2437, channel=6, seconds=39.0, frames=4100),
                ChannelWatch(frequency=2462, channel=11, seconds=40.0, frames=1011),
            ),
            gaps=((70.0, 74.5),),
            bad_fcs=31,
            malformed=4,
            dropped=12,
            rules_checked=("wifi/evil-twin-open", "wifi/deauth-flood", "wifi/karma"),
            not_assessed=(
                NotAssessed(rule="wifi/arp-spoof", reason="the traffic of protected networks is encrypted"),
                NotAssessed(rule="wifi/dns-hijack", reason="the traffic of protected networks is encrypted"),
                NotAssessed(rule="wifi/karma", reason="no probe request was seen"),
            ),
            notes=("Channels 36 to 177 and all of 6 GHz were not watched.",),
        ),
        wifi=WifiView(
            networks=(
                Network(
                    ssid="HarbourGuest", bssids=(REAL, SECOND, ROGUE), security=("WPA2-PSK (CCMP)", "open")
                ),
                Network(ssid="QuayCafe", bssids=("a0:40:a0:00:51:02",), security=("open",)),
                Network(ssid="", bssids=("50:c7:bf:00:10:10",), security=("WPA2-PSK (CCMP)",)),
            ),
            access_points=(
                AccessPoint(
                    bssid=REAL,
                    ssids=("HarbourGuest",),
                    channel=1,
                    frequency=2412,
                    security="WPA2-PSK (CCMP)",
                    mfp="capable",
                    vendor="TP-Link",
                    signal=-61,
                    beacons=1020,
                    radio=0,
                    last_seen=119.0,
                ),
                AccessPoint(
                    bssid=SECOND,
                    ssids=("HarbourGuest",),
                    channel=11,
                    frequency=2462,
                    security="WPA2-PSK (CCMP)",
                    mfp="capable",
                    vendor="TP-Link",
                    signal=-70,
                    beacons=980,
                    radio=1,
                    last_seen=118.0,
                ),
                AccessPoint(
                    bssid=ROGUE,
                    ssids=("HarbourGuest",),
                    channel=6,
                    frequency=2437,
                    security="open",
                    mfp="none",
                    vendor="TP-Link",
                    signal=-42,
                    beacons=760,
                    radio=2,
                    first_seen=41.2,
                    last_seen=118.9,
                ),
                AccessPoint(
                    bssid="a0:40:a0:00:51:02",
                    ssids=("QuayCafe",),
                    channel=6,
                    frequency=2437,
                    security="open",
                    mfp="none",
                    vendor="NETGEAR",
                    signal=-77,
                    beacons=412,
                    radio=3,
                    last_seen=119.0,
                ),
                AccessPoint(
                    bssid="50:c7:bf:00:10:10",
                    hidden=True,
                    channel=11,
                    frequency=2462,
                    security="WPA2-PSK (CCMP)",
                    wps=True,
                    vendor="TP-Link",
                    signal=-82,
                    beacons=203,
                    radio=4,
                    last_seen=117.0,
                ),
            ),
            clients=(
                Client(
                    mac=PHONE,
                    randomised=True,
                    bssids=(REAL, ROGUE),
                    probed=("HarbourGuest", "Home-5G"),
                    hosts=(HOST, DROP),
                    first_seen=2.0,
                    last_seen=115.0,
                    events=(
                        ClientEvent(time=2.0, kind="associated", bssid=REAL),
                        ClientEvent(time=36.2, kind="deauthenticated", bssid=REAL),
                        ClientEvent(time=47.9, kind="associated", bssid=ROGUE),
                        ClientEvent(
                            time=96.3,
                            kind="sent",
                            bssid=ROGUE,
                            detail=f"http://{HOST}/login",
                            data=(DataCategory.BANK_ACCOUNT, DataCategory.IDENTITY_NUMBER),
                        ),
                        ClientEvent(time=107.5, kind="downloaded", bssid=ROGUE, detail="track.apk"),
                    ),
                ),
                Client(
                    mac=LAPTOP,
                    vendor="Dell",
                    bssids=(REAL,),
                    first_seen=5.0,
                    last_seen=118.0,
                    events=(ClientEvent(time=37.0, kind="deauthenticated", bssid=REAL),),
                ),
            ),
            tracks=(
                _track(REAL, 0, 2412, 0.0, 119.0, 88_120.5, -61),
                _track(ROGUE, 0, 2437, 41.2, 118.9, 3.25, -42),
                _track(ROGUE, 1, 2412, 10.0, 60.0, 88_120.6, -66),
            ),
        ),
    )


def _track(
    bssid: str, line: int, frequency: int, first: float, last: float, offset: float, dbm: int
) -> Track:
    points = tuple(
        SignalPoint(time=first + (last - first) * step / 12, dbm=float(dbm + (step * 7) % 5 - 2))
        for step in range(13)
    )
    return Track(
        bssid=bssid,
        line=line,
        frequency=frequency,
        first_seen=first,
        last_seen=last,
        beacons=800,
        clock=offset,
        signal=points,
    )


def _app() -> Subject:
    return Subject(
        id="apk-1",
        kind="apk",
        name="track.apk",
        sha256=SHA,
        size=48_213,
        parent="capture-1",
        risk=Risk(
            score=90,
            verdict=Verdict.CRITICAL,
            because=("f-sms", "f-hidden"),
            terms=(RiskTerm(finding="f-sms", adds=74.0), RiskTerm(finding="f-hidden", adds=16.0)),
        ),
        coverage=Coverage(
            methods=1204,
            methods_reachable=310,
            files_unread=("lib/arm64-v8a/libx.so: native code is read for strings only",),
            rules_checked=("apk/sms-exfiltration",),
            not_assessed=(NotAssessed(rule="apk/downloaded-code", reason="the app was not run"),),
        ),
        apk=AppView(
            package=APP,
            label="Parcel Track",
            version_name="1.3",
            version_code="13",
            min_sdk=24,
            target_sdk=29,
            permissions=(
                "android.permission.RECEIVE_SMS",
                "android.permission.READ_CONTACTS",
                "android.permission.INTERNET",
            ),
            components=(
                Component(name=f"{APP}.Main", kind="activity", exported=True),
                Component(
                    name=f"{APP}.Inbox",
                    kind="receiver",
                    exported=True,
                    actions=("android.provider.Telephony.SMS_RECEIVED",),
                ),
            ),
            signing=Signing(
                schemes=("v1", "v2"),
                verified=True,
                signers=(
                    Signer(
                        sha256="77aa" * 16,
                        subject="CN=Android Debug",
                        issuer="CN=Android Debug",
                        known="debug",
                    ),
                ),
            ),
            data=(
                DataUse(
                    category=DataCategory.SMS,
                    requested=True,
                    collected=True,
                    leaves_device=True,
                    sinks=(Sink.HTTP,),
                    endpoints=(DROP,),
                    findings=("f-sms",),
                ),
                DataUse(category=DataCategory.CONTACTS, requested=True),
                DataUse(category=DataCategory.DEVICE_ID, collected=True, sinks=(Sink.LOG,)),
            ),
            flows=(
                Flow(
                    data=DataCategory.SMS,
                    sink=Sink.HTTP,
                    endpoint=DROP,
                    entry=f"{APP}.Inbox",
                    path=(
                        Hop(
                            dex="classes.dex",
                            method="Lorg/parcel/track/Inbox;->onReceive(Landroid/content/Context;)V",
                            offset=0x1F40,
                            note="reads the message body",
                        ),
                        Hop(
                            dex="classes.dex",
                            method="Lorg/parcel/track/Queue;->add(Ljava/lang/String;)V",
                            offset=0x2300,
                            note="stored in field pending",
                        ),
                        Hop(
                            dex="classes.dex",
                            method="Lorg/parcel/track/Net;->post(Ljava/lang/String;)V",
                            offset=0x2A10,
                            note="written to an HTTP request",
                        ),
                    ),
                ),
            ),
            endpoints=(
                Endpoint(
                    value=f"https://{DROP}/c",
                    host=DROP,
                    hidden="xor",
                    where=(
                        Where(dex="classes.dex", method="Lorg/parcel/track/Net;-><clinit>()V", offset=0x2800),
                    ),
                ),
                Endpoint(value="https://fonts.example/css", host="fonts.example", library=True),
            ),
            kits=("OkHttp",),
        ),
    )


def make_report() -> Report:
    return Report(
        tool=Tool(version="0.1.0", rules="0f" * 32),
        risk=Risk(
            score=97,
            verdict=Verdict.CRITICAL,
            because=("f-sms", "f-portal", "f-twin"),
            terms=(
                RiskTerm(finding="f-sms", adds=45.0),
                RiskTerm(finding="f-portal", adds=31.0),
                RiskTerm(finding="f-twin", adds=13.0),
                RiskTerm(finding="f-push", adds=8.0),
            ),
        ),
        incidents=(
            Incident(
                id="i-1",
                title="A copy of HarbourGuest took card data and pushed an app that reads text messages",
                story=f"From 0:36 on, forged frames threw 2 clients off HarbourGuest. At 0:41 {ROGUE} "
                f"appeared with the same name and without a key, and {PHONE} moved to it. Its portal asked "
                "for an identity number and a bank card over plain HTTP, and then offered the app Parcel "
                f"Track. The app sends text messages to {DROP}, a host that the client then talked to.",
                risk=Risk(score=97, verdict=Verdict.CRITICAL, because=("f-sms", "f-portal")),
                findings=("f-deauth", "f-twin", "f-portal", "f-push", "f-sms", "f-hidden"),
                subjects=("capture-1", "apk-1"),
                access_points=(ROGUE,),
                apps=("apk-1",),
                endpoints=(HOST, DROP),
                victims=(PHONE, LAPTOP),
                timeline=(
                    Step(says="Forged deauthentications begin", time=36.0, finding="f-deauth"),
                    Step(says=f"{ROGUE} appears as HarbourGuest, open", time=41.2, finding="f-twin"),
                    Step(says=f"{PHONE} moves to {ROGUE}", time=47.9, subject="capture-1"),
                    Step(says="The portal asks for secrets", time=58.0, finding="f-portal"),
                    Step(says=f"{PHONE} sends a form with a card number", time=96.3, finding="f-portal"),
                    Step(says="The app track.apk is offered", time=99.0, finding="f-push"),
                    Step(says=f"The app would send text messages to {DROP}", finding="f-sms"),
                ),
                advice=(
                    f"Find and switch off the transmitter {ROGUE}: it is strongest near channel 6.",
                    "Whoever used the portal: block the card and change the password.",
                    "Remove Parcel Track from every phone and block its address.",
                ),
            ),
        ),
        subjects=(_capture(), _app()),
        findings=_findings(),
        links=(
            Link(source="f-deauth", target="f-twin", kind="precedes", value="5.2 s"),
            Link(source="apk-1", target="f-push", kind="served-by", value=ROGUE),
            Link(source="apk-1", target="capture-1", kind="talks-to", value=DROP),
        ),
        errors=(ScanError(source="broken.pcap", kind="truncated", message="ends inside a record header"),),
        suppressed=(
            Suppressed(
                finding=Finding(
                    id="f-wps",
                    fingerprint="fp-wps",
                    rule="wifi/wps-enabled",
                    title="WPS is switched on",
                    severity=Severity.INFO,
                    confidence=0.99,
                    subject="capture-1",
                    message="50:c7:bf:00:10:10 offers WPS",
                    actors=("50:c7:bf:00:10:10",),
                ),
                reason="known printer, reviewed",
                by="site.yml",
            ),
        ),
    )


@pytest.fixture
def report() -> Report:
    return make_report()
