"""A device that says other devices' addresses are its own."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.net.fold import NetFold
from rogue_scan.wifi.net.records import ArpClaim, Exchange, RouteChange
from rogue_scan.wifi.traffic import is_station, net_of, span, ssids_of
from rogue_scan.wifi.world import World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_claims: int
    """False claims by one device for one address."""
    shared_prefixes: tuple[str, ...]
    """Addresses that routers share on purpose (VRRP, HSRP, CARP …)."""


_MOST_SUSPECTS = 64
"""Devices that are reported, those with most claims: more are made up by a flood."""


@dataclass(frozen=True, slots=True)
class _False:
    """One address that a device claims though it is another one's."""

    claim: ArpClaim
    truth: ArpClaim | None
    """The owner's own claim."""
    owner: str


class _Net:
    """The records that the rule asks for, by BSS and device."""

    def __init__(self, net: NetFold) -> None:
        self.given: dict[tuple[str, str], str] = {}
        """(BSS, IP) → client that it was handed out to, the last one."""
        self.served: dict[tuple[str, str], str] = {}
        """(BSS, IP) → DHCP server there, the first one."""
        self.routers: dict[str, dict[str, set[str]]] = {}
        """BSS → IP of a router or server → DHCP servers that name it."""
        for message in net.dhcp:
            if message.kind == "ack":
                self.given[message.bssid, message.offered] = message.client
            self.served.setdefault((message.bssid, message.server_ip), message.server)
            for address in (*message.routers, message.server_ip):
                named = self.routers.setdefault(message.bssid, {})
                named.setdefault(address, set()).add(message.server)
        self.own: dict[tuple[str, str], list[ArpClaim]] = {}
        """(BSS, claimed MAC) → claims."""
        self.repairs: dict[tuple[str, str], ArpClaim] = {}
        """(BSS, sender) → a claim that it makes for somebody else."""
        for claim in net.claims.values():
            self.own.setdefault((claim.bssid, claim.mac), []).append(claim)
            if claim.sender != claim.mac:
                self.repairs.setdefault((claim.bssid, claim.sender), claim)
        self.carried: dict[tuple[str, str], Exchange] = {}
        """(BSS, MAC) → an answer of others that it handed over."""
        for exchange in net.exchanges:
            ends = exchange.ends
            if ends.handed_by and ends.handed_by != ends.server:
                self.carried.setdefault((ends.bssid, ends.handed_by), exchange)
        self.hints: dict[tuple[str, str], RouteChange] = {}
        for change in net.routes:
            self.hints.setdefault((change.bssid, change.sender), change)

    def owner(self, bssid: str, address: str, claims: list[ArpClaim]) -> str:
        """To whom an address belongs: who was given it, else who serves under it, else who had it first."""
        key = (bssid, address)
        return self.given.get(key) or self.served.get(key) or min(claims, key=lambda c: c.first).mac


@detector("wifi/arp-spoof", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each device that claims addresses of others in a BSS."""
    net = net_of(world)
    by_address: dict[tuple[str, str], list[ArpClaim]] = {}
    for claim in net.claims.values():
        by_address.setdefault((claim.bssid, claim.ip), []).append(claim)
    known = _Net(net)
    false: dict[tuple[str, str], list[_False]] = {}
    for (bssid, address), claims in sorted(by_address.items()):
        owner = known.owner(bssid, address, claims)
        truth = next((c for c in claims if c.mac == owner), None)
        for claim in claims:
            if claim.mac != owner and _count(claim) >= rule.params.min_claims:
                false.setdefault((bssid, claim.mac), []).append(_False(claim, truth, owner))
    most = sorted(false.items(), key=lambda item: -sum(_count(row.claim) for row in item[1]))
    for (bssid, mac), rows in sorted(most[:_MOST_SUSPECTS], key=lambda item: item[0]):
        yield from _judge(world, known, rule, bssid, mac, rows)


def _judge(
    world: World, known: _Net, rule: Bound[Params], bssid: str, mac: str, rows: list[_False]
) -> Iterator[Finding]:
    case = rule.case()
    key = (bssid, mac)
    routers = known.routers.get(bssid, {})
    owners = {row.owner for row in rows}
    for row in rows:
        claim = row.claim
        name = "claims-router" if routers.get(claim.ip, set()) - {mac} else "claims-address"
        for ref in claim.refs[:4]:
            case.add(
                name, place(ref), value=claim.ip, mac=mac, ip=claim.ip, owner=row.owner, count=_count(claim)
            )
        if claim.unsolicited:
            case.add("unasked", place(claim.refs[0]), count=claim.unsolicited)
    if len(owners) > 1:
        case.add("both-ways", place(rows[1].claim.first), owners=" and ".join(sorted(owners)))
    false = {row.claim.ip for row in rows}
    own = next((c for c in known.own.get(key, ()) if c.ip not in false), None)
    if own:
        case.add("own-address", place(own.first), ip=own.ip)
    carried = known.carried.get(key)
    if carried:
        case.add("carries", place(carried.response or carried.ref), host=carried.host)
    hint = known.hints.get(key)
    if hint:
        case.add("redirects", place(hint.ref), gateway=hint.gateway)
    repair = known.repairs.get(key)
    if repair:
        case.add("repairs", place(repair.first), ip=repair.ip, mac=repair.mac)
    if is_station(world, bssid, mac):
        case.add("is-client", place(rows[0].claim.first))
    if mac.startswith(rule.params.shared_prefixes):
        case.add("shared-address", place(rows[0].claim.first))
    gone = next((row for row in rows if not _still_there(world, bssid, row)), None)
    if gone:
        case.add("owner-gone", place(gone.claim.first), owner=gone.owner)
    first, last = span(ref for row in rows for ref in (*row.claim.refs, row.claim.last))
    yield from case.conclude(
        actors=[mac],
        targets=[*owners, *(t for row in rows for t in row.claim.told)],
        ssids=ssids_of(world, bssid),
        first_seen=first.time,
        last_seen=last.time,
        key=[bssid],
        address=", ".join(sorted(false)),
    )


def _count(claim: ArpClaim) -> int:
    """Frames that put the claim into caches."""
    return claim.unsolicited + claim.gratuitous + claim.requests


def _still_there(world: World, bssid: str, row: _False) -> bool:
    """Whether the owner was heard after the false claim."""
    if row.truth is None:
        return False
    if row.truth.last >= row.claim.first:
        return True
    bss = world.bss.get(bssid) if row.owner == bssid else None
    seen = bss or world.links.get((row.owner, bssid))
    return seen is not None and seen.seen.last > row.claim.first
