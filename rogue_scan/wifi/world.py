"""What the air looked like: bounded tables that a capture's frames are folded into.

The world is a *fold*: it depends on the frames and their order alone, never on how they were cut into
chunks, on the wall clock, or on how fast they were replayed. Detectors (``rogue_scan.wifi.detectors``)
are pure functions of it, so a file, a replay and a live run agree.

Vocabulary

* *announcement*: a beacon or probe response. Two announcements are the same *variant* when they agree in
  all but the parts that change by design (time stamp, sequence number, traffic map, load, counters).
* *clock line*: beacons of one transmitter lie on one line of "TSF minus receive time". A second line under
  one BSSID, interleaved in time, is a second transmitter; a later one is a restart, a clone, or a replay.
* *receiver*: one capturing interface. Lines of different receivers must not be compared by host time.

Units: time in seconds since the capture's first frame (float), frame numbers from 1 as Wireshark counts
(over all joined files), frequencies in MHz, signal in dBm, TSF and offsets in microseconds. Addresses are
lower-case text with colons; SSIDs are ``bytes``, as sent.

Every table has a cap. What was given up is counted in :attr:`World.evicted`; logs keep the first entries
of each key and count the rest in :attr:`World.rates`. Nothing here judges: no thresholds, no attacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rogue_scan.model.site import Site
    from rogue_scan.wifi.dot11.eapol import EapPacket, KeyFrame
    from rogue_scan.wifi.dot11.elements import Elements
    from rogue_scan.wifi.dot11.security import Security
    from rogue_scan.wifi.net.fold import NetFold

BROADCAST = "ff:ff:ff:ff:ff:ff"


class Ref(NamedTuple):
    """One frame, as evidence cites it; ordered as received."""

    frame: int
    time: float


NO_FRAME = Ref(0, 0.0)
"""Before any frame."""


@dataclass(slots=True)
class Span:
    """How often something was seen, and from when to when."""

    count: int = 0
    first: Ref = NO_FRAME
    last: Ref = NO_FRAME

    @property
    def seconds(self) -> float:
        """Time from the first to the last sighting."""
        return self.last.time - self.first.time


@dataclass(slots=True)
class Signal:
    """Levels at which frames arrived: a histogram, so that any cut of the frames adds up to the same."""

    levels: dict[int, int] = field(default_factory=dict)
    """dBm → frames. Empty where the capture has no signal field."""

    @property
    def count(self) -> int:
        """Frames with a known level."""
        return sum(self.levels.values())

    def quantile(self, share: float) -> int | None:
        """The level below which ``share`` (0..1) of the frames lie; None without levels."""
        total = self.count
        if not total:
            return None
        below = 0
        for level in sorted(self.levels):
            below += self.levels[level]
            if below >= share * total:
                return level
        return max(self.levels)

    @property
    def median(self) -> int | None:
        """Median level, dBm."""
        return self.quantile(0.5)


class AnnouncementKind(StrEnum):
    """Frames that describe a BSS."""

    BEACON = "beacon"
    PROBE_RESPONSE = "probe-response"


@dataclass(slots=True)
class Announcement:
    """One variant of what a BSS says about itself."""

    kind: AnnouncementKind
    digest: str
    """Hash of the content without its volatile parts; equal content of other BSSIDs has the same digest."""
    interval: int
    """Beacon interval, time units of 1024 µs."""
    capabilities: int
    """The capability information field."""
    elements: Elements
    """The first frame's elements, in order, decoded."""
    security: Security
    seen: Span = field(default_factory=Span)
    refs: list[Ref] = field(default_factory=list)
    """The first few frames."""
    frequencies: dict[int, int] = field(default_factory=dict)
    """Tuner frequency (MHz; 0 unknown) → frames. Neighbour channels are heard too: see :attr:`frequency`."""
    signal: Signal = field(default_factory=Signal)
    receivers_asked: int = 0
    """Probe responses: frames to a unicast receiver."""
    tsf_first: int = 0
    tsf_last: int = 0
    tsf_lowest: int = 0
    tsf_highest: int = 0
    """TSF of the frames, µs: equal lowest and highest over many frames is a clock that stands still."""
    sequence_first: int = 0
    sequence_last: int = 0

    @property
    def ssid(self) -> bytes:
        """SSID as sent; empty or all zero bytes where it is hidden."""
        return self.elements.ssid or b""

    @property
    def hidden(self) -> bool:
        """Whether the SSID is left out or blanked."""
        return not self.ssid.strip(b"\0")

    @property
    def frequency(self) -> int | None:
        """Frequency that the BSS says it operates on (DS, HT, VHT or HE operation), MHz."""
        return self.elements.operated_frequency(self.tuned)

    @property
    def tuned(self) -> int:
        """Tuner frequency at which most frames were heard, MHz; 0 unknown."""
        known = {f: n for f, n in self.frequencies.items() if f}
        return max(known, key=lambda f: (known[f], -f)) if known else 0


