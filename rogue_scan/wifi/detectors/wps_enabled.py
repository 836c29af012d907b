"""Networks with WPS."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import place, show, view
from rogue_scan.wifi.world import World

_PIN_METHODS = 0x0004 | 0x0008 | 0x0100
"""Label, display and keypad: the methods that use a PIN."""


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_frames: int


@detector("wifi/wps-enabled", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each name whose access points offer WPS."""
    for ssid, members in sorted(view(world).networks.items()):
        case, found, details = rule.case(), [], set()
        for member in members:
            offers = [a for a in member.announcements if a.elements.wps is not None]
            if sum(a.seen.count for a in offers) < rule.params.min_frames:
                continue
            found.append(member)
            case.add("offered", place(min(a.seen.first for a in offers)), value=member.bssid)
            for announcement in offers:
                wps = announcement.elements.wps
                assert wps is not None
                if wps.locked:
                    case.add("locked", place(announcement.seen.first))
                if wps.config_methods & _PIN_METHODS and not wps.locked:
                    details.add(" with a PIN")
        if found:
            yield from case.conclude(
                actors=[m.bssid for m in found],
                ssids=[show(ssid)],
                first_seen=min(m.first for m in found).time,
                last_seen=max(m.last for m in found).time,
                detail="".join(sorted(details)),
            )
