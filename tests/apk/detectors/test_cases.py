"""Every test that stands in the signature of an app rule whose logic is code."""

import msgspec
import pytest

from rogue_scan.apk.analyse import DETECTORS
from rogue_scan.apk.facts import AppFacts
from rogue_scan.rules.load import load
from rogue_scan.rules.registry import bind

BOUND = bind(load(), "apk", DETECTORS)
CASES = [
    pytest.param(found, case, id=f"{found.rule.rule}: {case.name}")
    for found in BOUND
    for case in found.rule.tests
    if case.facts is not None
]


@pytest.mark.parametrize(("found", "case"), CASES)
def test_case(found, case):
    facts = msgspec.convert(case.facts, AppFacts)
    findings = [msgspec.json.decode(msgspec.json.encode(f)) for f in found(facts, "apk-1")]
    shown = [{key: item[key] for key in want} for item, want in zip(findings, case.expect, strict=False)]
    assert len(findings) == len(case.expect), [(f["severity"], f["confidence"]) for f in findings]
    assert shown == case.expect, [(f["severity"], f["confidence"]) for f in findings]
