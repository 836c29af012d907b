"""Floods of logins from addresses that do not exist."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.floods import peak
from rogue_scan.wifi.judge import place, show
from rogue_scan.wifi.world import BROADCAST, Kind, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    window: int
    """Seconds."""
    min_frames: int
    min_sources: int
    """New addresses within the window."""
    one_source: int
    """Frames of a single address within the window."""
    report_from: float


@detector("wifi/auth-flood", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each access point that is flooded."""
    params = rule.params
    receivers = sorted(
        {
            r
            for (kind, t, r) in world.rates
            if kind in (Kind.AUTH, Kind.ASSOC) and t == "*" and r not in ("*", BROADCAST)
        }
    )
    for bssid in receivers:
        rows = [world.rates[k, "*", bssid] for k in (Kind.AUTH, Kind.ASSOC) if (k, "*", bssid) in world.rates]
        rate = max(rows, key=lambda row: row.seen.count - row.retries)
        high = peak(rate.seconds, params.window)
        if high is None or high.most < min(params.min_frames, params.one_source):
            continue  # neither sign can hold: going through all frames for each quiet receiver takes long
        new = sum(count for second, count in rate.new_sources.items() if high.start <= second < high.end)
        case = rule.case()
        first = next(
            (f.ref for f in world.auths if f.receiver == bssid and f.ref.time >= high.start), rate.seen.first
        )
        where = place(first)
        if high.most >= params.min_frames and new >= params.min_sources:
            case.add("new-addresses", where, value=f"{new} addresses", count=new, seconds=high.seconds)
        single = max(
            (
                (burst.most, transmitter)
                for (kind, transmitter, receiver), row in world.rates.items()
                if kind is rate.kind
                and receiver == bssid
                and transmitter != "*"
                and (burst := peak(row.seconds, params.window)) is not None
            ),
            default=(0, ""),
        )
        if single[0] >= params.one_source:
            case.add(
                "one-address", where, value=single[1], count=single[0], client=single[1], window=params.window
            )
        sources = {
            f.transmitter for f in world.auths if f.receiver == bssid and high.start <= f.ref.time < high.end
        }
        went_on = {f.transmitter for f in world.assocs if f.bssid == bssid and not f.response} & sources
        if sources and len(went_on) * 10 <= len(sources):
            case.add("no-follow-up", where, count=len(sources), joined=len(went_on))
        elif sources and len(went_on) * 2 >= len(sources):
            case.add("real-joins", where, joined=len(went_on))
        if case.confidence < params.report_from:
            continue
        bss = world.bss.get(bssid)
        yield from case.conclude(
            targets=[bssid],
            ssids=[show(s) for s in bss.ssids if s.strip(b"\0")] if bss else [],
            first_seen=first.time,
            last_seen=min(rate.seen.last.time, float(high.end)),
            count=high.total,
            clients=max(new, 1),
            seconds=high.seconds,
            target=bssid,
        )
