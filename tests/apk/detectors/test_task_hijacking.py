import pytest

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import Component, Manifest


def ask(evidence_of, **flags):
    component = Component("org.example.app.A", "activity", flags=flags)
    return evidence_of(
        "task-hijacking", AppFacts(manifest=Manifest(package="org.example.app", components=(component,)))
    )


def test_the_task_of_another_app(evidence_of):
    found = ask(
        evidence_of, taskAffinity="com.bank.mobile", allowTaskReparenting="true", excludeFromRecents="true"
    )
    assert found == {"foreign-task", "moves", "hidden"}


@pytest.mark.parametrize("affinity", ["", "org.example.other", ":own", "task"])
def test_own_tasks(evidence_of, affinity):
    assert ask(evidence_of, taskAffinity=affinity) == set()
