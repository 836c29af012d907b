import hashlib
import random
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rogue_scan.apk.container import open_container
from rogue_scan.errors import LimitExceeded, Malformed, Truncated


def kinds(container):
    return {d.kind for d in container.differences}


def test_a_plain_archive_has_no_differences(zip_writer):
    data = zip_writer.add("a.txt", b"one" * 99).add("dir/b.bin", b"two", method=0).done()
    box = open_container(data)
    assert [e.name for e in box.entries] == ["a.txt", "dir/b.bin"]
    assert [box.read(e) for e in box.entries] == [b"one" * 99, b"two"]
    assert not box.differences


def test_a_streamed_archive_is_plain_too(labelled):
    box = open_container(labelled("zip-streamed"))
    assert box.read(box.get("classes.dex")).startswith(b"dex\n")
    assert not box.differences


def test_an_unknown_method_is_taken_as_stored(zip_writer):
    box = open_container(zip_writer.add("AndroidManifest.xml", b"<x/>", method=7261).done())
    assert box.read(box.get("AndroidManifest.xml")) == b"<x/>"
    assert kinds(box) == {"zip:unknown-method"}
    assert box.differences[0].value == "7261"


def test_only_the_local_header_lies_about_the_method(zip_writer):
    data = bytearray(zip_writer.add("a", b"text" * 50).done())
    struct.pack_into("<H", data, 8, 99)
    box = open_container(bytes(data))
    assert box.read(box.get("a")) == b"text" * 50
    assert kinds(box) == {"zip:unknown-method"}


def test_the_encryption_flag_is_ignored_and_noted(labelled):
    box = open_container(labelled("zip-encrypted-flag"))
    assert box.read(box.get("classes.dex")).startswith(b"dex\n")
    assert kinds(box) == {"zip:encrypted-flag"}


def test_the_last_end_record_counts(zip_writer):
    inner = zip_writer.add("real", b"1").done(comment=b"PK\x05\x06")
    box = open_container(inner)
    assert [e.name for e in box.entries] == ["real"]
    assert kinds(box) == {"zip:false-end-record", "zip:comment"}


def test_an_archive_stored_inside_is_no_second_end(zip_writer):
    inner = type(zip_writer)().add("x", b"y").done()
    box = open_container(zip_writer.add("inner.apk", inner, method=0).done())
    assert not box.differences


def test_rubbish_behind_the_end_is_refused_by_android(zip_writer):
    box = open_container(zip_writer.add("a", b"1").done(after=b"rubbish"))
    assert [(d.kind, d.refused) for d in box.differences] == [("zip:data-after", True)]


@pytest.mark.parametrize(("shift", "refused"), [(True, False), (False, True)])
def test_data_before_the_archive(zip_writer, shift, refused):
    box = open_container(
        zip_writer.add("a", b"1").done(before=b"\x89PNG\r\n\x1a\n" + b"\0" * 80, shift=shift)
    )
    assert box.read(box.get("a")) == b"1"
    assert [(d.kind, d.value, d.refused) for d in box.differences] == [
        ("zip:data-before", "PNG picture", refused)
    ]


def test_a_broken_download_is_read_by_its_local_headers(labelled):
    box = open_container(labelled("zip-cut"))
    assert "zip:no-central-directory" in kinds(box)
    assert box.read(box.get("AndroidManifest.xml"))[:2] == b"\x03\x00"


def test_streamed_entries_are_found_without_a_directory(zip_writer):
    data = zip_writer.add("a", b"text" * 500, flags=8, packed=0, size=0).add("b", b"more").done()
    cut = data[: data.index(b"PK\x01\x02")]
    box = open_container(cut)
    assert [(e.name, e.size) for e in box.entries] == [("a", 2000), ("b", 4)]
    assert box.read(box.get("a")) == b"text" * 500