@dataclass(slots=True)
class ClockLine:
    """One transmitter under one BSSID, as its clock shows it, at one receiver.

    A beacon belongs to a line when its offset (TSF minus receive time by the host's clock) is within the
    tolerance of the line's last offset (see ``LINE_TOLERANCE_US`` and ``LINE_DRIFT_PPM`` in ``observe``).
    """

    number: int
    """Within the BSS, from 0, by first sighting."""
    receiver: int
    seen: Span = field(default_factory=Span)
    offset_first: int = 0
    offset_last: int = 0
    offset_lowest: int = 0
    offset_highest: int = 0
    """TSF minus receive time, µs. Receive time is absolute, so only differences mean something."""
    mac_offset_first: int | None = None
    mac_offset_last: int | None = None
    mac_offset_lowest: int | None = None
    mac_offset_highest: int | None = None
    """The same against radiotap's TSFT (µs precision), where the capture has it."""
    tsf_first: int = 0
    tsf_last: int = 0
    tsf_lowest: int = 0
    tsf_highest: int = 0
    frequencies: dict[int, int] = field(default_factory=dict)
    """Tuner frequency → beacons."""
    variants: dict[str, Span] = field(default_factory=dict)
    """Announcement digests that this transmitter sent."""
    signal: Signal = field(default_factory=Signal)
    sequence_steps: dict[str, int] = field(default_factory=dict)
    """How the sequence number moved from one beacon of the line to the next: ``next`` (+1..+64), ``same``,
    ``jump`` (anything else); two counters interleaved on one line give many jumps."""
    turns: int = 0
    """Beacons of this line that followed one of another line of this BSS and receiver: taking turns."""

    @property
    def jitter(self) -> int:
        """Spread of the host-time offset, µs (drift included)."""
        return self.offset_highest - self.offset_lowest

    @property
    def started(self) -> float:
        """Time at which this clock was zero, seconds of the capture (may be long before it)."""
        return self.seen.first.time - self.tsf_first / 1e6


@dataclass(slots=True)
class Samples:
    """Beacons of one BSS over time, thinned so that memory is bounded.

    Every ``stride``-th beacon is kept; the stride doubles whenever the table is full, so the samples always
    span the whole capture evenly by count. Columns have equal length.
    """

    stride: int
    frame: NDArray[np.int64]
    time: NDArray[np.float64]
    tsf: NDArray[np.uint64]
    sequence: NDArray[np.uint16]
    signal: NDArray[np.int16]
    """dBm; 0 unknown."""
    frequency: NDArray[np.uint16]
    """Tuner frequency; 0 unknown."""
    line: NDArray[np.int16]
    """Number of the clock line; -1 where the BSS had too many."""
    receiver: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(slots=True)
class SsidUse:
    """One SSID that one BSS announced."""

    ssid: bytes
    beacons: Span = field(default_factory=Span)
    responses: Span = field(default_factory=Span)


@dataclass(slots=True)
class Bss:
    """One BSSID."""

    bssid: str
    seen: Span = field(default_factory=Span)
    """All announcements."""
    beacons: Span = field(default_factory=Span)
    responses: Span = field(default_factory=Span)
    variants: dict[str, Announcement] = field(default_factory=dict)
    """``kind + digest`` → announcement, in order of first sighting; capped, the least seen given up first."""
    ssids: dict[bytes, SsidUse] = field(default_factory=dict)
    lines: list[ClockLine] = field(default_factory=list)
    lines_refused: int = 0
    """Beacons that fitted no line when the BSS already had its full number of lines (a clock that jumps)."""
    repeated_tsf: Span = field(default_factory=Span)
    """Beacons whose TSF an earlier beacon of this BSS already had (recent ones are remembered): replays."""
    repeated_refs: list[tuple[Ref, Ref]] = field(default_factory=list)
    """(the repeat, the original), the first few."""
    samples: Samples | None = None
    fabricated: int = 0
    """Announcements of this BSSID whose element chain was broken (counted, never claimed from)."""

    @property
    def signal(self) -> Signal:
        """Levels of all announcements."""
        total = Signal()
        for announcement in self.variants.values():
            for level, count in announcement.signal.levels.items():
                total.levels[level] = total.levels.get(level, 0) + count
        return total

    @property
    def frequencies(self) -> dict[int, int]:
        """Tuner frequency → announcements."""
        total: dict[int, int] = {}
        for announcement in self.variants.values():
            for frequency, count in announcement.frequencies.items():
                total[frequency] = total.get(frequency, 0) + count
        return total

    @property
    def announcements(self) -> list[Announcement]:
        """All variants, by first sighting."""
        return sorted(self.variants.values(), key=lambda a: a.seen.first)

    @property
    def main(self) -> Announcement | None:
        """The variant seen most, beacons before probe responses; None where all were given up."""
        return max(
            self.variants.values(),
            key=lambda a: (a.kind is AnnouncementKind.BEACON, a.seen.count, -a.seen.first.frame),
            default=None,
        )


