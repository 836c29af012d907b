"""Activities that claim the task of another app."""

from collections.abc import Iterator

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import MANIFEST
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound


@detector("apk/task-hijacking")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """A task name that shares its first two parts with the package counts as the publisher's own."""
    manifest = facts.manifest
    own = ".".join(manifest.package.split(".")[:2])
    for component in manifest.components:
        affinity = component.flags.get("taskAffinity", "")
        if component.kind != "activity" or affinity.count(".") < 2 or affinity.startswith((own, ":", "@")):
            continue
        where = Where(file=MANIFEST, offset=component.offset)
        case = rule.case()
        case.add("foreign-task", where, affinity, component=component.name, affinity=affinity)
        if (
            component.flags.get("allowTaskReparenting", manifest.flags.get("allowTaskReparenting", ""))
            == "true"
        ):
            case.add("moves", where)
        if component.flags.get("launchMode", "") in ("2", "3"):
            case.add("single", where)
        if component.flags.get("excludeFromRecents", "") == "true":
            case.add("hidden", where)
        yield from case.conclude(
            actors=[component.name],
            targets=[affinity],
            package=manifest.package,
            component=component.name,
            affinity=affinity,
        )
