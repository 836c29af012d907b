"""Whether certificates added by hand are accepted outside debug builds."""

from collections.abc import Iterator

from rogue_scan.apk.detectors._network import on_network, shown
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import MANIFEST, USER_CA_OFF
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound


@detector("apk/trusts-user-certificates")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """Speaks on trust anchors ``user`` in base or domain configurations."""
    network, manifest = facts.manifest.network, facts.manifest
    if not on_network(facts) or not facts.manifests:
        return
    case = rule.case()
    for item in network.rules:
        if item.trusts_user:
            where = Where(file=network.entry, offset=item.offset)
            case.add("some-hosts" if item.domains else "all-hosts", where, **_fields(shown(item)))
    if not network.entry and manifest.target_sdk < USER_CA_OFF:
        case.add("old-target", Where(file=MANIFEST), target=manifest.target_sdk)
    yield from case.conclude(package=manifest.package)


def _fields(domains: str) -> dict[str, str]:
    return {"domains": domains} if domains else {}