@dataclass(slots=True)
class Link:
    """Data frames between one client and one BSS."""

    client: str
    bssid: str
    seen: Span = field(default_factory=Span)
    up: int = 0
    """Data frames with content, client to access point."""
    down: int = 0
    up_protected: int = 0
    down_protected: int = 0
    null_up: int = 0
    retries: int = 0
    first_protected: Ref | None = None
    first_clear: Ref | None = None
    last_clear: Ref | None = None
    """Cleartext data with content that is not EAPOL."""


@dataclass(slots=True)
class Probe:
    """Probe requests of one client for one SSID (empty: for any)."""

    client: str
    ssid: bytes
    seen: Span = field(default_factory=Span)
    refs: list[Ref] = field(default_factory=list)
    bssid: str = BROADCAST
    """BSSID of the first request: not broadcast where one access point was asked."""


@dataclass(slots=True)
class Answer:
    """Probe responses of one BSS with one SSID to one client."""

    client: str
    bssid: str
    ssid: bytes
    seen: Span = field(default_factory=Span)
    refs: list[Ref] = field(default_factory=list)
    variant: str = ""
    """Digest of the announcement first sent."""


@dataclass(slots=True)
class Station:
    """One address that acts as a client."""

    address: str
    seen: Span = field(default_factory=Span)
    mld: str | None = None
    """Multi-link device address that it named in an association."""


@dataclass(slots=True, kw_only=True)
class RareFrame:
    """Common part of the frames that are logged one by one."""

    ref: Ref
    transmitter: str
    receiver: str
    bssid: str
    sequence: int = 0
    fragment: int = 0
    retry: bool = False
    protected: bool = False
    duration: int = 0
    """The duration field, µs."""
    signal: int | None = None
    frequency: int = 0
    interface: int = 0
    beacon_before: BeaconBefore | None = None
    """The last beacon heard from ``transmitter`` before this frame, where it is a known BSS."""


@dataclass(slots=True, frozen=True)
class BeaconBefore:
    """What the claimed transmitter's own last beacon looked like: forged frames differ from it."""

    ref: Ref
    sequence: int
    signal: int | None
    frequency: int


@dataclass(slots=True, kw_only=True)
class AuthFrame(RareFrame):
    """An authentication frame."""

    algorithm: int
    """0 open, 1 shared key, 2 fast transition, 3 SAE, 4-6 FILS, 7 PASN."""
    transaction: int
    status: int
    body: bytes = b""
    """After the fixed fields, at most 256 bytes (SAE commit: group, scalar, element)."""


@dataclass(slots=True, kw_only=True)
class AssocFrame(RareFrame):
    """A (re)association request or response."""

    response: bool
    reassociation: bool
    capabilities: int = 0
    status: int = 0
    aid: int = 0
    current_ap: str | None = None
    elements: Elements
    security: Security
    """Requests: what the client chose; responses: what the elements say."""


@dataclass(slots=True, kw_only=True)
class ByeFrame(RareFrame):
    """A deauthentication or disassociation."""

    disassociation: bool
    reason: int | None
    """None where the frame is protected (the body is encrypted) or cut."""
    mme: bool = False
    """A management MIC element follows (protected broadcast)."""


class ActionCategory(StrEnum):
    """Categories that rules ask about, by name."""

    SPECTRUM = "spectrum-management"
    QOS = "qos"
    BLOCK_ACK = "block-ack"
    PUBLIC = "public"
    RADIO = "radio-measurement"
    FAST_BSS = "fast-bss-transition"
    HT = "ht"
    SA_QUERY = "sa-query"
    PROTECTED_PUBLIC = "protected-dual-of-public"
    WNM = "wnm"
    UNPROTECTED_WNM = "unprotected-wnm"
    TDLS = "tdls"
    MESH = "mesh"
    SELF_PROTECTED = "self-protected"
    VHT = "vht"
    HE = "he"
    PROTECTED_HE = "protected-he"
    EHT = "eht"
    PROTECTED_EHT = "protected-eht"
    VENDOR = "vendor"
    VENDOR_PROTECTED = "vendor-protected"
    OTHER = "other"


