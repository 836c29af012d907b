"""How conditions become findings; single conditions are tested by the signatures that use them."""

import msgspec
import pytest

from rogue_scan.apk import match
from rogue_scan.apk.conditions import When
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.index import Index
from rogue_scan.rules.load import load
from rogue_scan.rules.rule import EvidenceSpec

BASE = load()["apk/sms-exfiltration"]
PLACE = {"dex": "classes.dex", "method": "Lorg/app/A$1;->run()V", "offset": 40}


def judge(require, facts, consider=(), evidence=("seen",), against=()):
    specs = {name: EvidenceSpec("{name}{data} {endpoint}", 1.0, True) for name in evidence}
    specs |= {name: EvidenceSpec("but", -0.5) for name in against}
    rule = msgspec.structs.replace(BASE, evidence=specs, prior=0.0, message="{component}: {data_names}")
    when = msgspec.convert({"require": require, "consider": list(consider)}, When)
    return list(match.evaluate(rule, when, Index(msgspec.convert(facts, AppFacts)), "apk-1"))


def call(**more):
    return {"api": "Lx/Y;->go(I)V", "at": PLACE, "args": [7], **more}


def test_evidence_has_its_place_and_value():
    (finding,) = judge([{"call": {"api": ["Lx/Y;->go"]}, "as": "seen"}], {"code": {"calls": [call()]}})
    (evidence,) = finding.evidence
    assert (evidence.where.dex, evidence.where.method, evidence.where.offset) == tuple(PLACE.values())
    assert evidence.value == "x.Y.go(7)"
    assert finding.actors == ("org.app.A$1",)


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ({"api": ["*->go"]}, True),
        ({"api": ["Lx/*;->go"]}, True),
        ({"api": ["Lx/Y;->go(I)V"]}, True),
        ({"api": ["Lx/Y;->go(J)V"]}, False),
        ({"api": ["Lx/Y;->g*"]}, True),
        ({"api": ["*->go"], "args": {0: {"number": {"bits": 3}}}}, True),
        ({"api": ["*->go"], "args": {0: {"number": {"bits": 8}}}}, False),
        ({"api": ["*->go"], "args": {1: {"known": True}}}, False),
        ({"api": ["*->go"], "within": {"extends": ["Ljava/lang/Thread;"]}}, True),
        ({"api": ["*->go"], "within": {"method": ["onClick"]}}, False),
        ({"api": ["*->go"], "reachable": False}, False),
        ({"api": ["*->go"], "library": True}, False),
    ],
)
def test_calls(test, holds):
    facts = {
        "code": {
            "calls": [call()],
            "classes": [
                {"name": "Lorg/app/A$1;", "super_class": "Lorg/app/B;"},
                {"name": "Lorg/app/B;", "super_class": "Ljava/lang/Thread;"},
            ],
        }
    }
    assert bool(judge([{"call": test, "as": "seen"}], facts)) is holds


def test_code_that_cannot_run_counts_for_nothing():
    assert (
        judge([{"call": {"api": ["*->go"]}, "as": "seen"}], {"code": {"calls": [call(reachable=False)]}})
        == []
    )


def test_what_speaks_against_is_listed_and_accuses_nobody():
    facts = {
        "flows": [{"data": "sms", "sink": "http", "endpoint": "a.example", "entry": "org.app.Main"}],
        "manifest": {"components": [{"name": "org.app.Good", "kind": "receiver"}]},
    }
    (finding,) = judge(
        [{"flow": {"data": ["sms"]}, "as": "seen"}],
        facts,
        consider=[{"component": {"kind": ["receiver"]}, "as": "but"}],
        against=["but"],
    )
    assert [evidence.supports for evidence in finding.evidence] == [True, False]
    assert finding.actors == ("org.app.Main",)
    assert finding.confidence == 0.622
    assert finding.message == "org.app.Main: text messages"


def test_the_cap_on_places_keeps_every_kind_of_data():
    flows = [{"data": "location", "sink": "http", "endpoint": f"a{n}.example"} for n in range(20)]
    flows.append({"data": "sms", "sink": "http", "endpoint": "z.example"})
    (finding,) = judge([{"flow": {"categories": 2}, "as": "seen"}], {"flows": flows})
    assert [category.value for category in finding.data] == ["location", "sms"]
    assert len(finding.evidence) <= 10


def test_any_takes_all_that_hold_and_count_needs_enough():
    facts = {"code": {"calls": [call()]}, "manifest": {"permissions": [{"name": "p"}]}}
    parts = [
        {"call": {"api": ["*->go"]}, "as": "seen"},
        {"permission": {"name": ["p"]}, "as": "more"},
        {"permission": {"name": ["q"]}},
    ]
    (finding,) = judge([{"any": parts}], facts, evidence=["seen", "more"])
    assert len(finding.evidence) == 2
    assert judge([{"count": {"least": 2, "of": parts}}], facts, evidence=["seen", "more"])
    assert judge([{"count": {"least": 3, "of": parts}}], facts, evidence=["seen", "more"]) == []


def test_no_rule_says_anything_of_an_empty_app():
    facts = Index(AppFacts(form="unread"))
    said = [f.rule for rule, when in match.compiled(load()) for f in match.evaluate(rule, when, facts, "s")]
    assert all(load()[name].severity.rank < 3 for name in said)


def test_a_rule_with_condition_and_code_is_refused():
    with pytest.raises(match.RuleError, match="detector as well"):
        match.compiled(load(), [BASE.rule])
