from rogue_scan.apk.certificate import KNOWN, Certificate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.signing import SigningFacts


def app(sha256, known):
    return AppFacts(signing=SigningFacts(certificates=(Certificate(sha256, known=known),)))


def test_a_known_certificate_and_a_name(evidence_of):
    sha256, known = next(iter(KNOWN.items()))
    assert evidence_of("test-key-signed", app(sha256, known)) == {"known-key"}
    assert evidence_of("test-key-signed", app("ab" * 32, "AOSP test key (by its name)")) == {"named-so"}
    assert evidence_of("test-key-signed", app("ab" * 32, "debug")) == set()
