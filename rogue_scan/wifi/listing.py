"""Captures written as text, for the examples in signatures and for tests.

One statement a line; ``#`` begins a comment; words with spaces stand in quotes. Times are seconds, ``every=``
as well. The listing becomes a pcap of radiotap frames, in order of time::

    ap real 50:c7:bf:61:20:3c CoffeeHouse ch=6 sec=wpa2 make=tplink up=90000 to=12
    ap twin 00:11:22:61:20:3c CoffeeHouse ch=6 sec=open make=bare up=20 from=6 to=12
    station phone 3c:a9:f4:0c:0f:fe
    join 1 phone real
    goodbye 5 real phone count=64 every=0.02 reason=7 seq=0
    ask 7 phone CoffeeHouse
    answer 7.01 twin phone

Statements

``ap NAME ADDRESS SSID`` declares an access point that sends beacons. ``ch=`` channel (from 36 on 5 GHz);
``sec=`` open, wep, wpa, wpa2, wpa23 (transition), wpa3, eap, owe, tkip (WPA2 with TKIP), mixed (WPA2 with
TKIP and CCMP); ``make=`` bare, tplink, netgear, cisco, unifi, phone (elements and rates of a maker); ``up=``
seconds its clock has run;
``clock=`` run, still or epoch; ``from=`` and ``to=`` when it is on the air; ``every=`` beacon distance
(0.1024); ``dbm=`` level; ``seq=`` first sequence number; flags: ``hidden``, ``wps``, ``pin`` and ``locked``
(of WPS), ``pressed`` (its button), ``mfp``; ``owe=ADDRESS/SSID`` the other half of a transition pair;
``rnr=ADDRESS`` a neighbour it reports; ``mdid=N`` mobility domain.
``station NAME ADDRESS`` declares a client; ``dbm=``.
``ask T STATION SSID`` a probe request (``""`` for any name).
``answer T AP STATION [SSID]`` a probe response, under another name if one is given.
``join T STATION AP [wrong|first]`` authentication, association, 4-way handshake and some data; ``wrong``:
the access point does not accept the client's proof and asks again; ``first``: it leaves after message 1.
``data T STATION AP [clear]`` data frames up, protected unless ``clear``; ``count=``, ``every=``.
``goodbye T AP STATION|all [disassoc]`` deauthentications; ``count=``, ``every=``, ``reason=``; ``by=`` ap,
station or both; ``seq=`` own (goes on from the beacons), or a number from which a tool counts; ``dbm=``.
``login T ADDRESS|random AP`` authentication frames; ``count=``, ``every=``.
``eapol T STATION|random AP start|logoff`` ``count=``, ``every=``.
``switch T AP ch=N`` beacons with a channel switch announcement; ``frames=``, ``every=``, ``count=`` (first of
the countdown); ``forged``: clock and sequence number are those of one recorded beacon.
``replay T AP`` recorded beacons again; ``of=`` second at which the recording began, ``seconds=`` its length,
``as=`` another name, ``ch=`` another channel.
``phantom T`` beacons of access points that do not exist; ``count=``, ``every=``, ``name=`` (else made up).
``probes T`` probe requests of addresses that do not exist for made-up names; ``count=``, ``every=``.
``empty T AP STATION`` probe responses with a name of length zero; ``count=``, ``every=``.
"""

from __future__ import annotations

import random
import shlex
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rogue_scan.errors import UsageError
from rogue_scan.wifi.dot11.channel import BAND_2G, BAND_5G, frequency_of

