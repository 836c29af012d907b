import hashlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk import jar
from rogue_scan.errors import Malformed

LINES = [b"Manifest-Version: 1.0", b"", b"Name: a-very-long", b" -name", b"SHA1-Digest: x", b"", b""]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_line_ends_of_manifests(end):
    text = end.join(LINES)
    assert jar.main_attributes(text) == {b"manifest-version": b"1.0"}
    assert jar.digests(text) == {b"a-very-long-name": {"sha1": b"x"}}
    assert list(jar.raw_sections(text)) == [
        (b"", end.join([*LINES[:2], b""])),
        (b"a-very-long-name", end.join(LINES[2:])),
    ]


def test_line_ends_of_all_kinds():
    text = b"Main: 1\r\n\nName: a\rSHA-256-Digest: x\n\r\nName: b\n\r\r\n"
    assert jar.digests(text) == {b"a": {"sha256": b"x"}, b"b": {}}
    assert [name for name, _ in jar.raw_sections(text)] == [b"", b"a", b"b", b""]
    assert b"".join(raw for _, raw in jar.raw_sections(text)) == text


@pytest.mark.parametrize(
    ("sections", "found"),
    [
        ("Name: a\nSHA-1024-Digest: x\n\nname : b\nSHA1-Digest: y\n\n", {b"a": {}, b"b": {"sha1": b"y"}}),
        (
            "Name: a\nSHA1-Digest: x\n\nName: b\nSHA-512-Digest:y",
            {b"a": {"sha1": b"x"}, b"b": {"sha512": b"y"}},
        ),
        ("Name: a\nSHA1-Digest: x\nSHA-384-Digest: y\n\n", {b"a": {"sha1": b"x", "sha384": b"y"}}),
        ("SHA1-Digest: x\nName: a\n\nSHA1-Digest: y\n\n", {b"a": {"sha1": b"x"}}),
        ("Name: a\n\n SHA1-Digest: x\n\n", {b"a": {}}),
        ("Name: a\n\n\nSHA1-Digest: x\n\n", {b"a": {}}),
        ("Name: a\nSHA1-Digest: x\n\nName: b\n\n\n", {b"a": {"sha1": b"x"}, b"b": {}}),
        ("", {}),
    ],
)
def test_digests(sections, found):
    assert jar.digests(b"\n\n Main: 1\n\n" + sections.encode()) == found


@pytest.mark.parametrize("second", ["Name: a\nSHA1-Digest: y", "name : a\nX: y", "Name: a"])
def test_two_sections_for_one_entry(second):
    with pytest.raises(Malformed, match="more than one section for a"):
        jar.digests(b"Main: 1\n\nName: a\nSHA1-Digest: x\n\n" + second.encode())


def digests(text):
    try:
        return jar.digests(text)
    except Malformed as error:
        return str(error)


LINE = st.sampled_from(
    ["Name: a", "Name: b", "SHA1-Digest: x", "SHA1-Digest: y", "SHA-256-Digest: z", " c", ""]
)


@given(st.lists(st.one_of(LINE, st.just("Name: a\nSHA1-Digest: x\n"))), st.sampled_from(["\n", "\r\n"]))
def test_the_usual_manifest_is_read_as_any_other(lines, end):
    text = "\n".join(["Main: 1", "", *lines]).replace("\n", end).encode()
    odd = text + end.encode() * 2 + b"Odd: 1"  # a section without a name tells nothing
    assert digests(text) == digests(odd)


@pytest.mark.parametrize(
    ("key", "holds"), [("SHA-256-Digest-Manifest", True), ("SHA1-Digest-Manifest", False), ("X", False)]
)
def test_the_digest_of_the_whole_manifest(key, holds):
    value = b64encode(hashlib.sha256(b"manifest").digest()).decode()
    told = jar.main_attributes(f"Signature-Version: 1.0\r\n{key}: {value}\r\n\r\n".encode())
    assert jar.fits(jar.known(told, b"-manifest"), b"manifest") is holds


def test_what_is_not_base64_is_empty():
    assert (jar.unbase64(b"eA=="), jar.unbase64(b"?")) == (b"x", b"")
