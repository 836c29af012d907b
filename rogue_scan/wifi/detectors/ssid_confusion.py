"""A protected network under the name of another one."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.dot11.channel import channel_of
from rogue_scan.wifi.judge import Member, View, place, show, solid, view
from rogue_scan.wifi.world import World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_frames: int
    min_seconds: float
    most_names: int
    """An address with more names than this is KARMA's business."""
    report_from: float


@detector("wifi/ssid-confusion", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each address whose protected network appears under a second name."""
    looked = view(world)
    for bssid, pair in sorted(_pairs(looked, rule.params).items()):
        real, false = pair
        case = rule.case()
        where = place(false.first)
        case.add("two-names", where, value=show(false.ssid), real=show(real.ssid), name=show(false.ssid))
        if false.transmitter is not real.transmitter:
            case.add("other-transmitter", where)
        if _apart(real, false):
            case.add("other-channel", where, channel=channel_of(false.main.tuned))
        if real.main.elements.rsn == false.main.elements.rsn and real.main.elements.rsn is not None:
            case.add("same-protection", where)
        kin = [m for m in looked.networks.get(false.ssid, []) if m.bssid != bssid]
        if kin:
            case.add("trusted-name", place(kin[0].first), value=kin[0].bssid, name=show(false.ssid))
        if false.first.time > real.last.time:
            case.add("renamed", where)
        if case.confidence < rule.params.report_from:
            continue
        yield from case.conclude(
            actors=[bssid],
            targets=[bssid, *(m.bssid for m in kin)],
            ssids=[show(false.ssid)],
            first_seen=false.first.time,
            last_seen=false.last.time,
            real=show(real.ssid),
            target=bssid,
            ssid=show(false.ssid),
        )


def _pairs(looked: View, params: Params) -> dict[str, tuple[Member, Member]]:
    """BSSID → (the network under its own name, the same under another)."""
    by_address: dict[str, list[Member]] = {}
    for members in looked.networks.values():
        for member in members:
            if not member.main.security.open and solid(member, params.min_frames, params.min_seconds):
                by_address.setdefault(member.bssid, []).append(member)
    found = {}
    for bssid, members in by_address.items():
        names = {m.ssid for m in members}
        if not 2 <= len(names) <= params.most_names:
            continue
        members.sort(key=lambda m: (m.first, m.ssid))
        real = members[0]
        false = next(m for m in members if m.ssid != real.ssid)
        # One transmitter with two names on one channel is how some old equipment serves two networks.
        if false.transmitter is not real.transmitter or _apart(real, false):
            found[bssid] = (real, false)
    return found


def _apart(real: Member, false: Member) -> bool:
    """Whether the second name is heard where the first is not."""
    one, two = real.main.tuned, false.main.tuned
    return bool(one and two and abs(one - two) > 20)
