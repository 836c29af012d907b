"""Two transmitters under one address."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi.dot11.channel import channel_of
from rogue_scan.wifi.judge import Transmitter, View, differences, place, show, turns, view
from rogue_scan.wifi.world import ClockLine, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_beacons: int
    """Beacons that each of the two must have sent."""
    min_seconds: float
    """Time that the second must have been heard."""
    signal_gap: int
    """dB between the two, from which on the levels count."""
    smooth_share: float
    """Share of ordinary steps of a sequence counter in each of the two streams."""
    report_from: float


@detector("wifi/bssid-clone", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each address with a second transmitter that announces the same network."""
    looked, params = view(world), rule.params
    for bssid, group in sorted(looked.transmitters.items()):
        real, cases = group[0], []
        for other in group[1:]:
            shared = {a.ssid for a in real.announcements} & {a.ssid for a in other.announcements}
            if not shared or not other.lines or not real.lines:
                continue  # another name under the address is SSID confusion, or KARMA
            if min(other.count, real.count) < params.min_beacons:
                continue
            if other.last.time - other.first.time < params.min_seconds:
                continue
            case = rule.case()
            weigh(case, looked, real, other, params)
            cases.append((case, other, shared))
        if not cases:
            continue
        case, other, shared = max(cases, key=lambda found: (found[0].confidence, -found[1].number))
        if case.confidence < params.report_from:
            continue
        yield from case.conclude(
            actors=[bssid],
            targets=[bssid],
            ssids=[show(ssid) for ssid in shared if ssid.strip(b"\0")],
            first_seen=min(found[1].first for found in cases).time,
            last_seen=max(found[1].last for found in cases).time,
        )


def weigh(case: Case, looked: View, real: Transmitter, other: Transmitter, params: Params) -> None:
    """Add what shows that two transmitters are two."""
    where = place(other.first)
    a, b = _overlapping(real, other)
    case.add(
        "two-clocks",
        where,
        value=f"{abs(b.offset_first - a.offset_first) / 1e6:.3f} s apart",
        seconds=f"{abs(b.offset_first - a.offset_first) / 1e6:.1f}",
        turns=turns(real.bss, a, b),
        span=f"{min(real.last.time, other.last.time) - other.first.time:.1f}",
    )
    one, two = real.frequency, other.frequency
    if one and two and one != two:
        case.add("two-channels", where, channel=channel_of(one), other=channel_of(two))
    parts = differences(real.main, other.main)
    if real.main.security.label != other.main.security.label:
        parts.insert(0, "security")
    if parts:
        case.add("other-content", place(other.main.seen.first), parts=", ".join(parts))
    if _smooth(a, params.smooth_share) and _smooth(b, params.smooth_share):
        case.add("two-counters", where)
    levels = real.signal, other.signal
    if levels[0] is not None and levels[1] is not None and abs(levels[0] - levels[1]) >= params.signal_gap:
        case.add("other-level", where, level=levels[0], other=levels[1])
    others = looked.shared_steps.get((other.bssid, other.number), 0)
    if others:
        case.add("receiver-clock", where, count=others)


def _overlapping(real: Transmitter, other: Transmitter) -> tuple[ClockLine, ClockLine]:
    """The two lines that took turns the most."""
    pairs = [(a, b) for a in real.lines for b in other.lines if a.receiver == b.receiver]
    pairs = pairs or [(real.lines[0], other.lines[0])]
    return max(pairs, key=lambda p: (turns(real.bss, *p), -p[0].number, -p[1].number))


def _smooth(line: ClockLine, share: float) -> bool:
    """Whether the sequence numbers along a line count up as those of one transmitter do."""
    steps = sum(line.sequence_steps.values())
    return steps >= 3 and line.sequence_steps.get("next", 0) >= share * steps
