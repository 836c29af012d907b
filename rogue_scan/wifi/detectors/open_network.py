"""Networks without protection."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import Member, place, show, view
from rogue_scan.wifi.world import World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_frames: int


@detector("wifi/open-network", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each name that is announced without protection."""
    for ssid, members in sorted(view(world).networks.items()):
        found: list[Member] = [
            m
            for m in members
            if sum(a.seen.count for a in m.announcements if a.security.open) >= rule.params.min_frames
        ]
        if not found:
            continue
        case = rule.case()
        for member in found:
            first = min(a.seen.first for a in member.announcements if a.security.open)
            case.add("no-protection", place(first), value=member.bssid)
        for member in found:
            pointer = next(
                (a for a in member.announcements if a.security.open and a.security.owe_transition), None
            )
            if pointer is not None and pointer.security.owe_transition is not None:
                case.add(
                    "owe-sibling", place(pointer.seen.first), bssid=pointer.security.owe_transition.bssid
                )
        yield from case.conclude(
            actors=[m.bssid for m in found],
            ssids=[show(ssid)],
            first_seen=min(m.first for m in found).time,
            last_seen=max(m.last for m in found).time,
        )
