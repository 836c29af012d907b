"""XML files of a package, whichever form they have: binary, or the protocol buffers of app bundles."""

from rogue_scan.apk import axml
from rogue_scan.apk.axml import Element
from rogue_scan.apk.difference import Difference


def parse(data: bytes, entry: str) -> tuple[Element | None, tuple[Difference, ...]]:
    """The root element, and what is odd in the file.

    :raises Malformed: neither form.
    :raises Truncated: it ends too early.
    """
    if _is_proto(data):
        from rogue_scan.apk import protoxml

        return protoxml.parse(data, entry), ()
    document = axml.parse(data, entry)
    return document.root, document.differences


def outline(data: bytes) -> tuple[set[str], set[int]]:
    """Names of the elements, and the resources that attributes refer to: a quick look before :func:`parse`.

    :raises Malformed: protocol buffers, but damaged.
    :raises Truncated: they end inside a field.
    """
    if not _is_proto(data):
        return axml.outline(data)
    root, _ = parse(data, "")
    tags, references, pending = set[str](), set[int](), [root] if root else []
    while pending:
        element = pending.pop()
        pending += element.children
        tags.add(element.tag)
        references.update(attribute.resource for attribute in element.attributes.values())
    return tags, references


def _is_proto(data: bytes) -> bool:
    return data[:1] == b"\x0a" and data[1:2] != b"\0"  # field 1 of a length; binary XML has a zero there
