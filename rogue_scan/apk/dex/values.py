"""Encoded values and annotations of a DEX file.

Source: "encoded_value encoding" and "annotations_directory_item" in Android's "Dalvik Executable
format" document.
"""

import struct
from collections.abc import Callable

import msgspec

from rogue_scan.apk.dex.reader import Dex, Member, uleb128
from rogue_scan.errors import Malformed, Truncated

MAX_DEPTH = 16
MAX_VALUES = 1 << 16
"""Values in one array or annotation beyond which it is refused."""

Value = None | bool | int | float | str | Member | list["Value"] | dict[str, "Value"]
"""Types show as ``str`` descriptors like strings; fields, methods and enums as ``Member``."""


class Annotation(msgspec.Struct, frozen=True):
    """An annotation: descriptor of its type and its named values."""

    type: str
    values: dict[str, Value]


def static_values(dex: Dex, row: int) -> list[Value]:
    """Initial values of the static fields of the class in a row of ``classes``, in field order.

    What the list leaves out is zero or null. A broken list is read as far as it goes.
    """
    offset = int(dex.classes[row, 7])
    if not offset:
        return []
    found: list[Value] = []
    try:
        count, offset = uleb128(dex.data, offset)
        for _ in range(min(count, MAX_VALUES)):
            value, offset = _value(dex, offset, 0)
            found.append(value)
    except (Malformed, Truncated):
        pass
    return found


def annotations(dex: Dex, row: int) -> tuple[list[Annotation], dict[int, list[Annotation]]]:
    """Annotations of a class, and of its methods by method index; broken ones are left out."""
    directory = int(dex.classes[row, 5])
    if not directory or directory + 16 > len(dex.data):
        return [], {}
    own, fields, methods, _ = struct.unpack_from("<4I", dex.data, directory)
    of_class = _annotation_set(dex, own)
    of_methods: dict[int, list[Annotation]] = {}
    at = directory + 16 + 8 * fields
    for _ in range(min(methods, MAX_VALUES)):
        if at + 8 > len(dex.data):
            break
        index, offset = struct.unpack_from("<II", dex.data, at)
        of_methods[index] = _annotation_set(dex, offset)
        at += 8
    return of_class, of_methods


def _annotation_set(dex: Dex, offset: int) -> list[Annotation]:
    if not offset or offset + 4 > len(dex.data):
        return []
    (count,) = struct.unpack_from("<I", dex.data, offset)
    if offset + 4 + 4 * count > len(dex.data) or count > 1024:
        return []
    found = []
    for item in struct.unpack_from(f"<{count}I", dex.data, offset + 4):
        try:
            # The first byte is the visibility.
            annotation, _ = _annotation(dex, item + 1, 0)
        except (Malformed, Truncated):
            continue
        found.append(annotation)
    return found


def _annotation(dex: Dex, offset: int, depth: int) -> tuple[Annotation, int]:
    kind, offset = uleb128(dex.data, offset)
    count, offset = uleb128(dex.data, offset)
    if count > MAX_VALUES:
        raise Malformed(f"{dex.name}: an annotation of {count} values")
    values: dict[str, Value] = {}
    for _ in range(count):
        name, offset = uleb128(dex.data, offset)
        values[dex.string(name)], offset = _value(dex, offset, depth + 1)
    return Annotation(dex.type(kind), values), offset


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _unsigned(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _float(raw: bytes) -> float:
    return float(struct.unpack("<f", raw.rjust(4, b"\0")[-4:])[0])


def _double(raw: bytes) -> float:
    return float(struct.unpack("<d", raw.rjust(8, b"\0")[-8:])[0])


_SIMPLE: dict[int, Callable[[bytes], Value]] = {
    0x00: _signed,
    0x02: _signed,
    0x03: _unsigned,
    0x04: _signed,
    0x06: _signed,
    0x10: _float,
    0x11: _double,
}


def _value(dex: Dex, offset: int, depth: int) -> tuple[Value, int]:
    if depth > MAX_DEPTH:
        raise Malformed(f"{dex.name}: encoded values nest deeper than {MAX_DEPTH}")
    if not 0 <= offset < len(dex.data):
        raise Truncated(f"{dex.name}: an encoded value is outside the file")
    head = dex.data[offset]
    kind, arg = head & 0x1F, head >> 5
    offset += 1
    if kind == 0x1C:
        count, offset = uleb128(dex.data, offset)
        if count > MAX_VALUES:
            raise Malformed(f"{dex.name}: an array of {count} values")
        items: list[Value] = []
        for _ in range(count):
            item, offset = _value(dex, offset, depth + 1)
            items.append(item)
        return items, offset
    if kind == 0x1D:
        annotation, offset = _annotation(dex, offset, depth + 1)
        return dict(annotation.values), offset
    if kind == 0x1E:
        return None, offset
    if kind == 0x1F:
        return bool(arg), offset
    raw = dex.data[offset : offset + arg + 1]
    if len(raw) <= arg:
        raise Truncated(f"{dex.name}: an encoded value is cut off")
    return _sized(dex, kind, raw), offset + arg + 1


def _sized(dex: Dex, kind: int, raw: bytes) -> Value:
    if kind in _SIMPLE:
        return _SIMPLE[kind](raw)
    index = _unsigned(raw)
    if kind == 0x17:
        return dex.string(index)
    if kind == 0x18:
        return dex.type(index)
    if kind in (0x19, 0x1B):
        return dex.field_id(index)
    if kind == 0x1A:
        return dex.method_id(index)
    if kind == 0x15:
        return dex.proto(index)
    if kind == 0x16:
        return None
    raise Malformed(f"{dex.name}: encoded value of kind {kind:#x}")
