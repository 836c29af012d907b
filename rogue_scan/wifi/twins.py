"""What the detectors of twins have in common: the parties of one name, and the chain around a twin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from rogue_scan.rules.rule import Case
from rogue_scan.wifi.baseline import differences
from rogue_scan.wifi.goodbyes import TRIES, bursts
from rogue_scan.wifi.judge import (
    Member,
    View,
    clients_of,
    generic,
    handshakes,
    like,
    place,
    places_of,
    shortlist,
    show,
    solid,
    strangeness,
)


class TwinParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds that all detectors of twins have."""

    min_frames: int
    """Announcements that carry a claim."""
    min_seconds: float
    """Time over which they come."""
    fresh_seconds: float
    """A clock younger than this has just been started."""
    settled_seconds: float
    """A clock older than this has been here for long."""
    watch_seconds: float
    """How much later than the network itself something appears."""
    chain_seconds: float
    """Goodbyes before a twin belong to it within this time."""
    chain_frames: int
    """Fewer forged goodbyes are no attack."""
    report_from: float
    """Confidence below which the suspicion is not worth a line."""


class RivalParams(TwinParams, frozen=True, forbid_unknown_fields=True):
    """The same for rules by which either of two may be the copy."""

    clear: float
    """Difference of confidence by which one of two that suspect each other is the rogue."""


@dataclass(slots=True)
class Suspicion:
    """One member of a network under suspicion."""

    stranger: Member
    known: list[Member]
    """The members that it may be a copy of."""
    case: Case
    accused: bool = True
    """False where nothing tells which of two is the real one."""


def settle(suspicions: Iterable[Suspicion], clear: float) -> list[Suspicion]:
    """Of members that suspect each other, leave the stronger suspicion.

    Where the two confidences are closer than ``clear``, nobody is accused and only the later case stays.
    """
    left = list(suspicions)
    for one in list(left):
        for two in list(left):
            mutual = (
                one is not two
                and one in left
                and two in left
                and any(m.transmitter is two.stranger.transmitter for m in one.known)
                and any(m.transmitter is one.stranger.transmitter for m in two.known)
            )
            if not mutual:
                continue
            gap = one.case.confidence - two.case.confidence
            weaker = two if gap > 0 or (gap == 0 and one.stranger.first > two.stranger.first) else one
            if abs(gap) < clear:
                weaker = two if one.stranger.first > two.stranger.first else one
                (one if weaker is two else two).accused = False
            left = [s for s in left if s is not weaker]
    return left


def believable(members: Iterable[Member], params: TwinParams) -> list[Member]:
    """Members whose announcements are enough to claim anything from."""
    return [m for m in members if solid(m, params.min_frames, params.min_seconds)]


def weigh(case: Case, looked: View, stranger: Member, known: Sequence[Member], params: TwinParams) -> None:
    """All general evidence on one stranger: what it is, its name, and what happened around it."""
    strangeness(
        case,
        looked,
        stranger,
        shortlist(known, stranger),
        fresh_seconds=params.fresh_seconds,
        settled_seconds=params.settled_seconds,
        watch_seconds=params.watch_seconds,
    )
    if generic(stranger.ssid):
        case.add("generic-name", place(stranger.first))
    against_site(case, looked, stranger, known)
    chain(case, looked, stranger, known, params)


def against_site(case: Case, looked: View, stranger: Member, known: Sequence[Member]) -> None:
    """What the learnt site says of the stranger: known here, changed since, not among those of its name."""
    site, text = looked.world.site, show(stranger.ssid)
    if site is None:
        return
    where = place(stranger.first)
    point = next((p for p in site.access_points if p.bssid == stranger.bssid), None)
    cloned = any(m.bssid == stranger.bssid for m in known)
    if point is not None and not point.accepted:
        case.add("unwanted", where, value=point.note[:80])
    elif point is not None and text in point.ssids and not cloned:
        parts = [what for what, *_ in differences(point, stranger.transmitter.bss) if what != "channel"]
        if parts:
            case.add("changed-since", where, parts=", ".join(parts))
        else:
            case.add("known-here", where, visits=point.visits)
    elif point is None:
        listed = [p.bssid for p in site.access_points if p.accepted and text in p.ssids]
        if listed:
            case.add("not-in-site", where, value=", ".join(listed[:4]), count=len(listed))


def learnt_protection(looked: View, ssid: bytes) -> list[str]:
    """Addresses that the learnt site knows to protect this name."""
    site, text = looked.world.site, show(ssid)
    if site is None:
        return []
    return [
        point.bssid
        for point in site.access_points
        if point.accepted and text in point.ssids and point.security and "open" not in point.security
    ]


def chain(case: Case, looked: View, stranger: Member, known: Sequence[Member], params: TwinParams) -> None:
    """Goodbyes before the twin, and clients that moved to it."""
    world = looked.world
    addresses = {m.bssid for m in known}
    for disassociation in (False, True):
        for burst in bursts(world, disassociation=disassociation):
            soon = -params.chain_seconds <= burst.first.time - stranger.first.time <= params.chain_seconds
            if burst.bssid in addresses and soon and len(burst.frames) >= params.chain_frames:
                case.add(
                    "thrown-off",
                    place(burst.first),
                    value=f"{len(burst.frames)} frames until {burst.last.time:.1f} s",
                    count=len(burst.frames),
                    target=burst.bssid,
                )
    if stranger.bssid in addresses:
        return  # clients of a cloned address cannot be told apart by it
    for client, ref in clients_of(world, stranger.bssid, stranger.first.time):
        if any(earlier < ref and bssid in addresses for earlier, bssid in places_of(world, client)):
            case.add("client-moved", place(ref), value=client, client=client)


def failing(case: Case, looked: View, stranger: Member, known: Sequence[Member]) -> None:
    """Add handshakes that break off at the stranger, or complete.

    An access point that knows the passphrase goes on after the client's proof. One that does not can only ask
    again: it has what it wants by then.
    """
    addresses = {m.bssid for m in known if m.bssid != stranger.bssid}
    done = handshakes(looked.world)
    for (client, bssid), handshake in sorted(done.items()):
        if bssid != stranger.bssid or stranger.bssid in {m.bssid for m in known}:
            continue
        link = looked.world.links.get((client, bssid))
        done_at = handshake.completed or (link.first_protected if link and link.down_protected else None)
        if done_at is not None:
            case.add("knows-key", place(done_at), value=client, client=client)
        elif handshake.failures >= TRIES:
            first = min(handshake.messages[2])
            case.add("breaks-off", place(first), value=client, client=client, count=handshake.failures)
            if any((client, a) in done and done[client, a].completed for a in addresses):
                case.add("good-client", place(first), client=client)


def nearest_first(known: Sequence[Member], stranger: Member) -> list[str]:
    """Addresses of the real ones, the most alike first; at most eight."""
    best = like(shortlist(known, stranger), stranger)
    rest = [m.bssid for m in known if best is None or m.bssid != best.bssid]
    return list(dict.fromkeys([*([best.bssid] if best else []), *rest]))[:8]
