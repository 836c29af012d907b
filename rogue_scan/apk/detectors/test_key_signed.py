"""Packages signed by a key whose private half is public."""

from collections.abc import Iterator

from rogue_scan.apk.certificate import KNOWN
from rogue_scan.apk.facts import AppFacts
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound


@detector("apk/test-key-signed")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """Known keys count by their digest; the name alone is weaker."""
    case = rule.case()
    key = ""
    for certificate in facts.signing.certificates:
        if certificate.known.startswith("AOSP"):
            key = certificate.known
            if certificate.sha256 in KNOWN:
                case.add("known-key", value=certificate.sha256, signer=key)
            else:
                case.add("named-so", value=certificate.subject)
    yield from case.conclude(package=facts.manifest.package, signer=key)
