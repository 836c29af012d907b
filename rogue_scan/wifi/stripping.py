"""Sites that were used with encryption and are then delivered without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rogue_scan.wifi.net.records import Exchange, TlsSession
from rogue_scan.wifi.traffic import host_of, is_address, net_of, secrets, site_of, sites
from rogue_scan.wifi.world import Ref, World

_MOST = 64
"""Answers and sessions of one host that are compared: the first ones."""


@dataclass
class Strip:
    """One site in one BSS that is delivered without encryption, though it has it."""

    bssid: str
    host: str
    server: str
    """MAC address that delivers it."""
    upgraded: Exchange | None
    """An answer that led to encryption."""
    session: TlsSession | None
    """A conversation with encryption."""
    plain: list[Exchange] = field(default_factory=list)
    """Pages delivered without, afterwards."""
    elsewhere: bool = False
    """Whether they come from another party than the encrypted site came from."""

    @property
    def refs(self) -> list[Ref]:
        """Frames of the plain pages."""
        return [e.response or e.ref for e in self.plain]

    @property
    def asks(self) -> set[str]:
        """Kinds of personal data that the plain pages ask for."""
        return {kind for e in self.plain if e.page for kind in secrets(e.page.asks)}


def upgrades(exchange: Exchange) -> bool:
    """Whether an answer sends the browser to the same site with encryption."""
    return exchange.location.startswith("https://") and site_of(host_of(exchange.location)) == site_of(
        exchange.host
    )


def strips(world: World) -> Iterator[Strip]:
    """All sites with plain pages after encryption, by BSS, host and who delivers them."""
    net = net_of(world)
    led: dict[str, list[Exchange]] = {}
    secure: dict[str, list[TlsSession]] = {}
    for exchange in net.exchanges:
        if upgrades(exchange) and len(led.setdefault(exchange.host, [])) < _MOST:
            led[exchange.host].append(exchange)
    for session in net.sessions:
        if session.answered and len(secure.setdefault(session.server_name, [])) < _MOST:
            secure[session.server_name].append(session)
    for site in sites(net):
        found: dict[tuple[str, str], Strip] = {}
        for exchange in site.exchanges:
            if exchange.status != 200 or exchange.page is None or is_address(exchange.host):
                continue
            host = _bare(exchange.host)
            before = [e for e in led.get(host, []) if e.ref < exchange.ref]
            sessions = [s for s in secure.get(host, []) if s.ref < exchange.ref]
            if not before and not sessions:
                continue
            server = exchange.ends.server
            known = {(e.ends.bssid, e.ends.server) for e in before} | {
                (s.ends.bssid, s.ends.server) for s in sessions
            }
            strip = found.setdefault(
                (host, server),
                Strip(
                    site.bssid,
                    exchange.host,
                    server,
                    before[-1] if before else None,
                    sessions[-1] if sessions else None,
                ),
            )
            strip.plain.append(exchange)
            strip.elsewhere = strip.elsewhere or (site.bssid, server) not in known
        yield from found.values()


def _bare(host: str) -> str:
    """A host without the letters that stripping tools add so that a browser's list does not know it."""
    for added in ("wwwww.", "wwww.", "web"):
        if host.startswith(added) and "." in host[len(added) :]:
            rest = host[len(added) :]
            return f"www.{rest}" if added.startswith("www") else rest if rest.count(".") > 1 else host
    return host