@dataclass(slots=True, kw_only=True)
class ActionFrame(RareFrame):
    """An action frame (other than a pure channel switch, which is in ``switches`` as well)."""

    category: int
    name: ActionCategory
    action: int
    """Action code; -1 where the frame is protected or cut."""
    body: bytes = b""
    """After category and action, at most 512 bytes."""


class SwitchCarrier(StrEnum):
    """Where a channel switch announcement stood."""

    BEACON = "beacon"
    PROBE_RESPONSE = "probe-response"
    ACTION = "action"
    """Spectrum management or public action frame."""
    MESH = "mesh"


@dataclass(slots=True, kw_only=True)
class SwitchFrame(RareFrame):
    """A channel switch announcement, wherever it stood."""

    carrier: SwitchCarrier
    extended: bool
    """ECSA rather than CSA."""
    channel: int
    """New channel number."""
    operating_class: int | None = None
    to_frequency: int | None = None
    """New frequency, MHz, by operating class or by the band heard."""
    mode: int = 0
    count: int = 0
    tsf: int | None = None
    """Announcements only."""
    variant: str | None = None
    """Digest of the announcement that carried it."""


@dataclass(slots=True, kw_only=True)
class KeyExchange(RareFrame):
    """An EAPOL-Key frame."""

    client: str
    from_ap: bool
    key: KeyFrame


@dataclass(slots=True, kw_only=True)
class EapolFrame(RareFrame):
    """Any other EAPOL frame: start, logoff, EAP packet."""

    client: str
    from_ap: bool
    packet_type: int
    """802.1X: 0 EAP, 1 start, 2 logoff, 4 alert."""
    eap: EapPacket | None = None


class Kind(StrEnum):
    """Frames counted by the second, for floods."""

    AUTH = "auth"
    ASSOC = "assoc"
    REASSOC = "reassoc"
    PROBE_REQUEST = "probe-request"
    PROBE_RESPONSE = "probe-response"
    BEACON = "beacon"
    DEAUTH = "deauth"
    DISASSOC = "disassoc"
    ACTION = "action"
    EAPOL_START = "eapol-start"
    EAPOL_LOGOFF = "eapol-logoff"
    EAPOL_KEY = "eapol-key"
    EAP = "eap"
    RTS = "rts"
    CTS = "cts"
    MALFORMED = "malformed"
    CLEAR_TO_PROTECTED = "clear-to-protected"
    """Cleartext data with content (not EAPOL) of a client that had sent protected data in that BSS before."""


@dataclass(slots=True)
class Rate:
    """Frames of one kind by one transmitter to one receiver, counted by the second."""

    kind: Kind
    transmitter: str
    """``*``: of all (kept for each receiver, and once with receiver ``*``)."""
    receiver: str
    """The frame's address 1 (for probe requests and beacons ``*``)."""
    seen: Span = field(default_factory=Span)
    seconds: dict[int, int] = field(default_factory=dict)
    """Second of the capture → frames. The quietest seconds are given up when there are very many."""
    retries: int = 0
    protected: int = 0
    sources: int = 0
    """Of a ``*`` row: distinct transmitters (exact up to the cap of the table)."""
    new_sources: dict[int, int] = field(default_factory=dict)
    """Of a ``*`` row: second → transmitters not seen in this row before."""
    fields: dict[str, int] = field(default_factory=dict)
    """Frames by a field that tells tools apart: ``reason=7``, ``duration=314``, ``algorithm=0``."""

    def peak(self, window: int = 1) -> tuple[int, int]:
        """(start, frames) of the busiest span of ``window`` seconds; (0, 0) where nothing was seen."""
        best = (0, 0)
        for start in sorted(self.seconds):
            total = sum(self.seconds.get(start + i, 0) for i in range(window))
            if total > best[1]:
                best = (start, total)
        return best


class Damage(StrEnum):
    """Ways in which a frame with no known bad FCS is malformed."""

    SHORT_FIXED = "short-fixed"
    """Ends inside its fixed fields."""
    ELEMENT_OVERRUN = "element-overrun"
    """An element is longer than the frame."""
    ELEMENT_CONTENT = "element-content"
    """An element contradicts its own format (SSID over 32 bytes, RSN counts beyond its end …)."""
    EMPTY_SSID = "empty-ssid"
    """A probe response to one station with an SSID of length zero or none at all."""
    BAD_INTERVAL = "bad-interval"
    """A beacon interval of zero."""
    GROUP_TRANSMITTER = "group-transmitter"
    """A group address as transmitter."""
    RESERVED = "reserved"
    """Reserved frame type or protocol version."""


