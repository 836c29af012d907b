"""Whether the app's private files may be part of backups."""

from collections.abc import Iterator

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import MANIFEST
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound


@detector("apk/backup-allowed")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """Allowed is the default, so only a plain "false" keeps the rule silent."""
    manifest = facts.manifest
    if not facts.manifests or not manifest.flag("allowBackup", default=True):
        return
    case = rule.case()
    where = Where(file=MANIFEST, offset=manifest.app_offset)
    case.add("allowed", where)
    if manifest.flag("allowBackup"):
        case.add("asked", where)
    for config in manifest.configs:
        if config.name in ("fullBackupContent", "dataExtractionRules") and config.elements:
            case.add("rules", Where(file=config.entry))
    yield from case.conclude(package=manifest.package)
