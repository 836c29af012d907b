"""The system's scan list as a capture: Linux as it answers, Windows and macOS as they are documented."""

import struct
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Unreadable, Unsupported
from rogue_scan.rules.load import load
from rogue_scan.wifi.live import managed as module
from rogue_scan.wifi.live.managed import (
    BLIND,
    NO_ELEMENTS,
    UNTESTED,
    CoreWlan,
    Entry,
    Managed,
    Netlink,
    Profiles,
    Supplicant,
    beacon,
    elements_of,
    supplicant_entry,
)
from rogue_scan.wifi.live.nl80211 import Bss, Interface, Radio
from rogue_scan.wifi.live.run import Live

RSN = bytes.fromhex("30140100000fac040100000fac040100000fac020000")
HOME = Entry("50:c7:bf:00:11:22", 2437, -50.0, b"\x00\x08Teahouse" + RSN, 100, 0x0411, 123_456_789, 1.0)


class Backend:
    """A scan list that tests fill."""

    notes: tuple[str, ...] = ("as told",)

    def __init__(self, *lists: Any) -> None:
        self.lists = list(lists)
        self.scans = 0

    def scan(self) -> None:
        self.scans += 1

    def entries(self) -> list[Entry]:
        given = self.lists.pop(0) if self.lists else []
        if isinstance(given, Exception):
            raise given
        return list(given)


@pytest.fixture
def managed(monkeypatch: pytest.MonkeyPatch):
    def make(*lists: Any) -> Managed:
        monkeypatch.setattr(module, "_first_backend", lambda interface: Backend(*lists))
        return Managed(None, pause=0.01)

    return make


def run(source: Managed, no_gps: Any, rounds: int) -> Any:
    live = Live(source, load(), name="scan", gps=no_gps)
    for _ in live.steps():
        if source._backend.scans >= rounds:  # type: ignore[attr-defined]
            source.stop()
    return live.scan()


# As a capture


def test_scans_become_a_capture_and_the_report_says_what_this_mode_cannot_see(managed, no_gps):
    scan = run(managed([HOME], [HOME], []), no_gps, 3)
    (point,) = scan.subject.wifi.access_points
    assert (point.bssid, point.ssids, point.akms, point.channel) == (HOME.bssid, ("Teahouse",), ("PSK",), 6)
    assert point.signal == -50
    notes = scan.subject.coverage.notes
    assert set(BLIND) <= set(notes) and "as told" in notes
    assert scan.errors == ()


def test_a_twin_in_the_list_is_found(managed, no_gps):
    twin = Entry("00:c0:ca:11:22:33", 2462, -40.0, b"\x00\x08Teahouse", 100, 0x0401, 5_000_000, 0.0)
    lists = [[HOME, twin]] * 3
    scan = run(managed(*lists), no_gps, 3)
    assert "wifi/evil-twin-open" in {finding.rule for finding in scan.findings}


def test_an_interface_that_disappears_ends_the_run_with_a_report(managed, no_gps):
    source = managed([HOME], Unreadable("cannot scan: no such interface any more"))
    scan = run(source, no_gps, 99)
    assert [point.bssid for point in scan.subject.wifi.access_points] == [HOME.bssid]
    assert [error.message for error in scan.errors] == ["cannot scan: no such interface any more"]


def test_where_not_even_the_first_scan_succeeds_there_is_no_report(managed, no_gps):
    with pytest.raises(Unreadable, match="down"):
        run(managed(Unreadable("cannot scan: the interface is down")), no_gps, 99)


def test_an_entry_that_was_not_heard_again_is_not_counted_again(managed):
    source = managed()
    first = source.batch([HOME], 1000.0)
    assert len(first) > 0
    older = Entry(HOME.bssid, HOME.frequency, HOME.signal, HOME.elements, age=6.0)
    assert source.batch([older], 1005.0) == b""
    assert len(source.batch([HOME], 1010.0)) == len(first)


