"""Builders of packages and their parts, so that tests say what is odd and nothing else."""

import json
import struct
import zlib
from pathlib import Path
from typing import ClassVar

import pytest

DATA = Path(__file__).parents[1] / "data" / "apk"


@pytest.fixture(scope="session")
def labelled():
    """Bytes of a labelled app by its name."""

    def read(name):
        return next(p for p in DATA.glob(f"{name}.a*")).read_bytes()

    return read


@pytest.fixture(scope="session")
def truth():
    """What is true of a labelled app."""
    return lambda name: json.loads((DATA / f"{name}.json").read_text())


class ZipWriter:
    """Writes archives, also wrong ones: each field of each record can be given."""

    def __init__(self):
        self.local, self.central, self.count = b"", b"", 0

    def add(self, name, data=b"", /, *, method=8, size=None, packed=None, crc=None, flags=0, **local):
        raw = name if isinstance(name, bytes) else name.encode()
        body = data
        if method == 8:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            body = deflate.compress(data) + deflate.flush()
        size = len(data) if size is None else size
        packed = len(body) if packed is None else packed
        crc = zlib.crc32(data) if crc is None else crc
        inside = {"name": raw, "method": method, "size": size, "packed": packed, "flags": flags} | local
        header = len(self.local)
        self.local += struct.pack(
            "<4s5H3I2H", b"PK\x03\x04", 20, inside["flags"], inside["method"], 0, 0, crc,
            inside["packed"], inside["size"], len(inside["name"]), 0,
        ) + inside["name"] + body  # fmt: skip
        self.central += struct.pack(
            "<4s6H3I5H2I", b"PK\x01\x02", 20, 20, flags, method, 0, 0, crc, packed, size,
            len(raw), 0, 0, 0, 0, 0, local.get("header", header),
        ) + raw  # fmt: skip
        self.count += 1
        return self

    def done(self, *, before=b"", after=b"", comment=b"", count=None, shift=True):
        count = self.count if count is None else count
        at = len(self.local) + (len(before) if shift else 0)
        central = self.central
        if shift and before:
            moved = b""
            while central:
                name, extra, note = struct.unpack_from("<3H", central, 28)
                offset = struct.unpack_from("<I", central, 42)[0] + len(before)
                end = 46 + name + extra + note
                moved += central[:42] + struct.pack("<I", offset) + central[46:end]
                central = central[end:]
            central = moved
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(central), at, len(comment))
        return before + self.local + central + end + comment + after


@pytest.fixture
def zip_writer():
    return ZipWriter()


