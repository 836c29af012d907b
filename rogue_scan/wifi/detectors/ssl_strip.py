"""Encryption that somebody in between takes away."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.portal import portals
from rogue_scan.wifi.stripping import Strip, strips
from rogue_scan.wifi.traffic import (
    blamed,
    categories,
    claimants,
    host_of,
    is_station,
    net_of,
    site_of,
    span,
    ssids_of,
    words,
)
from rogue_scan.wifi.world import World


@detector("wifi/ssl-strip", NoParams)
def evaluate(world: World, rule: Bound[NoParams]) -> Iterator[Finding]:
    """One finding for each party that delivers a site without its encryption."""
    liars = claimants(net_of(world))
    portal = {(e.ends.bssid, e.ref) for p in portals(world) if p.portal for e in p.served}
    for strip in strips(world):
        case = rule.case()
        plain = strip.plain[0]
        where = place(plain.response or plain.ref)
        if (strip.bssid, strip.server) in liars:
            case.add("spoofs-arp", where, mac=strip.server)
        if (strip.bssid, plain.ref) in portal:
            case.add("portal-page", where, host=strip.host)
        yield from _judge(world, case, strip)


def _judge(world: World, case: Case, strip: Strip) -> Iterator[Finding]:
    plain = strip.plain[0]
    where = place(plain.response or plain.ref)
    actor = blamed(world, strip.bssid, strip.server)
    if strip.elsewhere:
        case.add(
            "other-party",
            where,
            value=f"{plain.status} {plain.host}{plain.path}",
            host=strip.host,
            mac=strip.server,
        )
    if strip.upgraded:
        led = strip.upgraded
        case.add("led-to-https", place(led.response or led.ref), value=led.location[:120], host=strip.host)
        if led.program and plain.program and led.program != plain.program:
            case.add("other-program", where, before=led.program[:40], now=plain.program[:40])
    if strip.session:
        case.add("had-tls", place(strip.session.ref), host=strip.host, version=strip.session.version or "TLS")
    asks = strip.asks
    if asks:
        name = "asks-secrets" if strip.elsewhere or strip.upgraded else "asks-plainly"
        case.add(name, where, what=words(asks))
    form = next(
        (
            f
            for e in strip.plain
            if e.page
            for f in e.page.forms
            if f.action.startswith("http://") and site_of(host_of(f.action)) == site_of(strip.host)
        ),
        None,
    )
    links = [
        t for e in strip.plain if e.page for t in e.page.links if site_of(host_of(t)) == site_of(strip.host)
    ]
    if form or (links and all(t.startswith("http://") for t in links)):
        case.add("links-rewritten", where, count=len(links) + bool(form))
    if strip.host.startswith(("wwww.", "wwwww.")):
        case.add("odd-host", where, host=strip.host)
    if is_station(world, strip.bssid, strip.server):
        case.add("server-is-client", where, mac=strip.server)
    if not strip.elsewhere:
        case.add("same-party", where, host=strip.host)
    first, last = span(strip.refs)
    yield from case.conclude(
        actors=[actor],
        targets=sorted({e.ends.client for e in strip.plain}),
        ssids=ssids_of(world, strip.bssid),
        endpoints=[strip.host],
        data=categories(asks),
        first_seen=first.time,
        last_seen=last.time,
        key=[strip.bssid, strip.host],
        site=strip.host,
    )
