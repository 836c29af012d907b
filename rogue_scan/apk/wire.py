"""The wire form of protocol buffers: numbered fields one after the other.

Only what reading needs; which number means what is known to the reader of each message. Source:
protobuf.dev, "Encoding".
"""

import struct
from collections.abc import Iterator

from rogue_scan.errors import Malformed, Truncated

_FIXED = {1: struct.Struct("<Q"), 5: struct.Struct("<I")}


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of one message as (number, value): numbers as integers, all else as bytes.

    :raises Malformed: a wire type that does not exist, or a field without a number.
    :raises Truncated: it ends inside a field.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if not number:
            raise Malformed("a field without a number")
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
        elif wire == 2:
            length, at = _varint(data, at)
            if length > end - at:
                raise Truncated(f"a field of {length} bytes, {end - at} there")
            yield number, data[at : at + length]
            at += length
        elif wire in _FIXED:
            form = _FIXED[wire]
            if form.size > end - at:
                raise Truncated("a number is cut")
            yield number, form.unpack_from(data, at)[0]
            at += form.size
        else:
            raise Malformed(f"wire type {wire}")


def messages(data: bytes, number: int) -> Iterator[bytes]:
    """The fields of one number that hold a message or a text."""
    for field, value in fields(data):
        if field == number and isinstance(value, bytes):
            yield value


def first(data: bytes, number: int) -> int | bytes | None:
    """The first field of a number."""
    return next((value for field, value in fields(data) if field == number), None)


def text(data: bytes, number: int) -> str:
    """The first text of a number; empty if there is none."""
    return next(messages(data, number), b"").decode("utf-8", "replace")


def number_of(data: bytes, number: int) -> int:
    """The first number under a number; 0, which is what a missing field stands for, if there is none."""
    value = first(data, number)
    return value if isinstance(value, int) else 0


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
    raise Truncated("a number is cut")
