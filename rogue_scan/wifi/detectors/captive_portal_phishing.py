"""Portals that ask for what no network needs."""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi.detectors._portal_signs import honest_portal
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.net import personal
from rogue_scan.wifi.net.html import Form
from rogue_scan.wifi.portal import Portal, portals
from rogue_scan.wifi.traffic import (
    categories,
    host_of,
    is_station,
    leads_away,
    secrets,
    site_of,
    span,
    ssids_of,
    words,
)
from rogue_scan.wifi.world import World

_PASSWORD, _CODE = "account-password", "sms"
_GRAVE = frozenset({"identity-number", "bank-account", "health", "camera", "contacts"})


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Marks of portal kits."""

    field_marks: dict[str, str]
    """Name of a form field → the kit that uses it."""
    address_marks: dict[str, str]
    """Server address → the kit that uses it by default."""


@detector("wifi/captive-portal-phishing", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each portal, or server inside a network, that asks for secrets."""
    for portal in portals(world):
        yield from _judge(world, rule, portal)


def _judge(world: World, rule: Bound[Params], portal: Portal) -> Iterator[Finding]:
    case = rule.case()
    asked, took = _asks(case, portal), _takes(case, portal)
    kinds = {kind for wanted in (*asked.values(), *took.values()) for kind in wanted}
    if not kinds:
        return
    _ways(case, portal)
    _page(case, portal)
    if is_station(world, portal.site.bssid, portal.actor):
        case.add("server-is-client", place(portal.served[0].ref), mac=portal.actor)
    _marks(case, rule.params, portal)
    honest_portal(case, portal.site)
    first, last = span(portal.refs)
    yield from case.conclude(
        actors=[portal.actor],
        targets=sorted({*asked, *took}),
        ssids=ssids_of(world, portal.site.bssid),
        endpoints=sorted({f"http://{e.host}{e.path}" for e, _ in portal.asks()} | {portal.address}),
        data=categories(kinds),
        first_seen=first.time,
        last_seen=last.time,
        key=[portal.site.bssid, portal.address],
        what=words(kinds),
    )


def _asks(case: Case, portal: Portal) -> dict[str, set[str]]:
    """Client → kinds of secrets that pages ask it for."""
    clients: dict[str, set[str]] = {}
    for exchange, asked in portal.asks():
        wanted = secrets(asked)
        if not wanted:
            continue
        where = place(exchange.response or exchange.ref)
        title = exchange.page.title[:80] if exchange.page else ""
        page = exchange.host + exchange.path
        case.add(f"asks-{_degree(wanted)}", where, value=title or None, what=words(wanted), page=page)
        clients.setdefault(exchange.ends.client, set()).update(wanted)
        for form in exchange.page.forms if exchange.page else ():
            target = host_of(form.action)
            if target and site_of(target) != site_of(exchange.host) and not portal.site.local(target):
                case.add("sends-elsewhere", where, target=target)
    return clients


def _takes(case: Case, portal: Portal) -> dict[str, set[str]]:
    """Client → kinds of secrets that it gave."""
    clients: dict[str, set[str]] = {}
    for exchange, sent in portal.took():
        given = secrets(sent)
        if not given:
            continue
        value = f"{exchange.method} {exchange.path}"
        client = exchange.ends.client
        case.add(f"took-{_degree(given)}", place(exchange.ref), value=value, what=words(given), client=client)
        clients.setdefault(client, set()).update(given)
    return clients


def _ways(case: Case, portal: Portal) -> None:
    """How clients come there."""
    if portal.led:
        led = portal.led[0]
        target = leads_away(led)[:120]
        case.add("leads-here", place(led.response or led.ref), value=target, host=led.host, target=target)
    if portal.hijacked:
        case.add("names-hijacked", place(portal.hijacked[0]), address=portal.address)
    if portal.imposed:
        hosts = sorted({e.host for e in portal.imposed})
        answer = portal.imposed[0]
        case.add("imposed", place(answer.response or answer.ref), value=hosts[0], hosts=", ".join(hosts[:5]))
    if not portal.portal:
        case.add("not-led", place(portal.served[0].ref))


def _page(case: Case, portal: Portal) -> None:
    """What else the pages do."""
    asking = [f for e, _ in portal.asks() for f in (e.page.forms if e.page else ()) if _wants(f)]
    if asking and all(form.action.startswith("https://") for form in asking):
        case.add("form-encrypted", place(portal.served[0].ref), target=host_of(asking[0].action))
    for _, target, kind in portal.links():
        case.add("offers-app", place(portal.served[0].ref), value=target[-80:], kind=kind)
        break
    socket = next((e for e in portal.served if e.upgrade == "websocket"), None)
    if socket:
        case.add("open-channel", place(socket.response or socket.ref), value=socket.path[:120])


def _degree(kinds: set[str]) -> str:
    """How grave it is that a network asks for these kinds: the gravest part of an evidence name."""
    if kinds & _GRAVE:
        return "secrets"
    if _PASSWORD in kinds:
        return "password"
    return "code" if _CODE in kinds else "contact" if kinds else ""


def _wants(form: Form) -> bool:
    """Whether a form asks for anything of a data category."""
    return any(secrets(personal.of_field(field)) for field in form.fields)


def _marks(case: Case, params: Params, portal: Portal) -> None:
    """Marks of known portal kits."""
    kit = params.address_marks.get(portal.address)
    if kit:
        case.add("kit-address", place(portal.served[0].ref), value=portal.address, kit=kit)
    for exchange in portal.served:
        fields = {f.name for form in (exchange.page.forms if exchange.page else ()) for f in form.fields}
        for used in sorted(fields | {item.name for item in exchange.sent}):
            if used in params.field_marks:
                case.add(
                    "kit-field", place(exchange.ref), value=used, kit=params.field_marks[used], field=used
                )
                return
