"""Capability and operation elements of HT, VHT, HE and EHT (Wi-Fi 4 to 7).

IEEE 802.11-2024 9.4.2.54-9.4.2.57 (HT), 9.4.2.156-157 (VHT), 9.4.2.247-248 (HE); 802.11be 9.4.2.320-322.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rogue_scan.errors import Malformed
from rogue_scan.wifi.dot11.channel import BAND_6G, frequency_of


@dataclass(slots=True, frozen=True)
class HtOperation:
    """Primary channel and secondary offset."""

    primary: int
    secondary: int
    """-1 below, 0 none, +1 above."""


@dataclass(slots=True, frozen=True)
class VhtOperation:
    """Width and centre segments as channel numbers."""

    width: int
    """0: 20/40 MHz, 1: 80 (or 160, 80+80 by the segments), 2: 160, 3: 80+80."""
    segment0: int
    segment1: int


@dataclass(slots=True, frozen=True)
class HeOperation:
    """BSS colour and, on 6 GHz, where the BSS is."""

    color: int
    color_disabled: bool
    primary_6ghz: int | None = None
    width_6ghz: int | None = None
    """MHz."""
    segment0: int | None = None
    segment1: int | None = None


@dataclass(slots=True, frozen=True)
class EhtOperation:
    """Width (MHz) and centre segments, where they are present."""

    width: int | None = None
    segment0: int | None = None
    segment1: int | None = None
    disabled_subchannels: int | None = None


def decode_ht_operation(body: bytes) -> HtOperation:
    """Decode an HT operation element."""
    if len(body) < 2:
        raise Malformed("HT operation element is too short")
    return HtOperation(body[0], {1: 1, 3: -1}.get(body[1] & 3, 0))


def decode_vht_operation(body: bytes) -> VhtOperation:
    """Decode a VHT operation element."""
    if len(body) < 3:
        raise Malformed("VHT operation element is too short")
    return VhtOperation(body[0], body[1], body[2])


def decode_he_operation(body: bytes) -> HeOperation:
    """Decode an HE operation element after its extension id."""
    if len(body) < 6:
        raise Malformed("HE operation element is too short")
    parameters = int.from_bytes(body[:3], "little")
    color = body[3]
    at = 6
    if parameters & 1 << 14:  # VHT operation information
        at += 3
    if parameters & 1 << 15:  # co-hosted BSS: max co-hosted BSSID indicator
        at += 1
    if not parameters & 1 << 17:
        return HeOperation(color & 0x3F, bool(color & 0x80))
    if at + 5 > len(body):
        raise Malformed("HE operation element: 6 GHz information does not fit")
    primary, control, segment0, segment1, _rate = body[at : at + 5]
    width = (20, 40, 80, 160)[control & 3]
    return HeOperation(color & 0x3F, bool(color & 0x80), primary, width, segment0, segment1)


def decode_eht_operation(body: bytes) -> EhtOperation:
    """Decode an EHT operation element after its extension id."""
    if len(body) < 5:
        raise Malformed("EHT operation element is too short")
    if not body[0] & 1:
        return EhtOperation()
    if len(body) < 8:
        raise Malformed("EHT operation element: operation information does not fit")
    disabled = None
    if body[0] & 2:
        if len(body) < 10:
            raise Malformed("EHT operation element: disabled subchannels do not fit")
        (disabled,) = struct.unpack_from("<H", body, 8)
    width = {0: 20, 1: 40, 2: 80, 3: 160, 4: 320}.get(body[5] & 7)
    return EhtOperation(width, body[6], body[7], disabled)


def he_frequency(operation: HeOperation) -> int | None:
    """Primary frequency on 6 GHz, MHz; None on other bands."""
    return None if operation.primary_6ghz is None else frequency_of(operation.primary_6ghz, BAND_6G)
