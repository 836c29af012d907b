"""MAC header facts: addresses, types, reasons (IEEE 802.11-2024 9.2.4, 9.4.1.7)."""

from __future__ import annotations

from functools import lru_cache

SUBTYPES = {
    (0, 0): "assoc-request",
    (0, 1): "assoc-response",
    (0, 2): "reassoc-request",
    (0, 3): "reassoc-response",
    (0, 4): "probe-request",
    (0, 5): "probe-response",
    (0, 6): "timing",
    (0, 8): "beacon",
    (0, 9): "atim",
    (0, 10): "disassoc",
    (0, 11): "auth",
    (0, 12): "deauth",
    (0, 13): "action",
    (0, 14): "action-no-ack",
    (1, 2): "trigger",
    (1, 3): "tack",
    (1, 4): "beamforming-poll",
    (1, 5): "ndp-announcement",
    (1, 6): "control-extension",
    (1, 7): "control-wrapper",
    (1, 8): "block-ack-request",
    (1, 9): "block-ack",
    (1, 10): "ps-poll",
    (1, 11): "rts",
    (1, 12): "cts",
    (1, 13): "ack",
    (1, 14): "cf-end",
    (1, 15): "cf-end-ack",
    (2, 0): "data",
    (2, 4): "null",
    (2, 8): "qos-data",
    (2, 12): "qos-null",
}


def subtype_name(kind: int, subtype: int) -> str:
    """Name of a frame type and subtype; ``type.subtype`` for those without one."""
    return SUBTYPES.get((kind, subtype), f"{kind}.{subtype}")


@lru_cache(maxsize=65536)
def address_text(address: int) -> str:
    """A 48-bit number (first byte highest) as ``aa:bb:cc:dd:ee:ff``."""
    return address.to_bytes(6, "big").hex(":")


def address_number(address: str) -> int:
    """The 48-bit number of ``aa:bb:cc:dd:ee:ff``."""
    return int(address.replace(":", ""), 16)


def is_group(address: str) -> bool:
    """Multicast or broadcast."""
    return bool(int(address[1], 16) & 1)


def is_local(address: str) -> bool:
    """Locally administered: made up by software, not bought from the IEEE."""
    return bool(int(address[1], 16) & 2)
