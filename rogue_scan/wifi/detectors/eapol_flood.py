"""Floods of EAPOL start and logoff frames."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.floods import peak
from rogue_scan.wifi.judge import place, show
from rogue_scan.wifi.world import EapolFrame, Kind, World

_TYPES = {Kind.EAPOL_START: 1, Kind.EAPOL_LOGOFF: 2}


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    window: int
    """Seconds."""
    min_starts: int
    min_logoffs: int
    min_sources: int
    report_from: float


@detector("wifi/eapol-flood", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each access point and kind of frame."""
    params = rule.params
    for (kind, transmitter, bssid), rate in sorted(world.rates.items()):
        if kind not in _TYPES or transmitter != "*" or bssid == "*":
            continue
        high = peak(rate.seconds, params.window)
        least = params.min_starts if kind is Kind.EAPOL_START else params.min_logoffs
        if high is None or high.most < least:
            continue
        frames = [
            f
            for f in world.eapols
            if f.packet_type == _TYPES[kind] and f.receiver == bssid and f.ref.time >= high.start
        ]
        first = frames[0].ref if frames else rate.seen.first
        where = place(first)
        new = sum(count for second, count in rate.new_sources.items() if high.start <= second < high.end)
        case = rule.case()
        if kind is Kind.EAPOL_START:
            case.add("starts", where, value=f"{high.most} frames", count=high.most, window=params.window)
            if new >= params.min_sources:
                case.add("new-addresses", where, count=new)
        else:
            case.add("logoffs", where, value=f"{high.most} frames", count=high.most, window=params.window)
        strangers = _strangers(world, bssid, frames)
        if (
            strangers * 10 >= 9 * max(1, len({f.client for f in frames}))
            and kind is Kind.EAPOL_START
            and frames
        ):
            case.add("never-joined", where, count=strangers)
        bss = world.bss.get(bssid)
        if bss is not None and bss.main is not None and not bss.main.security.enterprise:
            case.add("no-use", where, security=bss.main.security.label)
        if case.confidence < params.report_from:
            continue
        yield from case.conclude(
            targets=[bssid, *sorted({f.client for f in frames})[:1]]
            if kind is Kind.EAPOL_LOGOFF
            else [bssid],
            ssids=[show(s) for s in bss.ssids if s.strip(b"\0")] if bss else [],
            first_seen=first.time,
            last_seen=min(rate.seen.last.time, float(high.end)),
            key=[kind.value],
            count=high.total,
            what="start" if kind is Kind.EAPOL_START else "logoff",
            seconds=high.seconds,
            target=bssid,
        )


def _strangers(world: World, bssid: str, frames: list[EapolFrame]) -> int:
    """Senders that never associated here."""
    joined = {f.transmitter for f in world.assocs if f.bssid == bssid and not f.response}
    return len({f.client for f in frames} - joined)
