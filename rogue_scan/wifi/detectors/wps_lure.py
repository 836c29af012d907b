"""Copies of a network that ask for the WPS button."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import Member, bare, place, show, view
from rogue_scan.wifi.twins import TwinParams, believable, nearest_first, weigh
from rogue_scan.wifi.world import Announcement, World


@detector("wifi/wps-lure", TwinParams)
def evaluate(world: World, rule: Bound[TwinParams]) -> Iterator[Finding]:
    """One finding for each stranger under a network's name whose WPS button is pressed."""
    looked, params = view(world), rule.params
    for ssid, everyone in sorted(looked.networks.items()):
        members = believable(everyone, params)
        for stranger in members:
            pressed = [a for a in stranger.announcements if _pressed(a)]
            known = [
                m
                for m in members
                if m.transmitter is not stranger.transmitter and not m.main.security.open and not _active(m)
            ]
            if sum(a.seen.count for a in pressed) < params.min_frames or not known:
                continue
            case = rule.case()
            first = min(a.seen.first for a in pressed)
            case.add("button-pressed", place(first), target=known[0].bssid)
            if stranger.main.security.open:
                case.add("nothing-to-hand-over", place(first))
            real = any(a.elements.wps for m in known for a in m.announcements)
            mine = next(
                (a.elements.wps for a in pressed if a.elements.wps and a.elements.wps.model_name), None
            )
            if real and mine is not None and bare(stranger.main) and not bare(known[0].main):
                case.add(
                    "claims-model",
                    place(first),
                    value=f"{mine.manufacturer} {mine.model_name}"[:80],
                    model=f"{mine.manufacturer} {mine.model_name}"[:80],
                )
            weigh(case, looked, stranger, known, params)
            if case.confidence < params.report_from:
                continue
            yield from case.conclude(
                actors=[stranger.bssid],
                targets=nearest_first(known, stranger),
                ssids=[show(ssid)],
                first_seen=first.time,
                last_seen=max(a.seen.last for a in pressed).time,
                key=[str(stranger.transmitter.number)],
            )


def _pressed(announcement: Announcement) -> bool:
    wps = announcement.elements.wps
    return wps is not None and wps.selected_registrar and wps.device_password_id in (4, None)


def _active(member: Member) -> bool:
    return any(_pressed(a) for a in member.announcements)
