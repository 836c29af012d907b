"""Floods of deauthentications or disassociations: one reasoning for both."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi import tools
from rogue_scan.wifi.dot11.security import Mfp
from rogue_scan.wifi.goodbyes import Burst, bursts, provoked
from rogue_scan.wifi.judge import clients_of, place, show
from rogue_scan.wifi.world import Kind, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_frames: int
    """In one burst, when they are aimed at single clients."""
    min_broadcast: int
    """In one burst, when they are aimed at all."""
    window: float
    """Seconds into which so many must fall."""
    long_seconds: float
    foreign_share: float
    """Share of frames that do not follow the access point's own counter."""
    signal_gap: int
    provoked_seconds: float
    provoked_within: float
    report_from: float


def floods(world: World, rule: Bound[Params], *, disassociation: bool) -> Iterator[Finding]:
    """One finding for each access point in whose name clients are thrown off; bursts are summed."""
    params = rule.params
    by_address: dict[str, list[Burst]] = {}
    for burst in bursts(world, disassociation=disassociation):
        dense = _densest([f.ref.time for f in burst.frames], params.window)
        dense_all = _densest([f.ref.time for f in burst.broadcast], params.window)
        if dense < params.min_frames and dense_all < params.min_broadcast:
            continue
        # A few seconds of frames at one client, which then shows its handshake, is another story.
        if not disassociation and provoked(
            world, burst, longest=params.provoked_seconds, within=params.provoked_within
        ):
            continue
        by_address.setdefault(burst.bssid, []).append(burst)
    for bssid, found in sorted(by_address.items()):
        case = rule.case()
        for burst in found:
            _weigh(case, world, burst, params)
        if case.confidence < params.report_from:
            continue
        count = max(sum(len(b.frames) for b in found), _counted(world, bssid, disassociation))
        bss = world.bss.get(bssid)
        clients = list(dict.fromkeys(client for b in found for client in b.clients))
        yield from case.conclude(
            targets=[bssid, *clients[:8]],
            ssids=[show(s) for s in bss.ssids if s.strip(b"\0")] if bss else [],
            first_seen=found[0].first.time,
            last_seen=found[-1].last.time,
            count=count,
            seconds=f"{found[-1].last.time - found[0].first.time:.1f}",
            target=bssid,
        )


def _densest(times: list[float], window: float) -> int:
    """Most frames within ``window`` seconds."""
    best, start = 0, 0
    for end, time in enumerate(times):
        while time - times[start] > window:
            start += 1
        best = max(best, end - start + 1)
    return best


def _counted(world: World, bssid: str, disassociation: bool) -> int:
    """Frames in the access point's name, those beyond the log as well."""
    kind = Kind.DISASSOC if disassociation else Kind.DEAUTH
    return sum(
        rate.seen.count - rate.retries
        for (of, transmitter, receiver), rate in world.rates.items()
        if of is kind and transmitter == bssid and receiver != "*"
    )


def _weigh(case: Case, world: World, burst: Burst, params: Params) -> None:
    where = place(burst.first)
    count, broadcast = len(burst.frames), len(burst.broadcast)
    if count >= params.min_frames:
        case.add("many", where, value=f"{count} frames", count=count, seconds=f"{burst.seconds:.1f}")
    if broadcast >= params.min_broadcast:
        case.add("to-all", place(burst.broadcast[0].ref), count=broadcast)
    if len(burst.down) >= 3 and len(burst.up) >= 3:
        case.add("both-ways", place(burst.up[0].ref), up=len(burst.up), down=len(burst.down))
    judged = [f for f in burst.down if f.beacon_before is not None]
    foreign = burst.foreign
    if len(foreign) >= 3 and len(foreign) >= params.foreign_share * len(judged):
        before = foreign[0].beacon_before
        case.add(
            "foreign-sequence",
            place(foreign[0].ref),
            value=f"{foreign[0].sequence}",
            sequence=foreign[0].sequence,
            beacon=before.sequence if before else 0,
        )
    levels = sorted(
        f.signal - f.beacon_before.signal
        for f in judged
        if f.signal is not None and f.beacon_before is not None and f.beacon_before.signal is not None
    )
    if len(levels) >= 3 and abs(levels[len(levels) // 2]) >= params.signal_gap:
        case.add("other-level", where, difference=levels[len(levels) // 2])
    if burst.seconds >= params.long_seconds:
        case.add("goes-on", where, seconds=f"{burst.seconds:.1f}")
    bss = world.bss.get(burst.bssid)
    if bss is not None and bss.beacons.last.time > burst.last.time:
        case.add("still-there", place(bss.beacons.last))
    for hit in tools.goodbye_marks(burst.down or burst.frames):
        case.add("tool-mark", place(hit.ref), value=hit.tool, tool=hit.tool, says=hit.says)
    back = [
        (client, ref)
        for client, ref in clients_of(world, burst.bssid, burst.first.time)
        if ref.time <= burst.last.time + params.window
    ]
    for client, ref in back[:3]:
        case.add("came-back", place(ref), value=client, client=client)
    if broadcast < params.min_broadcast and burst.most_to_one <= 3:
        case.add("once-each", where)
    main = bss.main if bss is not None else None
    if main is not None and main.security.mfp is Mfp.REQUIRED:
        case.add("protected", place(main.seen.first))
