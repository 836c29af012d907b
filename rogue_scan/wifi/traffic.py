"""Reasoning that the detectors on open networks share: who stands behind an answer, what belongs to whom.

The network stands for everything behind its access point: only a device that was itself heard sending over
the air as a client is accused by its own address.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rogue_scan.model.data import DataCategory
from rogue_scan.rules.personal import PLAIN
from rogue_scan.wifi.dot11.frame import is_group
from rogue_scan.wifi.judge import show
from rogue_scan.wifi.net import ip, personal
from rogue_scan.wifi.net.fold import NetFold
from rogue_scan.wifi.net.records import DhcpMessage, DnsAnswer, Exchange, TlsSession
from rogue_scan.wifi.net.tls import Certificate
from rogue_scan.wifi.world import Ref, World

_LOCAL_SUFFIXES = ("local", "lan", "home", "internal", "localdomain", "arpa", "intranet", "private", "box")
"""Top-level names that no public registry has given out for general use."""

_MOST_SUBNETS = 8
"""Ranges that one network hands out addresses from."""

KIND_NAMES = {
    "identity-number": "identity number",
    "phone-number": "telephone number",
    "home-address": "home address",
    "account-password": "password",
    "bank-account": "card or bank details",
    "sms": "one-time code",
    "e-mail": "e-mail address",
    "account-name": "account name",
    "person-name": "name",
    "birth-date": "date of birth",
    "device-id": "device identifier",
}


def net_of(world: World) -> NetFold:
    """The conversations of a world; empty where none were folded."""
    return world.net if world.net is not None else NetFold()


def ssids_of(world: World, bssid: str) -> list[str]:
    """Names that a BSS announced, for people."""
    bss = world.bss.get(bssid)
    return [show(ssid) for ssid in bss.ssids if ssid.strip(b"\0")] if bss else []


def is_station(world: World, bssid: str, mac: str) -> bool:
    """Whether an address was heard sending data as a client of this BSS, or of another one of its network.

    What a client sends in one BSS of a network comes out of the others as if from a wire.
    """
    if mac in world.bss:
        return False
    link = world.links.get((mac, bssid))
    if link is not None and link.up:
        return True
    if mac not in world.stations:
        return False
    own = world.bss.get(bssid)
    names = {ssid for ssid in own.ssids if ssid.strip(b"\0")} if own else set()
    return bool(names) and any(
        client == mac and link.up and other in world.bss and not names.isdisjoint(world.bss[other].ssids)
        for (client, other), link in world.links.items()
    )


def blamed(world: World, bssid: str, mac: str) -> str:
    """Who is accused of what came from ``mac``: the client with that address, else the access point."""
    return mac if is_station(world, bssid, mac) else bssid


def words(kinds: Iterable[str]) -> str:
    """Kinds of personal data as people say them."""
    return ", ".join(sorted(KIND_NAMES.get(kind, kind.replace("-", " ")) for kind in set(kinds))) or "nothing"


def secrets(kinds: Iterable[str]) -> set[str]:
    """The kinds that belong to a data category."""
    return set(kinds) - PLAIN


def categories(kinds: Iterable[str]) -> tuple[DataCategory, ...]:
    """Their data categories."""
    return personal.categories(kinds)


@functools.cache
def _suffixes() -> object:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True)


@functools.lru_cache(maxsize=8192)
def site_of(name: str) -> str:
    """The registrable domain of a host name; the name itself where there is none."""
    found = _suffixes().privatesuffix(name.rstrip("."))  # type: ignore[attr-defined]
    return found or name


def is_public_name(name: str) -> bool:
    """Whether a name belongs to the public name space, so that a network cannot own it by itself."""
    labels = name.rstrip(".").split(".")
    return len(labels) > 1 and labels[-1] not in _LOCAL_SUFFIXES and not is_address(name)


@functools.lru_cache(maxsize=16_384)
def is_address(host: str) -> bool:
    """Whether a host is written as an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def host_of(url: str) -> str:
    """The host of an absolute address; empty for what is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def covers(certificate: Certificate, name: str) -> bool:
    """Whether a certificate is for a host name; a star stands for one label."""
    return any(
        known == name or (known.startswith("*.") and name.partition(".")[2] == known[2:])
        for known in certificate.names
    )


@dataclass
class Site:
    """What one BSS's clients were told: the network's own addresses, names and portal."""

    bssid: str
    servers: set[str] = field(default_factory=set)
    """IP addresses of its DHCP servers, routers and name servers."""
    subnets: list[ipaddress.IPv4Network] = field(default_factory=list)
    dhcp: list[DhcpMessage] = field(default_factory=list)
    dns: list[DnsAnswer] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    sessions: list[TlsSession] = field(default_factory=list)
    own_names: set[str] = field(default_factory=set)
    """Names of its portal: the targets of redirects, and the one it announces."""
    away: list[tuple[Exchange, str]] = field(default_factory=list)
    """(answer, target): answers that send browsers to another host than the one asked for."""
    _known: dict[str, bool] = field(default_factory=dict)

    def local(self, address: str) -> bool:
        """Whether an address is inside this network: private, its own, or of the range it hands out."""
        found = self._known.get(address)
        if found is None:
            found = self._known[address] = (
                address in self.servers or ip.is_local(address) or self._given(address)
            )
        return found

    @property
    def secure(self) -> tuple[Exchange, str] | None:
        """The first answer that leads to a portal with encryption under a name of its own, and where.

        A certificate that can be seen (up to TLS 1.2) has to be for that name and signed by somebody else;
        an address instead of a name proves nothing.
        """
        for answer, target in self.away:
            name = host_of(target)
            if target.startswith("https://") and not is_address(name) and name not in self._doubtful:
                return answer, target
        return None

    @functools.cached_property
    def _doubtful(self) -> frozenset[str]:
        """Names of which a certificate was seen that is not theirs, or that they signed themselves."""
        shown = [(s.server_name, s.certificates[0]) for s in self.sessions if s.certificates]
        return frozenset(name for name, own in shown if own.self_signed or not covers(own, name))

    @property
    def announced(self) -> DhcpMessage | None:
        """The first answer that announces a portal with encryption (RFC 8910)."""
        return next((m for m in self.dhcp if m.portal and m.portal.lower().startswith("https://")), None)

    def _given(self, address: str) -> bool:
        if not self.subnets:
            return False
        try:
            value = ipaddress.IPv4Address(address)
        except ValueError:
            return False
        return any(value in subnet for subnet in self.subnets)


def sites(net: NetFold) -> list[Site]:
    """All BSSs with conversations, by address."""
    found: dict[str, Site] = {}

    def at(bssid: str) -> Site:
        return found.setdefault(bssid, Site(bssid))

    for message in net.dhcp:
        site = at(message.bssid)
        site.dhcp.append(message)
        site.servers |= {message.server_ip, *message.routers, *message.name_servers}
        subnet = _subnet(message)
        if subnet and subnet not in site.subnets and len(site.subnets) < _MOST_SUBNETS:
            site.subnets.append(subnet)
    for answer in net.dns:
        if answer.via != "mdns":
            at(answer.bssid).dns.append(answer)
    for exchange in net.exchanges:
        at(exchange.ends.bssid).exchanges.append(exchange)
    for session in net.sessions:
        at(session.ends.bssid).sessions.append(session)
    for site in found.values():
        site.servers -= {"", "0.0.0.0", "255.255.255.255"}  # noqa: S104
        site.exchanges.sort(key=lambda exchange: exchange.ref)
        site.own_names = set(_own_names(site))
        site.away = [(e, target) for e in site.exchanges if (target := leads_away(e))]
    return [found[bssid] for bssid in sorted(found)]


def _subnet(message: DhcpMessage) -> ipaddress.IPv4Network | None:
    """The range that an address was handed out of; None for one that makes no sense."""
    try:
        subnet = ipaddress.IPv4Network(f"{message.offered}/{message.mask}", strict=False)
    except ValueError:
        return None
    return subnet if message.mask and subnet.prefixlen >= 8 else None


def _own_names(site: Site) -> Iterator[str]:
    """Names that the network itself leads to: the targets of redirects away from another host."""
    for exchange in site.exchanges:
        target = exchange.location or (exchange.page.forward if exchange.page else "")
        name = host_of(target)
        if name and not is_address(name) and name != exchange.host:
            yield name
    for message in site.dhcp:
        if message.portal:
            yield host_of(message.portal)


def leads_away(exchange: Exchange) -> str:
    """Where an answer sends the browser, if that is another host than the one asked for."""
    target = exchange.location or (exchange.page.forward if exchange.page else "")
    name = host_of(target)
    if not name or name == exchange.host or site_of(name) == site_of(exchange.host):
        return ""
    return target


def hijacked(site: Site, answer: DnsAnswer) -> list[str]:
    """Addresses inside the network that an answer gives for a public name other than its portal's."""
    if answer.name in site.own_names or not is_public_name(answer.name):
        return []
    return [address for address in answer.addresses if site.local(address)]


def span(refs: Iterable[Ref]) -> tuple[Ref, Ref]:
    """The first and the last of some frames."""
    ordered = sorted(refs)
    return ordered[0], ordered[-1]


def claimants(net: NetFold) -> dict[tuple[str, str], set[str]]:
    """(BSSID, MAC address) → IP addresses that it claimed unasked and repeatedly, though others have them."""
    owners: dict[tuple[str, str], str] = {}
    for claim in sorted(net.claims.values(), key=lambda c: c.first):
        owners.setdefault((claim.bssid, claim.ip), claim.mac)
    found: dict[tuple[str, str], set[str]] = {}
    for claim in net.claims.values():
        if owners[claim.bssid, claim.ip] != claim.mac and claim.unsolicited >= 2 and not is_group(claim.mac):
            found.setdefault((claim.bssid, claim.mac), set()).add(claim.ip)
    return found
