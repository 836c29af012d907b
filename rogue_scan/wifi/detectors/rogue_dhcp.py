"""A device that hands out addresses, and itself as router or name server, in somebody else's network."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.net.records import DhcpMessage
from rogue_scan.wifi.traffic import Site, is_station, net_of, sites, span, ssids_of
from rogue_scan.wifi.world import World

_REFUSAL_SECONDS = 10.0
_MOST_SUSPECTS = 16
"""Servers of one BSS that are looked at, the first ones: more are made up by a flood."""


@detector("wifi/rogue-dhcp", NoParams)
def evaluate(world: World, rule: Bound[NoParams]) -> Iterator[Finding]:
    """One finding for each suspicious server of a BSS."""
    for site in sites(net_of(world)):
        servers: dict[str, list[DhcpMessage]] = {}
        for message in site.dhcp:
            servers.setdefault(message.server, []).append(message)
        stations = [mac for mac in servers if is_station(world, site.bssid, mac)]
        others = [mac for mac in servers if mac not in stations]
        suspects = stations or others[1:]  # of servers behind the access point, the one that came later
        for mac in suspects[:_MOST_SUSPECTS]:
            yield from _judge(world, rule, site, mac, servers)


def _judge(
    world: World, rule: Bound[NoParams], site: Site, mac: str, servers: dict[str, list[DhcpMessage]]
) -> Iterator[Finding]:
    given = [m for m in servers[mac] if m.kind != "nak"]
    if not given:
        return
    case = rule.case()
    first, last = span(m.ref for m in given)
    others = {other: rows for other, rows in servers.items() if other != mac}
    if is_station(world, site.bssid, mac):
        case.add("server-is-client", place(first), mac=mac)
    taken = given[0].server_ip
    selfish = next((m for m in given if taken in m.routers or taken in m.name_servers), None)
    if selfish:
        roles = [
            r for r, f in (("router", selfish.routers), ("name server", selfish.name_servers)) if taken in f
        ]
        case.add("hands-out-itself", place(selfish.ref), value=taken, ip=taken, role=" and ".join(roles))
    theirs = [m for rows in others.values() for m in rows if m.kind != "nak"]
    answers = {(m.routers, m.name_servers) for m in given}
    different = next((m for m in theirs if (m.routers, m.name_servers) not in answers), None)
    if different:
        case.add(
            "other-server",
            place(different.ref),
            other=different.server,
            router=", ".join(different.routers) or "none",
            mine=", ".join(given[0].routers) or "none",
        )
    elif theirs:
        case.add("same-answers", place(theirs[0].ref), other=theirs[0].server)
    when = {m.client: m.ref.time for m in reversed(given)}
    refusal = next(
        (
            m
            for rows in others.values()
            for m in rows
            if m.kind == "nak" and 0 <= m.ref.time - when.get(m.client, float("inf")) < _REFUSAL_SECONDS
        ),
        None,
    )
    if refusal:
        case.add("refused", place(refusal.ref), other=refusal.server)
    leased = next((m for m in theirs if m.client == mac), None)
    if leased:
        case.add("leased-itself", place(leased.ref), other=leased.server, ip=leased.offered)
    proxy = next((m for m in given if m.proxy), None)
    if proxy:
        case.add("proxy", place(proxy.ref), url=proxy.proxy[:120])
    yield from case.conclude(
        actors=[mac],
        targets=[*others, *(m.client for m in given if m.kind == "ack")],
        ssids=ssids_of(world, site.bssid),
        endpoints=sorted({*given[0].routers, *given[0].name_servers}),
        first_seen=first.time,
        last_seen=last.time,
        key=[site.bssid],
        beside=f" beside {', '.join(sorted(others))}" if others else "",
    )
