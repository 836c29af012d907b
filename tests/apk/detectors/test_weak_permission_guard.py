import pytest

from rogue_scan.apk.detectors.weak_permission_guard import evaluate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import Component, Declared, Manifest
from rogue_scan.rules.load import load
from rogue_scan.rules.registry import NoParams
from rogue_scan.rules.rule import Bound


@pytest.mark.parametrize(
    ("level", "exported", "found"),
    [
        ("normal", True, {"guard"}),
        ("dangerous", True, {"guard"}),
        ("signature", True, set()),
        ("normal", False, set()),
    ],
)
def test_levels(evidence_of, level, exported, found):
    component = Component("a.b.S", "service", exported=exported, permission="a.b.P")
    manifest = Manifest(package="a.b", declared=(Declared("a.b.P", level),), components=(component,))
    assert evidence_of("weak-permission-guard", AppFacts(manifest=manifest)) == found


def test_permissions_of_others_are_not_judged(evidence_of):
    component = Component("a.b.S", "service", exported=True, permission="android.permission.BIND_JOB_SERVICE")
    assert evidence_of("weak-permission-guard", AppFacts(manifest=Manifest(components=(component,)))) == set()


def test_the_components_behind_it_are_named():
    component = Component("a.b.S", "service", exported=True, permission="a.b.P")
    manifest = Manifest(package="a.b", declared=(Declared("a.b.P", "normal"),), components=(component,))
    rule = Bound(load()["apk/weak-permission-guard"], NoParams(), "apk-1")
    (finding,) = evaluate(AppFacts(manifest=manifest), rule)
    assert finding.actors == ("a.b.S",)
