"""Evidence is weighed by the signature, and a finding needs a structural sign."""

import msgspec
import pytest

from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.model.severity import Severity
from rogue_scan.rules.rule import Bound, EvidenceSpec, Rule, Unsure, fill

RULE = Rule(
    rule="wifi/example",
    revision=1,
    title="Example",
    status="stable",
    kind="stateful",
    severity=Severity.HIGH,
    explanation="why",
    benign_causes=("none",),
    remediation="nothing",
    references=(),
    attack=(),
    message="{actor} copies {ssid} on {channel}",
    prior=-1.0,
    evidence={
        "two-clocks": EvidenceSpec("clocks {gap} apart", 3.0, structural=True),
        "tool": EvidenceSpec("looks like {tool}", 2.0),
        "neighbour": EvidenceSpec("listed as neighbour", -1.5),
    },
    unsure=Unsure(0.7, Severity.LOW),
)


def conclude(*names: str) -> list[Finding]:
    case = Bound(RULE, None, "capture-1").case()
    for name in names:
        case.add(name, Where(frame=3), gap="5 s", tool="x")
    return list(case.conclude(actors=["b", "a", "a"], ssids=["Cafe"], channel=6))


def test_weights_add_up_to_a_confidence() -> None:
    (finding,) = conclude("two-clocks", "tool")
    assert finding.confidence == pytest.approx(0.982, abs=0.001)
    assert finding.severity is Severity.HIGH
    assert finding.message == "a, b copies Cafe on 6"
    assert finding.actors == ("a", "b")


def test_counter_evidence_is_shown_and_lowers_the_severity_of_a_doubt() -> None:
    (finding,) = conclude("two-clocks", "neighbour")
    assert [item.supports for item in finding.evidence] == [True, False]
    assert finding.confidence == pytest.approx(0.622, abs=0.001)
    assert finding.severity is Severity.LOW


def test_marks_alone_never_make_a_finding() -> None:
    assert conclude("tool") == []
    assert conclude("neighbour") == []


def test_the_same_evidence_twice_weighs_once() -> None:
    assert conclude("two-clocks")[0].confidence == conclude("two-clocks", "two-clocks")[0].confidence


def test_repeated_evidence_shows_its_weight_once() -> None:
    (finding,) = conclude("two-clocks", "two-clocks", "tool")
    assert [item.weight for item in finding.evidence] == [3.0, 0.0, 2.0]


def test_the_identity_does_not_hang_on_text_or_evidence() -> None:
    (one,), (two,) = conclude("two-clocks"), conclude("two-clocks", "tool")
    assert one.id == two.id
    other = Bound(msgspec.structs.replace(RULE, title="Renamed"), None, "capture-2").case()
    other.add("two-clocks", gap="1 s")
    (three,) = other.conclude(actors=["a", "b"], ssids=["Cafe"], channel=1)
    assert three.fingerprint == one.fingerprint
    assert three.id != one.id


def test_braces_in_hostile_values_are_left_alone() -> None:
    assert fill("{a}!", {"a": "{b}{0.__class__}"}) == "{b}{0.__class__}!"
