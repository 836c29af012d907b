"""Personal data that people sent without encryption."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi.judge import place
from rogue_scan.wifi.net.records import Ends, Exchange, ExposedLogin
from rogue_scan.wifi.portal import portals
from rogue_scan.wifi.stripping import strips
from rogue_scan.wifi.traffic import blamed, categories, net_of, secrets, span, ssids_of, words
from rogue_scan.wifi.world import World

_PASSWORD = "account-password"
_CONTACT = frozenset({"phone-number", "home-address"})
"""What honest networks ask for, too."""


@dataclass
class _Loss:
    """What one client sent to one recipient."""

    exchanges: list[Exchange] = field(default_factory=list)
    logins: list[ExposedLogin] = field(default_factory=list)


@detector("wifi/cleartext-personal-data", NoParams)
def evaluate(world: World, rule: Bound[NoParams]) -> Iterator[Finding]:
    """One finding for each client and recipient."""
    net = net_of(world)
    inside = {
        (p.site.bssid, a) for p in portals(world) for a in (p.address, *(e.ends.server_ip for e in p.served))
    }
    between = {(s.bssid, s.server, s.host) for s in strips(world) if s.elsewhere}
    losses: dict[tuple[str, str, str, str], _Loss] = {}
    for exchange in net.exchanges:
        kinds = {kind for item in exchange.sent for kind in item.kinds}
        if secrets(kinds) or exchange.login:
            losses.setdefault(
                _key(world, exchange.ends, exchange.host, inside, between), _Loss()
            ).exchanges.append(exchange)
    for login in net.logins:
        key = _key(world, login.ends, login.ends.server_ip, inside, between)
        losses.setdefault(key, _Loss()).logins.append(login)
    asked = {(e.ends.bssid, e.ends.client, e.host) for e in net.exchanges if e.page and secrets(e.page.asks)}
    for (bssid, client, actor, recipient), loss in sorted(losses.items()):
        yield from _judge(world, rule, bssid, client, actor, recipient, loss, between, asked)


def _key(
    world: World,
    ends: Ends,
    host: str,
    inside: set[tuple[str, str]],
    between: set[tuple[str, str, str]],
) -> tuple[str, str, str, str]:
    """BSS, client, who took the data (empty where it went to a site outside by itself), recipient."""
    if (ends.bssid, ends.server_ip) in inside or (ends.bssid, ends.server, host) in between:
        return ends.bssid, ends.client, blamed(world, ends.bssid, ends.server or ends.bssid), ""
    return ends.bssid, ends.client, "", host


def _judge(
    world: World,
    rule: Bound[NoParams],
    bssid: str,
    client: str,
    actor: str,
    recipient: str,
    loss: _Loss,
    between: set[tuple[str, str, str]],
    asked: set[tuple[str, str, str]],
) -> Iterator[Finding]:
    case = rule.case()
    kinds: set[str] = set()
    for exchange in loss.exchanges:
        here = _sent(case, exchange)
        kinds |= here
        where = place(exchange.ref)
        if (bssid, exchange.ends.server, exchange.host) in between:
            case.add("intercepted", where, host=exchange.host, mac=exchange.ends.server)
        elif actor and here - _CONTACT:
            case.add("kept-inside", where, address=exchange.ends.server_ip)
        if (bssid, client, exchange.host) in asked:
            case.add("was-asked", where, host=exchange.host)
    for item in loss.logins:
        kinds.add(_PASSWORD)
        protocol, length = item.login.protocol.upper(), item.login.secret_length
        case.add("login", place(item.ref), protocol=protocol, target=item.ends.server_ip, length=length)
        if actor:
            case.add("kept-inside", place(item.ref), address=item.ends.server_ip)
    endpoints = {f"http://{exchange.host}" for exchange in loss.exchanges}
    endpoints |= {f"{item.login.protocol}://{item.ends.server_ip}:{item.ends.port}" for item in loss.logins}
    first, last = span([*(exchange.ref for exchange in loss.exchanges), *(item.ref for item in loss.logins)])
    yield from case.conclude(
        actors=[actor] if actor else [],
        targets=[client],
        ssids=ssids_of(world, bssid),
        endpoints=sorted(endpoints),
        data=categories(kinds),
        first_seen=first.time,
        last_seen=last.time,
        key=[bssid, recipient],
        what=words(kinds),
        taker=f" to {actor}" if actor else f" to {recipient}",
    )


def _sent(case: Case, exchange: Exchange) -> set[str]:
    """Kinds of personal data that one request carried."""
    where = place(exchange.ref)
    target = exchange.host + exchange.path
    found = [item for item in exchange.sent if secrets(item.kinds)]
    kinds = secrets(kind for item in found for kind in item.kinds)
    value = ", ".join(f"{item.name or 'a parameter'} ({item.length} characters)" for item in found)[:200]
    if kinds and not kinds - _CONTACT:
        case.add("sent-contact", where, value=value, what=words(kinds), target=target)
    elif kinds - {_PASSWORD}:
        case.add("sent", where, value=value, what=words(kinds), target=target)
    elif kinds:
        case.add("sent-password", where, value=value, target=target)
    if exchange.login:
        case.add("login", where, protocol="HTTP", target=target, length=exchange.login.secret_length)
    shaped = {k for item in found if item.by_name and item.by_shape for k in item.kinds}
    if secrets(shaped):
        case.add("right-shape", where, what=words(secrets(shaped)))
    return kinds | {_PASSWORD} if exchange.login else kinds
