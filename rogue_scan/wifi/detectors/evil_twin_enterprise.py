"""Copies of enterprise networks with a login server of their own."""

from collections.abc import Iterator, Sequence

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi import enterprise
from rogue_scan.wifi.enterprise import Login, Server
from rogue_scan.wifi.judge import Member, place, show, view
from rogue_scan.wifi.twins import RivalParams, Suspicion, believable, nearest_first, settle, weigh
from rogue_scan.wifi.world import World


class Params(RivalParams, frozen=True, forbid_unknown_fields=True):
    """Thresholds, and what certificates of tools look like."""

    tool_names: tuple[str, ...]
    """Parts of a certificate's subject that come from a tool's or a guide's example."""
    weak_methods: tuple[str, ...]
    """EAP methods that hand over the password, or something as good."""


@detector("wifi/evil-twin-enterprise", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each transmitter of an enterprise network with another login server than the rest."""
    looked, params = view(world), rule.params
    attempts = enterprise.logins(world)
    for ssid, everyone in sorted(looked.networks.items()):
        members = [m for m in believable(everyone, params) if m.main.security.enterprise]
        if len(members) < 2:
            continue
        shown = {m.bssid: _servers(attempts, m) for m in members}
        suspicions, servers = [], {}
        for stranger in members:
            known = [m for m in members if m.transmitter is not stranger.transmitter]
            cloned = any(m.bssid == stranger.bssid for m in known)
            if cloned and stranger.transmitter.number == 0:
                continue
            case = rule.case()
            mine = [login for login in attempts if login.bssid == stranger.bssid and not cloned]
            theirs = [login for login in attempts if any(login.bssid == m.bssid for m in known)]
            server, real = _compare(case, stranger, known, shown)
            _methods(case, mine, theirs, params.weak_methods)
            _refusals(case, mine)
            if server is not None and real is not None:
                _certificates(case, server, real, params)
            weigh(case, looked, stranger, known, params)
            if cloned:
                case.add("cloned-address", place(stranger.first))
            if case.confidence >= params.report_from:
                suspicions.append(Suspicion(stranger, known, case))
                servers[id(case)] = (server, real)
        for suspicion in settle(suspicions, params.clear):
            stranger, case = suspicion.stranger, suspicion.case
            targets = nearest_first(suspicion.known, stranger)
            server, real = servers[id(case)]
            if not suspicion.accused:
                case.add("undecided", place(stranger.first))
            yield from case.conclude(
                actors=[stranger.bssid] if suspicion.accused else [],
                targets=targets if suspicion.accused else [stranger.bssid, *targets],
                ssids=[show(ssid)],
                first_seen=stranger.first.time,
                last_seen=stranger.last.time,
                key=[stranger.bssid, str(stranger.transmitter.number)],
                server=_words(server),
                real_server=_words(real),
            )


def _servers(attempts: Sequence[Login], member: Member) -> list[tuple[Server, Login]]:
    """Servers that clients were shown at one access point, each once."""
    found: dict[str, tuple[Server, Login]] = {}
    for login in attempts:
        if login.bssid == member.bssid and login.certificates:
            server = enterprise.server(login.certificates)
            if server is not None:
                found.setdefault(server.sha256, (server, login))
    return list(found.values())


def _compare(
    case: Case, stranger: Member, known: Sequence[Member], shown: dict[str, list[tuple[Server, Login]]]
) -> tuple[Server | None, Server | None]:
    """Add that the stranger's server is another one; returns (its server, a real one's)."""
    mine = shown[stranger.bssid]
    others = [pair for m in known if m.bssid != stranger.bssid for pair in shown[m.bssid]]
    if not mine or not others:
        return (mine[0][0] if mine else None), (others[0][0] if others else None)
    known_digests = {server.sha256 for server, _ in others}
    foreign = [pair for pair in mine if pair[0].sha256 not in known_digests]
    if not foreign:
        case.add("same-server", place(mine[0][1].certificate_at or mine[0][1].first))
        return mine[0][0], others[0][0]
    (server, login), (real, real_login) = foreign[0], others[0]
    case.add(
        "other-server",
        place(login.certificate_at or login.first),
        value=server.sha256[:16],
        server=_words(server),
        real_server=_words(real),
        target=real_login.bssid,
    )
    return server, real


def _methods(case: Case, mine: Sequence[Login], theirs: Sequence[Login], weak: tuple[str, ...]) -> None:
    """Add differences in the login methods that the servers propose."""
    proposed = {name: ref for login in reversed(mine) for name, ref in login.methods.items()}
    usual = {name for login in theirs for name in login.methods}
    for name, ref in sorted(proposed.items(), key=lambda item: item[1]):
        if name in weak and name not in usual:
            case.add("weak-method", place(ref), value=name, method=name)
    if proposed and usual and not usual & set(proposed):
        case.add("other-methods", place(min(proposed.values())), methods=", ".join(sorted(proposed)))


def _refusals(case: Case, mine: Sequence[Login]) -> None:
    """Add clients that refused the server."""
    for login in mine:
        if login.refused is not None:
            case.add(
                "refused",
                place(login.refused),
                value=login.alert,
                client=login.client,
                alert=login.alert,
            )


def _certificates(case: Case, server: Server, real: Server, params: Params) -> None:
    """Add what the stranger's certificate says, beside a real one's."""
    if any(part.casefold() in server.subject.casefold() for part in params.tool_names):
        case.add("example-certificate", value=server.subject[:120], subject=server.subject[:120])
    if server.self_signed and not real.self_signed:
        case.add("self-signed", value=server.subject[:120])
    if server.common_name and server.common_name == real.common_name:
        case.add("same-name-other-issuer", value=server.common_name[:80], name=server.common_name[:80])
    if server.authority == real.authority or server.issuer == real.issuer:
        case.add("same-authority", value=server.issuer[:120], issuer=server.issuer[:120])


def _words(server: Server | None) -> str:
    if server is None:
        return "an unknown server"
    return f"{server.common_name or server.subject} ({server.issuer})"[:160]
