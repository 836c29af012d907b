"""XML in the protocol-buffer form of app bundles (AAB) as the same small tree as binary XML.

Source: AOSP ``frameworks/base/tools/aapt2/Resources.proto`` (messages XmlNode, XmlElement, XmlAttribute,
Item and Primitive; field numbers).
"""

import struct
from collections.abc import Iterator

from rogue_scan.apk import axml
from rogue_scan.apk.axml import Attribute, Element
from rogue_scan.errors import Malformed, Truncated

_INTEGERS = {6: axml.INT_DEC, 7: axml.INT_HEX, 8: axml.INT_BOOLEAN}


def parse(data: bytes, entry: str) -> Element:
    """The root element.

    :raises Malformed: not this form.
    :raises Truncated: it ends inside a field.
    """
    budget = [axml.MAX_ELEMENTS]
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            return _element(value, 0, entry, budget)
    raise Malformed(f"{entry}: no element in it")


def _element(data: bytes, depth: int, entry: str, budget: list[int]) -> Element:
    budget[0] -= 1
    if budget[0] < 0:
        raise Malformed(f"{entry}: more than {axml.MAX_ELEMENTS} elements")
    element = Element("", -1, {}, [])
    for number, value in _fields(data):
        if not isinstance(value, bytes):
            continue
        if number == 3:
            element.tag = value.decode("utf-8", "replace")
        elif number == 4:
            attribute = _attribute(value)
            element.attributes.setdefault(attribute.name, attribute)
        elif number == 5 and depth < axml.MAX_DEPTH:
            for inner, node in _fields(value):
                if inner == 1 and isinstance(node, bytes):
                    element.children.append(_element(node, depth + 1, entry, budget))
                elif inner == 2 and isinstance(node, bytes):
                    element.text += node.decode("utf-8", "replace")
    return element


def _attribute(data: bytes) -> Attribute:
    namespace = name = text = ""
    resource, kind, number = 0, axml.STRING, 0
    for field, value in _fields(data):
        if field == 5 and isinstance(value, int):
            resource = value
        elif not isinstance(value, bytes):
            continue
        elif field == 1:
            namespace = value.decode("utf-8", "replace")
        elif field == 2:
            name = value.decode("utf-8", "replace")
        elif field == 3:
            text = value.decode("utf-8", "replace")
        elif field == 6:
            for item, content in _fields(value):
                if item == 7 and isinstance(content, bytes):
                    for part, data_value in _fields(content):
                        if part in _INTEGERS and isinstance(data_value, int):
                            kind, number = _INTEGERS[part], data_value & 0xFFFFFFFF
                            text = text or str(data_value)
                            if kind == axml.INT_BOOLEAN:
                                text = "true" if data_value else "false"
    return Attribute(axml.attribute_names().get(resource, name), namespace, kind, number, text)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
        elif wire == 2:
            length, at = _varint(data, at)
            if at + length > end:
                raise Truncated(f"a field of {length} bytes, {end - at} there")
            yield number, data[at : at + length]
            at += length
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            if at + size > end:
                raise Truncated("a number is cut")
            yield number, struct.unpack_from("<Q" if size == 8 else "<I", data, at)[0]
            at += size
        else:
            raise Malformed(f"wire type {wire}")


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
