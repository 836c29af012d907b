from rogue_scan.apk.certificate import Certificate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.signing import SigningFacts


def test_by_the_certificate(evidence_of):
    for known, found in (("debug", {"debug-key"}), ("", set()), ("AOSP test key (testkey)", set())):
        facts = AppFacts(signing=SigningFacts(certificates=(Certificate("ab" * 32, known=known),)))
        assert evidence_of("debug-signed", facts) == found
