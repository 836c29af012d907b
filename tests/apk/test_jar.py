import pytest

from rogue_scan.apk import jar


def test_line_ends_of_manifests():
    for line in (b"\r\n", b"\n"):
        text = line.join(
            [b"Manifest-Version: 1.0", b"", b"Name: a-very-long", b" -name", b"SHA1-Digest: x", b"", b""]
        )
        main, sections = jar.sections(text)
        assert main[b"manifest-version"] == b"1.0"
        assert sections == {b"a-very-long-name": {b"name": b"a-very-long-name", b"sha1-digest": b"x"}}
        assert b"".join(raw for _, raw in jar.raw_sections(text)) == text


@pytest.mark.parametrize(("key", "name"), [(b"sha1", "sha1"), (b"sha-256", "sha256"), (b"md5", None)])
def test_names_of_hashes(key, name):
    assert jar.hash_name(key) == name


def test_what_is_not_base64_is_empty():
    assert (jar.unbase64(b"eA=="), jar.unbase64(b"?")) == (b"x", b"")
