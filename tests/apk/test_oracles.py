"""What we read against what others read from the same bytes: apk-info (Rust), and zlib, which Android has."""

import zlib
from pathlib import Path

import apk_info
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zlib_ng import zlib_ng

from rogue_scan.apk import intake

DATA = Path(__file__).parents[1] / "data" / "apk"
# apk-info 1.0.13 cannot open the last two, the first of which Android installs.
UNREADABLE = {
    "zip-cut", "manifest-missing", "manifest-text", "not-an-apk", "zip-duplicate", "packed-stub",
    "png-prefix", "zip-fake-end", "zip-header-mismatch",
}  # fmt: skip
APPS = sorted(path for path in DATA.glob("*.apk") if path.stem not in UNREADABLE)


def full(package, name):
    """A class name completed as Android does; the other reader gives it as written."""
    return package + name if name.startswith(".") else name if "." in name else f"{package}.{name}"


def compare(path):
    """Both readings of one package as pairs."""
    ours = intake.decode(path.read_bytes()).facts
    theirs = apk_info.APK(path)
    manifest, package = ours.manifest, theirs.get_package_name()
    kinds = {
        "activity": [*theirs.get_activities(), *theirs.get_activity_aliases()],
        "service": theirs.get_services(),
        "receiver": theirs.get_receivers(),
        "provider": theirs.get_providers(),
    }
    yield manifest.package, package
    yield manifest.version_name, theirs.get_version_name() or ""
    yield str(manifest.min_sdk), theirs.get_min_sdk_version() or "1"
    yield manifest.target_sdk, theirs.get_target_sdk_version()
    asked = {p.name for p in manifest.permissions if not p.implied}
    yield asked, set(theirs.get_permissions()) | set(theirs.get_permissions_sdk23())
    for kind, items in kinds.items():
        yield (
            sorted(c.name for c in manifest.components if c.kind == kind),
            sorted(full(package, item.name) for item in items),
        )
    certificates = {
        certificate.sha256_fingerprint
        for signature in theirs.get_signatures()
        for certificate in getattr(signature, "certificates", [])
    }
    yield {c.sha256 for c in ours.signing.certificates}, certificates


@pytest.mark.parametrize("path", APPS, ids=lambda path: path.stem)
def test_both_read_the_same(path):
    for ours, theirs in compare(path):
        assert ours == theirs


@given(
    text=st.lists(st.sampled_from([b"com/example/", b"Lapp/Main;", bytes(40), b"xyz"]), max_size=80),
    level=st.integers(0, 9),
    damage=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 255)), max_size=4),
    tail=st.binary(max_size=8),
)
def test_packed_data_mean_what_android_takes_them_for(text, level, damage, tail):
    deflate = zlib.compressobj(level, wbits=-15)
    packed = bytearray(deflate.compress(b"".join(text)) + deflate.flush() + tail)
    for at, change in damage:
        packed[at % len(packed)] ^= change

    def inflated(library, error):
        decoder = library.decompressobj(-15)
        try:
            return decoder.decompress(packed, 1 << 20), decoder.eof, decoder.unused_data
        except error:
            return "refused"

    assert inflated(zlib_ng, zlib_ng.error) == inflated(zlib, zlib.error)
