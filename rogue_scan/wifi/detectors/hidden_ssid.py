"""Networks that leave their name out."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import place, show, view
from rogue_scan.wifi.world import AnnouncementKind, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_frames: int


@detector("wifi/hidden-ssid", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each BSS whose beacons have no name."""
    for bssid, transmitters in sorted(view(world).transmitters.items()):
        beacons = [
            a
            for t in transmitters
            for a in t.announcements
            if a.kind is AnnouncementKind.BEACON and a.hidden and a.elements.complete
        ]
        if sum(a.seen.count for a in beacons) < rule.params.min_frames:
            continue
        if any(a.elements.mesh_id for a in beacons):
            continue  # mesh beacons have no SSID by design
        bss = world.bss[bssid]
        names = sorted(ssid for ssid in bss.ssids if ssid.strip(b"\0"))
        case = rule.case().add("no-name", place(min(a.seen.first for a in beacons)))
        for ssid in names:
            use = bss.ssids[ssid]
            if use.responses.count:
                case.add("name-told", place(use.responses.first), value=show(ssid), name=show(ssid))
        pointer = next((a.security.owe_transition for a in beacons if a.security.owe_transition), None)
        if pointer is not None:
            case.add("owe-half", place(beacons[0].seen.first), bssid=pointer.bssid)
        yield from case.conclude(
            actors=[bssid],
            ssids=[show(ssid) for ssid in names],
            first_seen=min(a.seen.first for a in beacons).time,
            last_seen=max(a.seen.last for a in beacons).time,
            name=f", which is {', '.join(show(s) for s in names)}" if names else "",
        )
