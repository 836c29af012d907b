"""Networks with WEP or TKIP."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.dot11.security import Protection, Security
from rogue_scan.wifi.judge import place, show, view
from rogue_scan.wifi.world import World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_frames: int


@detector("wifi/weak-encryption", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each name that is announced with WEP or TKIP."""
    for ssid, members in sorted(view(world).networks.items()):
        case, found, kinds = rule.case(), [], []
        for member in members:
            weak = [a for a in member.announcements if a.security.weak]
            if sum(a.seen.count for a in weak) < rule.params.min_frames:
                continue
            security = weak[0].security
            name, kind = _kind(security)
            case.add(name, place(min(a.seen.first for a in weak)), value=member.bssid)
            if security.rsn is not None and "CCMP" in security.pairwise:
                case.add("strong-beside", place(weak[0].seen.first), value=member.bssid)
            found.append(member)
            kinds.append(kind)
        if found:
            yield from case.conclude(
                actors=[m.bssid for m in found],
                ssids=[show(ssid)],
                first_seen=min(m.first for m in found).time,
                last_seen=max(m.last for m in found).time,
                what=", ".join(dict.fromkeys(kinds)),
            )


def _kind(security: Security) -> tuple[str, str]:
    """Evidence name, and the kind in words."""
    if security.protection is Protection.WEP:
        return "wep", "WEP"
    if security.protection is Protection.WPA:
        return "wpa", "WPA (version 1)"
    return "tkip", "TKIP beside better ciphers"