def test_local_and_central_headers_differ(zip_writer):
    box = open_container(zip_writer.add("classes.dex", b"x" * 40, name=b"other.dex!!").done())
    assert [(d.kind, d.refused) for d in box.differences] == [("zip:header-mismatch", True)]


def test_all_copies_of_a_name_are_kept(labelled):
    box = open_container(labelled("zip-duplicate"))
    first, last = box.all("classes.dex")
    assert box.read(first) != box.read(last)
    assert box.get("classes.dex") == first
    assert {"zip:duplicate-name", "zip:duplicate-code"} <= kinds(box)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../../etc/x", "zip:path-traversal"), ("/etc/passwd", "zip:path-traversal"),
        ("C:\\x", "zip:path-traversal"),
        ("a\\..\\..\\b", "zip:path-traversal"), (b"a\xff\xfe", "zip:name-not-utf8"), ("a\0b", "zip:name-nul"),
        ("gpj\u202e.exe", "zip:name-control"), ("", "zip:empty-name"), ("n" * 3000, "zip:long-name"),
    ],
)  # fmt: skip
def test_odd_names(zip_writer, name, kind):
    box = open_container(zip_writer.add(name, b"1").done())
    assert kind in kinds(box)
    assert box.read(box.entries[0]) == b"1"


@given(st.lists(st.text("ab./\\:|\u202e\0é", max_size=5), min_size=1, max_size=5))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_odd_name_is_noted_whatever_stands_beside_it(zip_writer, names):
    def noted(names):
        writer = type(zip_writer)()
        for name in names:
            writer.add(name, b"1")
        return {(d.kind, d.entry) for d in open_container(writer.done()).differences}

    long = "n" * 3000
    assert noted(names) == {(kind, entry) for kind, entry in noted([*names, long]) if entry[:3] != "nnn"}


@pytest.mark.parametrize("name", ["classes.dex/", "classes.dex/x", "classes.dex/a/b/"])
def test_a_name_below_a_file(zip_writer, name):
    (clash,) = open_container(zip_writer.add(name, b"1").add("classes.dex", b"2").done()).differences
    assert (clash.kind, clash.entry, clash.value) == ("zip:name-clash", "classes.dex", name)


def test_a_bomb_is_noted_and_not_decoded(labelled):
    box = open_container(labelled("zip-bomb"))
    assert "zip:bomb" in kinds(box)
    with pytest.raises(LimitExceeded):
        box.read(box.get("assets/zeros.bin"), 1 << 20)
    assert len(box.peek(box.get("assets/zeros.bin"), 64)) == 64


