"""What protects a BSS: RSN, RSN override, WPA, WEP, OWE, or nothing.

IEEE 802.11-2024 9.4.2.24 (RSNE), 9.4.2.241 (RSNXE); Wi-Fi Alliance WPA3 specification (RSN overriding,
OWE transition mode); WPA is the pre-standard vendor element 00:50:F2 type 1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rogue_scan.errors import Malformed

if TYPE_CHECKING:
    from rogue_scan.wifi.dot11.elements import Elements

OUI_IEEE = b"\x00\x0f\xac"
OUI_MICROSOFT = b"\x00\x50\xf2"
OUI_WFA = b"\x50\x6f\x9a"

AKM_NAMES = {
    1: "802.1X",
    2: "PSK",
    3: "FT-802.1X",
    4: "FT-PSK",
    5: "802.1X-SHA256",
    6: "PSK-SHA256",
    7: "TDLS",
    8: "SAE",
    9: "FT-SAE",
    10: "AP-PEER-KEY",
    11: "802.1X-SUITE-B",
    12: "802.1X-SUITE-B-192",
    13: "FT-802.1X-SHA384",
    14: "FILS-SHA256",
    15: "FILS-SHA384",
    16: "FT-FILS-SHA256",
    17: "FT-FILS-SHA384",
    18: "OWE",
    19: "FT-PSK-SHA384",
    20: "PSK-SHA384",
    21: "PASN",
    22: "FT-802.1X-SHA384-2",
    23: "802.1X-SHA384",
    24: "SAE-EXT",
    25: "FT-SAE-EXT",
}
CIPHER_NAMES = {
    0: "USE-GROUP",
    1: "WEP-40",
    2: "TKIP",
    4: "CCMP",
    5: "WEP-104",
    6: "BIP-CMAC-128",
    7: "NO-GROUP",
    8: "GCMP-128",
    9: "GCMP-256",
    10: "CCMP-256",
    11: "BIP-GMAC-128",
    12: "BIP-GMAC-256",
    13: "BIP-CMAC-256",
}
SAE_AKMS = frozenset({"SAE", "FT-SAE", "SAE-EXT", "FT-SAE-EXT"})
PSK_AKMS = frozenset({"PSK", "FT-PSK", "PSK-SHA256", "FT-PSK-SHA384", "PSK-SHA384"})
ENTERPRISE_AKMS = frozenset(
    name for name in AKM_NAMES.values() if name.startswith(("802.1X", "FT-802.1X", "FILS", "FT-FILS"))
)


class Mfp(StrEnum):
    """Management frame protection."""

    NONE = "none"
    CAPABLE = "capable"
    REQUIRED = "required"


class Protection(StrEnum):
    """How content is protected, the strongest that is offered."""

    OPEN = "open"
    WEP = "WEP"
    OWE = "OWE"
    """Encrypted but not authenticated."""
    WPA = "WPA"
    WPA2 = "WPA2"
    WPA3 = "WPA3"


@dataclass(slots=True, frozen=True)
class Rsn:
    """Content of an RSN (or WPA, or RSN override) element."""

    version: int
    group: str
    """Group data cipher."""
    pairwise: tuple[str, ...]
    akms: tuple[str, ...]
    """In the order sent."""
    capabilities: int = 0
    pmkids: tuple[bytes, ...] = ()
    group_management: str | None = None

    @property
    def mfp(self) -> Mfp:
        """Management frame protection by the capability bits."""
        if self.capabilities & 0x40:
            return Mfp.REQUIRED
        return Mfp.CAPABLE if self.capabilities & 0x80 else Mfp.NONE


def _suite(raw: bytes, names: dict[int, str], own: bytes) -> str:
    oui, kind = raw[:3], raw[3]
    if oui == own and kind in names:
        return names[kind]
    if oui == OUI_WFA:
        return {1: "OSEN", 2: "DPP"}.get(kind, f"WFA-{kind}")
    return f"{oui.hex(':')}-{kind}"


def decode_rsn(body: bytes, oui: bytes = OUI_IEEE) -> Rsn:
    """Decode the body of an RSN element, or of a WPA element after its type (``oui`` 00:50:F2).

    Every part after the version may be left out from some point on; the standard's defaults are filled in.
    Raises :class:`Malformed` where a count reaches beyond the end.
    """
    if len(body) < 2:
        raise Malformed("RSN element without version")
    (version,) = struct.unpack_from("<H", body)
    wpa = oui == OUI_MICROSOFT
    default_cipher = "TKIP" if wpa else "CCMP"
    group = default_cipher
    pairwise: tuple[str, ...] = (default_cipher,)
    akms: tuple[str, ...] = ("802.1X",)
    capabilities = 0
    pmkids: tuple[bytes, ...] = ()
    management: str | None = None
    at = 2

    def suites(names: dict[int, str], what: str) -> tuple[str, ...]:
        nonlocal at
        if at + 2 > len(body):
            raise Malformed(f"RSN element ends inside the {what} count")
        (count,) = struct.unpack_from("<H", body, at)
        at += 2
        if at + 4 * count > len(body):
            raise Malformed(f"RSN element: {count} {what} suites do not fit")
        found = tuple(_suite(body[at + 4 * i : at + 4 * i + 4], names, oui) for i in range(count))
        at += 4 * count
        return found

    if at < len(body):
        if at + 4 > len(body):
            raise Malformed("RSN element ends inside the group cipher")
        group = _suite(body[at : at + 4], CIPHER_NAMES, oui)
        at += 4
    if at < len(body):
        pairwise = suites(CIPHER_NAMES, "pairwise cipher")
    if at < len(body):
        akms = suites(AKM_NAMES, "AKM")
    if at < len(body):
        if at + 2 > len(body):
            if not wpa:  # WPA elements of old firmware end anyhow
                raise Malformed("RSN element ends inside the capabilities")
        else:
            (capabilities,) = struct.unpack_from("<H", body, at)
            at += 2
    if at < len(body) and not wpa:
        if at + 2 > len(body):
            raise Malformed("RSN element ends inside the PMKID count")
        (count,) = struct.unpack_from("<H", body, at)
        at += 2
        if at + 16 * count > len(body):
            raise Malformed(f"RSN element: {count} PMKIDs do not fit")
        pmkids = tuple(body[at + 16 * i : at + 16 * i + 16] for i in range(count))
        at += 16 * count
    if at < len(body) and not wpa:
        if at + 4 > len(body):
            raise Malformed("RSN element ends inside the group management cipher")
        management = _suite(body[at : at + 4], CIPHER_NAMES, oui)
    return Rsn(version, group, pairwise, akms, capabilities, pmkids, management)


RSNX_BITS = {
    4: "protected-twt",
    5: "sae-h2e",
    6: "sae-pk",
    7: "protected-wur",
    8: "secure-ltf",
    9: "secure-rtt",
    10: "range-negotiation",
    14: "urnm-mfpr",
    18: "kek-in-pasn",
    21: "ssid-protection",
}


def decode_rsnx(body: bytes) -> tuple[str, ...]:
    """Names of the capabilities set in an RSN extension element."""
    if not body:
        raise Malformed("RSN extension element is empty")
    octets = (body[0] & 0x0F) + 1
    bits = int.from_bytes(body[:octets], "little")
    return tuple(name for bit, name in RSNX_BITS.items() if bits >> bit & 1)


@dataclass(slots=True, frozen=True)
class OweTransition:
    """The pointer between the open and the OWE BSS of a transition pair (vendor 50:6F:9A type 28)."""

    bssid: str
    ssid: bytes
    operating_class: int | None = None
    channel: int | None = None


def decode_owe_transition(body: bytes) -> OweTransition:
    """Decode the element's body after OUI and type."""
    if len(body) < 7 or len(body) < 7 + body[6] or body[6] > 32:
        raise Malformed("OWE transition element: SSID does not fit")
    rest = body[7 + body[6] :]
    band = (rest[0], rest[1]) if len(rest) >= 2 else (None, None)
    return OweTransition(body[:6].hex(":"), body[7 : 7 + body[6]], *band)


