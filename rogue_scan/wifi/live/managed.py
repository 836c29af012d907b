"""Access points as the operating system's own scan shows them, without monitor mode.

Each entry of a scan list becomes the beacon that it was made of, so that the same decoder, world and
detectors work on it. What such a list cannot show (clients, data, deauthentications, two transmitters
under one address) is said in :data:`BLIND`.

Ways to the list, the first that works: nl80211 (Linux, raw elements), wpa_supplicant through pywifi's
connection (Linux, raw elements), pywifi's own profiles (Windows: name and four kinds of security alone),
CoreWLAN (macOS, raw elements). The last two are written from their documentation and were not run.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from rogue_scan.errors import SourceError, Unreadable, Unsupported
from rogue_scan.wifi.capture import writer
from rogue_scan.wifi.live.nl80211 import Nl80211

BLIND = (
    "seen through the operating system's scan list: beacons alone, no clients, data or deauthentications",
    "two transmitters under one address look like one; clocks and sequence numbers were not compared",
)
"""What no rule can see in this mode."""

NO_ELEMENTS = (
    "this system's scan list holds names and a few kinds of security alone: enterprise networks, WPA3 and "
    "OWE cannot be told from others, and all other elements are not known"
)

UNTESTED = "this way of scanning was written from its documentation and not tested"
UNKNOWN = "UNKNOWN"
_PRIVACY, _ESS = 0x10, 0x01
_MOST_ENTRIES = 2000
_MOST_REPLY = 4096


class Entry(msgspec.Struct, frozen=True):
    """One access point in a scan list."""

    bssid: str
    frequency: int
    """MHz."""
    signal: float | None
    """dBm."""
    elements: bytes
    interval: int = 100
    """Time units of 1024 µs."""
    capabilities: int = _ESS
    tsf: int | None = None
    """µs; None where the list does not say."""
    age: float = 0.0
    """Seconds since it was heard."""


class Backend(Protocol):
    """One way to the scan list."""

    notes: tuple[str, ...]

    def scan(self) -> None:
        """Ask for a new scan; returns at once."""

    def entries(self) -> list[Entry]:
        """The list as it stands."""


class Managed:
    """Repeated scans as one stream of pcapng, like that of a monitor."""

    def __init__(self, interface: str | None, pause: float = 5.0) -> None:
        self._backend = _first_backend(interface)
        self._pause = pause
        self.stopped = False
        """Whether the run was told to end."""
        self._heard: dict[tuple[str, int], float] = {}
        self.errors: list[SourceError] = []
        """What ended the run early."""

    @property
    def notes(self) -> list[str]:
        """Sentences on what this run cannot see, for the report's coverage."""
        return [*BLIND, *self._backend.notes]

    def stop(self) -> None:
        """End the stream."""
        self.stopped = True

    def stream(self, *, idle: float = 0.25) -> Iterator[bytes]:
        """Pcapng bytes, beginning with the headers; ``b""`` each ``idle`` seconds between scans.

        Raises Unreadable where not even the first scan succeeds.
        """
        yield writer.section_header() + writer.interface(name="scan list")
        scans = 0
        try:
            while not self.stopped:
                self._backend.scan()
                due = time.monotonic() + self._pause
                while time.monotonic() < due and not self.stopped:
                    time.sleep(idle)
                    yield b""
                yield self.batch(self._backend.entries(), time.time())
                scans += 1
        except SourceError as error:
            if not scans:
                raise
            self.errors.append(error)  # the interface went away: what was heard before holds

    def batch(self, entries: Sequence[Entry], now: float) -> bytes:
        """The entries that were heard again since the last batch, as packets in order of time.

        ``now`` is in seconds since 1970.
        """
        fresh = []
        for entry in entries[:_MOST_ENTRIES]:
            heard = now - entry.age
            # Ages are rounded to a millisecond, and a list repeats what it holds until that is old.
            if heard > self._heard.get((entry.bssid, entry.frequency), 0.0) + 0.05:
                self._heard[entry.bssid, entry.frequency] = heard
                fresh.append((heard, entry))
        fresh.sort(key=lambda pair: (pair[0], pair[1].bssid))
        return b"".join(
            writer.packet(beacon(entry, heard), int(heard * 1e6) * 1000) for heard, entry in fresh
        )


