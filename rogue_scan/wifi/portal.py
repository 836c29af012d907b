"""Portals: the servers to which a network leads its clients, and what they asked, took and offered."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rogue_scan.rules.files import builtin, read_yaml
from rogue_scan.wifi.net.carve import kind_of_name
from rogue_scan.wifi.net.records import Exchange, Offer
from rogue_scan.wifi.traffic import (
    Site,
    blamed,
    hijacked,
    host_of,
    is_address,
    net_of,
    site_of,
    sites,
)
from rogue_scan.wifi.world import Ref, World

_MOST_PORTALS = 64
"""Servers that are looked at: true portals first, then those that answered most."""


@dataclass
class Portal:
    """One server of one BSS to which clients were led, or that belongs to the network."""

    site: Site
    actor: str
    """Who is behind it: a client's address, else the BSSID."""
    address: str
    """IP address of the server."""
    led: list[Exchange] = field(default_factory=list)
    """Answers for other hosts that lead here."""
    hijacked: list[Ref] = field(default_factory=list)
    """Answers of the name server that put other names here."""
    imposed: list[Exchange] = field(default_factory=list)
    """Pages put in the place of other hosts' ones, whatever address was asked."""
    served: list[Exchange] = field(default_factory=list)
    """What it answered itself."""
    offers: list[Offer] = field(default_factory=list)

    @property
    def portal(self) -> bool:
        """Whether clients were led here rather than going by themselves."""
        return bool(self.led or self.hijacked or self.imposed)

    @property
    def refs(self) -> list[Ref]:
        """All frames of it."""
        found = [*self.hijacked, *(e.response or e.ref for e in self.led)]
        return found + [e.ref for e in self.served] + [o.first for o in self.offers]

    def asks(self) -> Iterator[tuple[Exchange, frozenset[str]]]:
        """Pages with forms, and the kinds that they ask for."""
        for exchange in self.served:
            if exchange.page and exchange.page.asks:
                yield exchange, frozenset(exchange.page.asks)

    def took(self) -> Iterator[tuple[Exchange, frozenset[str]]]:
        """Requests with parameters, and the kinds that were sent."""
        for exchange in self.served:
            kinds = frozenset(kind for item in exchange.sent for kind in item.kinds)
            if kinds:
                yield exchange, kinds

    def links(self) -> Iterator[tuple[Exchange, str, str]]:
        """(page, target, kind) of links to files that can act on a device."""
        for exchange in self.served:
            for target in exchange.page.links if exchange.page else ():
                kind = (
                    "profile" if target.startswith("itms-services") else kind_of_name(urlsplit(target).path)
                )
                if kind:
                    yield exchange, target, kind


def portals(world: World) -> list[Portal]:
    """All portals and all other servers inside open networks, by BSS and address."""
    net = net_of(world)
    found: dict[tuple[str, str], Portal] = {}
    for site in sites(net):
        names: dict[str, set[str]] = {}
        for answer in site.dns:
            for address in answer.addresses:
                names.setdefault(answer.name, set()).add(address)
        macs = {e.ends.server_ip: e.ends.server for e in reversed(site.exchanges) if e.ends.server}

        def at(address: str, mac: str = "", site: Site = site, macs: dict[str, str] = macs) -> Portal:
            key = (site.bssid, address)
            if key not in found:
                actor = blamed(world, site.bssid, mac or macs.get(address, site.bssid))
                found[key] = Portal(site, actor, address)
            return found[key]

        for exchange, target in site.away:
            if target.startswith("http://"):
                name = host_of(target)
                for address in [name] if is_address(name) else sorted(names.get(name, ())):
                    at(address, exchange.ends.server).led.append(exchange)
        for answer in site.dns:
            for address in hijacked(site, answer):
                if address in macs:
                    at(address).hijacked.append(answer.ref)
        for exchange in _imposed(site):
            at(exchange.ends.server_ip, exchange.ends.server).imposed.append(exchange)
        for exchange in site.exchanges:
            address = exchange.ends.server_ip
            if (site.bssid, address) in found or site.local(address):
                at(address).served.append(exchange)
        for offer in net.offers:
            if offer.ends.bssid == site.bssid and (site.bssid, offer.ends.server_ip) in found:
                at(offer.ends.server_ip).offers.append(offer)
    merged = _merged([found[key] for key in sorted(found)])
    most = sorted(merged, key=lambda p: (not p.portal, -len(p.served)))[:_MOST_PORTALS]
    return sorted(most, key=lambda p: (p.site.bssid, p.address))


@functools.cache
def probes() -> frozenset[str]:
    """Hosts that devices ask by themselves to find out whether they are online."""
    table, _ = read_yaml(builtin() / "wifi" / "_portals" / "probes.yml", trusted=True)
    return frozenset(str(host) for host in table["hosts"])


def _imposed(site: Site) -> list[Exchange]:
    """Pages with forms that answer for hosts they do not belong to.

    The place of a connectivity check, or the same page for unrelated hosts, shows a network that answers
    whatever address is asked.
    """
    pages: dict[object, list[Exchange]] = {}
    for exchange in site.exchanges:
        page = exchange.page
        if page and page.asks and exchange.host and not is_address(exchange.host):
            fields = tuple(f.name for form in page.forms for f in form.fields)
            pages.setdefault((page.title, fields), []).append(exchange)
    found: list[Exchange] = []
    for members in pages.values():
        hosts = {site_of(e.host) for e in members} - {site_of(name) for name in site.own_names}
        if len(hosts) > 1 or any(e.host in probes() for e in members):
            found += members
    return sorted(found, key=lambda e: e.ref)


def _merged(portals: list[Portal]) -> list[Portal]:
    """Portals of one BSS with the same party behind them are one: kits use several addresses."""
    result: list[Portal] = []
    first: dict[tuple[str, str], Portal] = {}
    for portal in sorted(portals, key=lambda p: -len(p.served)):
        key = (portal.site.bssid, portal.actor)
        into = first.get(key)
        if not portal.portal or into is None:
            result.append(portal)
            if portal.portal:
                first[key] = portal
            continue
        into.led += portal.led
        into.hijacked += portal.hijacked
        into.imposed += portal.imposed
        into.served += portal.served
        into.offers += portal.offers
    for portal in first.values():
        portal.served.sort(key=lambda e: e.ref)
    return result
