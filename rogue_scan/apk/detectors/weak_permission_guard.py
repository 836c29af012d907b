"""Components guarded by an own permission that every app can get."""

from collections.abc import Iterator

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import MANIFEST
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound


@detector("apk/weak-permission-guard")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """Joins declared permissions to the exported components that they guard."""
    manifest = facts.manifest
    weak = {p.name: p for p in manifest.declared if p.level in ("normal", "dangerous")}
    case = rule.case()
    guarded = []
    for component in manifest.components:
        guards = {component.permission, component.read_permission, component.write_permission}
        for name in sorted(guards & weak.keys()) if component.exported else ():
            guarded.append(component.name)
            case.add(
                "guard", Where(file=MANIFEST, offset=component.offset), name,
                name=component.name, permission=name, level=weak[name].level,
            )  # fmt: skip
    yield from case.conclude(actors=guarded[:20], package=manifest.package)
