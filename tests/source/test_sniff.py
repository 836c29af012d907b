"""Content tells what a source is; its name does not."""

import gzip
import io
import lzma
import zipfile

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.source.sniff import Kind, kind, of_file, unpacked

PCAP = bytes.fromhex("d4c3b2a1020004000000000000000000ffff00007f000000")
PCAPNG = bytes.fromhex("0a0d0d0a1c0000004d3c2b1a")


def a_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("classes.dex"), b"dex\n035\0")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PCAP, Kind.CAPTURE),
        (bytes.fromhex("a1b23c4d") + PCAP[4:], Kind.CAPTURE),
        (PCAPNG, Kind.CAPTURE),
        (gzip.compress(PCAP, mtime=0), Kind.CAPTURE),
        (lzma.compress(PCAPNG), Kind.CAPTURE),
        (zstandard.compress(PCAP), Kind.CAPTURE),
        (b"SQLite format 3\0" + bytes(84), Kind.CAPTURE),
        (a_zip(), Kind.APP),
        (b"\x89PNG\r\n\x1a\n" + bytes(200) + a_zip(), Kind.APP),
        (b"dex\n035\0", Kind.APP),
        (b"", Kind.UNKNOWN),
        (b"hello", Kind.UNKNOWN),
        (gzip.compress(b"hello", mtime=0), Kind.UNKNOWN),
        (b"\x1f\x8b\x08 broken", Kind.UNKNOWN),
    ],
)
def test_kinds(content: bytes, expected: Kind) -> None:
    assert of_file(io.BytesIO(content)) is expected


@given(st.sampled_from([b"", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"]), st.binary(max_size=300))
def test_no_bytes_make_it_fail(magic: bytes, rest: bytes) -> None:
    kind(magic + rest, rest)
    assert len(unpacked(magic + rest)) >= 0
