"""What we read against what apk-info (Rust) reads from the same package."""

from pathlib import Path

import apk_info
import pytest

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
