"""The package and the file beside it are from the build tools (apksigner)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk import idsig, intake
from rogue_scan.apk.signing import Scheme


@pytest.fixture(scope="module")
def package(labelled):
    return labelled("rotated-key")


@pytest.fixture(scope="module")
def signature():
    return (Path(__file__).parents[1] / "data" / "apk" / "rotated-key.idsig").read_bytes()


def test_it_holds(package, signature):
    scheme = idsig.check(signature, package)
    assert (scheme.name, scheme.verified, scheme.problems) == ("v4", True, ())
    facts = intake.decode(package).facts.signing
    assert scheme.signers == facts.schemes[0].signers


def test_a_changed_package(package, signature):
    scheme = idsig.check(signature, package[:-1] + b"x")
    assert scheme.verified is False
    assert "changed after signing" in scheme.problems[0]


def test_a_changed_signature(package, signature):
    broken = bytearray(signature)
    broken[60] ^= 1  # inside the digest of the package, which is signed
    assert idsig.check(bytes(broken), package).verified is False


@pytest.mark.parametrize("raw", [b"", b"\3\0\0\0", b"\2\0\0\0\xff\xff\xff\xff", b"\2\0\0\0" + bytes(8)])
def test_a_broken_file(raw, package):
    scheme = idsig.check(raw, package)
    assert scheme.verified is False
    assert scheme.problems[0].startswith("broken structure")


@given(at=st.integers(0, 3000), value=st.integers(0, 255))
def test_any_damage_is_told(at, value, package, signature):
    broken = bytearray(signature)
    broken[at % len(broken)] = value
    assert isinstance(idsig.check(bytes(broken), package), Scheme)


def test_beside_the_base_of_a_set(zip_writer, package, signature):
    data = zip_writer.add("base.apk", package, method=0).add("base.apk.idsig", signature).done()
    schemes = intake.decode(data).facts.signing.schemes
    assert [(s.name, s.verified) for s in schemes] == [("v3", True), ("v2", True), ("v4", True)]


@pytest.mark.parametrize(("ending", "schemes"), [(".idsig", ("v2", "v3", "v4")), (".other", ("v2", "v3"))])
def test_beside_a_package_on_disk(tmp_path, package, signature, ending, schemes):
    from rogue_scan.audit import Options, audit
    from rogue_scan.rules.load import load

    (tmp_path / "a.apk").write_bytes(package)
    (tmp_path / f"a.apk{ending}").write_bytes(signature[:-1] + b"x")
    scans, errors = audit([str(tmp_path / "a.apk")], load(), Options())
    signing = scans[0].subject.apk.signing
    assert (signing.schemes, errors) == (schemes, [])
