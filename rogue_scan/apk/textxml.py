"""XML in plain text as the same small tree as binary XML: what Android would refuse, and others read."""

import re
from xml.parsers import expat

from rogue_scan.apk import axml
from rogue_scan.apk.axml import Attribute, Element
from rogue_scan.errors import Malformed

_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]{0,1000}(?:\[[^\]]{0,100000}\])?\s{0,100}>")
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);|#)[\w.:-]{1,100};")


def parse(data: bytes, entry: str) -> Element | None:
    """The root element of XML in plain text; a document type and its entities are left out, not expanded.

    What comes before an error counts.

    :raises Malformed: no element comes before the first error.
    """
    data = _ENTITY.sub(b"", _DOCTYPE.sub(b"", data))
    stack: list[Element] = []
    roots: list[Element] = []
    count = depth = 0
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count, depth
        depth += 1
        count += 1
        if count > axml.MAX_ELEMENTS:
            raise Malformed(f"{entry}: too many elements")
        if depth > axml.MAX_DEPTH:
            return
        values = {
            name.rpartition(":")[2]: Attribute(name.rpartition(":")[2], "", axml.STRING, 0, value)
            for name, value in attributes.items()
        }
        element = Element(tag, parser.CurrentByteIndex, values, [])
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def end(tag: str) -> None:
        nonlocal depth
        if depth <= axml.MAX_DEPTH and stack:
            stack.pop()
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, Malformed, ValueError, LookupError) as error:
        if not roots:
            raise Malformed(f"{entry}: plain text that is no XML either ({error})") from None
    return roots[0] if roots else None
