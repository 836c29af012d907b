"""Recorded beacons that are sent again."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import Transmitter, place, recorded, show, view
from rogue_scan.wifi.world import Bss, Ref, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_repeats: int
    min_delay: float
    """Seconds between original and repeat: less is a receiver that delivers twice, or two receivers."""
    report_from: float


@detector("wifi/beacon-replay", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each BSS whose beacons come again."""
    switching = {frame.ref.frame for frame in world.switches}
    for bssid, transmitters in sorted(view(world).transmitters.items()):
        bss = world.bss[bssid]
        repeats = [
            (again, original)
            for again, original in bss.repeated_refs
            if again.time - original.time >= rule.params.min_delay
            and again.frame not in switching
            and _same_name(bss, again)
        ]
        # Beacons leave at fixed moments of the clock, so that a restart can meet values of the time before.
        # Only while the access point's own clock goes on are old values a recording.
        if len(transmitters) < 2 or not _clock_runs(transmitters):
            continue
        real, case, seen = transmitters[0], rule.case(), []
        if len(repeats) >= min(rule.params.min_repeats, 3) <= bss.repeated_tsf.count:
            for again, original in repeats[:3]:
                case.add(
                    "old-clock",
                    place(again),
                    value=f"frame {original.frame} again",
                    delay=f"{again.time - original.time:.1f}",
                    frame=original.frame,
                )
            case.add("many", place(bss.repeated_tsf.first), count=bss.repeated_tsf.count)
            seen += [again for again, _ in repeats]
        for other in transmitters[1:]:
            old = recorded(real, other) if _one_name(real, other) else []
            if old:
                case.add("old-counter", place(old[0]), value=f"{len(old)} beacons", count=len(old))
                seen += old
        if not seen:
            continue
        case.add("real-goes-on", place(real.last))
        if case.confidence < rule.params.report_from:
            continue
        yield from case.conclude(
            actors=[bssid],
            targets=[bssid],
            ssids=[show(ssid) for ssid in bss.ssids if ssid.strip(b"\0")],
            first_seen=min(seen).time,
            last_seen=max(max(seen), bss.repeated_tsf.last).time,
        )


def _one_name(real: Transmitter, other: Transmitter) -> bool:
    """Whether both announce the same names: a recording under another name is SSID confusion."""
    return {a.ssid for a in other.announcements} <= {a.ssid for a in real.announcements}


def _clock_runs(transmitters: list[Transmitter]) -> bool:
    """Whether the address has a clock that runs: one that stands still repeats itself without any replay."""
    return any(line.tsf_highest > line.tsf_lowest for t in transmitters for line in t.lines)


def _same_name(bss: Bss, again: Ref) -> bool:
    """Whether the frame is not known to carry another of several names: that is SSID confusion."""
    named = sorted((a for a in bss.variants.values() if not a.hidden), key=lambda a: a.seen.first)
    return not any(
        a.ssid != named[0].ssid and a.seen.first.time <= again.time <= a.seen.last.time for a in named
    )