_ALL = b"\xff" * 6
_MAKES = {
    # vendor element, rates, HT capability bits, country
    "bare": (b"", bytes.fromhex("82848b960c121824"), 0x000C, b""),
    "tplink": (
        bytes.fromhex("00037f01010000ff7f"),
        bytes.fromhex("82848b960c121824"),
        0x002C,
        b"US \x01\x0b\x1e",
    ),
    "netgear": (
        bytes.fromhex("0010180200000c0000"),
        bytes.fromhex("82848b962430486c"),
        0x00EF,
        b"US \x01\x0b\x1e",
    ),
    "cisco": (bytes.fromhex("004096010104"), bytes.fromhex("8c129824b048606c"), 0x01AD, b"US \x01\x0b\x1e"),
    "unifi": (
        bytes.fromhex("00156d000102030405"),
        bytes.fromhex("82848b968c129824"),
        0x01AD,
        b"DE \x01\x0d\x14",
    ),
    "phone": (bytes.fromhex("0017f206010103010000"), bytes.fromhex("82848b960c121824"), 0x0021, b""),
}
_SECURITY = {
    "open": (0x0001, b""),
    "wep": (0x0011, b""),
    "wpa": (0x0011, bytes.fromhex("dd160050f20101000050f20201000050f20201000050f202")),
    "tkip": (0x0011, bytes.fromhex("30140100000fac020100000fac020100000fac020000")),
    "mixed": (0x0011, bytes.fromhex("30180100000fac020200000fac04000fac020100000fac020000")),
    "wpa2": (0x0011, bytes.fromhex("30140100000fac040100000fac040100000fac020000")),
    "wpa23": (0x0011, bytes.fromhex("30180100000fac040100000fac040200000fac02000fac088000")),
    "wpa3": (0x0011, bytes.fromhex("30140100000fac040100000fac040100000fac08c000")),
    "eap": (0x0011, bytes.fromhex("30140100000fac040100000fac040100000fac010000")),
    "owe": (0x0011, bytes.fromhex("30140100000fac040100000fac040100000fac12c000")),
}
_EPOCH_US = 1_700_000_000_000_000
"""Microseconds since 1970 at second 0 of a listing."""
_MOST_FRAMES = 200_000


@dataclass(slots=True)
class _Ap:
    name: str
    address: bytes
    ssid: bytes
    options: dict[str, str]

    def number(self, key: str, default: float) -> float:
        return float(self.options.get(key, default))

    @property
    def frequency(self) -> int:
        channel = int(self.number("ch", 6))
        return frequency_of(channel, BAND_2G if channel <= 14 else BAND_5G) or 2437

    @property
    def dbm(self) -> int:
        return int(self.number("dbm", -50))

    def tsf(self, time: float) -> int:
        clock = self.options.get("clock", "run")
        if clock == "still":
            return int(self.number("up", 0) * 1e6)
        if clock == "epoch":
            return int(_EPOCH_US + time * 1e6)
        return int((self.number("up", 100_000) + time - self.number("from", 0)) * 1e6)

    def capabilities(self) -> int:
        return _SECURITY[self.options.get("sec", "open")][0] | 0x0400

    def elements(self, ssid: bytes | None = None, *, beacon: bool = True) -> bytes:
        vendor, rates, ht, country = _MAKES[self.options.get("make", "bare")]
        protection = _SECURITY[self.options.get("sec", "open")][1]
        if "mfp" in self.options and protection[:1] == b"\x30":
            protection = protection[:-2] + b"\xc0\x00"
        shown = ssid if ssid is not None else b"" if beacon and "hidden" in self.options else self.ssid
        out = _ie(0, shown) + _ie(1, rates) + _ie(3, bytes([int(self.number("ch", 6)) & 0xFF]))
        if beacon:
            out += _ie(5, b"\x00\x02\x00\x00")
        out += _ie(7, country) if country else b""
        out += protection if protection[:1] == b"\x30" else b""
        out += _ie(50, bytes.fromhex("3048606c"))
        if "mdid" in self.options:
            out += _ie(54, struct.pack("<HB", int(self.options["mdid"]), 0))
        out += _ie(45, struct.pack("<H", ht) + bytes(24))
        out += _ie(61, bytes([int(self.number("ch", 6)) & 0xFF]) + bytes(21))
        out += _ie(127, bytes.fromhex("0400000200000040" if vendor else "0400000000000000"))
        if "rnr" in self.options:
            out += _ie(201, bytes.fromhex("0007") + bytes([81, 6, 0]) + _mac(self.options["rnr"]))
        out += protection if protection[:1] == b"\xdd" else b""
        out += _ie(221, bytes.fromhex("0050f202010100 0003a4000027a4000042435e0062322f00"))
        if "wps" in self.options or "pressed" in self.options:
            out += _ie(221, b"\x00\x50\xf2\x04" + self._wps())
        if "owe" in self.options:
            address, _, name = self.options["owe"].partition("/")
            out += _ie(221, b"\x50\x6f\x9a\x1c" + _mac(address) + bytes([len(name.encode())]) + name.encode())
        return out + (_ie(221, vendor) if vendor else b"")

    def _wps(self) -> bytes:
        out = b"\x10\x4a\x00\x01\x10" + b"\x10\x44\x00\x01\x02"
        if "pin" in self.options:
            out += b"\x10\x08\x00\x02\x00\x04"
        if "locked" in self.options:
            out += b"\x10\x57\x00\x01\x01"
        if "pressed" in self.options:
            out += b"\x10\x41\x00\x01\x01" + b"\x10\x12\x00\x02\x00\x04" + b"\x10\x53\x00\x02\x00\x80"
        return out

    def body(self, time: float, ssid: bytes | None = None, *, beacon: bool = True) -> bytes:
        units = round(self.number("every", 0.1024) / 0.001024)
        head = struct.pack("<QHH", self.tsf(time) & (1 << 64) - 1, units, self.capabilities())
        return head + self.elements(ssid, beacon=beacon)


