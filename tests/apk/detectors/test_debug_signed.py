from rogue_scan.apk.certificate import Certificate
from rogue_scan.apk.detectors.debug_signed import evaluate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.signing import SigningFacts
from rogue_scan.rules.load import load
from rogue_scan.rules.registry import NoParams
from rogue_scan.rules.rule import Bound


def test_by_the_certificate(evidence_of):
    for known, found in (("debug", {"debug-key"}), ("", set()), ("AOSP test key (testkey)", set())):
        facts = AppFacts(signing=SigningFacts(certificates=(Certificate("ab" * 32, known=known),)))
        assert evidence_of("debug-signed", facts) == found


def test_the_key_is_shown_with_the_beginning_of_its_digest():
    certificate = Certificate("0123456789abcdef" * 4, subject="CN=Android Debug", known="debug")
    facts = AppFacts(signing=SigningFacts(certificates=(certificate,)))
    (finding,) = evaluate(facts, Bound(load()["apk/debug-signed"], NoParams(), "apk-1"))
    assert finding.evidence[0].value == "CN=Android Debug (0123456789abcdef…)"
