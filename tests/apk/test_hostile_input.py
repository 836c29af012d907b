"""Whatever the bytes are, readers end with a value or with an error of their own."""

import contextlib
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rogue_scan.apk import (
    facts,
    intake,
    manifest,
    native,
    prototable,
    resources,
    signing,
    web,
    xmlfile,
)
from rogue_scan.apk.container import open_container
from rogue_scan.errors import LimitExceeded, Malformed, Truncated, Unsupported

FAST = settings(deadline=None, suppress_health_check=list(HealthCheck))
OURS = (Malformed, Truncated, LimitExceeded, Unsupported)


def read_table(data):
    table = resources.parse(data)
    list(table.strings())
    for kind in ("layout", "string", "xml", "array"):
        for resource in list(table.ids(kind))[:50]:
            table.name(resource), table.texts(resource), table.array(resource)


def read_xml(data):
    """What reading finds, a quick look finds too."""
    tags, references = xmlfile.outline(data)
    root, _ = xmlfile.parse(data, "m")
    pending = [root] if root else []
    while pending:
        element = pending.pop()
        pending += element.children
        assert element.tag in tags
        assert {a.resource for a in element.attributes.values()} - {0} <= references


def read_zip(data):
    box = open_container(data)
    for entry in box.entries[:100]:
        box.peek(entry)
        try:
            box.read(entry, 1 << 20)
        except OURS:
            continue


READERS = {
    "zip": read_zip,
    "axml": read_xml,
    "manifest": lambda data: manifest.parse(data, None, lambda name: None),
    "resources": read_table,
    "elf": lambda data: native.parse(data, "lib/x/a.so"),
    "signing": lambda data: signing.verify(open_container(data)),
    "protoxml": read_xml,
    "prototable": lambda data: list(prototable.parse(data).strings()),
    "script": lambda data: web.parse(data, "assets/a.js"),
    "page": lambda data: web.parse(data, "assets/a.html"),
    "intake": lambda data: facts.encode(intake.decode(data).facts),
}
MAGIC = {
    "zip": b"PK\x03\x04", "axml": b"\x03\0\x08\0", "manifest": b"\x03\0\x08\0", "resources": b"\x02\0\x0c\0",
    "elf": b"\x7fELF\x02\x01",
    "signing": b"PK\x03\x04", "protoxml": b"\x0a\x01", "prototable": b"\x12",
    "script": b"", "page": b"<html>", "intake": b"PK\x03\x04",
}  # fmt: skip
SAMPLES = {
    "zip": [("zip-duplicate", None), ("split-bundle", None)],
    "axml": [("bank-overlay", "AndroidManifest.xml")],
    "manifest": [("bank-overlay", "AndroidManifest.xml"), ("manifest-text", "AndroidManifest.xml")],
    "resources": [("bank-overlay", "resources.arsc")],
    "elf": [("dex-missing", "lib/arm64-v8a/libboxcore.so")],
    "signing": [("sig-v2-only", None), ("sig-v1-only", None)],
    "protoxml": [("build-tools-bundle", "base/manifest/AndroidManifest.xml")],
    "prototable": [("build-tools-bundle", "base/resources.pb")],
    "script": [("hybrid-js", "assets/www/app.js")],
    "page": [("hybrid-js", "assets/www/index.html")],
    "intake": [("apk-in-apk", None), ("split-bundle", None)],
}  # fmt: skip

mutation = st.tuples(
    st.floats(0, 0.999),
    st.one_of(
        st.binary(min_size=1, max_size=4),
        st.sampled_from([0, 1, 8, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]).map(
            lambda n: struct.pack("<I", n)
        ),
    ),
    st.sampled_from(["put", "put", "insert", "drop", "cut"]),
)


def mutate(data, changes):
    data = bytearray(data)
    for where, piece, how in changes:
        at = int(where * len(data))
        if how == "put":
            data[at : at + len(piece)] = piece
        elif how == "insert":
            data[at:at] = piece
        elif how == "drop":
            del data[at : at + len(piece)]
        else:
            del data[at:]
    return bytes(data)


@pytest.mark.parametrize("reader", READERS)
@FAST
@given(rest=st.binary(max_size=600))
def test_noise(reader, rest):
    for data in (rest, MAGIC[reader] + rest):
        with contextlib.suppress(*OURS):
            READERS[reader](data)


@pytest.mark.parametrize("reader", [name for name, samples in SAMPLES.items() if samples])
@FAST
@given(changes=st.lists(mutation, min_size=1, max_size=8), which=st.integers(0, 1))
def test_damaged_samples(reader, changes, which, labelled):
    samples = SAMPLES[reader]
    name, entry = samples[which % len(samples)]
    data = labelled(name)
    if entry:
        box = open_container(data)
        data = box.read(box.get(entry))
    with contextlib.suppress(*OURS):
        READERS[reader](mutate(data, changes))


def test_a_resource_type_without_number():
    """Found by fuzzing: type 0 asked the pool of type names for index -1."""
    chunk = struct.pack("<HHIBBHII", 0x0201, 36, 36, 0, 0, 0, 0, 36) + struct.pack("<I", 16).ljust(16, b"\0")
    pool = struct.pack("<HHI5I", 1, 28, 28, 0, 0, 0, 28, 0)
    body = pool + pool + chunk
    package = (
        struct.pack("<HHII", 0x0200, 288, 288 + len(body), 0x7F)
        + bytes(256)
        + struct.pack("<5I", 288, 0, 316, 0, 0)
    )
    data = struct.pack("<HHII", 2, 12, 12 + len(pool) + len(package + body), 1) + pool + package + body
    table = resources.parse(data)
    assert list(table.strings()) == []
    assert "arsc:type-id" in {d.kind for d in table.differences}