def test_packets_are_in_order_of_hearing_and_their_number_is_bounded(managed, wire):
    source = managed()
    many = [
        Entry(f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}", 2412, None, b"", age=number / 1000)
        for number in range(3000)
    ]
    head = next(source.stream())
    frames = wire.read(head + source.batch(many, 1000.0))
    assert len(frames) == 2000
    assert [time for time, _ in frames] == sorted(time for time, _ in frames)


def test_an_entry_without_a_clock_gets_one_of_its_own():
    """Equal clocks would prove that access points are siblings."""
    plain = Entry("02:00:00:00:00:01", 2412, None, b"")
    other = Entry("02:00:00:00:00:02", 2412, None, b"")
    clocks = [
        int.from_bytes(beacon(entry, 1000.0 + wait)[12 + 24 : 12 + 32], "little")
        for entry, wait in ((plain, 0), (other, 0), (plain, 2))
    ]
    assert clocks[0] != clocks[1]
    assert clocks[2] - clocks[0] == 2_000_000


@given(
    st.integers(0, 70_000),
    st.none() | st.floats(-1e6, 1e6),
    st.binary(max_size=40),
    st.integers(0, 65_535),
    st.none() | st.integers(0, (1 << 64) - 1),
)
def test_any_entry_makes_a_frame(frequency, signal, elements, interval, tsf):
    raw = beacon(Entry("02:00:00:00:00:01", frequency, signal, elements, interval, 1, tsf), 1000.0)
    (size,) = struct.unpack_from("<H", raw, 2)
    assert len(raw) == size + 24 + 12 + len(elements)


@pytest.mark.parametrize(
    ("akms", "protected", "contains"),
    [
        ([], False, b""),
        (["WPA2-PSK"], True, b"\x00\x0f\xac\x02"),
        (["WPA2-EAP"], True, b"\x00\x0f\xac\x01"),
        (["WPA3-SAE"], True, b"\x00\x0f\xac\x08"),
        (["WPA2-UNKNOWN"], True, b"\x00\x0f\xac\x00"),
        (["WPA-PSK"], True, b"\x00\x50\xf2\x02"),
        (["WPA-PSK", "WPA2-PSK"], True, b"\x00\x50\xf2\x02"),
    ],
)
def test_elements_from_names_of_security(akms, protected, contains):
    elements, capabilities = elements_of(b"x" * 40, akms)
    assert elements.startswith(b"\x00\x20" + b"x" * 32)
    assert bool(capabilities & 0x10) is protected
    assert contains in elements


# Linux: the kernel's list


class Kernel:
    def __init__(self) -> None:
        self.refuses: Exception | None = None
        self.triggered: list[int] = []
        self.found = [
            Bss(HOME.bssid, 2437, -50.0, 99, 100, 0x0411, b"", HOME.elements, 0.5),
            Bss("02:00:00:00:00:09", 5180, None, 0, 100, 1, b"\x00\x00", b"", 0.1),
        ]

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def radios(self) -> list[Radio]:
        interfaces = (Interface("mon0", 4, "monitor", ""), Interface("wlan0", 3, "managed", ""))
        return [Radio(0, "phy0", "fake", ("managed",), (), interfaces)]

    def trigger_scan(self, index: int) -> None:
        if self.refuses:
            raise self.refuses
        self.triggered.append(index)

    def scan_results(self, index: int) -> list[Bss]:
        return self.found


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    monkeypatch.setattr(module, "Nl80211", lambda: made)
    return made


def test_the_kernels_list_is_read_with_raw_elements(kernel):
    way = Netlink(None)
    way.scan()
    first, second = way.entries()
    assert kernel.triggered == [3]
    assert (first.elements, first.tsf, first.age) == (HOME.elements, 99, 0.5)
    assert (second.elements, second.tsf) == (b"\x00\x00", None)