def beacon(entry: Entry, heard: float) -> bytes:
    """A radiotap header and the beacon that an entry stands for.

    Where the list gives no TSF, each address gets a clock line of its own: an equal one would prove that
    access points are siblings, and nothing proves that here.
    """
    fields = struct.pack("<HH", entry.frequency & 0xFFFF, 0x0080 if entry.frequency < 3000 else 0x0100)
    present = 1 << 3
    if entry.signal is not None:
        present |= 1 << 5
        fields += struct.pack("b", max(-128, min(127, round(entry.signal))))
    radiotap = struct.pack("<BBHI", 0, 0, 8 + len(fields), present) + fields
    address = bytes.fromhex(entry.bssid.replace(":", ""))
    tsf = entry.tsf
    if tsf is None:
        own = int.from_bytes(hashlib.sha256(address).digest()[:5], "big")
        tsf = int(heard * 1e6) + own * 1_000
    header = struct.pack("<HH", 0x0080, 0) + b"\xff" * 6 + address + address + b"\0\0"
    fixed = struct.pack("<QHH", tsf & (1 << 64) - 1, entry.interval, entry.capabilities)
    return radiotap + header + fixed + entry.elements


def elements_of(ssid: bytes, akms: Sequence[str]) -> tuple[bytes, int]:
    """Elements and capabilities for a list that names only SSID and AKMs (``WPA-PSK``, ``WPA2-EAP`` …).

    ``WPA2-UNKNOWN``, of the reserved suite 0, stands for a protection that the list does not name.
    """
    built = bytes([0, min(len(ssid), 32)]) + ssid[:32]
    suites = {"PSK": 2, "EAP": 1, "SAE": 8, "OWE": 18, UNKNOWN: 0}
    rsn = [suites[akm.partition("-")[2]] for akm in akms if akm.startswith(("WPA2-", "WPA3-"))]
    wpa = [suites[akm.partition("-")[2]] for akm in akms if akm.startswith("WPA-")]
    if rsn:
        body = b"\1\0\x00\x0f\xac\4" + b"\1\0\x00\x0f\xac\4" + struct.pack("<H", len(rsn))
        body += b"".join(b"\x00\x0f\xac" + bytes([suite]) for suite in rsn) + b"\0\0"
        built += bytes([48, len(body)]) + body
    if wpa:
        body = b"\x00\x50\xf2\1\1\0" + b"\x00\x50\xf2\2" + b"\1\0\x00\x50\xf2\2" + struct.pack("<H", len(wpa))
        body += b"".join(b"\x00\x50\xf2" + bytes([suite]) for suite in wpa)
        built += bytes([221, len(body)]) + body
    return built, _ESS | (_PRIVACY if rsn or wpa else 0)


class Netlink:
    """The kernel's scan list."""

    notes: tuple[str, ...] = ()

    def __init__(self, interface: str | None) -> None:
        with Nl80211() as kernel:
            owned = [each for radio in kernel.radios() for each in radio.interfaces if each.kind == "managed"]
        chosen = [each for each in owned if interface in (None, each.name)]
        if not chosen:
            known = ", ".join(each.name for each in owned) or "none"
            raise Unreadable(f"{interface or 'no interface'}: no such managed interface; there are: {known}")
        self._index = chosen[0].index

    def scan(self) -> None:
        """Ask the kernel to scan; without the right to, the list that others fill is read."""
        try:
            with Nl80211() as kernel:
                kernel.trigger_scan(self._index)
        except Unreadable as refused:
            if "not permitted" not in str(refused):
                raise
            self.notes = ("not permitted to ask for scans: the list is as fresh as others make it",)

    def entries(self) -> list[Entry]:
        """The list, with raw elements."""
        with Nl80211() as kernel:
            return [
                Entry(
                    bssid=bss.bssid,
                    frequency=bss.frequency,
                    signal=bss.signal,
                    elements=bss.elements or bss.beacon_elements,
                    interval=bss.interval,
                    capabilities=bss.capabilities,
                    tsf=bss.tsf or None,
                    age=bss.age,
                )
                for bss in kernel.scan_results(self._index)
            ]


