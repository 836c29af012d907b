"""Hermes bytecode here was written by the compilers of React Native 0.70 and of 2026, the LZ4 block by the
library of its authors; stores of assemblies and Unity's metadata are built as their sources describe."""

import struct
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk import compiled, intake, web

DATA = Path(__file__).parents[1] / "data" / "apk"
LITERAL = "https://collect.example.org/api/"
PLAIN = (LITERAL.encode("utf-16-le") + b"\0=") * 3 + b"abc" * 6 + b"ab" + b"c" + bytes(range(40)) + b"z" * 600
LZ4 = bytes.fromhex(
    "f11a680074007400700073003a002f002f0063006f006c006c006500630074002e006500780061006d00701400ff052e006f00"
    "720067002f006100700069002f00003d4200713e6162630300ff1a000102030405060708090a0b0c0d0e0f1011121314151617"
    "18191a1b1c1d1e1f20212223242526277a0100ffff41507a7a7a7a7a"
)


def bytecode(version):
    return (DATA / f"bytecode-{version}.hbc").read_bytes()


def packed(body, size=None, magic=b"XALZ"):
    return magic + struct.pack("<II", 0, len(PLAIN) if size is None else size) + body


def store(*images):
    """A store of assemblies of version 3 (``AssemblyStores.md``)."""
    count = len(images)
    names = b"".join(struct.pack("<I", 5) + b"A.dll" for _ in images)
    at = 20 + count * 2 * 9 + count * 28 + len(names)
    descriptors, body = b"", b""
    for number, image in enumerate(images):
        descriptors += struct.pack("<7I", number, at + len(body), len(image), 0, 0, 0, 0)
        body += image
    head = struct.pack("<4sIIII", b"XABA", 3, count, count * 2, count * 18)
    return head + bytes(count * 18) + descriptors + names + body


def unity(*texts, version=29):
    raw = [text.encode() for text in texts]
    body, table = b"", b""
    for text in raw:
        table += struct.pack("<I", len(body)) if version >= 35 else struct.pack("<II", len(text), len(body))
        body += text
    sections = [(256, len(table), len(raw)), (256 + len(table), len(body), len(body))]
    if version < 38:
        sections = [section[:2] for section in sections]
    header = (
        compiled.UNITY
        + struct.pack("<I", version)
        + b"".join(struct.pack("<I", n) for s in sections for n in s)
    )
    return header.ljust(256, b"\0") + table + body


@pytest.mark.parametrize("version", [89, 99])
def test_hermes_strings_end_where_the_table_says(version):
    texts = [text for text, _ in compiled.hermes(bytecode(version))]
    assert {"https://collect.example.org/in", "https://collect.example.org/", "POST"} <= {*texts, "POST"}
    assert "身份证 https://uni.example.cn/in" in texts
    assert any(len(text) > 255 and text.endswith("https://overflow.example.org/x") for text in texts)


@pytest.mark.parametrize("version", [89, 99])
def test_addresses_of_hermes_bytecode(version):
    found = web.parse(bytecode(version), "assets/index.android.bundle")
    assert {(a.value, a.hidden) for a in found.addresses} == {
        ("https://collect.example.org/in", None),
        ("https://collect.example.org/", None),
        ("wss://push.example.net:8443/ws", None),
        ("https://uni.example.cn/in", None),
        ("https://overflow.example.org/x", None),
        ("https://hidden.example.org/gate", "base64"),
    }
    data = bytecode(version)
    place = next(a.offset for a in found.addresses if a.value.startswith("wss:"))
    assert data[place : place + 4] == b"wss:"


def test_offsets_point_at_the_strings():
    for text, at in compiled.hermes(bytecode(99)):
        assert bytecode(99)[at:].startswith(
            (text.encode("latin-1", "ignore") or b"", text.encode("utf-16-le"))
        )


def test_hermes_of_an_unknown_layout_is_searched_as_bytes():
    data = bytearray(bytecode(89))
    struct.pack_into("<I", data, 52, 3)  # string count that no kind table gives
    assert list(compiled.hermes(bytes(data))) == []
    assert web.parse(bytes(data), "assets/index.android.bundle").addresses


@pytest.mark.parametrize("version", [24, 29, 35, 38, 39])
def test_unity_literals(version):
    data = unity("https://game.example.org/score", "ws://live.example.org:9000/", "é", version=version)
    assert [text for text, _ in compiled.unity(data)] == [
        "https://game.example.org/score", "ws://live.example.org:9000/", "é",
    ]  # fmt: skip
    found = web.parse(data, "assets/bin/Data/Managed/Metadata/global-metadata.dat")
    assert (found.kind, [a.value for a in found.addresses]) == (
        "unity", ["https://game.example.org/score", "ws://live.example.org:9000/"],
    )  # fmt: skip


