import pytest

from rogue_scan.apk.certificate import Certificate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import Manifest
from rogue_scan.apk.signing import Scheme, SigningFacts


def app(schemes=("v2",), key="RSA 2048", hash_name="sha256", low=24):
    certificates = (Certificate("ab" * 32, key=key, hash=hash_name),)
    return AppFacts(
        manifest=Manifest(min_sdk=low),
        signing=SigningFacts(tuple(Scheme(s, True) for s in schemes), certificates),
    )


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (app(), set()), (app(("v1",)), {"v1-only"}), (app(("v1",), low=21), {"v1-only", "old-phones"}),
        (app(("v2", "v1")), set()),
        (app(key="RSA 1024"), {"short-key"}), (app(key="EC secp256r1"), set()),
        (app(hash_name="md5"), {"old-hash"}),
    ],
)  # fmt: skip
def test_gaps(evidence_of, facts, found):
    assert evidence_of("weak-signature", facts) == found
