from rogue_scan.apk.certificate import KNOWN, Certificate
from rogue_scan.apk.detectors.test_key_signed import evaluate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.signing import SigningFacts
from rogue_scan.rules.load import load
from rogue_scan.rules.registry import NoParams
from rogue_scan.rules.rule import Bound


def app(sha256, known):
    return AppFacts(signing=SigningFacts(certificates=(Certificate(sha256, known=known),)))


def test_a_known_certificate_and_a_name(evidence_of):
    sha256, known = next(iter(KNOWN.items()))
    assert evidence_of("test-key-signed", app(sha256, known)) == {"known-key"}
    assert evidence_of("test-key-signed", app("ab" * 32, "AOSP test key (by its name)")) == {"named-so"}
    assert evidence_of("test-key-signed", app("ab" * 32, "debug")) == set()


def test_the_message_names_the_key():
    rule = Bound(load()["apk/test-key-signed"], NoParams(), "apk-1")
    (finding,) = evaluate(app("ab" * 32, "AOSP platform key (by its name)"), rule)
    assert "AOSP platform key (by its name)" in finding.message
