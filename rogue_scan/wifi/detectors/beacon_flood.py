"""Beacons of access points that do not exist."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi import tools
from rogue_scan.wifi.judge import local_address, place, show, view
from rogue_scan.wifi.world import Announcement, AnnouncementKind, Bss, Kind, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    window: float
    """Seconds."""
    min_phantoms: int
    """Access points that appear within the window and are heard once or twice."""
    most_frames: int
    """Frames of a phantom."""
    damaged_bits: int
    """Bits of an address that may be wrong in a damaged frame."""
    template_share: float
    """Share of phantoms with one and the same set of elements."""
    counter_share: float
    """Share of phantoms that one sequence counter runs through."""
    level_spread: int
    """dB within which all phantoms are heard."""
    report_from: float


_MOST_REAL = 256
"""Well-heard access points that phantoms are compared with."""


@detector("wifi/beacon-flood", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """At most one finding: the senders are made up, whoever sends them is not known."""
    params = rule.params
    phantoms = sorted(
        (
            bss
            for bss in world.bss.values()
            if 0 < bss.beacons.count <= params.most_frames
            and not bss.responses.count
            and bss.main is not None
        ),
        key=lambda bss: bss.beacons.first,
    )
    flood = _densest(_made_up(world, phantoms, params), params.window)
    rate = world.rate(Kind.BEACON)
    if len(flood) < params.min_phantoms:
        return
    mains = [bss.main for bss in flood if bss.main is not None]
    first, last = flood[0].beacons.first, max(bss.beacons.last for bss in flood)
    where = place(first)
    case = rule.case().add(
        "phantoms",
        where,
        value=f"{len(flood)} access points",
        count=len(flood),
        seconds=f"{last.time - first.time:.1f}",
    )
    _likeness(case, flood, mains, params)
    _marks(case, world, flood)
    copied = Counter(a.ssid for a in mains)
    ssid, most = copied.most_common(1)[0]
    real = [m for m in view(world).networks.get(ssid, []) if m.count > params.most_frames]
    if real and most * 3 >= len(flood):
        case.add("copies-name", where, name=show(ssid), count=most, target=real[0].bssid)
    if case.confidence < params.report_from:
        return
    extra = rate.sources - len(world.bss) if rate is not None else 0
    yield from case.conclude(
        targets=[m.bssid for m in real] if "copies-name" in case else [],
        ssids=[show(s) for s, _ in copied.most_common(12) if s.strip(b"\0")],
        first_seen=first.time,
        last_seen=last.time,
        count=len(flood) + max(extra, 0),
        seconds=f"{last.time - first.time:.1f}",
    )


def _likeness(case: Case, flood: list[Bss], mains: list[Announcement], params: Params) -> None:
    """What they have in common: a template, a counter, kinds of addresses, a level."""
    where = place(flood[0].beacons.first)
    if _template(mains) >= params.template_share:
        case.add("one-template", where, share=f"{100 * _template(mains):.0f} %")
    if _counter(mains) >= params.counter_share:
        case.add("one-counter", where, share=f"{100 * _counter(mains):.0f} %")
    group = sum(int(bss.bssid[:2], 16) & 1 for bss in flood)
    random = sum(local_address(bss.bssid) for bss in flood)
    if group * 5 >= len(flood):
        case.add("impossible-addresses", where, count=group)
    elif random * 3 > len(flood):
        case.add("random-addresses", where, count=random)
    levels = [level for bss in flood if (level := bss.signal.median) is not None]
    if len(levels) >= params.min_phantoms and max(levels) - min(levels) <= params.level_spread:
        case.add("one-level", where, low=min(levels), high=max(levels))
    elif len(levels) >= params.min_phantoms:
        case.add("many-levels", where, low=min(levels), high=max(levels))


def _marks(case: Case, world: World, flood: list[Bss]) -> None:
    """Marks of tools, each tool once."""
    seen = set()
    for bss in flood[:20]:
        for transmitter in view(world).transmitters.get(bss.bssid, []):
            for hit in tools.marks(transmitter):
                if hit.tool not in seen:
                    seen.add(hit.tool)
                    case.add("tool-mark", place(hit.ref), value=hit.tool, tool=hit.tool, says=hit.says)


def _made_up(world: World, phantoms: Sequence[Bss], params: Params) -> list[Bss]:
    """Phantoms whose address is not that of a well-heard access point with a few bits wrong."""
    heard = sorted((b for b in world.bss.values() if b.seen.count > params.most_frames), key=_frames)
    real = [_number(bss.bssid) for bss in heard[-_MOST_REAL:]]
    return [
        bss
        for bss in phantoms
        if all((_number(bss.bssid) ^ address).bit_count() > params.damaged_bits for address in real)
    ]


def _number(address: str) -> int:
    return int(address.replace(":", ""), 16)


def _frames(bss: Bss) -> tuple[int, str]:
    return bss.seen.count, bss.bssid


def _densest(phantoms: Sequence[Bss], window: float) -> list[Bss]:
    """The phantoms of the busiest window, and those that follow without a pause."""
    best, start = (0, 0), 0
    for end, bss in enumerate(phantoms):
        while bss.beacons.first.time - phantoms[start].beacons.first.time > window:
            start += 1
        best = max(best, (end - start + 1, -start))
    low = -best[1]
    high = low + best[0]
    pause = window / max(best[0], 1) * 8
    while low and phantoms[low].beacons.first.time - phantoms[low - 1].beacons.first.time <= pause:
        low -= 1
    while (
        high < len(phantoms)
        and phantoms[high].beacons.first.time - phantoms[high - 1].beacons.first.time <= pause
    ):
        high += 1
    return list(phantoms[low:high])


def _template(mains: Sequence[Announcement]) -> float:
    """Share of announcements with the two most usual sets of fixed content (rates, capabilities …)."""
    kinds = Counter(
        (a.interval, a.capabilities & 0xFFEF, a.elements.first(1), a.elements.generation, a.elements.vendors)
        for a in mains
        if a.kind is AnnouncementKind.BEACON
    )
    return sum(n for _, n in kinds.most_common(2)) / max(len(mains), 1)


def _counter(mains: Sequence[Announcement]) -> float:
    """Share of neighbours in time whose sequence numbers follow each other: real ones are independent."""
    ordered = sorted(mains, key=lambda a: a.seen.first)
    steps = [(b.sequence_first - a.sequence_first) % 4096 for a, b in pairwise(ordered)]
    return sum(0 < step <= 8 for step in steps) / max(len(steps), 1)