@dataclass(slots=True)
class _Event:
    time: float
    frequency: int
    dbm: int
    frame: Callable[[int], bytes]
    """From a sequence number to the frame."""
    counter: bytes | None = None
    """Whose sequence numbers go on; None for a fixed one."""
    sequence: int = 0
    original: _Event | None = None
    """The frame that this one repeats."""


@dataclass(slots=True)
class _Listing:
    aps: dict[str, _Ap] = field(default_factory=dict)
    stations: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    events: list[_Event] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(1))

    def add(self, event: _Event) -> None:
        if len(self.events) >= _MOST_FRAMES:
            raise UsageError("a listing may not make more than 200000 frames")
        self.events.append(event)


def capture(text: str) -> bytes:
    """The pcap that a listing describes. Raises :class:`UsageError` naming the line that makes no sense."""
    listing = _Listing()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
            if words:
                _STATEMENTS[words[0]](listing, words[1:])
        except (KeyError, ValueError, IndexError) as error:
            raise UsageError(f"line {number} of the listing ({line.strip()}): {error}") from None
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 127)]
    counters: dict[bytes, int] = {
        ap.address + ap.name.encode(): int(ap.number("seq", listing.random.randrange(4096)))
        for ap in listing.aps.values()
    }
    for event in sorted(listing.events, key=lambda e: e.time):
        if event.original is not None:
            event.sequence = event.original.sequence
        elif event.counter is not None:
            event.sequence = counters.get(event.counter, event.sequence) % 4096
            counters[event.counter] = event.sequence + 1
        flags = 0x00A0 if event.frequency < 3000 else 0x0140
        radiotap = struct.pack("<BBHIHHb", 0, 0, 13, 0x28, event.frequency, flags, event.dbm)
        packet = radiotap + event.frame(event.sequence)
        micros = _EPOCH_US + round(event.time * 1e6)
        out.append(struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, len(packet), len(packet)))
        out.append(packet)
    return b"".join(out)


# Frames


def _mac(text: str) -> bytes:
    raw = bytes.fromhex(text.replace(":", ""))
    if len(raw) != 6:
        raise ValueError(f"{text} is no address")
    return raw


