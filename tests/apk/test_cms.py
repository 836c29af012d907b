import pytest

from rogue_scan.apk import cms
from rogue_scan.apk.container import open_container
from rogue_scan.errors import Malformed, Truncated


def test_the_signer_of_a_package(labelled):
    box = open_container(labelled("sig-v1-only"))
    name = next(e.name for e in box.entries if e.name.endswith(".RSA"))
    signer = cms.first_signer(box.read(box.get(name)))
    assert signer.hash == "sha256"
    assert signer.certificate in signer.others
    assert len(signer.signature) == 256


@pytest.mark.parametrize("raw", [b"", b"\x30\x00", b"\x30\x02\x30\x00", b"\x30\x04\x06\x00\x30\x00"])
def test_no_signer(raw):
    with pytest.raises((Malformed, Truncated)):
        cms.first_signer(raw)
