"""Encryption that somebody in between takes away."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi import preload
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.net import personal
from rogue_scan.wifi.net.html import Form
from rogue_scan.wifi.stripping import Strip, strips
from rogue_scan.wifi.traffic import (
    blamed,
    categories,
    claimants,
    host_of,
    is_station,
    net_of,
    secrets,
    site_of,
    span,
    ssids_of,
    words,
)
from rogue_scan.wifi.world import World

_MOST_LINKED = 8
"""Other sites of which it is looked up whether they must be encrypted."""


@detector("wifi/ssl-strip", NoParams)
def evaluate(world: World, rule: Bound[NoParams]) -> Iterator[Finding]:
    """One finding for each party that delivers a site without its encryption."""
    liars = claimants(net_of(world))
    for strip in strips(world):
        case = rule.case()
        where = place(strip.refs[0])
        if (strip.bssid, strip.server) in liars:
            case.add("spoofs-arp", where, mac=strip.server)
        if strip.portal_page:
            case.add("portal-page", where, host=strip.host)
        if strip.before_login:
            check = strip.before_login
            case.add("before-login", place(check.response or check.ref), host=check.host)
        yield from _judge(world, case, strip)


def _judge(world: World, case: Case, strip: Strip) -> Iterator[Finding]:
    plain = strip.plain[0]
    where = place(plain.response or plain.ref)
    actor = blamed(world, strip.bssid, strip.server)
    _before(case, strip)
    if strip.preloaded:
        case.add("preloaded", where, value=f"{plain.status} {plain.host}{plain.path}", host=strip.true_host,
                 list=preload.about())  # fmt: skip
    if strip.rewritten:
        page, count = strip.rewritten
        case.add("links-lost", place(page.response or page.ref), count=count, page=page.host + page.path)
    asks = strip.asks
    if asks:
        strong = strip.elsewhere or strip.upgraded or strip.preloaded or strip.rewritten
        case.add("asks-secrets" if strong else "asks-plainly", where, what=words(asks))
    if strip.took:
        case.add("took-secrets", place(plain.ref), what=words(strip.took))
    _page(case, strip)
    if strip.host != strip.true_host and not strip.host.startswith("web"):
        case.add("odd-host", where, host=strip.host)
    if is_station(world, strip.bssid, strip.server):
        case.add("server-is-client", where, mac=strip.server)
    first, last = span(strip.refs)
    yield from case.conclude(
        actors=[actor],
        targets=sorted({e.ends.client for e in strip.plain}),
        ssids=ssids_of(world, strip.bssid),
        endpoints=[strip.host],
        data=categories(asks | strip.took),
        first_seen=first.time,
        last_seen=last.time,
        key=[strip.bssid, strip.host],
        site=strip.host,
    )


def _before(case: Case, strip: Strip) -> None:
    """What this capture shows of the site with encryption."""
    plain = strip.plain[0]
    where = place(plain.response or plain.ref)
    if strip.elsewhere:
        case.add("other-party", where, value=f"{plain.status} {plain.host}{plain.path}", host=strip.host,
                 mac=strip.server)  # fmt: skip
    elif strip.elsewhere is False:
        case.add("same-party", where, host=strip.host)
    led = strip.upgraded
    if led:
        case.add("led-to-https", place(led.response or led.ref), value=led.location[:120], host=strip.host)
        if led.program and plain.program and led.program != plain.program:
            case.add("other-program", where, before=led.program[:40], now=plain.program[:40])
    if strip.same_page:
        page = strip.same_page
        case.add("same-page", place(page.response or page.ref), page=(page.host + page.path)[:120])
    if strip.session:
        case.add("had-tls", place(strip.session.ref), host=strip.host, version=strip.session.version or "TLS")
    if strip.policy:
        case.add("hsts-gone", place(strip.policy.response or strip.policy.ref), host=strip.host)


def _page(case: Case, strip: Strip) -> None:
    """What the plain pages themselves show."""
    where = place(strip.refs[0])
    own = site_of(strip.host)
    pages = [e.page for e in strip.plain if e.page]
    links = [target for page in pages for target in page.links]
    mine = [t for t in links if site_of(host_of(t)) == own]
    forms = [form for page in pages for form in page.forms]
    plain_form = any(f.action.startswith("http://") and site_of(host_of(f.action)) == own for f in forms)
    if plain_form or (mine and all(t.startswith("http://") for t in mine)):
        case.add("links-rewritten", where, count=len(mine) + plain_form)
    others = [t for t in links if site_of(host_of(t)) != own]
    hosts = sorted({host_of(t) for t in others})[:_MOST_LINKED]
    known = [h for h in hosts if preload.is_preloaded(h)]
    if len(known) > 1 and not any(t.startswith("https://") for t in others):
        case.add("known-links-plain", where, hosts=", ".join(known))
    asking = [f for f in forms if f.action and _wants(f)]
    if asking and all(f.action.startswith("https://") for f in asking):
        case.add("form-encrypted", where, target=host_of(asking[0].action))
    elif asking and all(site_of(host_of(f.action)) != own for f in asking):
        case.add("form-elsewhere", where, host=strip.host, target=host_of(asking[0].action))


def _wants(form: Form) -> bool:
    """Whether a form asks for anything of a data category."""
    return any(secrets(personal.of_field(field)) for field in form.fields)