class Supplicant:
    """wpa_supplicant, through the connection that pywifi keeps to it.

    pywifi's own reading of ``SCAN_RESULTS`` is cut at 4096 bytes and knows four AKMs; ``BSS`` gives one
    entry at a time, with raw elements.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, interface: str | None) -> None:
        found = _pywifi(interface)
        self._name, self._control = str(found.name()), found._wifi_ctrl
        if not hasattr(self._control, "_send_cmd_to_wpas"):
            raise Unsupported("pywifi has no wpa_supplicant here")

    def scan(self) -> None:
        """Ask wpa_supplicant to scan."""
        self._ask("SCAN")

    def entries(self) -> list[Entry]:
        """All entries, one by one."""
        found: list[Entry] = []
        reply = self._ask("BSS FIRST")
        while reply and len(found) < _MOST_ENTRIES:
            fields = dict(line.split("=", 1) for line in reply.splitlines() if "=" in line)
            entry = supplicant_entry(fields)
            if entry is not None:
                found.append(entry)
            if not fields.get("id", "").isdigit():
                break
            reply = self._ask(f"BSS NEXT-{fields['id']}")
        return found

    def _ask(self, command: str) -> str:
        try:
            return str(self._control._send_cmd_to_wpas(self._name, command, True) or "")
        except (OSError, KeyError, UnicodeDecodeError) as error:
            raise Unreadable(f"{self._name}: wpa_supplicant does not answer: {error}") from error


def supplicant_entry(fields: dict[str, str]) -> Entry | None:
    """An entry from the lines of wpa_supplicant's ``BSS`` command; None where they are no entry."""
    try:
        raw = bytes.fromhex(fields.get("ie") or fields.get("beacon_ie") or "")
        return Entry(
            bssid=fields["bssid"].lower(),
            frequency=int(fields["freq"]),
            signal=float(fields["level"]),
            elements=raw,
            interval=int(fields.get("beacon_int", "100")),
            capabilities=int(fields.get("capabilities", "0x1"), 0),
            tsf=int(fields.get("tsf", "0")) or None,
            age=float(fields.get("age", "0")),
        )
    except (KeyError, ValueError):
        return None


class Profiles:
    """pywifi's own view: names and four AKMs. The only way on Windows; not run there by the authors."""

    notes: tuple[str, ...] = (NO_ELEMENTS, UNTESTED)

    def __init__(self, interface: str | None) -> None:
        self._interface = _pywifi(interface)

    def scan(self) -> None:
        """Ask the system to scan."""
        self._interface.scan()

    def entries(self) -> list[Entry]:
        """The list; security as far as pywifi knows it."""
        from pywifi import const

        names = {
            const.AKM_TYPE_WPA: "WPA-EAP",
            const.AKM_TYPE_WPAPSK: "WPA-PSK",
            const.AKM_TYPE_WPA2: "WPA2-EAP",
            const.AKM_TYPE_WPA2PSK: "WPA2-PSK",
        }
        found = []
        for profile in self._interface.scan_results():
            open_one = list(profile.akm or ()) == [const.AKM_TYPE_NONE]
            akms = [names.get(akm, f"WPA2-{UNKNOWN}") for akm in profile.akm or ()] or [f"WPA2-{UNKNOWN}"]
            elements, capabilities = elements_of(_octets(str(profile.ssid)), [] if open_one else akms)
            found.append(
                Entry(
                    bssid=str(profile.bssid).strip(":").lower(),
                    frequency=_megahertz(int(profile.freq)),
                    signal=float(profile.signal),
                    elements=elements,
                    capabilities=capabilities,
                )
            )
        return found


