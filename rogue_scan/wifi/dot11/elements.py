"""Information elements: the chain, in order, and what each one says.

IEEE 802.11-2024 9.4.2. The chain is split once; each element is decoded when asked for. A broken chain
(:attr:`Elements.complete` is false) or an element that contradicts its own format (:attr:`Elements.problems`)
is never an error of the caller: it is counted, and rules must not claim anything from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TypeVar

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.dot11 import channel as channels
from rogue_scan.wifi.dot11 import multilink, operation, security, wps

T = TypeVar("T")


class Id(IntEnum):
    """Element ids that are asked for by name; :class:`Ext` has those behind id 255."""

    SSID = 0
    RATES = 1
    DS = 3
    TIM = 5
    COUNTRY = 7
    BSS_LOAD = 11
    POWER_CONSTRAINT = 32
    CSA = 37
    ERP = 42
    HT_CAPABILITIES = 45
    RSN = 48
    EXTENDED_RATES = 50
    AP_CHANNEL_REPORT = 51
    MOBILITY_DOMAIN = 54
    FAST_BSS = 55
    ECSA = 60
    HT_OPERATION = 61
    RM_CAPABILITIES = 70
    MULTIPLE_BSSID = 71
    MME = 76
    NONTRANSMITTED_CAPABILITY = 83
    MULTIPLE_BSSID_INDEX = 85
    INTERWORKING = 107
    ADVERTISEMENT = 108
    ROAMING_CONSORTIUM = 111
    MESH_CONFIGURATION = 113
    MESH_ID = 114
    EXTENDED_CAPABILITIES = 127
    VHT_CAPABILITIES = 191
    VHT_OPERATION = 192
    REDUCED_NEIGHBOURS = 201
    FILS_INDICATION = 240
    FRAGMENT = 242
    RSNX = 244
    VENDOR = 221
    EXTENSION = 255


class Ext(IntEnum):
    """Extended element ids (second byte of elements with id 255)."""

    HE_CAPABILITIES = 35
    HE_OPERATION = 36
    OWE_DH = 32
    ANTI_CLOGGING = 93
    REJECTED_GROUPS = 92
    NONINHERITANCE = 56
    HE_6GHZ_CAPABILITIES = 59
    EHT_OPERATION = 106
    MULTI_LINK = 107
    EHT_CAPABILITIES = 108


@dataclass(slots=True, frozen=True)
class Element:
    """One element: ``ext`` is set for id 255; ``body`` is without id, length and extension id."""

    id: int
    ext: int | None
    body: bytes
    offset: int
    """Of the element's id within the chain."""

    @property
    def key(self) -> str:
        """Name for comparing orders: ``48``, ``255.35``, ``221.0050f2.04`` (vendor: OUI and type)."""
        if self.id == Id.VENDOR and len(self.body) >= 3:
            return f"221.{self.body[:3].hex()}.{self.body[3:4].hex()}"
        return f"255.{self.ext}" if self.ext is not None else str(self.id)


@dataclass(slots=True, frozen=True)
class BssLoad:
    """Stations and share of busy time (0..255) that the access point counts."""

    stations: int
    utilisation: int


@dataclass(slots=True, frozen=True)
class ChannelSwitch:
    """CSA (37) or ECSA (60)."""

    extended: bool
    mode: int
    channel: int
    count: int
    operating_class: int | None = None


@dataclass(slots=True, frozen=True)
class Tim:
    """Traffic indication map header."""

    dtim_count: int
    dtim_period: int


@dataclass(slots=True, frozen=True)
class MobilityDomain:
    """Fast transition domain."""

    domain: int
    over_ds: bool


@dataclass(slots=True, frozen=True)
class Interworking:
    """Hotspot 2.0 and the like."""

    network_type: int
    internet: bool
    hessid: str | None


@dataclass(slots=True, frozen=True)
class Mme:
    """Management MIC element: protected broadcast or, in beacons, beacon protection."""

    key_id: int
    packet_number: int
    mic: bytes


@dataclass(slots=True, frozen=True)
class NontransmittedBss:
    """One profile of a multiple-BSSID element."""

    index: int
    ssid: bytes
    capabilities: int
    elements: Elements


