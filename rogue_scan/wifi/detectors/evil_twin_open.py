"""Open copies of protected networks."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import owe_pair, place, show, view
from rogue_scan.wifi.twins import TwinParams, believable, learnt_protection, nearest_first, weigh
from rogue_scan.wifi.world import World


@detector("wifi/evil-twin-open", TwinParams)
def evaluate(world: World, rule: Bound[TwinParams]) -> Iterator[Finding]:
    """One finding for each transmitter that offers a protected network's name in the open."""
    looked, params = view(world), rule.params
    for ssid, everyone in sorted(looked.networks.items()):
        members = believable(everyone, params)
        guarded = [m for m in members if not m.main.security.open]
        for stranger in (m for m in members if m.main.security.open):
            known = [m for m in guarded if m.transmitter is not stranger.transmitter]
            learnt = learnt_protection(looked, ssid)
            if not known and not learnt:
                continue
            case = rule.case()
            if known:
                case.add(
                    "open-beside-protected",
                    place(max(stranger.first, min(m.first for m in known))),
                    security=known[0].main.security.label,
                    target=known[0].bssid,
                )
            else:
                case.add("learnt-protected", place(stranger.first), value=learnt[0], target=learnt[0])
            weigh(case, looked, stranger, known, params)
            if any(m.bssid == stranger.bssid for m in known):
                case.add("cloned-address", place(stranger.first))
            if any(owe_pair(stranger.main, stranger.bssid, m.main, m.bssid) for m in known):
                case.add("owe-pair", place(stranger.first))
            if case.confidence < params.report_from:
                continue
            yield from case.conclude(
                actors=[stranger.bssid],
                targets=nearest_first(known, stranger) or learnt[:8],
                ssids=[show(ssid)],
                first_seen=stranger.first.time,
                last_seen=stranger.last.time,
                key=[str(stranger.transmitter.number)],
            )
