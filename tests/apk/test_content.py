import base64
import gzip
import os

import pytest

from rogue_scan.apk import content
from rogue_scan.apk.container import open_container


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"dex\n035\0", "dex"),
        (b"\x7fELF", "elf"),
        (b"PK\x03\x04", "zip"),
        (b"RIFF\0\0\0\0WEBP", "picture"),
        (b"text", ""),
    ],
)
def test_kinds(head, kind):
    assert content.kind(head) == kind


@pytest.mark.parametrize(
    ("name", "kind", "disguised"),
    [
        ("assets/a.png", "dex", True), ("assets/a.jar", "dex", False), ("assets/lib.so.1", "elf", False),
        ("assets/busybox", "elf", False), ("assets/a.mp3", "apk", True), ("assets/a.txt", "zip", False),
    ],
)  # fmt: skip
def test_names_that_claim_another_kind(name, kind, disguised):
    assert content.disguised(name, kind) is disguised


@pytest.mark.parametrize("method", [0, 8])
def test_what_cannot_be_packed_looks_encrypted(zip_writer, method):
    box = open_container(
        zip_writer.add("a", os.urandom(9000), method=method).add("b", b"text " * 2000, method=method).done()
    )
    assert [content.is_opaque(box, e) for e in box.entries] == [True, False]


DEX = b"dex\n035\0" + bytes(40)


@pytest.mark.parametrize(
    ("data", "how"),
    [
        (bytes(b ^ 0x5A for b in DEX), "xor 0x5a"), (base64.b64encode(DEX), "base64"),
        (gzip.compress(DEX, mtime=0), "gzip"),
        (bytes(b ^ 0xFF for b in b"PK\x03\x04\x14\0" + bytes(40)), "xor 0xff"), (DEX, ""),
        (b"just text, long enough", ""), (b"", ""),
    ],
)  # fmt: skip
def test_simple_encodings(data, how):
    assert content.encoding(data[:64]) == how
    if how:
        assert content.decoded(data, how, 1 << 20)[:3] in (b"dex", b"PK\x03")


def test_decoding_is_bounded_and_never_fails():
    assert len(content.decoded(gzip.compress(bytes(1 << 20)), "gzip", 1000)) == 1000
    assert content.decoded(b"\x1f\x8b\x08broken", "gzip", 1000) == b""
