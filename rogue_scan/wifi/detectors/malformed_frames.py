"""Frames made to crash receivers, or to make an access point shut itself down."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.floods import peak
from rogue_scan.wifi.judge import handshakes, place, show
from rogue_scan.wifi.world import Damage, Malformed, Ref, World

_WORDS = {
    Damage.SHORT_FIXED: "missing fields",
    Damage.ELEMENT_OVERRUN: "elements longer than the frame",
    Damage.ELEMENT_CONTENT: "impossible elements",
    Damage.EMPTY_SSID: "an answer without a name",
    Damage.BAD_INTERVAL: "a beacon interval of zero",
    Damage.RESERVED: "reserved types",
}
"""Group addresses as transmitters are left out: floods make up addresses, that harms nobody's parser."""


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    window: int
    """Seconds."""
    min_frames: int
    noisy_share: float
    """Share of damaged frames in the capture, from which on damage explains what is malformed."""
    min_strangers: int
    """Unknown senders of protected frames within the window."""
    report_from: float


@detector("wifi/malformed-frames", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each access point in whose name, or at which, such frames are sent."""
    yield from _broken(world, rule)
    yield from _michael(world, rule)


def _broken(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    params, cover = rule.params, world.coverage
    by_address: dict[str, list[Malformed]] = {}
    for entry in world.malformed.values():
        if entry.damage in _WORDS:
            by_address.setdefault(_concerned(world, entry), []).append(entry)
    for address, entries in sorted(by_address.items()):
        case, words, refs, total = rule.case(), [], [], 0
        for entry in sorted(entries, key=lambda e: (e.seen.first, e.damage.value)):
            high = peak(entry.seconds, params.window)
            if high is None or high.most < params.min_frames:
                continue
            refs += [entry.seen.first, entry.seen.last]
            total += entry.seen.count
            words.append(_WORDS[entry.damage])
            case.add(
                entry.damage.value,
                place(entry.seen.first),
                value=entry.detail[:80] or entry.subtype,
                count=entry.seen.count,
                subtype=entry.subtype,
            )
            if _whole_habit(world, entry):
                case.add("always", place(entry.seen.first), subtype=entry.subtype)
        if not refs:
            continue
        if cover.fcs_checked and cover.bad_fcs < params.noisy_share * cover.frames:
            case.add("intact", place(min(refs)))
        damaged = cover.malformed + cover.bad_fcs
        if damaged - total > params.noisy_share * cover.frames:
            case.add("noise", value=f"{damaged} of {cover.frames} frames", count=damaged)
        if case.confidence < params.report_from:
            continue
        bss = world.bss.get(address)
        yield from case.conclude(
            targets=[address],
            ssids=[show(s) for s in bss.ssids if s.strip(b"\0")] if bss else [],
            first_seen=min(refs).time,
            last_seen=max(refs).time,
            count=total,
            what=", ".join(dict.fromkeys(words)),
            target=address,
        )


def _concerned(world: World, entry: Malformed) -> str:
    """The access point in whose name or network the frames are."""
    if entry.transmitter in world.bss or entry.bssid not in world.bss:
        return entry.transmitter
    return entry.bssid


def _whole_habit(world: World, entry: Malformed) -> bool:
    """Whether nearly all that this transmitter announces is malformed: a faulty device, not an attack."""
    bss = world.bss.get(entry.transmitter)
    good = bss.seen.count if bss else 0
    return entry.damage is not Damage.EMPTY_SSID and good < entry.seen.count / 4


def _michael(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """Protected frames of strangers at an access point with TKIP: each makes it count a forged MIC."""
    params = rule.params
    joined = {(client, bssid) for (client, bssid) in handshakes(world)}
    joined |= {(f.transmitter, f.bssid) for f in world.assocs if not f.response}
    senders: dict[str, list[Ref]] = {}
    for (client, bssid), link in world.links.items():
        if link.up_protected and not link.down_protected and (client, bssid) not in joined:
            senders.setdefault(bssid, []).append(link.seen.first)
    for bssid, refs in sorted(senders.items()):
        bss = world.bss.get(bssid)
        if bss is None or bss.main is None:
            continue
        refs.sort()
        high = peak(Counter(int(ref.time) for ref in refs), params.window)
        if high is None or high.most < params.min_strangers:
            continue
        first = next(ref for ref in refs if ref.time >= high.start)
        security = bss.main.security
        case = rule.case().add(
            "strangers", place(first), value=f"{high.most} senders", count=high.most, window=params.window
        )
        if "TKIP" in security.pairwise or security.group == "TKIP":
            case.add("tkip", place(first))
        reports = [f for f in world.keys if f.bssid == bssid and f.key.error and f.key.request]
        if reports:
            case.add("mic-failures", place(reports[0].ref), count=len(reports))
        if case.confidence < params.report_from:
            continue
        yield from case.conclude(
            targets=[bssid],
            ssids=[show(s) for s in bss.ssids if s.strip(b"\0")],
            first_seen=first.time,
            last_seen=refs[-1].time,
            key=["michael"],
            count=high.total,
            what="forged encryption",
            target=bssid,
        )