@dataclass(slots=True)
class Malformed:
    """Malformed frames of one kind under one transmitter address (which may be forged)."""

    damage: Damage
    subtype: str
    transmitter: str
    bssid: str
    seen: Span = field(default_factory=Span)
    refs: list[Ref] = field(default_factory=list)
    seconds: dict[int, int] = field(default_factory=dict)
    detail: str = ""
    """Of the first one, for people."""


@dataclass(slots=True)
class Receiver:
    """One capturing interface."""

    number: int
    source: str
    name: str = ""
    link_type: int = 127
    seen: Span = field(default_factory=Span)
    mac_time: bool = False
    """Frames carry radiotap TSFT."""
    dropped: int | None = None


@dataclass(slots=True)
class ChannelUse:
    """How long one frequency was listened to."""

    frequency: int
    first: Ref = NO_FRAME
    """The first frame heard on it."""
    frames: int = 0
    seconds: float = 0.0
    """Sum of the dwells."""
    dwells: int = 0
    longest: float = 0.0


@dataclass(slots=True)
class Coverage:
    """What was heard and how well."""

    frames: int = 0
    bytes: int = 0
    first: Ref = NO_FRAME
    last: Ref = NO_FRAME
    bad_fcs: int = 0
    fcs_checked: int = 0
    truncated: int = 0
    """Frames cut by the snap length or the end of the file."""
    malformed: int = 0
    duplicates: int = 0
    time_backwards: int = 0
    subtypes: dict[str, int] = field(default_factory=dict)
    channels: dict[int, ChannelUse] = field(default_factory=dict)
    gaps: list[tuple[Ref, Ref]] = field(default_factory=list)
    """Longest silences over all receivers, in order of time."""
    unknown_links: dict[int, int] = field(default_factory=dict)
    """Link type that is not read → frames."""


@dataclass(slots=True)
class World:
    """Everything known about the air after some frames."""

    epoch_ns: int = 0
    """Time of the first frame, nanoseconds since 1970."""
    bss: dict[str, Bss] = field(default_factory=dict)
    stations: dict[str, Station] = field(default_factory=dict)
    links: dict[tuple[str, str], Link] = field(default_factory=dict)
    """(client, BSSID) → link."""
    probes: dict[tuple[str, bytes], Probe] = field(default_factory=dict)
    """(client, SSID) → requests."""
    answers: dict[tuple[str, str, bytes], Answer] = field(default_factory=dict)
    """(client, BSSID, SSID) → responses."""
    auths: list[AuthFrame] = field(default_factory=list)
    assocs: list[AssocFrame] = field(default_factory=list)
    byes: list[ByeFrame] = field(default_factory=list)
    """Deauthentications and disassociations."""
    actions: list[ActionFrame] = field(default_factory=list)
    switches: list[SwitchFrame] = field(default_factory=list)
    keys: list[KeyExchange] = field(default_factory=list)
    eapols: list[EapolFrame] = field(default_factory=list)
    rates: dict[tuple[Kind, str, str], Rate] = field(default_factory=dict)
    """(kind, transmitter or ``*``, receiver or ``*``) → counts by the second."""
    malformed: dict[tuple[Damage, str, str], Malformed] = field(default_factory=dict)
    """(damage, subtype, transmitter) → frames."""
    receivers: list[Receiver] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    evicted: dict[str, int] = field(default_factory=dict)
    """Table → entries given up."""
    net: NetFold | None = None
    """Conversations of open (or decrypted) networks."""
    site: Site | None = None
    """What the auditor has learnt and reviewed before, where that was given."""

    def announced(self) -> Iterator[tuple[Bss, Announcement]]:
        """Every variant of every BSS."""
        for bss in self.bss.values():
            for announcement in bss.variants.values():
                yield bss, announcement

    def networks(self) -> dict[bytes, list[Bss]]:
        """Named SSID → the BSSs that announce it, each by first sighting."""
        found: dict[bytes, list[Bss]] = {}
        for bss in sorted(self.bss.values(), key=lambda b: (b.seen.first, b.bssid)):
            for ssid in bss.ssids:
                if ssid.strip(b"\0"):
                    found.setdefault(ssid, []).append(bss)
        return found

    def rate(self, kind: Kind, transmitter: str = "*", receiver: str = "*") -> Rate | None:
        """The counts of one row."""
        return self.rates.get((kind, transmitter, receiver))
