"""Names that are answered with addresses of whoever runs the network."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi.detectors._portal_signs import honest_portal
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.net.records import DnsAnswer
from rogue_scan.wifi.traffic import (
    Site,
    blamed,
    hijacked,
    is_public_name,
    is_station,
    net_of,
    secrets,
    site_of,
    sites,
    span,
    ssids_of,
    words,
)
from rogue_scan.wifi.world import World

_MOST_ANSWERS = 16
"""Answers to one question that are compared."""


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    many_sites: int
    """Unrelated sites under one address that no accident explains."""
    race_seconds: float
    """Time within which two different answers to one question are a race."""


@detector("wifi/dns-hijack", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each device that answers names falsely in a BSS."""
    all_sites = sites(net_of(world))
    for site in all_sites:
        servers: dict[str, list[DnsAnswer]] = {}
        for answer in site.dns:
            if answer.addresses:
                servers.setdefault(answer.server, []).append(answer)
        by_actor: dict[str, list[DnsAnswer]] = {}
        for mac, answers in servers.items():
            by_actor.setdefault(blamed(world, site.bssid, mac), []).extend(answers)
        for actor, answers in sorted(by_actor.items()):
            yield from _judge(world, rule, all_sites, site, actor, answers)


def _judge(
    world: World, rule: Bound[Params], all_sites: list[Site], site: Site, actor: str, answers: list[DnsAnswer]
) -> Iterator[Finding]:
    false = [(a, address) for a in answers for address in hijacked(site, a)]
    groups: dict[str, list[DnsAnswer]] = {}
    for answer, address in false:
        groups.setdefault(address, []).append(answer)
    raced = list(_races(site, answers, rule.params.race_seconds))
    if not groups and not raced:
        return
    case = rule.case()
    address, members = max(groups.items(), key=lambda g: len({a.name for a in g[1]})) if groups else ("", [])
    _named(case, site, members, address, rule.params)
    _served(case, site, members, address)
    _asked(case, site, address)
    for answer, other in raced[:4]:
        case.add(
            "race",
            place(answer.ref),
            value=answer.name,
            host=answer.name,
            mine=", ".join(answer.addresses),
            other=", ".join(other.addresses),
        )
    truth = _contradiction(all_sites, site, members)
    if truth:
        case.add(
            "contradicted",
            place(truth.ref),
            value=truth.name,
            host=truth.name,
            mine=address,
            other=", ".join(truth.addresses),
            server=truth.server_ip,
        )
    if is_station(world, site.bssid, actor):
        case.add("server-is-client", place(answers[0].ref), mac=actor)
    honest = next(
        (a for a in answers if is_public_name(a.name) and not any(site.local(x) for x in a.addresses)), None
    )
    if honest:
        case.add("true-answers", place(honest.ref), host=honest.name, address=", ".join(honest.addresses))
    honest_portal(case, site)
    first, last = span([a.ref for a, _ in false] + [a.ref for a, _ in raced])
    yield from case.conclude(
        actors=[actor],
        targets=[*(a.client for a, _ in false), *(a.client for a, _ in raced)],
        ssids=ssids_of(world, site.bssid),
        endpoints=sorted(groups) or sorted({x for a, _ in raced for x in a.addresses}),
        first_seen=first.time,
        last_seen=last.time,
        key=[site.bssid],
        count=len({a.name for a, _ in false} | {a.name for a, _ in raced}),
        address=address or ", ".join(raced[0][0].addresses),
    )


def _named(case: Case, site: Site, members: list[DnsAnswer], address: str, params: Params) -> None:
    """How many names lead to the address, and whether it is the server's own."""
    names = {site_of(a.name): a for a in reversed(members)}
    if len(names) >= params.many_sites:
        case.add(
            "many-names",
            place(members[0].ref),
            value=address,
            count=len(names),
            address=address,
            sites=", ".join(sorted(names)[:5]),
        )
    elif len(names) == 2:
        case.add(
            "two-names",
            place(members[0].ref),
            value=address,
            address=address,
            sites=" and ".join(sorted(names)),
        )
    if address in site.servers:
        case.add(
            "own-address", place(members[0].ref), value=members[0].name, host=members[0].name, address=address
        )


def _served(case: Case, site: Site, members: list[DnsAnswer], address: str) -> None:
    """Whether the false address then answers for the foreign hosts, by leading away from them."""
    names = {a.name for a in members}
    for exchange, target in site.away:
        if exchange.ends.server_ip == address and exchange.host in names and target.startswith("http://"):
            case.add(
                "leads-away",
                place(exchange.response or exchange.ref),
                value=target[:120],
                host=exchange.host,
                target=target[:120],
            )
            return


def _asked(case: Case, site: Site, address: str) -> None:
    """Whether the server at the false address asks for, or takes, personal secrets."""
    for exchange in site.exchanges:
        kinds = {kind for item in exchange.sent if item.by_name for kind in item.kinds}
        kinds |= set(exchange.page.asks) if exchange.page else set()
        if exchange.ends.server_ip == address and secrets(kinds):
            case.add("asks-secrets", place(exchange.ref), address=address, what=words(secrets(kinds)))
            return


def _races(site: Site, answers: list[DnsAnswer], seconds: float) -> Iterator[tuple[DnsAnswer, DnsAnswer]]:
    """Answers to a question that somebody else answered differently: (suspect, other)."""
    suspects = [a for a in answers if any(site.local(address) for address in a.addresses)]
    if not suspects:
        return
    honest: dict[tuple[object, ...], list[DnsAnswer]] = {}
    for answer in site.dns:
        if answer.addresses and not any(site.local(address) for address in answer.addresses):
            same = honest.setdefault(_question(answer), [])
            if len(same) < _MOST_ANSWERS:
                same.append(answer)
    for answer in suspects:
        for other in honest.get(_question(answer), ()):
            if other.server != answer.server and abs(other.ref.time - answer.ref.time) <= seconds:
                yield answer, other
                break


def _question(answer: DnsAnswer) -> tuple[object, ...]:
    return answer.name, answer.type, answer.transaction, answer.client_ip


def _contradiction(all_sites: list[Site], site: Site, members: list[DnsAnswer]) -> DnsAnswer | None:
    """An answer from elsewhere that gives a public address for a name answered with a local one."""
    names = {a.name for a in members}
    servers = {a.server for a in members}
    for other in all_sites:
        for answer in other.dns:
            if answer.name not in names or answer.server in servers or not answer.addresses:
                continue
            if not any(site.local(x) or other.local(x) for x in answer.addresses):
                return answer
    return None
