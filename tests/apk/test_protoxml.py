import pytest

from rogue_scan.apk import axml, protoxml, xmlfile
from rogue_scan.errors import Malformed, Truncated


def field(number, value):
    value = value.encode() if isinstance(value, str) else value
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def test_names_by_resource_id_and_compiled_values():
    resource = bytes([5 << 3, 0x8F, 0x80, 0x84, 0x08])  # 0x0101000f, debuggable
    compiled = field(6, field(7, bytes([8 << 3, 1])))
    attribute = field(4, field(2, "x") + resource + compiled)
    root = protoxml.parse(field(1, field(3, "application") + attribute), "m")
    found = root.get("debuggable")
    assert (root.tag, found.kind, found.text) == ("application", axml.INT_BOOLEAN, "true")


def test_an_outline_names_elements_and_resources():
    reference = bytes([2 << 3, 0x81, 0x80, 0x80, 0xF8, 0x07])  # 0x7f000001
    attribute = field(4, field(2, "id") + field(6, field(1, reference)))
    child = field(5, field(1, field(3, "EditText") + attribute))
    data = field(1, field(3, "form") + child)
    tags, references = xmlfile.outline(data)
    assert (tags, references - {0}) == ({"form", "EditText"}, {0x7F000001})


def test_deep_nesting_ends():
    node = field(1, field(3, "x"))
    for _ in range(30):
        if len(node) > 100:
            break
        node = field(1, field(3, "x") + field(5, node))
    assert protoxml.parse(node, "m").tag == "x"


@pytest.mark.parametrize("data", [b"\x0a\x7f", b"\x0a", b"\x08\xff"])
def test_cut(data):
    with pytest.raises(Truncated):
        protoxml.parse(data, "m")


def test_another_format():
    with pytest.raises(Malformed):
        protoxml.parse(b"\x07\x07", "m")
    with pytest.raises(Malformed):
        protoxml.parse(b"", "m")