class Elements:
    """A chain of elements."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        """The chain as sent."""
        self.items: tuple[Element, ...]
        """In the order sent."""
        self.complete = True
        """False where the last element is longer than what is left."""
        self.problems: list[str] = []
        """What could not be decoded, filled when it is asked for."""
        found: list[Element] = []
        at, end = 0, len(raw)
        while at + 2 <= end:
            kind, length = raw[at], raw[at + 1]
            stop = at + 2 + length
            if stop > end:
                break
            if kind == 255:
                if length:
                    found.append(Element(kind, raw[at + 2], raw[at + 3 : stop], at))
                else:
                    found.append(Element(kind, None, b"", at))
            else:
                found.append(Element(kind, None, raw[at + 2 : stop], at))
            at = stop
        if at != end:
            self.complete = False
        self.items = tuple(found)

    def __repr__(self) -> str:
        return f"Elements({' '.join(self.order)}{'' if self.complete else ' broken'})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Elements) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    # Plain access

    def first(self, kind: int) -> bytes | None:
        """Body of the first element with this id."""
        for item in self.items:
            if item.id == kind:
                return item.body
        return None

    def all(self, kind: int) -> list[bytes]:
        """Bodies of all elements with this id."""
        return [item.body for item in self.items if item.id == kind]

    def extension(self, ext: int) -> bytes | None:
        """Body of the first element with this extension id, its fragments joined (802.11-2024 10.28.11)."""
        for number, item in enumerate(self.items):
            if item.id == 255 and item.ext == ext:
                body = item.body
                whole = len(body) == 254
                for follower in self.items[number + 1 :]:
                    if not whole or follower.id != Id.FRAGMENT:
                        break
                    body += follower.body
                    whole = len(follower.body) == 255
                return body
        return None

    def vendor(self, oui: bytes, kind: int | None = None) -> bytes | None:
        """Body after OUI (and type) of the first vendor element that has them."""
        head = oui if kind is None else oui + bytes([kind])
        for item in self.items:
            if item.id == Id.VENDOR and item.body.startswith(head):
                return item.body[len(head) :]
        return None

    @property
    def vendors(self) -> tuple[tuple[str, int | None], ...]:
        """(OUI as ``aa:bb:cc``, type byte) of the vendor elements, in order."""
        return tuple(
            (item.body[:3].hex(":"), item.body[3] if len(item.body) > 3 else None)
            for item in self.items
            if item.id == Id.VENDOR and len(item.body) >= 3
        )

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Keys of the elements in the order sent: a habit of the software that built the frame."""
        return tuple(item.key for item in self.items)

    def _decoded(self, name: str, body: bytes | None, decode: Callable[[bytes], T]) -> T | None:
        if body is None:
            return None
        try:
            return decode(body)
        except (Malformed, Truncated) as problem:
            text = f"{name}: {problem}"
            if text not in self.problems:
                self.problems.append(text)
            return None

    # Identity and place

    @cached_property
    def ssid(self) -> bytes | None:
        """SSID as sent; None where there is no SSID element or it is over 32 bytes."""
        body = self.first(Id.SSID)
        if body is not None and len(body) > 32:
            self.problems.append(f"ssid: {len(body)} bytes")
            return None
        return body

    @cached_property
    def rates(self) -> tuple[int, ...]:
        """Supported and extended rates as sent: units of 500 kbit/s, the high bit marks basic rates."""
        return tuple((self.first(Id.RATES) or b"") + (self.first(Id.EXTENDED_RATES) or b""))

    @cached_property
    def channel(self) -> int | None:
        """Channel by the DS parameter set."""
        body = self.first(Id.DS)
        return body[0] if body else None

    @cached_property
    def tim(self) -> Tim | None:
        """Traffic indication map."""
        body = self.first(Id.TIM)
        return Tim(body[0], body[1]) if body is not None and len(body) >= 4 else None

    @cached_property
    def country(self) -> str | None:
        """Country code of two letters, as sent (decoded as Latin-1)."""
        body = self.first(Id.COUNTRY)
        return body[:2].decode("latin-1") if body is not None and len(body) >= 3 else None

    @cached_property
    def load(self) -> BssLoad | None:
        """BSS load (QBSS)."""
        body = self.first(Id.BSS_LOAD)
        if body is None or len(body) < 5:
            return None
        return BssLoad(int.from_bytes(body[:2], "little"), body[2])

    def operated_frequency(self, tuned: int = 0) -> int | None:
        """Primary frequency that the BSS says it is on, MHz; the tuner's where it does not say.

        HE operation on 6 GHz, then the DS parameter set and HT operation. Channel numbers up to 14 are
        2.4 GHz there; the tuner only decides where a number is ambiguous.
        """
        he = self.he_operation
        if he is not None and he.primary_6ghz is not None:
            return operation.he_frequency(he)
        ht = self.ht_operation
        number = self.channel if self.channel else ht.primary if ht is not None else None
        if not number:
            return tuned or None
        band = channels.band_of(tuned)
        if band == channels.BAND_6G:
            return channels.frequency_of(number, channels.BAND_6G) or tuned
        if number <= 14:
            return channels.frequency_of(number, channels.BAND_2G)
        return channels.frequency_of(number, channels.BAND_5G)

    # Protection

    @cached_property
    def rsn(self) -> security.Rsn | None:
        """RSN element."""
        return self._decoded("rsn", self.first(Id.RSN), security.decode_rsn)

    @cached_property
    def wpa(self) -> security.Rsn | None:
        """WPA (version 1) element."""
        body = self.vendor(security.OUI_MICROSOFT, 1)
        return self._decoded("wpa", body, lambda b: security.decode_rsn(b, security.OUI_MICROSOFT))

    @cached_property
    def rsn_overrides(self) -> tuple[security.Rsn, ...]:
        """RSN override elements (WPA3 compatibility mode): the strong set outside the RSN element."""
        found = (
            self._decoded("rsn override", self.vendor(security.OUI_WFA, kind), security.decode_rsn)
            for kind in (0x29, 0x2A)
        )
        return tuple(rsn for rsn in found if rsn is not None)

    @cached_property
    def rsnx(self) -> tuple[str, ...]:
        """Names of RSN extension capabilities (of the element or its override)."""
        body = self.first(Id.RSNX)
        override = self.vendor(security.OUI_WFA, 0x2B)
        names = self._decoded("rsnx", body, security.decode_rsnx) or ()
        extra = self._decoded("rsnx override", override, security.decode_rsnx) or ()
        return tuple(dict.fromkeys((*names, *extra)))

    @cached_property
    def owe_transition(self) -> security.OweTransition | None:
        """Pointer to the other half of an OWE transition pair."""
        body = self.vendor(security.OUI_WFA, 28)
        return self._decoded("owe transition", body, security.decode_owe_transition)

    @cached_property
    def wps(self) -> wps.Wps | None:
        """Wi-Fi Protected Setup."""
        parts = [
            item.body[4:]
            for item in self.items
            if item.id == Id.VENDOR and item.body.startswith(security.OUI_MICROSOFT + b"\x04")
        ]
        return self._decoded("wps", b"".join(parts) if parts else None, wps.decode_wps)

    @cached_property
    def mme(self) -> Mme | None:
        """Management MIC element."""
        body = self.first(Id.MME)
        if body is None or len(body) < 16:
            return None
        return Mme(int.from_bytes(body[:2], "little"), int.from_bytes(body[2:8], "little"), body[8:])

    # Kinship

    @cached_property
    def mobility_domain(self) -> MobilityDomain | None:
        """Mobility domain of fast transition."""
        body = self.first(Id.MOBILITY_DOMAIN)
        if body is None or len(body) < 3:
            return None
        return MobilityDomain(int.from_bytes(body[:2], "little"), bool(body[2] & 1))

    @cached_property
    def neighbours(self) -> tuple[multilink.Neighbour, ...]:
        """BSSs of reduced neighbour reports."""
        found: list[multilink.Neighbour] = []
        for body in self.all(Id.REDUCED_NEIGHBOURS):
            found += self._decoded("neighbour report", body, multilink.decode_neighbours) or ()
        return tuple(found)

    @cached_property
    def multi_link(self) -> multilink.MultiLink | None:
        """The first (in beacons: basic) multi-link element."""
        body = self.extension(Ext.MULTI_LINK)
        return self._decoded("multi-link", body, multilink.decode_multi_link)

    @cached_property
    def multiple_bssid(self) -> tuple[int, tuple[NontransmittedBss, ...]] | None:
        """(max BSSID indicator, profiles) of multiple-BSSID elements; split profiles are joined."""
        bodies = self.all(Id.MULTIPLE_BSSID)
        if not bodies:
            return None
        profiles: list[bytes] = []
        for body in bodies:
            if not body:
                self.problems.append("multiple BSSID: empty element")
                continue
            for sub in Elements(body[1:]).items:
                if sub.id != 0:
                    continue
                # A profile starts with the capability element (83); one that does not goes on with the last.
                if sub.body[:1] == b"\x53" or not profiles:
                    profiles.append(sub.body)
                else:
                    profiles[-1] += sub.body
        found = []
        for profile in profiles[:256]:
            inner = Elements(profile)
            capability, index = (
                inner.first(Id.NONTRANSMITTED_CAPABILITY),
                inner.first(Id.MULTIPLE_BSSID_INDEX),
            )
            if not inner.complete or capability is None or len(capability) < 2 or not index:
                self.problems.append("multiple BSSID: a profile is incomplete")
                continue
            bits = int.from_bytes(capability[:2], "little")
            found.append(NontransmittedBss(index[0], inner.ssid or b"", bits, inner))
        return (bodies[0][0] if bodies[0] else 0), tuple(found)

    @cached_property
    def interworking(self) -> Interworking | None:
        """Interworking element."""
        body = self.first(Id.INTERWORKING)
        if not body:
            return None
        hessid = body[-6:].hex(":") if len(body) in (7, 9) else None
        return Interworking(body[0] & 0x0F, bool(body[0] & 0x10), hessid)

    @cached_property
    def fils(self) -> bool:
        """Whether FILS is indicated."""
        return self.first(Id.FILS_INDICATION) is not None

    @cached_property
    def mesh_id(self) -> bytes | None:
        """Mesh id, where this is a mesh point."""
        return self.first(Id.MESH_ID)

    # Change of channel

    @cached_property
    def switch(self) -> ChannelSwitch | None:
        """ECSA, else CSA, that this chain announces."""
        body = self.first(Id.ECSA)
        if body is not None and len(body) >= 4:
            return ChannelSwitch(True, body[0], body[2], body[3], body[1])
        body = self.first(Id.CSA)
        if body is not None and len(body) >= 3:
            return ChannelSwitch(False, body[0], body[1], body[2])
        return None

    # Generations

    @cached_property
    def ht_capabilities(self) -> bytes | None:
        """HT capabilities as sent (26 bytes)."""
        return self.first(Id.HT_CAPABILITIES)

    @cached_property
    def ht_operation(self) -> operation.HtOperation | None:
        """HT operation."""
        return self._decoded("HT operation", self.first(Id.HT_OPERATION), operation.decode_ht_operation)

    @cached_property
    def vht_capabilities(self) -> bytes | None:
        """VHT capabilities as sent (12 bytes)."""
        return self.first(Id.VHT_CAPABILITIES)

    @cached_property
    def vht_operation(self) -> operation.VhtOperation | None:
        """VHT operation."""
        return self._decoded("VHT operation", self.first(Id.VHT_OPERATION), operation.decode_vht_operation)

    @cached_property
    def he_capabilities(self) -> bytes | None:
        """HE capabilities as sent."""
        return self.extension(Ext.HE_CAPABILITIES)

    @cached_property
    def he_operation(self) -> operation.HeOperation | None:
        """HE operation."""
        body = self.extension(Ext.HE_OPERATION)
        return self._decoded("HE operation", body, operation.decode_he_operation)

    @cached_property
    def eht_capabilities(self) -> bytes | None:
        """EHT capabilities as sent."""
        return self.extension(Ext.EHT_CAPABILITIES)

    @cached_property
    def eht_operation(self) -> operation.EhtOperation | None:
        """EHT operation."""
        body = self.extension(Ext.EHT_OPERATION)
        return self._decoded("EHT operation", body, operation.decode_eht_operation)

    @cached_property
    def generation(self) -> int:
        """Wi-Fi generation: 7 EHT, 6 HE, 5 VHT, 4 HT, 0 older."""
        if self.eht_capabilities is not None:
            return 7
        if self.he_capabilities is not None:
            return 6
        if self.vht_capabilities is not None:
            return 5
        return 4 if self.ht_capabilities is not None else 0

    @cached_property
    def extended_capabilities(self) -> bytes:
        """Extended capabilities as sent."""
        return self.first(Id.EXTENDED_CAPABILITIES) or b""

    def check(self) -> list[str]:
        """Decode everything once and return the problems: broken chain first."""
        for name in _DECODED:
            getattr(self, name)
        if self.complete:
            return list(self.problems)
        return ["chain: an element is longer than what is left", *self.problems]


_DECODED = (
    "ssid",
    "rsn",
    "wpa",
    "rsn_overrides",
    "rsnx",
    "owe_transition",
    "wps",
    "neighbours",
    "multi_link",
    "multiple_bssid",
    "ht_operation",
    "vht_operation",
    "he_operation",
    "eht_operation",
)