class CoreWlan:
    """macOS, through PyObjC's CoreWLAN; not run there by the authors."""

    notes: tuple[str, ...] = (UNTESTED,)

    def __init__(self, interface: str | None) -> None:
        try:
            import CoreWLAN  # type: ignore[import-not-found]
        except ImportError as error:
            raise Unsupported("scanning on macOS needs: pip install pyobjc-framework-CoreWLAN") from error
        client = CoreWLAN.CWWiFiClient.sharedWiFiClient()
        self._interface = client.interfaceWithName_(interface) if interface else client.interface()
        if self._interface is None:
            raise Unreadable(f"{interface or 'no interface'}: macOS knows no such Wi-Fi interface")
        self._found: Sequence[Any] = ()

    def scan(self) -> None:
        """Scan; CoreWLAN blocks until it is done."""
        networks, error = self._interface.scanForNetworksWithName_error_(None, None)
        if error is not None:
            raise Unreadable(f"the system refuses to scan: {error}")
        self._found = tuple(networks or ())
        hidden = sum(not network.bssid() for network in self._found)
        if hidden:
            withheld = (
                "macOS hides the addresses of networks from programs without the right to the location "
                f"(System Settings, Privacy & Security, Location Services): {hidden} were left out"
            )
            self.notes = (UNTESTED, withheld)

    def entries(self) -> list[Entry]:
        """The last scan's networks; without the right to see locations macOS hides their addresses."""
        return [
            Entry(
                bssid=str(network.bssid()).lower(),
                frequency=_channel_frequency(
                    int(network.wlanChannel().channelNumber()), int(network.wlanChannel().channelBand())
                ),
                signal=float(network.rssiValue()),
                elements=bytes(network.informationElementData() or b""),
                interval=int(network.beaconInterval()),
            )
            for network in self._found
            if network.bssid()
        ]


def _first_backend(interface: str | None) -> Backend:
    ways: list[Callable[[str | None], Backend]] = {
        "linux": [Netlink, Supplicant],
        "darwin": [CoreWlan],
    }.get(sys.platform, [Profiles])  # type: ignore[assignment]
    reasons = []
    for way in ways:
        try:
            return way(interface)
        except (Unreadable, Unsupported) as error:
            reasons.append(str(error))
    raise Unsupported("; ".join(reasons))


def _pywifi(interface: str | None) -> Any:
    """The interface as pywifi knows it."""
    try:
        import pywifi

        found = pywifi.PyWiFi().interfaces()
    except NotImplementedError as error:
        raise Unsupported("pywifi does not know this system") from error
    except PermissionError as error:
        raise Unreadable(
            "not permitted to speak to wpa_supplicant; run as root, or join its group"
        ) from error
    except (OSError, ImportError) as error:
        raise Unreadable(f"the system's scan service does not answer: {error}") from error
    chosen = [each for each in found if interface in (None, each.name())]
    if not chosen:
        raise Unreadable(f"{interface or 'no interface'}: the system's scan service does not know it")
    return chosen[0]


def _octets(ssid: str) -> bytes:
    """The octets of an SSID of which pywifi made one character each (on Windows)."""
    try:
        return ssid.encode("latin-1")
    except UnicodeEncodeError:
        return ssid.encode("utf-8", "replace")


def _megahertz(value: int) -> int:
    return value // 1000 if value > 100_000 else value  # Windows counts in kHz


def _channel_frequency(channel: int, band: int) -> int:
    """MHz of a channel number; ``band`` is CoreWLAN's CWChannelBand (1: 2.4 GHz, 2: 5 GHz, 3: 6 GHz)."""
    if band == 3:
        return 5950 + 5 * channel
    if band == 2:
        return 5000 + 5 * channel
    return 2484 if channel == 14 else 2407 + 5 * channel
