import pytest

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import Component, IntentFilter, Manifest


def app(*components):
    return AppFacts(manifests=1, manifest=Manifest(package="a.b", components=components))


def ask(evidence_of, *components):
    return evidence_of("exported-components", app(*components))


@pytest.mark.parametrize("kind", ["provider", "service", "receiver", "activity"])
def test_open_components(evidence_of, kind):
    assert ask(evidence_of, Component("a.b.C", kind, exported=True)) == {kind}
    assert ask(evidence_of, Component("a.b.C", kind)) == set()
    assert ask(evidence_of, Component("a.b.C", kind, exported=True, permission="a.P")) == set()


@pytest.mark.parametrize(
    "component",
    [
        Component("a.b.Main", "activity", exported=True, filters=(
            IntentFilter(("android.intent.action.MAIN",), ("android.intent.category.LAUNCHER",)),)),
        Component("a.b.Link", "activity", exported=True, filters=(
            IntentFilter(("a.b.OPEN",), ("android.intent.category.BROWSABLE",), ("https",)),)),
        Component("a.b.Boot", "receiver", exported=True, filters=(
            IntentFilter(("android.intent.action.BOOT_COMPLETED",)),)),
        Component("a.b.Data", "provider", exported=True, read_permission="a.R", write_permission="a.W"),
        Component("a.b.Off", "service", exported=True, enabled=False),
    ],
)  # fmt: skip
def test_meant_to_be_reached(evidence_of, component):
    assert ask(evidence_of, component) == set()


def test_a_receiver_of_own_actions(evidence_of):
    filters = (IntentFilter(("android.intent.action.BOOT_COMPLETED", "a.b.DO_IT")),)
    assert ask(evidence_of, Component("a.b.R", "receiver", exported=True, filters=filters)) == {"receiver"}


def test_a_provider_that_guards_only_one_way_is_open(evidence_of):
    for guard in ({"read_permission": "a.R"}, {"write_permission": "a.W"}):
        assert ask(evidence_of, Component("a.b.P", "provider", exported=True, **guard)) == {"provider"}
