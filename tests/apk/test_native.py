import os
import struct
from pathlib import Path

import pytest

from rogue_scan.apk import native
from rogue_scan.apk.container import open_container
from rogue_scan.errors import Malformed, Truncated


def elf(symbols=(), needed=("libc.so",), text=b"\xc0\x03\x5f\xd6" * 3000, extra=b"", sections=True):
    """A 64-bit ARM library with one executable segment, a dynamic section and symbols (name, defined)."""
    names, at = b"\0", {}
    for name in [*needed, "libtest.so", *(n for n, _ in symbols)]:
        at[name] = len(names)
        names += name.encode() + b"\0"
    table = bytes(24) + b"".join(
        struct.pack("<IBBHQQ", at[n], 0x12, 0, 5 if defined else 0, 0, 0) for n, defined in symbols
    )
    base = 64 + 56 * 2
    table_at = base
    hash_at = table_at + len(table)
    hashes = struct.pack("<II", 1, 1 + len(symbols))
    names_at = hash_at + len(hashes)
    dynamic_at = names_at + len(names)
    entries = [(1, at[n]) for n in needed] + [
        (14, at["libtest.so"]),
        (5, names_at),
        (10, len(names)),
        (6, table_at),
        (4, hash_at),
        (0, 0),
    ]
    dynamic = b"".join(struct.pack("<qQ", *entry) for entry in entries)
    body = table + hashes + names + dynamic + text + extra
    size = base + len(body)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    dyn = struct.pack("<IIQQQQQQ", 2, 6, dynamic_at, dynamic_at, dynamic_at, len(dynamic), len(dynamic), 8)
    head = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack(
            "<HHIQQQIHHHHHH",
            3,
            183,
            1,
            0,
            64,
            size if sections else 0,
            0,
            64,
            56,
            2,
            64,
            1 if sections else 0,
            0,
        )
    )
    return head + load + dyn + body + (bytes(64) if sections else b"")


def kinds(library):
    return {d.kind for d in library.differences}


def test_symbols():
    found = native.parse(
        elf([("malloc", False), ("Java_org_example_A_run", True)]), "lib/arm64-v8a/libtest.so"
    )
    assert (found.abi, found.machine, found.soname, found.needed) == (
        "arm64-v8a",
        "arm64",
        "libtest.so",
        ("libc.so",),
    )
    assert (found.imports, found.exports) == (("malloc",), ("Java_org_example_A_run",))
    assert found.java == ("org.example.A.run",)
    assert not found.differences and not found.packed


@pytest.mark.parametrize(
    ("symbol", "method"),
    [
        ("Java_a_b_C_m", "a.b.C.m"), ("Java_a_B_1x_m", "a.B_x.m"),
        ("Java_a_B_m__ILjava_lang_String_2", "a.B.m"),
        ("Java_a_B_m_000e9", "a.B.mé"),
    ],
)  # fmt: skip
def test_names_of_java_methods(symbol, method):
    assert native._java_name(symbol) == method


def test_methods_tied_at_run_time():
    found = native.parse(elf([("JNI_OnLoad", True)], extra=b"\0(Ljava/lang/String;I)V\0"), "lib/x/a.so")
    assert found.registers
    assert found.signatures == ("(Ljava/lang/String;I)V",)


def test_telling_strings():
    extra = b"\0http://c2.box.example/gate\0just a text\0/system/xbin/su\0"
    found = native.parse(elf(extra=extra), "lib/x/a.so")
    assert [s.value for s in found.strings] == ["http://c2.box.example/gate", "/system/xbin/su"]
    assert elf(extra=extra)[found.strings[0].offset :].startswith(b"http://c2")


def test_packed_code():
    assert "deflates" in native.parse(elf(text=os.urandom(60_000)), "lib/x/a.so").packed
    assert native.parse(elf(extra=b"UPX!"), "lib/x/a.so").packed == "packed by UPX"


def test_stripped_section_headers_are_no_obstacle():
    found = native.parse(elf([("malloc", False)], sections=False), "lib/x/a.so")
    assert found.imports == ("malloc",)
    assert kinds(found) == {"elf:no-sections"}


def test_a_cut_file(labelled):
    data = elf([("malloc", False)])
    assert "elf:segment-cut" in kinds(native.parse(data[:3000], "lib/x/a.so"))


def test_a_labelled_library(labelled):
    box = open_container(labelled("dex-missing"))
    found = native.parse(box.read(box.get("lib/arm64-v8a/libboxcore.so")), "lib/arm64-v8a/libboxcore.so")
    assert [s.value for s in found.strings] == ["http://c2.native-box.example/collect"]


def test_no_elf():
    with pytest.raises(Malformed):
        native.parse(b"\x7fELG" + bytes(90), "x")
    with pytest.raises(Malformed):
        native.parse(b"\x7fELF\x09\x09" + bytes(90), "x")
    with pytest.raises(Truncated):
        native.parse(b"\x7fELF\x02\x01", "x")


def test_counts_are_not_believed():
    data = bytearray(elf())
    struct.pack_into("<H", data, 56, 65535)
    assert native.parse(bytes(data), "lib/x/a.so").needed == ("libc.so",)


@pytest.mark.parametrize("name", ["libjni32.so", "libjni64.so"])
def test_methods_registered_at_run_time(name):
    """Built by a C compiler: a table of JNINativeMethod, whose pointers the loader fills in (RELA, 64 bits)
    or which stand in the data (REL, 32 bits).
    """
    data = (Path(__file__).parents[1] / "data" / "apk" / name).read_bytes()
    found = native.parse(data, f"lib/x/{name}")
    assert found.registered == ("takeContacts(Landroid/content/Context;)Ljava/lang/String;", "giveAll(I)V")
    assert found.java == ("org.example.A.plain",)
    assert found.registers


def test_a_table_of_relocations_that_lies():
    data = bytearray((Path(__file__).parents[1] / "data" / "apk" / "libjni64.so").read_bytes())
    at = data.find(struct.pack("<QQ", 8, 144))  # DT_RELASZ: six relocations of 24 bytes
    struct.pack_into("<Q", data, at + 8, 1 << 60)
    assert len(native.parse(bytes(data), "lib/x/a.so").registered) == 2
