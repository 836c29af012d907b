"""What a source is, by its content and never by its name."""

from __future__ import annotations

import enum
import lzma
import zlib
from typing import BinaryIO

HEAD = 64 << 10
"""Bytes from the beginning, and from the end, that are looked at."""

_PCAP = {bytes.fromhex(magic) for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1")}
_PCAPNG = bytes.fromhex("0a0d0d0a")
_SQLITE = b"SQLite format 3\0"
_GZIP, _XZ, _ZSTD = b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"
_ZIP_ENTRY, _ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
_DEX = b"dex\n"


class Kind(enum.Enum):
    """What can be scanned."""

    CAPTURE = "capture"
    APP = "app"
    UNKNOWN = "unknown"


def kind(head: bytes, tail: bytes = b"") -> Kind:
    """The kind of content that begins with ``head`` and ends with ``tail`` (both up to :data:`HEAD`).

    A zip may stand behind other data (a picture with an app appended), which its end gives away.
    """
    if is_capture(unpacked(head)) or head.startswith(_SQLITE):
        return Kind.CAPTURE
    if head.startswith((_ZIP_ENTRY, _ZIP_END, _DEX)) or _ZIP_END in tail:
        return Kind.APP
    return Kind.UNKNOWN


def is_capture(head: bytes) -> bool:
    """Whether plain content is pcap or pcapng."""
    return head[:4] in _PCAP or head[:4] == _PCAPNG


def compression(head: bytes) -> str | None:
    """``gz``, ``xz`` or ``zst`` by magic number."""
    for magic, name in ((_GZIP, "gz"), (_XZ, "xz"), (_ZSTD, "zst")):
        if head.startswith(magic):
            return name
    return None


def unpacked(head: bytes) -> bytes:
    """The first bytes of compressed content; what is not compressed, or broken, comes back as it is."""
    try:
        match compression(head):
            case "gz":
                return zlib.decompressobj(31).decompress(head, 16)
            case "xz":
                return lzma.LZMADecompressor(memlimit=256 << 20).decompress(head, 16)
            case "zst":
                return _unzstd(head)
    except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError):
        return head
    return head


def _unzstd(head: bytes) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=128 << 20).stream_reader(head) as reader:
            return bytes(reader.read(16))
    except zstandard.ZstdError:
        return head


def of_file(file: BinaryIO) -> Kind:
    """Kind of a seekable file; its position is left at the beginning."""
    head = file.read(HEAD)
    size = file.seek(0, 2)
    file.seek(max(0, size - HEAD))
    tail = file.read(HEAD)
    file.seek(0)
    return kind(head, tail)
