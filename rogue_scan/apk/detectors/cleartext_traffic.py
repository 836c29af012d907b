"""Whether plain HTTP is allowed, and by what."""

from collections.abc import Iterator

from rogue_scan.apk.detectors._network import on_network, shown
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import MANIFEST
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound


@detector("apk/cleartext-traffic")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """A network security file overrides the manifest's attribute from Android 7 on."""
    network, manifest = facts.manifest.network, facts.manifest
    if not on_network(facts):
        return
    case = rule.case()
    in_manifest = Where(file=MANIFEST, offset=manifest.app_offset)
    for item in network.rules:
        if item.cleartext:
            where = Where(file=network.entry, offset=item.offset)
            if item.domains:
                case.add("configured-domain", where, shown(item), domains=shown(item))
            else:
                case.add("configured", where)
    if network.cleartext and not network.entry:
        if network.said_cleartext:
            case.add("asked", in_manifest)
        elif network.said_cleartext is None:
            case.add("by-default", in_manifest, target=manifest.target_sdk)
    plain = [
        e for e in facts.endpoints if e.value.startswith(("http://", "ws://", "ftp://")) and not e.library
    ]
    for end in plain[:5]:
        case.add("used", end.where[0] if end.where else Where(), end.value)
    yield from case.conclude(endpoints=[e.value for e in plain[:20]], package=manifest.package)