@pytest.mark.parametrize("piece", [1, 300, 5000, 1 << 18])
@pytest.mark.parametrize(
    "data",
    [bytes(2_000_000), random.Random(1).randbytes(70_000), b"some text " * 30_000, b""],
    ids=["zeros", "random", "text", "none"],
)
def test_entries_are_decoded_whole_whatever_the_pieces(zip_writer, monkeypatch, data, piece):
    monkeypatch.setattr("rogue_scan.apk.container._PIECE", max(piece, len(data) // 500))
    box = open_container(zip_writer.add("a", data).done())
    (entry,) = box.entries
    assert box.read(entry, len(data)) == data
    assert box.digest(entry, "sha256") == hashlib.sha256(data).digest()
    assert not box.differences
    if data:
        with pytest.raises(LimitExceeded):
            box.read(entry, len(data) - 1)


def test_the_first_bytes_behind_thousands_of_empty_blocks(zip_writer):
    deflate = zlib.compressobj(wbits=-15)
    packed = b"\0\0\0\xff\xff" * 5000 + deflate.compress(b"dex\n035\0" * 9) + deflate.flush()
    data = bytearray(zip_writer.add("a", packed, method=0).done())
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 8)
    box = open_container(bytes(data))
    assert box.peek(box.get("a"), 8) == b"dex\n035\0"


def test_what_a_header_claims_is_never_allocated(zip_writer):
    box = open_container(zip_writer.add("a", b"short", size=0xFFFFFFF0).done())
    assert box.read(box.get("a")) == b"short"
    assert "zip:wrong-size" in kinds(box)


def test_many_names_for_the_same_bytes(zip_writer):
    zip_writer.add("first", b"0" * 100_000)
    for number in range(40):
        zip_writer.add(f"name {number}", b"0" * 100_000, header=0)
    found = kinds(open_container(zip_writer.done()))
    assert {"zip:overlap", "zip:bomb"} <= found


def test_the_budget_of_all_entries(zip_writer, monkeypatch):
    monkeypatch.setattr("rogue_scan.apk.container.MAX_TOTAL", 1500)
    box = open_container(zip_writer.add("a", b"a" * 1000).add("b", b"b" * 1000).done())
    box.read(box.get("a"))
    with pytest.raises(LimitExceeded):
        box.read(box.get("b"))


def test_packed_data_left_over_count_too(zip_writer, monkeypatch):
    monkeypatch.setattr("rogue_scan.apk.container.MAX_TOTAL", 1500)
    box = open_container(zip_writer.add("a", b"a", packed=1400).add("b", bytes(1400), method=0).done())
    assert box.read(box.get("a")) == b"a"
    with pytest.raises(LimitExceeded):
        box.read(box.get("b"))


def test_too_many_entries(zip_writer, monkeypatch):
    monkeypatch.setattr("rogue_scan.apk.container.MAX_ENTRIES", 3)
    for number in range(5):
        zip_writer.add(str(number), b"")
    with pytest.raises(LimitExceeded):
        open_container(zip_writer.done())


def test_data_outside_the_file(zip_writer):
    data = zip_writer.add("a", b"1234", method=0, size=9000, packed=9000).done()
    box = open_container(data)
    assert "zip:data-outside" in kinds(box)
    with pytest.raises(Truncated):
        box.read(box.get("a"))


def test_broken_packed_data(zip_writer):
    data = bytearray(zip_writer.add("a", b"text" * 100).done())
    data[31:40] = b"\xff" * 9
    with pytest.raises(Malformed):
        box = open_container(bytes(data))
        box.read(box.get("a"))


def test_a_directory_that_ends_too_early(zip_writer):
    box = open_container(zip_writer.add("a", b"1").done(count=7))
    assert "zip:directory-cut" in kinds(box)
    assert box.read(box.get("a")) == b"1"


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"<html></html>" * 30, b"PK\x05\x06" + b"\0" * 10, b"\0" * 9000]
)
def test_no_archive(data):
    with pytest.raises(Malformed):
        open_container(data)


def test_an_empty_archive_is_one():
    box = open_container(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0))
    assert box.entries == ()
    assert kinds(box) == {"zip:no-entries"}


def test_zip64_sizes(zip_writer):
    zip_writer.add("a", b"1234", method=0)
    record = bytearray(zip_writer.central)
    struct.pack_into("<II", record, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", record, 30, 20)
    zip_writer.central = bytes(record) + struct.pack("<HHQQ", 1, 16, 4, 4)
    box = open_container(zip_writer.done())
    assert box.read(box.get("a")) == b"1234"


def test_digests_are_computed_in_pieces_and_once_for_shared_bytes(zip_writer, monkeypatch):
    data = b"0123456789" * 200_000
    box = open_container(zip_writer.add("a", data).add("b", data, header=0).add("c", data, method=0).done())
    want = hashlib.sha256(data).digest()
    assert [box.digest(e, "sha256") for e in box.entries] == [want] * 3
    monkeypatch.setattr("rogue_scan.apk.container.MAX_HASHED", len(data) + 1)
    box = open_container(zip_writer.done())
    assert box.digest(box.get("a"), "sha1") == box.digest(box.get("b"), "sha1")
    with pytest.raises(LimitExceeded):
        box.digest(box.get("c"), "sha1")
