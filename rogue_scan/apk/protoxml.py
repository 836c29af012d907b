"""XML in the protocol-buffer form of app bundles (AAB) as the same small tree as binary XML.

Source: AOSP ``frameworks/base/tools/aapt2/Resources.proto`` (messages XmlNode, XmlElement, XmlAttribute;
field numbers).
"""

from rogue_scan.apk import axml, prototable, wire
from rogue_scan.apk.axml import Attribute, Element
from rogue_scan.errors import Malformed


def parse(data: bytes, entry: str) -> Element:
    """The root element.

    :raises Malformed: not this form.
    :raises Truncated: it ends inside a field.
    """
    budget = [axml.MAX_ELEMENTS]
    for node in wire.messages(data, 1):
        return _element(node, 0, entry, budget)
    raise Malformed(f"{entry}: no element in it")


def _element(data: bytes, depth: int, entry: str, budget: list[int]) -> Element:
    budget[0] -= 1
    if budget[0] < 0:
        raise Malformed(f"{entry}: more than {axml.MAX_ELEMENTS} elements")
    element = Element("", -1, {}, [])
    for number, value in wire.fields(data):
        if not isinstance(value, bytes):
            continue
        if number == 3:
            element.tag = value.decode("utf-8", "replace")
        elif number == 4:
            attribute = _attribute(value)
            element.attributes.setdefault(attribute.name, attribute)
        elif number == 5 and depth < axml.MAX_DEPTH:
            for inner, node in wire.fields(value):
                if inner == 1 and isinstance(node, bytes):
                    element.children.append(_element(node, depth + 1, entry, budget))
                elif inner == 2 and isinstance(node, bytes):
                    element.text += node.decode("utf-8", "replace")
    return element


def _attribute(data: bytes) -> Attribute:
    namespace = name = text = ""
    resource, kind, number = 0, axml.STRING, 0
    for field, value in wire.fields(data):
        if field == 5 and isinstance(value, int):
            resource = value
        elif not isinstance(value, bytes):
            continue
        elif field == 1:
            namespace = value.decode("utf-8", "replace")
        elif field == 2:
            name = value.decode("utf-8", "replace")
        elif field == 3:
            text = text or value.decode("utf-8", "replace")
        elif field == 6:
            compiled = prototable.item(value)
            if compiled is not None:
                kind, number = compiled.kind, compiled.data
                # numbers as binary XML shows them: flags and enumerations have names only in the source
                if kind == axml.INT_HEX:
                    text = f"0x{number:x}"
                elif kind != axml.FLOAT and compiled.text:
                    text = compiled.text
    return Attribute(axml.attribute_names().get(resource, name), namespace, kind, number, text)
