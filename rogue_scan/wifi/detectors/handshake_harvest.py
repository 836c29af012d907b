"""Handshakes that somebody provokes, to break the passphrase from what was recorded."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi import tools
from rogue_scan.wifi.goodbyes import bursts, provoked
from rogue_scan.wifi.judge import Handshake, handshakes, place, show
from rogue_scan.wifi.world import Ref, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_frames: int
    """Goodbyes in the burst that throws the client off."""
    provoked_seconds: float
    """Longest such burst; more is a flood."""
    provoked_within: float
    """Seconds from the burst to the handshake."""
    foreign_share: float
    half_rounds: int
    """First messages answered with a wrong proof."""
    min_networks: int
    """Access points at which one address only collects first messages."""
    collect_seconds: float
    """Time within which it visits them."""
    report_from: float


_MOST_NAMED = 64
"""Access points that one finding lists."""


@detector("wifi/handshake-harvest", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each access point at which handshakes were provoked, and for each collector."""
    yield from _thrown_off(world, rule)
    yield from _collectors(world, rule)


def _thrown_off(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    params, done = rule.params, handshakes(world)
    for burst in bursts(world, disassociation=False):
        if len(burst.frames) < params.min_frames:
            continue
        found = provoked(world, burst, longest=params.provoked_seconds, within=params.provoked_within)
        if found is None:
            continue
        client, handshake = found
        case = rule.case()
        case.add(
            "thrown-off",
            place(burst.first),
            value=f"{len(burst.frames)} frames",
            count=len(burst.frames),
            client=client,
            seconds=f"{burst.seconds:.1f}",
        )
        if handshake > burst.first:
            later = f"{handshake.time - burst.first.time:.1f}"
            case.add("handshake", place(handshake), client=client, seconds=later)
        if burst.up and burst.down:
            case.add("both-ways", place(burst.up[0].ref), client=client)
        judged = [f for f in burst.down if f.beacon_before is not None]
        if judged and len(burst.foreign) >= params.foreign_share * len(judged):
            case.add("foreign-sequence", place(burst.foreign[0].ref))
        elif judged:
            case.add("own-sequence", place(judged[0].ref))
        for hit in tools.goodbye_marks(burst.down or burst.frames):
            case.add("tool-mark", place(hit.ref), value=hit.tool, tool=hit.tool, says=hit.says)
        for half in _halves(done, burst.bssid, params.half_rounds):
            case.add(
                "half-handshakes",
                place(min(half.messages[2])),
                value=half.client,
                client=half.client,
                count=half.failures,
            )
        if case.confidence < params.report_from:
            continue
        bss = world.bss.get(burst.bssid)
        ssids = [show(s) for s in bss.ssids if s.strip(b"\0")] if bss else []
        yield from case.conclude(
            targets=[burst.bssid, client],
            ssids=ssids,
            first_seen=burst.first.time,
            last_seen=max(burst.last, handshake).time,
            key=["thrown-off"],
            how=f"{client} was thrown off" + (" and joined again" if "handshake" in case else ""),
            ssid=", ".join(ssids) or "(hidden)",
            target=burst.bssid,
        )


def _halves(done: dict[tuple[str, str], Handshake], bssid: str, least: int) -> list[Handshake]:
    """Clients whose proofs were wrong every time."""
    return [h for (_, at), h in sorted(done.items()) if at == bssid and h.failures >= least]


def _collectors(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """Addresses that join many access points, take the first message and leave."""
    params = rule.params
    visits: dict[str, list[tuple[Ref, str]]] = {}
    for (client, bssid), handshake in handshakes(world).items():
        if handshake.messages.get(1) and not handshake.messages.get(2) and handshake.completed is None:
            visits.setdefault(client, []).append((min(handshake.messages[1]), bssid))
    for client, found in sorted(visits.items()):
        found.sort()
        names = {
            ssid
            for _, bssid in found
            if bssid in world.bss
            for ssid in world.bss[bssid].ssids
            if ssid.strip(b"\0")
        }
        if len(found) < params.min_networks or found[-1][0].time - found[0][0].time > params.collect_seconds:
            continue
        case = rule.case()
        case.add("first-messages", place(found[0][0]), value=client, client=client, count=len(found))
        if len(names) >= params.min_networks:
            case.add("unrelated", place(found[0][0]), count=len(names))
        if any(f.key.pmkid for f in world.keys if f.client == client and f.from_ap):
            case.add("pmkid", place(found[0][0]))
        for hit in tools.key_marks([f for f in world.keys if f.client == client]):
            case.add("tool-mark", place(hit.ref), value=hit.tool, tool=hit.tool, says=hit.says)
        if case.confidence < params.report_from:
            continue
        yield from case.conclude(
            actors=[client],
            targets=[bssid for _, bssid in found[:_MOST_NAMED]],
            ssids=[show(s) for s in sorted(names)[:_MOST_NAMED]],
            first_seen=found[0][0].time,
            last_seen=found[-1][0].time,
            key=["collector"],
            how=f"{client} collected first messages at {len(found)} access points",
        )