def _ie(kind: int, body: bytes) -> bytes:
    return bytes([kind, len(body)]) + body


def _management(subtype: int, to: bytes, sender: bytes, bssid: bytes, body: bytes) -> Callable[[int], bytes]:
    return lambda sequence: (
        struct.pack("<BBH", subtype << 4, 0, 0)
        + to
        + sender
        + bssid
        + struct.pack("<H", sequence << 4)
        + body
    )


def _data(client: bytes, bssid: bytes, body: bytes, *, up: bool, protected: bool) -> Callable[[int], bytes]:
    flags = (1 if up else 2) | (0x40 if protected else 0)
    one, two, three = (bssid, client, bssid) if up else (client, bssid, bssid)
    return lambda sequence: (
        struct.pack("<BBH", 0x08, flags, 0x013A) + one + two + three + struct.pack("<H", sequence << 4) + body
    )


def _eapol_key(info: int, counter: int, nonce: bytes, mic: bytes, data: bytes) -> bytes:
    key = (
        struct.pack(">BHHQ", 2, info, 16, counter)
        + nonce
        + bytes(32)
        + mic
        + struct.pack(">H", len(data))
        + data
    )
    return bytes.fromhex("aaaa03000000888e") + struct.pack(">BBH", 2, 3, len(key)) + key


# Statements


def _options(words: list[str]) -> tuple[list[str], dict[str, str]]:
    plain, options = [], {}
    for word in words:
        key, sign, value = word.partition("=")
        if sign and key.isalpha():
            options[key] = value
        else:
            plain.append(word)
    return plain, options