def test_only_a_managed_interface_will_do(kernel):
    with pytest.raises(Unreadable, match="mon0: no such managed interface; there are: wlan0"):
        Netlink("mon0")


def test_without_the_right_to_scan_the_list_of_others_is_read_and_this_is_said(kernel):
    kernel.refuses = Unreadable("cannot scan: not permitted; run as root")
    way = Netlink("wlan0")
    way.scan()
    assert len(way.entries()) == 2
    assert "as fresh as others make it" in way.notes[0]
    kernel.refuses = Unreadable("cannot scan: the interface is down")
    with pytest.raises(Unreadable, match="down"):
        way.scan()


# Linux: wpa_supplicant


BSS_REPLY = (
    "id={number}\nbssid=50:C7:BF:00:11:2{number}\nfreq=2437\nbeacon_int=100\ncapabilities=0x0411\n"
    "qual=0\nnoise=-95\nlevel=-50\ntsf=0000000000123456\nage=3\nie=00085465 bad\nssid=Teahouse\n"
)


def pywifi_of(monkeypatch: pytest.MonkeyPatch, *interfaces: Any, error: Exception | None = None) -> None:
    """A module like pywifi 1.1.12: PyWiFi().interfaces(), Interface, and const."""
    const = ModuleType("pywifi.const")
    for number, name in enumerate(("NONE", "WPA", "WPAPSK", "WPA2", "WPA2PSK", "UNKNOWN")):
        setattr(const, f"AKM_TYPE_{name}", number)

    def found() -> list[Any]:
        if error:
            raise error
        return list(interfaces)

    fake = ModuleType("pywifi")
    fake.PyWiFi = lambda: SimpleNamespace(interfaces=found)  # type: ignore[attr-defined]
    fake.const = const  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pywifi", fake)
    monkeypatch.setitem(sys.modules, "pywifi.const", const)


class Control:
    """pywifi's connection to wpa_supplicant."""

    def __init__(self, *replies: Any) -> None:
        self.replies, self.asked = list(replies), []  # type: ignore[var-annotated]

    def _send_cmd_to_wpas(self, interface: str, command: str, get_reply: bool = False) -> str:
        self.asked.append((interface, command))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return str(reply)


def supplicant(monkeypatch: pytest.MonkeyPatch, *replies: Any) -> Supplicant:
    control = Control(*replies)
    pywifi_of(monkeypatch, SimpleNamespace(name=lambda: "wlan0", _wifi_ctrl=control))
    return Supplicant("wlan0")


def test_wpa_supplicant_is_asked_for_one_entry_after_the_other(monkeypatch):
    good = BSS_REPLY.replace("00085465 bad", "00085465")
    way = supplicant(monkeypatch, "OK\n", good.format(number=1), good.format(number=2), "")
    way.scan()
    entries = way.entries()
    assert [entry.bssid for entry in entries] == ["50:c7:bf:00:11:21", "50:c7:bf:00:11:22"]
    assert way._control.asked == [
        ("wlan0", "SCAN"), ("wlan0", "BSS FIRST"), ("wlan0", "BSS NEXT-1"), ("wlan0", "BSS NEXT-2"),
    ]  # fmt: skip
    assert (entries[0].signal, entries[0].tsf, entries[0].age) == (-50.0, 123456, 3.0)


def test_an_entry_that_makes_no_sense_is_left_out_and_the_next_is_read(monkeypatch):
    good = BSS_REPLY.replace("00085465 bad", "00085465")
    way = supplicant(monkeypatch, BSS_REPLY.format(number=1), good.format(number=2), "FAIL\n")
    assert [entry.bssid for entry in way.entries()] == ["50:c7:bf:00:11:22"]


def test_entries_without_end_are_bounded(monkeypatch):
    good = BSS_REPLY.replace("00085465 bad", "00085465").format(number=1)
    way = supplicant(monkeypatch, *[good] * 2100)
    assert len(way.entries()) == 2000