@dataclass(slots=True, frozen=True)
class Security:
    """What a BSS offers, or a client chose, taken over all elements that say so.

    ``akms`` and ``pairwise`` are unions over RSN, its overrides and WPA, in the order sent: compare sets,
    since one network may hide the strong part in an override and another may send both at once.
    """

    protection: Protection
    akms: tuple[str, ...] = ()
    pairwise: tuple[str, ...] = ()
    group: str = ""
    mfp: Mfp = Mfp.NONE
    rsn: Rsn | None = None
    wpa: Rsn | None = None
    overrides: tuple[Rsn, ...] = ()
    rsnx: tuple[str, ...] = ()
    owe_transition: OweTransition | None = None
    privacy: bool = False
    """The privacy bit of the capability information."""

    @property
    def open(self) -> bool:
        """Whether content crosses the air in the clear (OWE does not)."""
        return self.protection is Protection.OPEN

    @property
    def enterprise(self) -> bool:
        """Whether 802.1X in any form is offered."""
        return not ENTERPRISE_AKMS.isdisjoint(self.akms)

    @property
    def psk(self) -> bool:
        """Whether a pre-shared key (not SAE) is offered."""
        return not PSK_AKMS.isdisjoint(self.akms)

    @property
    def sae(self) -> bool:
        """Whether SAE is offered."""
        return not SAE_AKMS.isdisjoint(self.akms)

    @property
    def owe(self) -> bool:
        """Whether opportunistic encryption is offered."""
        return "OWE" in self.akms

    @property
    def passphrase(self) -> bool:
        """Whether a password of the network is what lets one in (PSK or SAE)."""
        return self.psk or self.sae

    @property
    def weak(self) -> bool:
        """WEP, WPA (version 1) or TKIP as pairwise cipher, alone or beside something better."""
        return self.protection is Protection.WEP or self.wpa is not None or "TKIP" in self.pairwise

    @property
    def label(self) -> str:
        """For people: ``open``, ``WEP``, ``WPA2 PSK (CCMP)``, ``WPA2/WPA3 PSK+SAE (CCMP), MFP capable``."""
        if self.protection in (Protection.OPEN, Protection.WEP):
            return str(self.protection)
        names = []
        if self.wpa is not None:
            names.append("WPA")
        if self.psk and (self.rsn or self.overrides):
            names.append("WPA2")
        if self.enterprise and not self.psk and (self.rsn or self.overrides):
            names.append("WPA3" if self.mfp is Mfp.REQUIRED else "WPA2")
        if self.sae:
            names.append("WPA3")
        if self.owe and not names:
            text = "OWE"
        else:
            kinds = "+".join(dict.fromkeys(self.akms)) or "no AKM"
            text = f"{'/'.join(dict.fromkeys(names)) or 'RSN'} {kinds}"
        text += f" ({'+'.join(dict.fromkeys(self.pairwise))})"
        return text if self.mfp is Mfp.NONE else f"{text}, MFP {self.mfp}"


