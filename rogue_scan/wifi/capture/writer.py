"""pcapng blocks to write (draft-ietf-opsawg-pcapng), little-endian, time stamps in nanoseconds."""

from __future__ import annotations

import struct

LINKTYPE_RADIOTAP = 127

_COMMENT, _IF_NAME, _IF_TSRESOL, _SHB_USERAPPL = 1, 2, 9, 4
_ISB_IFRECV, _ISB_IFDROP = 4, 5


def section_header(application: str = "rogue-scan") -> bytes:
    """Section header block: begins a file."""
    body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options([(_SHB_USERAPPL, application.encode())])
    return _block(0x0A0D0D0A, body)


def interface(link_type: int = LINKTYPE_RADIOTAP, name: str = "", snap_length: int = 0) -> bytes:
    """Interface description block; interfaces are numbered in the order written, from 0."""
    options = [(_IF_TSRESOL, b"\x09")]
    if name:
        options.insert(0, (_IF_NAME, name.encode()))
    return _block(1, struct.pack("<HHI", link_type, 0, snap_length) + _options(options))


def packet(
    data: bytes, nanoseconds: int, number: int = 0, original: int | None = None, comment: str = ""
) -> bytes:
    """Enhanced packet block of interface ``number``; ``nanoseconds`` since 1970."""
    head = struct.pack(
        "<IIIII",
        number,
        nanoseconds >> 32,
        nanoseconds & 0xFFFFFFFF,
        len(data),
        len(data) if original is None else original,
    )
    options = _options([(_COMMENT, comment.encode())]) if comment else b""
    return _block(6, head + _padded(data) + options)


def statistics(nanoseconds: int, received: int, dropped: int, number: int = 0) -> bytes:
    """Interface statistics block: what the kernel received and dropped so far."""
    head = struct.pack("<III", number, nanoseconds >> 32, nanoseconds & 0xFFFFFFFF)
    return _block(
        5,
        head
        + _options([(_ISB_IFRECV, struct.pack("<Q", received)), (_ISB_IFDROP, struct.pack("<Q", dropped))]),
    )


def _block(kind: int, body: bytes) -> bytes:
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(options: list[tuple[int, bytes]]) -> bytes:
    # An option's length field has 16 bits.
    return b"".join(
        struct.pack("<HH", code, len(value[:0xFFFF])) + _padded(value[:0xFFFF]) for code, value in options
    ) + bytes(4)