@pytest.mark.parametrize(
    "error", [OSError("gone"), KeyError("wlan0"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")]
)
def test_wpa_supplicant_that_does_not_answer_is_one_error(monkeypatch, error):
    with pytest.raises(Unreadable, match="wlan0: wpa_supplicant does not answer"):
        supplicant(monkeypatch, error).scan()


@given(
    st.dictionaries(
        st.sampled_from(
            ["bssid", "freq", "level", "ie", "beacon_ie", "beacon_int", "capabilities", "tsf", "age"]
        ),
        st.text(max_size=20),
    )
)
def test_no_reply_raises(fields):
    supplicant_entry(fields)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (NotImplementedError(), Unsupported, "does not know this system"),
        (PermissionError(), Unreadable, "not permitted to speak to wpa_supplicant"),
        (FileNotFoundError("/var/run/wpa_supplicant"), Unreadable, "does not answer"),
        (ImportError("comtypes"), Unreadable, "does not answer"),
    ],
)
def test_what_pywifi_raises_is_told_in_words(monkeypatch, error, kind, says):
    pywifi_of(monkeypatch, error=error)
    with pytest.raises(kind, match=says):
        Supplicant(None)


def test_an_interface_that_pywifi_does_not_know_is_named(monkeypatch):
    pywifi_of(monkeypatch, SimpleNamespace(name=lambda: "wlan0", _wifi_ctrl=Control()))
    with pytest.raises(Unreadable, match="wlan5"):
        Supplicant("wlan5")


def test_a_pywifi_without_wpa_supplicant_is_no_way(monkeypatch):
    pywifi_of(monkeypatch, SimpleNamespace(name=lambda: "wlan0", _wifi_ctrl=object()))
    with pytest.raises(Unsupported):
        Supplicant(None)


# Windows: profiles as pywifi's _wifiutil_win.py makes them (akm [] for what it does not know, kHz)


def profile(ssid: str, akm: list[int], bssid: str = "50:c7:bf:00:11:22:", freq: int = 2_437_000) -> Any:
    return SimpleNamespace(ssid=ssid, akm=akm, bssid=bssid, freq=freq, signal=-50, auth=[0])


def windows(monkeypatch: pytest.MonkeyPatch, *profiles: Any) -> Any:
    interface = SimpleNamespace(name=lambda: "Intel(R) Wi-Fi", scans=0, scan_results=lambda: list(profiles))
    interface.scan = lambda: setattr(interface, "scans", interface.scans + 1)
    pywifi_of(monkeypatch, interface)
    monkeypatch.setattr(sys, "platform", "win32")
    return interface


def test_windows_lists_come_through_pywifis_own_interface(monkeypatch, no_gps):
    interface = windows(
        monkeypatch,
        profile("Teahouse", [4]),
        profile("Free", [0], "02:00:00:00:00:01:", 5_180_000),
        profile("Office", [], "02:00:00:00:00:02:"),
        profile("caf\xc3\xa9", [2], "02:00:00:00:00:03:"),
    )
    source = Managed("Intel(R) Wi-Fi", pause=0.01)
    live = Live(source, load(), name="scan", gps=no_gps)
    for _ in live.steps():
        if interface.scans >= 2:
            source.stop()
    scan = live.scan()
    points = {point.ssids[0]: point for point in scan.subject.wifi.access_points}
    assert (points["Teahouse"].akms, points["Teahouse"].channel) == (("PSK",), 6)
    assert (points["Free"].security, points["Free"].channel) == ("open", 36)
    assert points["Office"].security not in ("open", "WEP"), "protected, but not known how"
    assert points["café"].akms == ("PSK",)
    assert {NO_ELEMENTS, UNTESTED} <= set(scan.subject.coverage.notes), (
        "the report says that this is untested"
    )
    told = {(finding.rule, *finding.actors) for finding in scan.findings}
    assert ("wifi/weak-encryption", "02:00:00:00:00:02") not in told
    assert not any("open-network" in rule and "02:00:00:00:00:02" in actors for rule, *actors in told)