def _ap(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    name, address, ssid, *flags = plain
    options |= dict.fromkeys(flags, "")
    ap = _Ap(name, _mac(address), ssid.encode(), options)
    if options.get("sec", "open") not in _SECURITY or options.get("make", "bare") not in _MAKES:
        raise ValueError("unknown sec= or make=")
    listing.aps[name] = ap
    distance = ap.number("every", 0.1024)
    time = ap.number("from", 0) + listing.random.random() * distance
    while time < ap.number("to", 10):
        listing.add(_beacon(ap, time))
        time += distance


def _beacon(ap: _Ap, time: float) -> _Event:
    frame = _management(8, _ALL, ap.address, ap.address, ap.body(time))
    return _Event(time, ap.frequency, ap.dbm, frame, ap.address + ap.name.encode())


def _station(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    listing.stations[plain[0]] = (_mac(plain[1]), int(options.get("dbm", -60)))


def _client(listing: _Listing, name: str) -> tuple[bytes, int]:
    if name == "random":
        address = bytes([listing.random.randrange(64) << 2]) + listing.random.randbytes(5)
        return address, -55
    return listing.stations[name]


def _times(start: str, options: dict[str, str]) -> Iterator[float]:
    for i in range(int(options.get("count", 1))):
        yield float(start) + i * float(options.get("every", 0.1))


def _ask(listing: _Listing, words: list[str]) -> None:
    time, name, ssid = words
    address, dbm = listing.stations[name]
    frequency = next((ap.frequency for ap in listing.aps.values()), 2437)
    body = _ie(0, ssid.encode()) + _ie(1, bytes.fromhex("02040b160c121824"))
    listing.add(_Event(float(time), frequency, dbm, _management(4, _ALL, address, _ALL, body), address))


def _answer(listing: _Listing, words: list[str]) -> None:
    time, name, station, *ssid = words
    ap, (address, _) = listing.aps[name], listing.stations[station]
    body = ap.body(float(time), ssid[0].encode() if ssid else ap.ssid, beacon=False)
    frame = _management(5, address, ap.address, ap.address, body)
    listing.add(_Event(float(time), ap.frequency, ap.dbm, frame, ap.address + ap.name.encode()))


def _join(listing: _Listing, words: list[str]) -> None:
    start, station, name, *how = words
    time, ap = float(start), listing.aps[name]
    address, dbm = listing.stations[station]
    own = ap.address + ap.name.encode()

    def management(after: float, subtype: int, up: bool, body: bytes) -> None:
        to, sender = (ap.address, address) if up else (address, ap.address)
        frame = _management(subtype, to, sender, ap.address, body)
        listing.add(_Event(time + after, ap.frequency, dbm if up else ap.dbm, frame, address if up else own))

    def data(after: float, up: bool, body: bytes, protected: bool = False) -> None:
        frame = _data(address, ap.address, body, up=up, protected=protected)
        listing.add(
            _Event(time + after, ap.frequency, dbm if up else ap.dbm, frame, (address if up else own) + b"d")
        )

    management(0, 11, True, struct.pack("<HHH", 0, 1, 0))
    management(0.005, 11, False, struct.pack("<HHH", 0, 2, 0))
    asked = (
        struct.pack("<HH", ap.capabilities(), 5) + _ie(0, ap.ssid) + _ie(1, bytes.fromhex("02040b160c121824"))
    )
    management(0.01, 0, True, asked + _SECURITY[ap.options.get("sec", "open")][1])
    management(
        0.015, 1, False, struct.pack("<HHH", ap.capabilities(), 0, 0xC001) + _ie(1, bytes.fromhex("82848b96"))
    )
    if ap.options.get("sec", "open") in ("open", "wep"):
        data(0.1, True, bytes.fromhex("aaaa030000000806") + bytes(28), ap.options.get("sec") == "wep")
        return
    nonce, proof = listing.random.randbytes(32), listing.random.randbytes(16)
    first = _eapol_key(0x008A, 1, nonce, bytes(16), b"")
    second = _eapol_key(0x010A, 1, nonce[::-1], proof, _SECURITY[ap.options["sec"]][1][:22])
    rounds = 3 if "wrong" in how else 1
    for i in range(rounds):
        data(0.02 + i, False, first)
        if "first" in how:
            return
        data(0.03 + i, True, second)
    if "wrong" in how:
        management(rounds, 12, False, struct.pack("<H", 15))
        return
    data(0.04, False, _eapol_key(0x13CA, 2, nonce, proof, bytes(56)))
    data(0.05, True, _eapol_key(0x030A, 2, bytes(32), proof, b""))
    for i in range(3):
        data(0.1 + i / 20, True, listing.random.randbytes(60), True)
        data(0.12 + i / 20, False, listing.random.randbytes(60), True)


def _data_frames(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    start, station, name, *flags = plain
    ap = listing.aps[name]
    for time in _times(start, options):
        address, dbm = _client(listing, station)
        body = (
            bytes.fromhex("aaaa030000000800") + bytes(40)
            if "clear" in flags
            else listing.random.randbytes(60)
        )
        frame = _data(address, ap.address, body, up=True, protected="clear" not in flags)
        listing.add(_Event(time, ap.frequency, dbm, frame, address + b"d"))


def _goodbye(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    start, name, station, *flags = plain
    ap = listing.aps[name]
    client = _ALL if station == "all" else listing.stations[station][0]
    subtype = 10 if "disassoc" in flags else 12
    body = struct.pack("<H", int(options.get("reason", 7)))
    by, sequence = options.get("by", "ap"), options.get("seq", "own")
    number = 0 if sequence == "own" else int(sequence)
    for time in _times(start, options):
        for up in (False, True):
            if by != "both" and by != ("station" if up else "ap"):
                continue
            to, sender = (ap.address, client) if up else (client, ap.address)
            frame = _management(subtype, to, sender, ap.address, body)
            own = ap.address + ap.name.encode() if sequence == "own" else None
            listing.add(
                _Event(time, ap.frequency, int(options.get("dbm", ap.dbm)), frame, own, number % 4096)
            )
            number += 1


def _login(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    start, station, name = plain
    ap = listing.aps[name]
    for time in _times(start, options):
        address, dbm = _client(listing, station)
        frame = _management(11, ap.address, address, ap.address, struct.pack("<HHH", 0, 1, 0))
        listing.add(_Event(time, ap.frequency, dbm, frame, b"login"))


def _eapol(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    start, station, name, what = plain
    ap, kind = listing.aps[name], {"start": 1, "logoff": 2}[what]
    for time in _times(start, options):
        address, dbm = _client(listing, station)
        body = bytes.fromhex("aaaa03000000888e") + bytes([1, kind, 0, 0])
        listing.add(
            _Event(time, ap.frequency, dbm, _data(address, ap.address, body, up=True, protected=False), b"e")
        )


def _switch(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    start, name, *flags = plain
    ap, first = listing.aps[name], int(options.get("count", 3))
    options = {"every": "0.1", **options, "count": options.get("frames", "3")}
    left = first
    for time in _times(start, options):
        recorded = float(start) - 1 if "forged" in flags else time
        body = ap.body(recorded) + _ie(37, bytes([1, int(options["ch"]), left]))
        own = None if "forged" in flags else ap.address + ap.name.encode()
        frame = _management(8, _ALL, ap.address, ap.address, body)
        listing.add(_Event(time, ap.frequency, ap.dbm, frame, own, int(listing.random.random() * 4096)))
        left = left - 1 if left > 1 else first


def _replay(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    start, name = plain
    ap = listing.aps[name]
    began, seconds = float(options.get("of", 0)), float(options.get("seconds", 3))
    sent = [e for e in listing.events if e.counter == ap.address + ap.name.encode()]
    tape = [e for e in sent if began <= e.time < began + seconds]
    channel = int(options.get("ch", ap.options.get("ch", "6")))
    frequency = frequency_of(channel, BAND_2G if channel <= 14 else BAND_5G) or ap.frequency
    for event in tape:
        ssid = options["as"].encode() if "as" in options else None
        frame = _management(8, _ALL, ap.address, ap.address, ap.body(event.time, ssid))
        time = event.time - began + float(start)
        listing.add(_Event(time, frequency, ap.dbm - 5, frame, original=event))


def _phantom(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    for place, time in enumerate(_times(plain[0], options)):
        address = bytes([listing.random.randrange(256) & 0xFE]) + listing.random.randbytes(5)
        name = options.get("name", f"Free {place}")
        ap = _Ap("phantom", address, name.encode(), {"sec": "wpa2", "up": str(place), "make": "bare"})
        frame = _management(8, _ALL, address, address, ap.body(time))
        listing.add(_Event(time, 2437, -48, frame, b"phantom"))


def _probes(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    for place, time in enumerate(_times(plain[0], options)):
        address, _ = _client(listing, "random")
        body = _ie(0, f"office{place:03}".encode()) + _ie(1, bytes.fromhex("02040b16"))
        listing.add(_Event(time, 2437, -52, _management(4, _ALL, address, _ALL, body), b"probes"))


def _empty(listing: _Listing, words: list[str]) -> None:
    plain, options = _options(words)
    start, name, station = plain
    ap, client = listing.aps[name], listing.stations[station][0]
    for time in _times(start, options):
        frame = _management(5, client, ap.address, ap.address, ap.body(time, b"", beacon=False))
        listing.add(_Event(time, ap.frequency, ap.dbm, frame, b"empty"))


_STATEMENTS: dict[str, Callable[[_Listing, list[str]], None]] = {
    "ap": _ap,
    "station": _station,
    "ask": _ask,
    "answer": _answer,
    "join": _join,
    "data": _data_frames,
    "goodbye": _goodbye,
    "login": _login,
    "eapol": _eapol,
    "switch": _switch,
    "replay": _replay,
    "phantom": _phantom,
    "probes": _probes,
    "empty": _empty,
}
