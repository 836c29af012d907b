"""Floods of forged disassociations."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.detectors._goodbye_flood import Params, floods
from rogue_scan.wifi.world import World


@detector("wifi/disassoc-flood", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each access point in whose name clients are thrown off."""
    yield from floods(world, rule, disassociation=True)
