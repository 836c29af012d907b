"""Sites that are used with encryption and are then delivered without."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from rogue_scan.rules.files import builtin, read_yaml
from rogue_scan.wifi.net.records import Exchange, PageFacts, TlsSession
from rogue_scan.wifi.portal import portals, probes
from rogue_scan.wifi.preload import is_preloaded
from rogue_scan.wifi.traffic import (
    Site,
    host_of,
    is_address,
    leads_away,
    net_of,
    secrets,
    site_of,
    sites,
)
from rogue_scan.wifi.world import Ref, World

_MOST = 64
"""Answers, pages and sessions of one host that are compared: the first ones."""


class _Marks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How stripping tools write names, and what no site asks for without encryption."""

    prefixes: dict[str, str]
    """Beginning of a name that a tool made up → what it stands for."""
    endings: dict[str, str]
    """The same of endings."""
    grave: tuple[str, ...]
    """Kinds of personal data that make a page of a preloaded site a suspicion by themselves."""

    def true_name(self, host: str) -> str:
        """A host without the letters that tools add so that a browser's list does not know it."""
        for made, meant in self.prefixes.items():
            rest = host.removeprefix(made)
            # What is left has to be a name inside a site: "webmail.example" is no trick.
            if rest != host and (meant or rest.count(".") > 1):
                return meant + rest
        for made, meant in self.endings.items():
            if host.endswith(made):
                return host.removesuffix(made) + meant
        return host


@functools.cache
def _marks() -> _Marks:
    table, _ = read_yaml(builtin() / "wifi" / "_sites" / "stripping.yml", trusted=True)
    return msgspec.convert(table, _Marks)


@dataclass
class Strip:
    """One site in one BSS that is delivered without encryption, though it has it."""

    bssid: str
    host: str
    true_host: str
    """The name that ``host`` stands for; another one where a tool made that up."""
    server: str
    """MAC address that delivers it."""
    upgraded: Exchange | None = None
    """An answer that led to encryption."""
    session: TlsSession | None = None
    """A conversation with encryption."""
    policy: Exchange | None = None
    """An answer that told browsers to use encryption only (HSTS); the plain pages do not."""
    preloaded: bool = False
    """Whether browsers are shipped with the order to use it with encryption only."""
    plain: list[Exchange] = field(default_factory=list)
    """Pages delivered without, afterwards."""
    same_page: Exchange | None = None
    """A plain page at the very address that led to encryption earlier."""
    rewritten: tuple[Exchange, int] | None = None
    """A plain page whose links had encryption in another delivery of it, and how many of them."""
    elsewhere: bool | None = None
    """Whether the plain pages come from another party than the encrypted site came from; None where
    nothing was heard of that."""
    portal_page: bool = False
    """Whether the pages are those of the network's portal, which answers for other hosts too."""
    before_login: Exchange | None = None
    """What the network answered to the client's last check whether it is online, if not that it is."""

    @property
    def refs(self) -> list[Ref]:
        """Frames of the plain pages."""
        return [e.response or e.ref for e in self.plain]

    @property
    def asks(self) -> set[str]:
        """Kinds of personal data that the plain pages ask for."""
        return {kind for e in self.plain if e.page for kind in secrets(e.page.asks)}

    @property
    def took(self) -> set[str]:
        """Kinds of personal data that were sent along with the requests for them."""
        return secrets(kind for e in self.plain for item in e.sent for kind in item.kinds)

    @property
    def earlier(self) -> bool:
        """Whether this capture itself shows the site with encryption."""
        return self.upgraded is not None or self.session is not None or self.policy is not None


def upgrades(exchange: Exchange) -> bool:
    """Whether an answer sends the browser to the same site with encryption."""
    return exchange.location.startswith("https://") and site_of(host_of(exchange.location)) == site_of(
        exchange.host
    )


class _Past:
    """What is known of hosts with encryption, over all networks of a capture."""

    def __init__(self, world: World) -> None:
        net = net_of(world)
        self.led: dict[str, list[Exchange]] = {}
        self.policies: dict[str, list[Exchange]] = {}
        self.secure: dict[str, list[TlsSession]] = {}
        self.pages: dict[tuple[str, str], list[tuple[Exchange, frozenset[str]]]] = {}
        """Host and path → deliveries of the page, and which of its targets have encryption."""
        for exchange in net.exchanges:
            if upgrades(exchange):
                _note(self.led, exchange.host, exchange)
            if exchange.hsts:
                _note(self.policies, exchange.host, exchange)
            targets = _targets(exchange.page, "https://") if exchange.page else frozenset()
            if targets:
                _note(self.pages, (exchange.host, exchange.path), (exchange, targets))
        for session in net.sessions:
            if session.answered:
                _note(self.secure, session.server_name, session)

    def rewritten(self, exchange: Exchange) -> int:
        """How many links of a page have encryption in an earlier delivery, or in another party's one."""
        known = self.pages.get((exchange.host, exchange.path))
        if not known or exchange.page is None:
            return 0
        kept = _targets(exchange.page, "https://")
        lost = _targets(exchange.page, "http://") - kept
        counts = [
            len(targets & lost)
            for other, targets in known
            if not targets & kept and (other.ref < exchange.ref or _party(other) != _party(exchange))
        ]
        return max(counts, default=0)


