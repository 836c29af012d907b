"""Marks of known attack tools: what their code gives away in the frames they make.

The marks stand in ``signatures/wifi/_tools``, one file a tool, each with its provenance. A mark is one piece
of evidence and never a finding by itself: honest software can share a habit with a tool.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.rules.files import builtin, read_yaml
from rogue_scan.wifi.world import Announcement, ByeFrame, KeyExchange, Ref

if TYPE_CHECKING:
    from rogue_scan.wifi.judge import Transmitter


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One habit of a tool. All conditions that are given must hold."""

    says: str
    provenance: str
    """Which version's code, or which capture, shows it."""
    on: Literal["announcement", "beacon", "probe-response", "deauthentication", "key"]
    address: tuple[str, ...] = ()
    """BSSID begins with one of these."""
    ssid: tuple[str, ...] = ()
    ssid_ends: str = ""
    """The name ends like this (given as an escape, for characters that show nothing)."""
    order: tuple[str, ...] = ()
    """Keys of all elements, in the order sent (``221.0050f2.01`` for vendor elements)."""
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    rates: str = ""
    """Body of the rates element, hexadecimal."""
    element: dict[str, str] = {}
    """Key of an element → its body, hexadecimal."""
    capabilities: tuple[int, ...] = ()
    interval: tuple[int, ...] = ()
    tsf: tuple[int, int] | None = None
    """First TSF lies between these, µs."""
    still: bool | None = None
    """The TSF is the same in all frames (needs several)."""
    derived: Literal["", "fourth-byte-low", "fifth-byte-high"] = ""
    """How the BSSID is made from that of the network it copies."""
    reason: tuple[int, ...] = ()
    duration: tuple[int, ...] = ()
    sequence: tuple[int, int] | None = None
    """All sequence numbers lie between these."""
    both_ways: bool | None = None
    """In the names of both the access point and the client."""
    replay_counter: tuple[int, ...] = ()
    """Of EAPOL-Key frames."""


class Tool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attack tool."""

    tool: str
    references: tuple[str, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A mark that was seen."""

    tool: str
    says: str
    provenance: str
    ref: Ref


_STILL_FRAMES = 5


@functools.cache
def known() -> tuple[Tool, ...]:
    """All tools that are described. Raises :class:`~rogue_scan.errors.RuleError` at a wrong file."""
    found = []
    for path in sorted((builtin() / "wifi" / "_tools").glob("*.yml")):
        document, _ = read_yaml(path, trusted=True)
        try:
            found.append(msgspec.convert(document, Tool))
        except msgspec.ValidationError as error:
            raise RuleError(str(path), "", str(error)) from None
    return tuple(found)


def marks(transmitter: Transmitter, real: Iterable[str] = ()) -> list[Hit]:
    """Marks in what a transmitter announces, at most one for each tool.

    ``real`` are the BSSIDs that it may be a copy of.
    """
    copied = tuple(real)
    found = []
    for tool in known():
        for mark in tool.marks:
            ref = next(
                (
                    a.seen.first
                    for a in transmitter.announcements
                    if _announced(mark, transmitter.bssid, a, copied)
                ),
                None,
            )
            if ref is not None:
                found.append(Hit(tool.tool, mark.says, mark.provenance, ref))
                break
    return found


def goodbye_marks(frames: Iterable[ByeFrame]) -> list[Hit]:
    """Marks in forged deauthentications and disassociations of one burst, at most one for each tool."""
    burst = list(frames)
    if not burst:
        return []
    return [
        Hit(tool.tool, mark.says, mark.provenance, burst[0].ref)
        for tool in known()
        for mark in tool.marks
        if mark.on == "deauthentication" and _said(mark, burst)
    ]


def key_marks(frames: Iterable[KeyExchange]) -> list[Hit]:
    """Marks in the handshakes of one access point or client, at most one for each tool."""
    exchanges = list(frames)
    found = []
    for tool in known():
        for mark in tool.marks:
            if mark.on != "key":
                continue
            ref = next((f.ref for f in exchanges if f.key.replay_counter in mark.replay_counter), None)
            if ref is not None:
                found.append(Hit(tool.tool, mark.says, mark.provenance, ref))
                break
    return found


def _announced(mark: Mark, bssid: str, a: Announcement, real: tuple[str, ...]) -> bool:
    if mark.on in ("deauthentication", "key") or (mark.on != "announcement" and mark.on != a.kind.value):
        return False
    return all(_conditions(mark, bssid, a, real))


def _conditions(mark: Mark, bssid: str, a: Announcement, real: tuple[str, ...]) -> Iterator[bool]:
    """The conditions that the mark gives, cheap ones first."""
    if mark.address:
        yield bssid.startswith(mark.address)
    if mark.derived:
        yield any(_derived(mark.derived, bssid, other) for other in real)
    if mark.capabilities:
        yield a.capabilities in mark.capabilities
    if mark.interval:
        yield a.interval in mark.interval
    if mark.ssid:
        yield a.ssid.decode(errors="replace") in mark.ssid
    if mark.ssid_ends:
        yield a.ssid.endswith(mark.ssid_ends.encode()) and len(a.ssid) > len(mark.ssid_ends.encode())
    if mark.tsf is not None:
        yield mark.tsf[0] <= a.tsf_first <= mark.tsf[1]
    if mark.still is not None:
        yield a.seen.count >= _STILL_FRAMES and a.seen.seconds > 0
        yield (a.tsf_lowest == a.tsf_highest) is mark.still
    order = a.elements.order
    if mark.order:
        yield order == mark.order
    if mark.present:
        yield all(key in order for key in mark.present)
    if mark.absent:
        yield not any(key in order for key in mark.absent)
    if mark.rates:
        yield (a.elements.first(1) or b"") == bytes.fromhex(mark.rates)
    for key, body in mark.element.items():
        yield any(item.key == key and item.body == bytes.fromhex(body) for item in a.elements.items)


def _derived(how: str, bssid: str, real: str) -> bool:
    one, two = bytes.fromhex(bssid.replace(":", "")), bytes.fromhex(real.replace(":", ""))
    at, mask = (3, 0x0F) if how == "fourth-byte-low" else (4, 0xF0)
    changed = one[at] ^ two[at]
    if not changed or changed & ~mask or one[:at] + one[at + 1 :] != two[:at] + two[at + 1 :]:
        return False
    return how == "fourth-byte-low" or (two[at] + 0x10) & 0xF0 == one[at] & 0xF0


def _said(mark: Mark, burst: list[ByeFrame]) -> bool:
    if mark.reason and not all(f.reason in mark.reason for f in burst):
        return False
    if mark.duration and not all(f.duration in mark.duration for f in burst):
        return False
    if mark.sequence is not None:
        low, high = mark.sequence
        if not all(low <= f.sequence <= high for f in burst):
            return False
    if mark.both_ways is not None:
        both = any(f.transmitter == f.bssid for f in burst) and any(f.receiver == f.bssid for f in burst)
        if both is not mark.both_ways:
            return False
    return True