@pytest.mark.parametrize("version", [29, 35, 38])
def test_unity_without_literals(version):
    """Found by fuzzing: an empty table of a newer version raised ValueError."""
    assert list(compiled.unity(unity(version=version))) == []


def test_a_block_of_lz4():
    assert compiled.lz4(LZ4, 0, len(PLAIN)) == PLAIN
    assert compiled.lz4(LZ4, 0, 100) == PLAIN[:100]
    some = compiled.lz4(LZ4, 0, len(PLAIN), [2])  # steps are used up
    assert 0 < len(some) < len(PLAIN)
    assert PLAIN.startswith(some)


@pytest.mark.parametrize(
    "data", [b"", b"\x10", b"\x10a\x05\x00", b"\x10a\x00\x00", b"\xf0\xff\xff", b"\x1fa\x01\x00\xff"]
)
def test_broken_lz4_gives_what_there_is(data):
    assert len(compiled.lz4(data, 0, 64)) <= 64


def test_packed_assemblies_of_a_store():
    zipped = zstandard.ZstdCompressor().compress(PLAIN)
    data = store(packed(LZ4), packed(zipped, magic=b"XAZS"), b"MZ\x90\0plain")
    assert [plain for plain, _ in compiled.assemblies(data)] == [PLAIN, PLAIN]


def test_a_size_that_lies_costs_no_more_than_the_limit(monkeypatch):
    monkeypatch.setattr(compiled, "MAX_UNPACKED", 1000)
    zipped = zstandard.ZstdCompressor().compress(bytes(1 << 22))
    data = packed(LZ4, 0xFFFFFFFF) + packed(zipped, 500, b"XAZS") + packed(LZ4, 900)
    assert [len(plain) for plain, _ in compiled.assemblies(data)] == [500]


@pytest.mark.parametrize(
    "name",
    [
        "assemblies/App.dll",
        "assemblies/assemblies.blob",
        "lib/arm64-v8a/libassemblies.arm64-v8a.blob.so",
        "lib/arm64-v8a/libassembly-store.so",
        "lib/arm64-v8a/lib_App.dll.so",
    ],
)
@pytest.mark.parametrize("form", ["packed", "plain"])
def test_net_code_is_searched_wherever_it_lies(name, form, zip_writer):
    image = packed(LZ4) if form == "packed" else b"MZ\x90\0" + bytes(60) + b"BSJB" + PLAIN
    data = image if name.endswith("App.dll") else store(image)
    if name.endswith(".so"):
        elf = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HHI", 3, 183, 1) + bytes(40)
        data = elf + data
    app = zip_writer.add("classes.dex", b"dex\n").add(name, data).done()
    facts = intake.decode(app).facts
    assert [(e.value, e.where[0].file) for e in facts.endpoints] == [(LITERAL, name)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("assets/index.android.bundle", bytecode(99)),
        ("assets/odd.lic", b"server=https://collect.example.org/in"),
        ("base/assets/www/app.js", b"fetch('https://collect.example.org/in')"),
    ],
)
def test_content_of_apps_is_searched(name, data, zip_writer):
    facts = intake.decode(zip_writer.add("classes.dex", b"dex\n").add(name, data).done()).facts
    assert "https://collect.example.org/in" in [e.value for e in facts.endpoints]


def test_what_is_too_large_is_said(zip_writer, monkeypatch):
    """Not as an error: the app was analysed; its coverage tells what was left out."""
    monkeypatch.setattr(intake, "PAGES_TOTAL", 10)
    monkeypatch.setattr(intake, "COMPILED_TOTAL", 10)
    app = zip_writer.add("classes.dex", b"dex\n").add("assets/index.android.bundle", bytecode(99))
    facts = intake.decode(app.add("assemblies/App.dll", b"MZ" * 30).done()).facts
    assert facts.unsearched == ("assets/index.android.bundle", "assemblies/App.dll")
    assert not [p for p in facts.problems if p.part != "classes.dex"]


@given(st.binary(max_size=400), st.sampled_from([b"", compiled.HERMES, compiled.UNITY, b"XALZ", b"XAZS"]))
def test_any_bytes(data, magic):
    data = magic + data
    list(compiled.hermes(data)), list(compiled.unity(data)), list(compiled.assemblies(data))


@given(
    st.sampled_from([bytecode(89), bytecode(99), unity("https://a.example.org/"), store(packed(LZ4))]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6),
)
def test_damaged_files(data, changes):
    data = bytearray(data)
    for at, value in changes:
        data[at % len(data)] = value
    data = bytes(data)
    list(compiled.hermes(data)), list(compiled.unity(data)), list(compiled.assemblies(data))