def strips(world: World) -> Iterator[Strip]:
    """All sites with plain pages that had encryption, or must have it: by BSS, host and who delivers them."""
    marks, past = _marks(), _Past(world)
    portal = {(e.ends.bssid, e.ref) for p in portals(world) if p.portal for e in p.served}
    for site in sites(net_of(world)):
        found: dict[tuple[str, str], Strip] = {}
        checks: dict[str, Exchange] = {}
        for exchange in site.exchanges:
            if exchange.host in probes():
                checks[exchange.ends.client] = exchange
            if exchange.status != 200 or exchange.page is None or is_address(exchange.host):
                continue
            host = marks.true_name(exchange.host)
            led = [e for e in past.led.get(host, ()) if e.ref < exchange.ref]
            sessions = [s for s in past.secure.get(host, ()) if s.ref < exchange.ref]
            policies = [e for e in past.policies.get(host, ()) if e.ref < exchange.ref and not exchange.hsts]
            rewritten = past.rewritten(exchange)
            imposed = (site.bssid, exchange.ref) in portal
            preloaded = _must_be_encrypted(site, exchange, host, imposed, marks)
            if not (led or sessions or policies or rewritten or preloaded):
                continue
            key = (host, exchange.ends.server)
            strip = found.get(key)
            if strip is None:
                strip = found[key] = Strip(site.bssid, exchange.host, host, exchange.ends.server)
                strip.portal_page = imposed
                check = checks.get(exchange.ends.client)
                strip.before_login = check if check and _held_back(check) else None
            strip.plain.append(exchange)
            strip.preloaded = strip.preloaded or preloaded
            strip.upgraded = strip.upgraded or (led[-1] if led else None)
            strip.session = strip.session or (sessions[-1] if sessions else None)
            strip.policy = strip.policy or (policies[-1] if policies else None)
            if any(e.path == exchange.path and e.host == exchange.host for e in led):
                strip.same_page = strip.same_page or exchange
            if rewritten and strip.rewritten is None:
                strip.rewritten = exchange, rewritten
            known = {*map(_party, led), *map(_party, sessions), *map(_party, policies)}
            if known:
                strip.elsewhere = bool(strip.elsewhere) or _party(exchange) not in known
        yield from found.values()


def _must_be_encrypted(site: Site, exchange: Exchange, host: str, imposed: bool, marks: _Marks) -> bool:
    """Whether a plain page is suspicious although nothing was heard of the site before.

    Its name has to be one that browsers know to be encrypted, and the page has to ask for something grave
    (old devices ask such sites for harmless pages, and some answer) or to bear a name that a tool made up.
    What the network itself answers in the place of a site is no site without its encryption: other rules
    judge portals.
    """
    if imposed or exchange.host in probes() or site.local(exchange.ends.server_ip):
        return False
    asked = set(exchange.page.asks) if exchange.page else set()
    given = {kind for item in exchange.sent for kind in item.kinds}
    return (host != exchange.host or bool((asked | given) & set(marks.grave))) and is_preloaded(host)


def _held_back(check: Exchange) -> bool:
    """Whether a device's check if it is online was answered by a portal: a redirect, or a form."""
    return bool(leads_away(check)) or bool(check.page and check.page.forms)


def _party(seen: Exchange | TlsSession) -> tuple[str, str]:
    return seen.ends.bssid, seen.ends.server


def _targets(page: PageFacts, scheme: str) -> frozenset[str]:
    """Where a page leads to with one scheme, the scheme taken off."""
    actions = (form.action for form in page.forms)
    return frozenset(t.removeprefix(scheme) for t in (*page.links, *actions) if t.startswith(scheme))


def _note(table: dict, key: object, item: object) -> None:  # type: ignore[type-arg]
    items = table.setdefault(key, [])
    if len(items) < _MOST:
        items.append(item)
