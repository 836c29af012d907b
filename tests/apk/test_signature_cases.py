"""Every test that stands in a signature of the declarative app rules."""

import msgspec
import pytest

from rogue_scan.apk import match
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.index import Index
from rogue_scan.rules.load import load

RULES = match.compiled(load())
CASES = [
    pytest.param(rule, when, case, id=f"{rule.rule}: {case.name}")
    for rule, when in RULES
    for case in rule.tests
    if case.facts is not None
]


@pytest.mark.parametrize(("rule", "when", "case"), CASES)
def test_case(rule, when, case):
    facts = msgspec.convert(case.facts, AppFacts)
    found = [
        msgspec.json.decode(msgspec.json.encode(finding))
        for finding in match.evaluate(rule, when, Index(facts), "apk-1")
    ]
    shown = [{key: item[key] for key in want} for item, want in zip(found, case.expect, strict=False)]
    assert len(found) == len(case.expect), [(f["severity"], f["confidence"]) for f in found]
    assert shown == case.expect, [(f["severity"], f["confidence"]) for f in found]


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.rule) for rule, _ in RULES if rule.tests])
def test_cases_that_fire_and_cases_that_do_not_accuse(rule):
    cases = [case for case in rule.tests if case.todo is None]
    assert any(case.expect for case in cases)
    assert any(not case.expect or case.expect[0].get("severity") != rule.severity.value for case in cases)
