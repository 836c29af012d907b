import pytest

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import Component, Declared, Manifest


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