def test_names_that_a_newer_pywifi_decodes_itself(monkeypatch):
    windows(monkeypatch, profile("咖啡", [4]))
    assert "咖啡".encode() in Profiles(None).entries()[0].elements


# macOS: CoreWLAN through PyObjC


def network(bssid: str | None = "50:C7:BF:00:11:22", number: int = 6, band: int = 1) -> Any:
    channel = SimpleNamespace(channelNumber=lambda: number, channelBand=lambda: band)
    return SimpleNamespace(
        bssid=lambda: bssid, wlanChannel=lambda: channel, rssiValue=lambda: -50,
        informationElementData=lambda: HOME.elements, beaconInterval=lambda: 100,
    )  # fmt: skip


def macos(monkeypatch: pytest.MonkeyPatch, *networks: Any, error: Any = None, known: bool = True) -> None:
    interface = SimpleNamespace(
        scanForNetworksWithName_error_=lambda name, _: (None if error else set_of(networks), error)
    )
    client = SimpleNamespace(
        interfaceWithName_=lambda name: interface if known else None,
        interface=lambda: interface if known else None,
    )
    fake = ModuleType("CoreWLAN")
    fake.CWWiFiClient = SimpleNamespace(sharedWiFiClient=lambda: client)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "CoreWLAN", fake)
    monkeypatch.setattr(sys, "platform", "darwin")


def set_of(networks: Any) -> list[Any]:
    """PyObjC hands out an NSSet, which iterates."""
    return list(networks)


def test_macos_lists_have_raw_elements(monkeypatch, no_gps):
    macos(
        monkeypatch,
        network(),
        network("02:00:00:00:00:01", 36, 2),
        network("02:00:00:00:00:02", 5, 3),
        network("02:00:00:00:00:03", 14),
    )
    source = Managed("en0", pause=0.01)
    live = Live(source, load(), name="scan", gps=no_gps)
    for number, _ in enumerate(live.steps()):
        if number > 5:
            source.stop()
    scan = live.scan()
    points = {point.bssid: (point.frequency, point.akms) for point in scan.subject.wifi.access_points}
    assert points == {
        "50:c7:bf:00:11:22": (2437, ("PSK",)),
        "02:00:00:00:00:01": (5180, ("PSK",)),
        "02:00:00:00:00:02": (5975, ("PSK",)),
        "02:00:00:00:00:03": (2484, ("PSK",)),
    }
    assert UNTESTED in scan.subject.coverage.notes


def test_macos_hides_addresses_without_the_right_to_the_location_and_this_is_said(monkeypatch):
    macos(monkeypatch, network(None), network())
    way = CoreWlan(None)
    way.scan()
    assert len(way.entries()) == 1
    assert "Location Services): 1 were left out" in way.notes[1]


def test_macos_refusals_and_missing_parts(monkeypatch):
    macos(monkeypatch, error="Error Domain=com.apple.wifi.apple80211API.error Code=16")
    with pytest.raises(Unreadable, match="refuses to scan"):
        CoreWlan(None).scan()
    macos(monkeypatch, known=False)
    with pytest.raises(Unreadable, match="en7: macOS knows no such"):
        CoreWlan("en7")
    monkeypatch.setitem(sys.modules, "CoreWLAN", None)
    with pytest.raises(Unsupported, match="pip install pyobjc-framework-CoreWLAN"):
        Managed(None)


def test_on_linux_the_kernel_is_asked_first_and_all_reasons_are_told(monkeypatch, kernel):
    assert isinstance(module._first_backend("wlan0"), Netlink)
    pywifi_of(monkeypatch, error=PermissionError())
    with pytest.raises(
        Unsupported, match=r"wlan9: no such managed interface.*; not permitted to speak to wpa_supplicant"
    ):
        module._first_backend("wlan9")
