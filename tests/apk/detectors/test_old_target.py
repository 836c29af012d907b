import pytest

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import Manifest


def app(target, said=True, **more):
    return AppFacts(
        manifests=1, manifest=Manifest(package="a.b", target_sdk=target, target_said=said, **more)
    )


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (app(22), {"no-run-time-permissions", "old"}), (app(23), {"old"}), (app(28), set()),
        (app(1, said=False), {"no-run-time-permissions", "old", "unsaid"}),
        (app(1, split="config.de"), set()), (AppFacts(), set()),
    ],
)  # fmt: skip
def test_targets(evidence_of, facts, found):
    assert evidence_of("old-target", facts) == found
