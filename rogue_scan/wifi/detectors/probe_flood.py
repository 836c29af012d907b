"""Floods of probe requests."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.floods import peak
from rogue_scan.wifi.judge import place, show
from rogue_scan.wifi.world import Kind, Probe, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    window: int
    """Seconds."""
    min_frames: int
    min_names: int
    """Names asked for within the flood."""
    min_sources: int
    one_source: int
    """Frames of a single address within the window."""
    report_from: float


@detector("wifi/probe-flood", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """At most one finding: who floods is not known, the addresses are made up."""
    params = rule.params
    rate = world.rate(Kind.PROBE_REQUEST)
    high = peak(rate.seconds, params.window) if rate is not None else None
    if rate is None or high is None or high.most < params.min_frames:
        return
    asked = [
        p for p in world.probes.values() if p.seen.first.time < high.end and p.seen.last.time >= high.start
    ]
    directed = [p for p in asked if p.ssid.strip(b"\0")]
    names = {p.ssid for p in directed}
    sources = Counter(p.client for p in asked)
    new = sum(count for second, count in rate.new_sources.items() if high.start <= second < high.end)
    first = min((p.seen.first for p in asked if p.seen.first.time >= high.start), default=rate.seen.first)
    where = place(first)
    case = rule.case()
    if len(names) >= params.min_names:
        case.add("many-names", where, value=f"{len(names)} names", count=len(names), seconds=high.seconds)
    once = sum(_once(p) and sources[p.client] == 1 for p in asked)
    if new >= params.min_sources and once * 10 >= 9 * len(asked):
        case.add("one-frame-each", where, count=new)
    loud = max(
        (
            (burst.most, t)
            for (kind, t, r), row in world.rates.items()
            if kind is Kind.PROBE_REQUEST
            and t != "*"
            and (burst := peak(row.seconds, params.window)) is not None
        ),
        default=(0, ""),
    )
    if loud[0] >= params.one_source:
        case.add("one-address", where, value=loud[1], client=loud[1], count=loud[0], window=params.window)
    stem = _stem([show(n) for n in names])
    if stem:
        case.add("guessing", where, value=stem)
    if names and len(names) * 20 < len(asked):
        case.add("crowd", where)
    if case.confidence < params.report_from:
        return
    yield from case.conclude(
        first_seen=first.time,
        last_seen=min(rate.seen.last.time, float(high.end)),
        count=high.total,
        seconds=high.seconds,
        names=len(names),
        clients=max(new, len(sources)),
    )


def _once(probe: Probe) -> bool:
    return probe.seen.count == 1


def _stem(names: list[str]) -> str:
    """Whether names are counted through or share a beginning, as words of a list do."""
    if len(names) < 10:
        return ""
    counted = Counter(name.rstrip("0123456789") for name in names)
    stem, count = counted.most_common(1)[0]
    return f"{stem}…" if count * 2 > len(names) and stem else ""