def security_of(elements: Elements, capabilities: int) -> Security:
    """Sum up the protection that elements and the capability field describe."""
    rsn, wpa, overrides = elements.rsn, elements.wpa, elements.rsn_overrides
    privacy = bool(capabilities & 0x10)
    parts = [part for part in (rsn, *overrides, wpa) if part is not None]
    if not parts:
        protection = Protection.WEP if privacy else Protection.OPEN
        return Security(
            protection, rsnx=elements.rsnx, owe_transition=elements.owe_transition, privacy=privacy
        )
    akms = tuple(dict.fromkeys(akm for part in parts for akm in part.akms))
    pairwise = tuple(dict.fromkeys(cipher for part in parts for cipher in part.pairwise))
    mfps = [part.mfp for part in parts if part is not wpa]
    if Mfp.REQUIRED in mfps and all(m is Mfp.REQUIRED for m in mfps) and wpa is None:
        mfp = Mfp.REQUIRED
    elif any(m is not Mfp.NONE for m in mfps):
        mfp = Mfp.CAPABLE
    else:
        mfp = Mfp.NONE
    if not SAE_AKMS.isdisjoint(akms):
        protection = Protection.WPA3
    elif set(akms) == {"OWE"}:
        protection = Protection.OWE
    elif any("SUITE-B" in akm for akm in akms) or (
        mfp is Mfp.REQUIRED and not ENTERPRISE_AKMS.isdisjoint(akms)
    ):
        protection = Protection.WPA3
    elif rsn is not None or overrides:
        protection = Protection.WPA2
    else:
        protection = Protection.WPA
    return Security(
        protection,
        akms,
        pairwise,
        parts[0].group,
        mfp,
        rsn,
        wpa,
        overrides,
        elements.rsnx,
        elements.owe_transition,
        privacy,
    )
