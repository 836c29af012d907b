"""A device that says other devices' addresses are its own."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.net.fold import NetFold
from rogue_scan.wifi.net.records import ArpClaim
from rogue_scan.wifi.traffic import is_station, net_of, span, ssids_of
from rogue_scan.wifi.world import World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_claims: int
    """False claims by one device for one address."""
    shared_prefixes: tuple[str, ...]
    """Addresses that routers share on purpose (VRRP, HSRP, CARP …)."""


@detector("wifi/arp-spoof", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each device that claims addresses of others in a BSS."""
    net = net_of(world)
    by_address: dict[tuple[str, str], list[ArpClaim]] = {}
    for claim in net.claims.values():
        by_address.setdefault((claim.bssid, claim.ip), []).append(claim)
    false: dict[tuple[str, str], list[tuple[ArpClaim, ArpClaim | None, str]]] = {}
    for (bssid, address), claims in sorted(by_address.items()):
        owner = _owner(net, bssid, address, claims)
        truth = next((c for c in claims if c.mac == owner), None)
        for claim in claims:
            if claim.mac != owner and _count(claim) >= rule.params.min_claims:
                false.setdefault((bssid, claim.mac), []).append((claim, truth, owner))
    for (bssid, mac), rows in sorted(false.items()):
        yield from _judge(world, net, rule, bssid, mac, rows)


def _judge(
    world: World,
    net: NetFold,
    rule: Bound[Params],
    bssid: str,
    mac: str,
    rows: list[tuple[ArpClaim, ArpClaim | None, str]],
) -> Iterator[Finding]:
    case = rule.case()
    routers = {
        ip for m in net.dhcp if m.bssid == bssid and m.server != mac for ip in (*m.routers, m.server_ip)
    }
    owners = {owner for _, _, owner in rows}
    claim = rows[0][0]
    for claim, _, owner in rows:
        name = "claims-router" if claim.ip in routers else "claims-address"
        for ref in claim.refs[:4]:
            case.add(name, place(ref), value=claim.ip, mac=mac, ip=claim.ip, owner=owner, count=_count(claim))
        if claim.unsolicited:
            case.add("unasked", place(claim.refs[0]), count=claim.unsolicited)
    if len(owners) > 1:
        case.add("both-ways", place(rows[1][0].refs[0]), owners=" and ".join(sorted(owners)))
    own = next(
        (
            c
            for c in net.claims.values()
            if c.bssid == bssid and c.mac == mac and c.ip not in {r[0].ip for r in rows}
        ),
        None,
    )
    if own:
        case.add("own-address", place(own.first), ip=own.ip)
    carried = next(
        (e for e in net.exchanges if e.ends.bssid == bssid and e.ends.handed_by == mac != e.ends.server), None
    )
    if carried:
        case.add("carries", place(carried.response or carried.ref), host=carried.host)
    hint = next((r for r in net.routes if r.bssid == bssid and r.sender == mac), None)
    if hint:
        case.add("redirects", place(hint.ref), gateway=hint.gateway)
    repair = next((c for c in net.claims.values() if c.bssid == bssid and c.sender == mac != c.mac), None)
    if repair:
        case.add("repairs", place(repair.first), ip=repair.ip, mac=repair.mac)
    if is_station(world, bssid, mac):
        case.add("is-client", place(world.links[mac, bssid].seen.first))
    if mac.startswith(rule.params.shared_prefixes):
        case.add("shared-address", place(rows[0][0].first))
    for false, truth, owner in rows:
        if truth is None or (truth.last < false.first and not _heard_after(world, bssid, owner, false)):
            case.add("owner-gone", place(false.first), owner=owner)
            break
    first, last = span(ref for false, _, _ in rows for ref in (*false.refs, false.last))
    yield from case.conclude(
        actors=[mac],
        targets=[*owners, *(t for false, _, _ in rows for t in false.told)],
        ssids=ssids_of(world, bssid),
        first_seen=first.time,
        last_seen=last.time,
        key=[bssid],
        address=", ".join(sorted(false.ip for false, _, _ in rows)),
    )


def _count(claim: ArpClaim) -> int:
    """Frames that put the claim into caches."""
    return claim.unsolicited + claim.gratuitous + claim.requests


def _owner(net: NetFold, bssid: str, address: str, claims: list[ArpClaim]) -> str:
    """To whom an address belongs: who was given it, else who serves under it, else who had it first."""
    given = [m for m in net.dhcp if m.bssid == bssid and m.kind == "ack" and m.offered == address]
    if given:
        return given[-1].client
    served = next((m for m in net.dhcp if m.bssid == bssid and m.server_ip == address), None)
    if served:
        return served.server
    return min(claims, key=lambda c: c.first).mac


def _heard_after(world: World, bssid: str, owner: str, claim: ArpClaim) -> bool:
    """Whether the owner was still there after the claim."""
    if owner == bssid:
        bss = world.bss.get(bssid)
        return bss is not None and bss.seen.last > claim.first
    link = world.links.get((owner, bssid))
    return link is not None and link.seen.last > claim.first
