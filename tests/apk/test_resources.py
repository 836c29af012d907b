import struct

import pytest

from rogue_scan.apk import axml, resources
from rogue_scan.apk.container import open_container
from rogue_scan.errors import Malformed, Truncated


def pool(texts):
    data, offsets = b"", []
    for text in texts:
        offsets.append(len(data))
        data += struct.pack("<H", len(text)) + text.encode("utf-16-le") + b"\0\0"
    data += b"\0" * (-len(data) % 4)
    start = 28 + 4 * len(offsets)
    return (
        struct.pack("<HHI5I", 1, 28, start + len(data), len(texts), 0, 0, start, 0)
        + struct.pack(f"<{len(offsets)}I", *offsets)
        + data
    )


def config(language=b"\0\0", region=b"\0\0", density=0):
    return struct.pack("<I4x2s2s2xH", 16, language, region, density).ljust(16, b"\0")[:16]


def entry(key, kind, data):
    return struct.pack("<HHIHBBI", 8, 0, key, 8, 0, kind, data)


def type_chunk(number, entries, setting, flags=0):
    if flags & resources.SPARSE:
        table = b"".join(struct.pack("<HH", index, 4 * place) for place, index in enumerate(entries))
    elif flags & resources.OFFSET16:
        table = b"".join(struct.pack("<H", 4 * place) for place in range(len(entries)))
        table += b"\0" * (-len(table) % 4)
    else:
        table = b"".join(struct.pack("<I", 16 * place) for place in range(len(entries)))
    values = b"".join(entries.values() if isinstance(entries, dict) else entries)
    header = 20 + len(setting)
    start = header + len(table)
    return struct.pack(
        "<HHIBBHII", 0x0201, header, start + len(values), number, flags, 0, len(entries), start
    ) + (setting + table + values)


def table(texts, types, keys, chunks):
    types_pool, keys_pool = pool(types), pool(keys)
    name = "org.example".encode("utf-16-le").ljust(256, b"\0")
    header = 288
    body = types_pool + keys_pool + b"".join(chunks)
    package = (
        struct.pack("<HHII", 0x0200, header, header + len(body), 0x7F)
        + name
        + struct.pack("<5I", header, len(types), header + len(types_pool), len(keys), 0)
        + body
    )
    values = pool(texts)
    return struct.pack("<HHII", 2, 12, 12 + len(values) + len(package), 1) + values + package


def strings_table(**kwargs):
    chunks = [
        type_chunk(1, [entry(0, axml.STRING, 0), entry(1, axml.REFERENCE, 0x7F010000)], config()),
        type_chunk(1, [entry(0, axml.STRING, 1)], config(b"de", b"AT")),
    ]
    return table(["Hello", "Servus"], ["string"], ["title", "alias"], chunks)


def test_values_in_languages():
    found = resources.parse(strings_table())
    assert found.texts(0x7F010000) == {"": "Hello", "de-AT": "Servus"}
    assert found.locales == ("de-AT",)
    assert (found.type_name(0x7F010000), found.name(0x7F010000)) == ("string", "title")
    assert found.identifier("alias", "string") == 0x7F010001
    assert not found.differences


def test_references_are_followed():
    assert resources.parse(strings_table()).text(0x7F010001) == "Hello"


def test_a_loop_of_references_ends():
    chunk = type_chunk(
        1, [entry(0, axml.REFERENCE, 0x7F010001), entry(1, axml.REFERENCE, 0x7F010000)], config()
    )
    found = resources.parse(table(["x"], ["string"], ["a", "b"], [chunk]))
    assert found.text(0x7F010000) is None
    assert "arsc:loop" in {d.kind for d in found.differences}


def test_default_strings_come_first():
    rows = list(resources.parse(strings_table()).strings())
    assert [(r.id, r.name, r.value) for r in rows] == [(0x7F010000, "title", "Hello")]


@pytest.mark.parametrize("flags", [resources.SPARSE, resources.OFFSET16])
def test_short_tables(flags):
    entries = {3: entry(0, axml.STRING, 0)} if flags == resources.SPARSE else [entry(0, axml.STRING, 0)]
    found = resources.parse(table(["Hello"], ["string"], ["a"], [type_chunk(1, entries, config(), flags)]))
    index = 3 if flags == resources.SPARSE else 0
    assert found.text(0x7F010000 | index) == "Hello"
    assert list(found.ids("string")) == [0x7F010000 | index]


def test_compact_entries():
    packed = struct.pack("<HHI", 1, axml.STRING << 8 | resources.COMPACT, 0)
    found = resources.parse(table(["Hello"], ["string"], ["a", "b"], [type_chunk(1, [packed], config())]))
    assert (found.text(0x7F010000), found.name(0x7F010000)) == ("Hello", "b")


def test_three_letter_languages():
    # "fil" packed as ResTable_config does
    letters = [ord(c) - ord("a") for c in "fil"]
    packed = bytes([0x80 | letters[2] << 2 | letters[1] >> 3, (letters[1] & 7) << 5 | letters[0]])
    chunk = type_chunk(1, [entry(0, axml.STRING, 0)], config(packed))
    assert resources.parse(table(["x"], ["string"], ["a"], [chunk])).locales == ("fil",)


def test_arrays():
    items = b"".join(struct.pack("<IHBBI", 0x02000000 + n, 8, 0, axml.STRING, n) for n in range(2))
    complex_entry = struct.pack("<HHIII", 16, resources.COMPLEX, 0, 0, 2) + items
    found = resources.parse(
        table(["one", "two"], ["array"], ["a"], [type_chunk(1, [complex_entry], config())])
    )
    assert [v.text for v in found.array(0x7F010000)] == ["one", "two"]


def test_a_table_that_is_cut_off_gives_what_is_left(labelled):
    box = open_container(labelled("arsc-broken"))
    found = resources.parse(box.read(box.get("resources.arsc")))
    assert {"arsc:file-size", "arsc:chunk-cut"} <= {d.kind for d in found.differences}


def test_counts_are_not_believed():
    data = bytearray(strings_table())
    at = data.index(struct.pack("<HH", 0x0201, 36))
    struct.pack_into("<I", data, at + 12, 0x7FFFFFFF)
    found = resources.parse(bytes(data))
    assert "arsc:type-count" in {d.kind for d in found.differences}


def test_no_table():
    with pytest.raises(Truncated):
        resources.parse(b"\x02\0")
    with pytest.raises(Malformed):
        resources.parse(b"<html></html>" * 4)


def test_unknown_ids_are_unknown():
    found = resources.parse(strings_table())
    assert (found.text(0x01010001), found.name(0x7F990000), found.identifier("x", "id")) == (None, "", 0)
