"""Wi-Fi Protected Setup: the vendor element 00:50:F2 type 4 (Wi-Fi Simple Configuration 2.0.6, clause 12)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rogue_scan.errors import Malformed


@dataclass(slots=True, frozen=True)
class Wps:
    """What a WPS element says. Text is decoded with replacement and may be hostile."""

    configured: bool | None = None
    """False: the access point waits to be set up."""
    locked: bool = False
    """AP setup locked: it refuses PINs."""
    selected_registrar: bool = False
    """A registrar is active now (button pressed or PIN entered)."""
    device_password_id: int | None = None
    """0 PIN, 4 push button."""
    config_methods: int = 0
    version2: bool = False
    uuid: str = ""
    manufacturer: str = ""
    model_name: str = ""
    model_number: str = ""
    serial_number: str = ""
    device_name: str = ""


def decode_wps(body: bytes) -> Wps:
    """Decode the attributes after OUI and type. Raises :class:`Malformed` where one does not fit."""
    known: dict[int, bytes] = {}
    at = 0
    while at < len(body):
        if at + 4 > len(body):
            if not any(body[at:]):  # padding of some devices
                break
            raise Malformed("WPS attribute header does not fit")
        kind, length = struct.unpack_from(">HH", body, at)
        at += 4
        if at + length > len(body):
            raise Malformed(f"WPS attribute {kind:#06x} does not fit")
        known.setdefault(kind, body[at : at + length])
        at += length

    def number(kind: int) -> int | None:
        value = known.get(kind)
        return int.from_bytes(value[:4], "big") if value else None

    def text(kind: int) -> str:
        return known.get(kind, b"").rstrip(b"\0 ").decode("utf-8", "replace")

    state = number(0x1044)
    return Wps(
        configured=None if state is None else state == 2,
        locked=bool(number(0x1057)),
        selected_registrar=bool(number(0x1041)),
        device_password_id=number(0x1012),
        config_methods=number(0x1008) or number(0x1053) or 0,
        version2=known.get(0x1049, b"").startswith(b"\x00\x37\x2a\x00\x01\x20"),
        uuid=known.get(0x1047, b"").hex(),
        manufacturer=text(0x1021),
        model_name=text(0x1023),
        model_number=text(0x1024),
        serial_number=text(0x1042),
        device_name=text(0x1011),
    )