class XmlWriter:
    """Writes binary XML from nested tuples ``(tag, {attribute: value}, [children])``.

    A value is a string, a bool, an int (decimal) or ``("ref", resource id)``; attributes whose name begins
    with ``:`` have no namespace. Keyword arguments bend the format.
    """

    IDS: ClassVar = {
        "label": 0x01010001, "name": 0x01010003, "permission": 0x01010006, "exported": 0x01010010,
        "value": 0x01010024, "resource": 0x01010025, "debuggable": 0x0101000F, "minSdkVersion": 0x0101020C,
        "targetSdkVersion": 0x01010270, "priority": 0x0101001C, "scheme": 0x01010027, "host": 0x01010028,
        "allowBackup": 0x01010280, "protectionLevel": 0x01010009, "versionCode": 0x0101021B,
        "maxSdkVersion": 0x01010271, "usesCleartextTraffic": 0x010104EC, "networkSecurityConfig": 0x01010527,
        "taskAffinity": 0x01010012, "authorities": 0x01010018, "readPermission": 0x01010007,
        "writePermission": 0x01010008, "targetActivity": 0x01010202, "enabled": 0x0101000E,
        "allowTaskReparenting": 0x01010204,
    }  # fmt: skip

    def __init__(self, **bend):
        self.bend = {
            "file_type": 3, "attribute_start": 20, "attribute_size": 20, "junk": b"", "extra_strings": 0,
            "pool_count": None, "text_names": True, "twice": False, "namespace": True,
        } | bend  # fmt: skip
        self.strings, self.ids = [], []

    def index(self, text):
        if text not in self.strings:
            self.strings.append(text)
        return self.strings.index(text)

    def write(self, tree):
        self.names(tree)
        self.ids = [self.IDS[n] for n in self.strings]
        if not self.bend["text_names"]:
            self.strings = [""] * len(self.strings)
            self.index = self._index_after
        self.uri = self.index("http://schemas.android.com/apk/res/android")
        prefix = self.index("android")
        body = struct.pack("<HHIIIII", 0x0100, 16, 24, 1, 0xFFFFFFFF, prefix, self.uri)
        body += self.bend["junk"] + self.element(tree)
        body += struct.pack("<HHIIIII", 0x0101, 16, 24, 1, 0xFFFFFFFF, prefix, self.uri)
        self.strings += [f"junk {n}" for n in range(self.bend["extra_strings"])]
        ids = struct.pack(f"<HHI{len(self.ids)}I", 0x0180, 8, 8 + 4 * len(self.ids), *self.ids)
        body = self.pool() + ids + body
        return struct.pack("<HHI", self.bend["file_type"], 8, 8 + len(body)) + body

    def _index_after(self, text):
        first = len(self.ids)
        rest = self.strings[first:]
        if text not in rest:
            self.strings.append(text)
            return len(self.strings) - 1
        return first + rest.index(text)

    def names(self, tree):
        for name in tree[1]:
            if name in self.IDS and name not in self.strings:
                self.strings.append(name)
        for child in tree[2] if len(tree) > 2 else []:
            self.names(child)

    def element(self, tree):
        tag, attributes, children = (*tree, [])[:3]
        size = self.bend["attribute_size"]
        rows = b""
        for name, value in attributes.items():
            plain = name.removeprefix(":")
            uri = self.uri if self.bend["namespace"] and name in self.IDS else 0xFFFFFFFF
            raw, kind, data = 0xFFFFFFFF, 0x10, 0
            if isinstance(value, tuple):
                kind, data = 1, value[1]
            elif isinstance(value, bool):
                kind, data = 0x12, 0xFFFFFFFF if value else 0
            elif isinstance(value, int):
                data = value
            else:
                kind, data = 3, self.index(value)
                raw = data
            number = list(self.IDS.values()).index(self.IDS[name]) if name in self.IDS else None
            where = self.ids.index(self.IDS[name]) if number is not None else self.index(plain)
            row = struct.pack("<IIIHBBI", uri, where, raw, 8, 0, kind, data)
            rows += row.ljust(size, b"\xaa")
            if self.bend["twice"]:
                rows += row.ljust(size, b"\xaa")
        count = len(rows) // size
        gap = b"\xbb" * (self.bend["attribute_start"] - 20)
        head = struct.pack(
            "<II6H", 0xFFFFFFFF, self.index(tag), self.bend["attribute_start"], size, count, 0, 0, 0
        )
        node = struct.pack("<HHIII", 0x0102, 16, 16 + len(head + gap + rows), 1, 0xFFFFFFFF)
        inner = b"".join(self.element(child) for child in children if not isinstance(child, str))
        end = struct.pack("<HHIIIII", 0x0103, 16, 24, 1, 0xFFFFFFFF, 0xFFFFFFFF, self.index(tag))
        return node + head + gap + rows + inner + end

    def pool(self):
        data, offsets = b"", []
        for text in self.strings:
            offsets.append(len(data))
            data += struct.pack("<H", len(text)) + text.encode("utf-16-le") + b"\0\0"
        data += b"\0" * (-len(data) % 4)
        count = len(self.strings) if self.bend["pool_count"] is None else self.bend["pool_count"]
        start = 28 + 4 * len(offsets)
        return (
            struct.pack("<HHI5I", 1, 28, start + len(data), count, 0, 0, start, 0)
            + struct.pack(f"<{len(offsets)}I", *offsets)
            + data
        )


@pytest.fixture
def xml():
    """Binary XML of a tree; keyword arguments bend the format."""
    return lambda tree, **bend: XmlWriter(**bend).write(tree)


@pytest.fixture
def manifest_of(xml):
    """Facts of a manifest written as a tree below ``<manifest>``."""
    from rogue_scan.apk import manifest

    def parse(*children, bend=None, table=None, read=lambda name: None, **attributes):
        attributes = {":package": "org.example.app"} | attributes
        return manifest.parse(xml(("manifest", attributes, list(children)), **(bend or {})), table, read)

    return parse


@pytest.fixture(scope="session")
def analyser():
    from rogue_scan.apk.analyse import Analyser
    from rogue_scan.rules.load import load

    return Analyser(load())


@pytest.fixture(scope="session")
def rules_of(analyser):
    """Names of the rules that speak on an app, without ``apk/``, with their severity."""

    def ask(data):
        scan = analyser.scan_or_fail(data, "app")[0]
        return {finding.rule.removeprefix("apk/"): finding.severity.value for finding in scan.findings}

    return ask


@pytest.fixture(scope="session")
def detectors():
    """Detectors of the app rules, by rule name."""
    from rogue_scan.apk.analyse import DETECTORS
    from rogue_scan.rules.load import load
    from rogue_scan.rules.registry import bind

    return {d.rule.rule: d for d in bind(load(), "apk", DETECTORS)}


@pytest.fixture
def evidence_of(detectors, monkeypatch):
    """Names of the evidence of one rule in facts: ``evidence_of(rule, facts)``, empty where it is silent."""
    from rogue_scan.rules.rule import Case

    named = []
    add = Case.add

    def spy(self, name, /, *args, **fields):
        named.append(name)
        return add(self, name, *args, **fields)

    monkeypatch.setattr(Case, "add", spy)

    def ask(name, facts):
        named.clear()
        return set(named) if list(detectors[f"apk/{name}"](facts, "apk-1")) else set()

    return ask
