"""Networks that offer programs to install."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.net.carve import kind_of_name
from rogue_scan.wifi.portal import Portal, portals
from rogue_scan.wifi.traffic import is_station, secrets, span, ssids_of
from rogue_scan.wifi.world import World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as what."""

    kinds: dict[str, str]
    """Kind of file → its name for people; kinds that are not here are not reported."""
    settings: tuple[str, ...]
    """Kinds that change the settings of a device rather than run on it."""
    stores: tuple[str, ...]
    """Hosts of app stores."""


@detector("wifi/app-push", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each portal, or server inside a network, that offers programs."""
    for portal in portals(world):
        yield from _judge(world, rule, portal)


def _judge(world: World, rule: Bound[Params], portal: Portal) -> Iterator[Finding]:
    params = rule.params
    case = rule.case()
    refs = []
    names: list[str] = []
    endpoints: set[str] = set()
    victims: set[str] = set()
    for offer in portal.offers:
        if offer.kind not in params.kinds:
            continue
        where = place(offer.first)
        what = params.kinds[offer.kind]
        case.add(
            "served",
            where,
            value=f"{offer.name[:80]} ({offer.size} bytes)",
            file=offer.name[:80],
            what=what,
            client=offer.ends.client,
        )
        case.add(
            "rebuilt" if offer.complete else "incomplete",
            place(offer.last),
            value=f"sha256 {offer.sha256}",
            received=offer.received,
            size=offer.size,
        )
        if offer.kind in params.settings:
            case.add("changes-settings", where, what=what)
        by_name = kind_of_name(offer.name)
        if by_name and by_name != offer.kind and {by_name, offer.kind} != {"apk", "xapk"}:
            case.add("misnamed", where, file=offer.name[:80], what=what)
        refs += [offer.first, offer.last]
        names.append(offer.name[:80])
        endpoints.add(f"http://{offer.host}{offer.path}")
        victims.add(offer.ends.client)
    for exchange, target, kind in portal.links():
        if kind not in params.kinds:
            continue
        ref = exchange.response or exchange.ref
        case.add(
            "linked",
            place(ref),
            value=target[-120:],
            page=exchange.host + exchange.path,
            what=params.kinds[kind],
        )
        refs.append(ref)
        names.append(urlsplit(target).path.rsplit("/", 1)[-1][:80])
        endpoints.add(target)
        victims.add(exchange.ends.client)
    if not names:
        return
    _surroundings(case, portal, params)
    if is_station(world, portal.site.bssid, portal.actor):
        case.add("server-is-client", place(refs[0]), mac=portal.actor)
    first, last = span(refs)
    yield from case.conclude(
        actors=[portal.actor],
        targets=sorted(victims),
        ssids=ssids_of(world, portal.site.bssid),
        endpoints=sorted(endpoints),
        first_seen=first.time,
        last_seen=last.time,
        key=[portal.site.bssid, portal.address],
        file=", ".join(dict.fromkeys(names)),
    )


def _surroundings(case: Case, portal: Portal, params: Params) -> None:
    """What else the server does, for and against it."""
    if portal.portal and "served" in case:
        case.add("portal", place(min([*portal.hijacked, *(e.ref for e in (*portal.led, *portal.imposed))])))
        if any(secrets(kinds) for _, kinds in portal.asks()):
            case.add("asks-secrets", place(next(portal.asks())[0].ref))
    store = next(
        (
            e
            for e in portal.served
            for t in (e.page.links if e.page else ())
            if urlsplit(t).hostname in params.stores
        ),
        None,
    )
    if store:
        case.add("store-link", place(store.response or store.ref))
