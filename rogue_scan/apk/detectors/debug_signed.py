"""Packages signed by a debug key."""

from collections.abc import Iterator

from rogue_scan.apk.facts import AppFacts
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound


@detector("apk/debug-signed")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """Each development machine makes its own debug key, so it is known by its name."""
    case = rule.case()
    for certificate in facts.signing.certificates:
        if certificate.known == "debug":
            case.add("debug-key", value=f"{certificate.subject} ({certificate.sha256[:16]}…)")
    yield from case.conclude(package=facts.manifest.package)
