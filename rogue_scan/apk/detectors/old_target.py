"""Apps that name an old version of Android as their target."""

from collections.abc import Iterator

import msgspec

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import MANIFEST
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    run_time_permissions: int
    """First API level that asks for permissions while the app runs."""
    old: int
    """Below this the target misses several yearly protections."""


@detector("apk/old-target", Params)
def evaluate(facts: AppFacts, rule: Bound[Params]) -> Iterator[Finding]:
    """Silent where there is no manifest or the package holds no app of its own."""
    manifest = facts.manifest
    if not facts.manifests or manifest.split or not manifest.package:
        return
    case = rule.case()
    target = manifest.target_sdk
    where = Where(file=MANIFEST)
    if target < rule.params.run_time_permissions:
        case.add("no-run-time-permissions", where, target=target)
    if target < rule.params.old:
        case.add("old", where, target=target)
        if not manifest.target_said:
            case.add("unsaid", where)
    yield from case.conclude(package=manifest.package, target=target)
