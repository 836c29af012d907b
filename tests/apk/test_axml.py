import struct

import pytest

from rogue_scan.apk import axml
from rogue_scan.errors import Malformed, Truncated

TREE = (
    "manifest",
    {":package": "org.example", "versionCode": 7},
    [("application", {"debuggable": True, "label": ("ref", 0x7F010002)}, [("activity", {"name": ".Main"})])],
)


def kinds(document):
    return {d.kind.removeprefix("axml:") for d in document.differences}


def test_a_plain_file(xml):
    document = axml.parse(xml(TREE))
    root = document.root
    app = root.first("application")
    assert not document.differences
    assert (root.tag, root.get("package").text, root.get("versionCode").data) == (
        "manifest",
        "org.example",
        7,
    )
    assert (app.get("debuggable").text, app.get("label").resource) == ("true", 0x7F010002)
    assert [a.get("name").text for a in app.all("activity")] == [".Main"]


@pytest.mark.parametrize(
    ("bend", "kind"),
    [
        ({"file_type": 0}, "file-type"), ({"attribute_size": 28}, "attribute-size"),
        ({"attribute_start": 32}, "attribute-start"), ({"twice": True}, "duplicate-attribute"),
        ({"junk": struct.pack("<HHI", 0x7777, 8, 24) + b"\xcc" * 16}, "unknown-chunk"),
        ({"extra_strings": 500}, "unused-strings"), ({"pool_count": 0x7FFFFFFF}, "pool-count"),
        ({"text_names": False}, "attribute-name"), ({"namespace": False}, "no-namespace"),
    ],
)  # fmt: skip
def test_tricks_that_android_reads_over(xml, bend, kind):
    document = axml.parse(xml(TREE, **bend))
    assert kind in kinds(document)
    app = document.root.first("application")
    assert app.get("debuggable").text == "true"
    assert app.first("activity").get("name").text == ".Main"


def test_names_count_by_resource_id(xml):
    data = xml(TREE, text_names=False)
    assert axml.parse(data).root.get("versionCode").data == 7


def test_deep_nesting_is_skipped_and_what_follows_is_read(xml):
    deep = ("x", {}, [])
    for _ in range(300):
        deep = ("x", {}, [deep])
    document = axml.parse(xml(("manifest", {}, [deep, ("application", {"debuggable": True})])))
    assert "deep" in kinds(document)
    assert document.root.first("application").get("debuggable").text == "true"


def test_attributes_that_overlap_cost_nothing(xml):
    data = bytearray(xml(TREE))
    at = data.index(struct.pack("<HH", 0x0102, 16))
    struct.pack_into("<HH", data, at + 16 + 10, 0, 65535)
    document = axml.parse(bytes(data))
    assert "attribute-size" in kinds(document)
    assert sum(d.count for d in document.differences) < 100


def test_a_chunk_whose_size_lies_ends_the_reading(xml):
    data = bytearray(xml(TREE))
    at = data.index(struct.pack("<HH", 0x0103, 16))
    struct.pack_into("<I", data, at + 4, 3)
    document = axml.parse(bytes(data))
    assert {"chunk-size", "unclosed"} <= kinds(document)
    assert document.root.tag == "manifest"


def test_a_header_that_claims_too_much(xml):
    data = bytearray(xml(TREE))
    struct.pack_into("<I", data, 4, len(data) + 100)
    assert "file-size" in kinds(axml.parse(bytes(data)))


def test_text_is_not_binary_xml():
    for text in (b"<manifest/>", b"\xef\xbb\xbf<?xml version='1.0'?><manifest/>", "<m/>".encode("utf-16")):
        assert axml.is_text(text)
        with pytest.raises(Malformed):
            axml.parse(text + b" " * 20)


def test_too_short():
    with pytest.raises(Truncated):
        axml.parse(b"\x03\0\x08")


def test_no_string_pool():
    with pytest.raises(Malformed):
        axml.parse(struct.pack("<HHI", 3, 8, 8) + b"")


def test_an_outline_names_elements_and_resources(xml):
    assert axml.outline(xml(TREE)) == ({"manifest", "application", "activity"}, {0x7F010002})
    assert axml.outline(b"\x03\0\x08") == axml.outline(struct.pack("<HHI", 3, 8, 8)) == (set(), set())


def test_the_table_of_attributes_holds_what_android_names():
    names = axml.attribute_names()
    assert names[0x01010003] == "name"
    assert names[0x0101000F] == "debuggable"
    assert len(names) > 1000
