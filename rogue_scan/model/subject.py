"""What was looked at: a capture, an app or a site, with what was seen in it."""

from typing import Annotated

import msgspec

from rogue_scan.model.data import DataCategory, Sink
from rogue_scan.model.evidence import Where
from rogue_scan.model.severity import Verdict
from rogue_scan.model.site import Change


class RiskTerm(msgspec.Struct, frozen=True):
    """What one finding adds to a score."""

    finding: str
    adds: float
    """Points of 100."""


class Risk(msgspec.Struct, frozen=True):
    """A score with the findings that make it."""

    score: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    verdict: Verdict = Verdict.CLEAN
    because: tuple[str, ...] = ()
    """Ids of the findings that carry the score, the strongest first."""
    terms: tuple[RiskTerm, ...] = ()
    """The sum: one term for each finding that adds points."""


class ChannelWatch(msgspec.Struct, frozen=True):
    """How long one channel was listened to."""

    frequency: int
    """Centre frequency of the primary 20 MHz channel, MHz."""
    channel: int
    seconds: float
    frames: int


class RadioWatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one of the radios of a live run did."""

    name: str
    frames: int = 0
    dropped: int = 0
    """Frames lost by the kernel, or because decoding fell behind."""
    channels: tuple[ChannelWatch, ...] = ()
    lost: float | None = None
    """When the radio was lost (unplugged, switched off), seconds since the start of the run."""


class NotAssessed(msgspec.Struct, frozen=True):
    """A rule that could not look, and why: not the same as "nothing found"."""

    rule: str
    reason: str


class Coverage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What could and could not be seen. Fields of the other kind of subject stay at their default."""

    seconds: float = 0.0
    """Time from the first frame to the last."""
    frames: int = 0
    channels: tuple[ChannelWatch, ...] = ()
    radios: tuple[RadioWatch, ...] = ()
    """The radios of a live run, each with its part of ``channels``."""
    gaps: tuple[tuple[float, float], ...] = ()
    """Spans (begin, end) in which nothing was received on any channel, seconds."""
    bad_fcs: int = 0
    truncated: int = 0
    malformed: int = 0
    """Frames with a broken element chain: counted here, never claimed from."""
    duplicates: int = 0
    time_backwards: int = 0
    dropped: int | None = None
    """Frames lost by the kernel or driver, where the source says so."""
    evicted: int = 0
    """Table entries given up to keep memory bounded."""
    methods: int = 0
    """Methods with code, own and library."""
    methods_reachable: int = 0
    files_unread: tuple[str, ...] = ()
    """Parts of a package that could not be read, with the reason."""
    rules_checked: tuple[str, ...] = ()
    not_assessed: tuple[NotAssessed, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for people: what this source cannot show."""


class AccessPoint(msgspec.Struct, frozen=True):
    """One BSS as the capture shows it."""

    bssid: str
    ssids: tuple[str, ...] = ()
    hidden: bool = False
    channel: int | None = None
    frequency: int | None = None
    security: str = ""
    """For people: ``open``, ``WEP``, ``WPA2-PSK (CCMP)``, ``WPA3-SAE (CCMP), MFP required`` …"""
    akms: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    mfp: str = ""
    """``none``, ``capable`` or ``required``."""
    wps: bool = False
    vendor: str = ""
    """Maker by the address block; ``locally administered`` where the address says so."""
    signal: int | None = None
    """Median, dBm."""
    beacons: int = 0
    radio: int | None = None
    """Number of the transmitter: equal for BSSs proven to share one clock."""
    first_seen: float = 0.0
    last_seen: float = 0.0


class Network(msgspec.Struct, frozen=True):
    """One ESS: all BSSs of one SSID."""

    ssid: str
    bssids: tuple[str, ...] = ()
    security: tuple[str, ...] = ()


class ClientEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened to a client: who was disturbed, who moved, what left in the clear."""

    time: float
    kind: str
    """``associated``, ``deauthenticated``, ``asked``, ``sent``, ``downloaded`` …"""
    bssid: str = ""
    detail: str = ""
    data: tuple[DataCategory, ...] = ()


class Client(msgspec.Struct, frozen=True):
    """One station that is no access point."""

    mac: str
    vendor: str = ""
    randomised: bool = False
    bssids: tuple[str, ...] = ()
    probed: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    events: tuple[ClientEvent, ...] = ()
    first_seen: float = 0.0
    last_seen: float = 0.0


class SignalPoint(msgspec.Struct, frozen=True):
    """Signal of one transmitter over a short span, for pictures."""

    time: float
    dbm: float


class Track(msgspec.Struct, frozen=True, omit_defaults=True):
    """One transmitter under one BSSID: what is needed to draw its clock line and signal."""

    bssid: str
    line: int
    """Number of the clock line under this BSSID, from 0."""
    frequency: int | None = None
    first_seen: float = 0.0
    last_seen: float = 0.0
    beacons: int = 0
    clock: float | None = None
    """TSF minus receive time at the line's start, seconds."""
    signal: tuple[SignalPoint, ...] = ()


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place marked by hand, or a GPS fix."""

    time: float
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    """Metres above the sea."""
    accuracy: float | None = None
    """Metres, horizontally."""


class WifiView(msgspec.Struct, frozen=True):
    """What a capture shows of the air."""

    networks: tuple[Network, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    clients: tuple[Client, ...] = ()
    tracks: tuple[Track, ...] = ()
    """Of the access points that findings name."""
    changes: tuple[Change, ...] = ()
    """Against the learnt site, where one was given."""
    marks: tuple[Mark, ...] = ()


class Component(msgspec.Struct, frozen=True):
    """One component of an app."""

    name: str
    kind: str
    """``activity``, ``service``, ``receiver``, ``provider`` or ``application``."""
    exported: bool = False
    permission: str | None = None
    actions: tuple[str, ...] = ()


class Signer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One signing certificate."""

    sha256: str
    subject: str = ""
    issuer: str = ""
    not_before: str = ""
    not_after: str = ""
    known: str = ""
    """``debug``, ``AOSP test key`` …, where the certificate is a public one."""


class Signing(msgspec.Struct, frozen=True):
    """How a package is signed."""

    schemes: tuple[str, ...] = ()
    """``v1``, ``v2``, ``v3``, ``v3.1``, ``v4`` as present."""
    verified: bool | None = None
    """True: every present scheme holds; False: at least one does not; None: unsigned or not checked."""
    signers: tuple[Signer, ...] = ()
    problems: tuple[str, ...] = ()


class DataUse(msgspec.Struct, frozen=True):
    """One row of the personal-data matrix."""

    category: DataCategory
    requested: bool = False
    """A permission or a form asks for it."""
    collected: bool = False
    """Reachable code reads it."""
    leaves_device: bool = False
    sinks: tuple[Sink, ...] = ()
    endpoints: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


class Hop(msgspec.Struct, frozen=True):
    """One step of a data flow."""

    dex: str
    method: str
    offset: int
    """Of the instruction, bytes from the start of the DEX file."""
    note: str = ""
    """What happens here: ``reads contacts``, ``passed to``, ``stored in field`` …"""


class Flow(msgspec.Struct, frozen=True):
    """Personal data on its way from a source to a sink."""

    data: DataCategory
    sink: Sink
    endpoint: str | None = None
    """Host, host:port, number or address that it goes to, where it could be resolved."""
    path: tuple[Hop, ...] = ()
    entry: str = ""
    """Component by which the flow is started."""
    library: bool = False
    """Whether the code that takes the data belongs to a kit."""


class Endpoint(msgspec.Struct, frozen=True):
    """A place on the network (or a number or mail address) that an app can talk to."""

    value: str
    kind: str = "url"
    """``url``, ``host``, ``address``, ``email``, ``phone``, ``bot``, ``bucket`` …"""
    host: str | None = None
    hidden: str | None = None
    """How it was hidden: ``base64``, ``xor``, ``reversed``, ``split`` …; None for plain sight."""
    where: tuple[Where, ...] = ()
    library: bool = False
    remarks: tuple[str, ...] = ()
    """``cleartext``, ``raw address``, ``dynamic DNS``, ``shortener``, ``imitates BRAND`` …"""


class AppView(msgspec.Struct, frozen=True):
    """What a package says and does."""

    package: str = ""
    label: str = ""
    version_name: str = ""
    version_code: str = ""
    min_sdk: int | None = None
    target_sdk: int | None = None
    permissions: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    signing: Signing = Signing()
    data: tuple[DataUse, ...] = ()
    flows: tuple[Flow, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    kits: tuple[str, ...] = ()
    code: str = ""
    """Sketch of the app's own code, hexadecimal: 100 numbers of 4 bytes. The share of places in which two
    sketches agree estimates the share of code that two apps have in common."""


class Subject(msgspec.Struct, frozen=True):
    """One source, or one app carved out of a source."""

    id: str
    kind: str
    """``capture``, ``apk`` or ``site``."""
    name: str
    sha256: str | None = None
    size: int = 0
    parent: str | None = None
    """Subject that this one came out of."""
    risk: Risk = Risk()
    coverage: Coverage = Coverage()
    wifi: WifiView | None = None
    apk: AppView | None = None
