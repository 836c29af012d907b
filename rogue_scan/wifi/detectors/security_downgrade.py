"""Networks that another transmitter offers with weaker protection."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.dot11.channel import BAND_6G, band_of
from rogue_scan.wifi.dot11.security import Mfp, Protection, Security
from rogue_scan.wifi.judge import Member, View, owe_pair, place, show, view
from rogue_scan.wifi.twins import TwinParams, believable, failing, nearest_first, weigh
from rogue_scan.wifi.world import World

_OPEN = frozenset({Protection.OPEN})


@detector("wifi/security-downgrade", TwinParams)
def evaluate(world: World, rule: Bound[TwinParams]) -> Iterator[Finding]:
    """One finding for each transmitter that offers a network with weaker protection than others do."""
    looked, params = view(world), rule.params
    for ssid, everyone in sorted(looked.networks.items()):
        members = [m for m in believable(everyone, params) if m.main.security.protection not in _OPEN]
        for stranger in members:
            weaker = [
                (m, how)
                for m in members
                if m.transmitter is not stranger.transmitter
                and (how := _lost(m.main.security, stranger.main.security)) is not None
            ]
            if not weaker:
                continue
            known = [m for m, _ in weaker]
            if any(m.bssid == stranger.bssid and m.first > stranger.first for m in known):
                continue  # the owner raised the protection of this very access point
            case = rule.case()
            strong, how = weaker[0]
            case.add(
                how,
                place(max(stranger.first, strong.first)),
                weak=stranger.main.security.label,
                strong=strong.main.security.label,
                target=strong.bssid,
            )
            if not _both(strong):
                case.add("strong-only", place(strong.first), strong=strong.main.security.label)
            weigh(case, looked, stranger, known, params)
            failing(case, looked, stranger, known)
            if any(m.bssid == stranger.bssid for m in known):
                case.add("cloned-address", place(stranger.first))
            if any(
                _kind(m.main.security) == _kind(stranger.main.security)
                for m in members
                if m is not stranger and m not in known
            ):
                case.add("mixed-network", place(stranger.first))
            if case.confidence < params.report_from:
                continue
            yield from case.conclude(
                actors=[stranger.bssid],
                targets=nearest_first(known, stranger),
                ssids=[show(ssid)],
                first_seen=stranger.first.time,
                last_seen=stranger.last.time,
                key=[str(stranger.transmitter.number)],
                weak=stranger.main.security.label,
                strong=strong.main.security.label,
            )
        yield from _outside_pair(rule, looked, believable(everyone, params))
        yield from _six_ghz(rule, members)


def _outside_pair(rule: Bound[TwinParams], looked: View, members: list[Member]) -> Iterator[Finding]:
    """Open members beside an OWE transition pair of the same name that lead to no protected half themselves.

    Devices that know OWE join the protected half of a pair; of a copy of the open half there is none.
    """
    paired = [m for m in members if m.main.security.open and _protected_half(looked, m) is not None]
    for stranger in members:
        if not paired or not stranger.main.security.open or stranger in paired:
            continue
        case = rule.case()
        pair = paired[0]
        case.add("no-owe", place(max(stranger.first, pair.first)), target=pair.bssid)
        if stranger.main.security.owe_transition is not None:
            case.add(
                "one-sided-pointer",
                place(stranger.first),
                value=stranger.main.security.owe_transition.bssid,
                target=stranger.main.security.owe_transition.bssid,
            )
        weigh(case, looked, stranger, paired, rule.params)
        if any(m.bssid == stranger.bssid for m in paired):
            case.add("cloned-address", place(stranger.first))
        if case.confidence < rule.params.report_from:
            continue
        yield from case.conclude(
            actors=[stranger.bssid],
            targets=nearest_first(paired, stranger),
            ssids=[show(stranger.ssid)],
            first_seen=stranger.first.time,
            last_seen=stranger.last.time,
            key=["OWE", str(stranger.transmitter.number)],
            weak="no protection at all",
            strong="OWE",
        )


def _protected_half(looked: View, member: Member) -> str | None:
    """Address of the OWE half that an open member points at and that points back."""
    pointer = member.main.security.owe_transition
    for transmitter in looked.transmitters.get(pointer.bssid, ()) if pointer else ():
        for announcement in transmitter.announcements:
            if owe_pair(member.main, member.bssid, announcement, transmitter.bssid):
                return transmitter.bssid
    return None


def _lost(strong: Security, weak: Security) -> str | None:
    """The evidence name for what ``weak`` lacks; None where it lacks nothing.

    Sets are compared, not the strongest kinds: a transition network offers both on purpose.
    """
    if strong.sae and not weak.sae and (weak.psk or weak.weak):
        return "no-sae"
    if strong.enterprise and not weak.enterprise and (weak.passphrase or weak.weak):
        return "no-enterprise"
    if not strong.weak and weak.weak and not (weak.rsn is not None and "CCMP" in weak.pairwise):
        return "old-cipher"
    if strong.owe and weak.weak:
        return "old-cipher"
    if strong.mfp is Mfp.REQUIRED and weak.mfp is Mfp.NONE and strong.enterprise == weak.enterprise:
        return "no-mfp"
    return None


def _both(member: Member) -> bool:
    """Whether the strong one offers the weak kind as well, by the standard's transition mode."""
    security = member.main.security
    return security.sae and security.psk


def _kind(security: Security) -> tuple[bool, bool, bool, bool]:
    return security.sae, security.psk, security.enterprise, security.weak


def _six_ghz(rule: Bound[TwinParams], members: list[Member]) -> Iterator[Finding]:
    """On 6 GHz the standard allows only WPA3 and OWE: anything else is false by itself."""
    for member in members:
        security = member.main.security
        if (
            band_of(member.frequency) != BAND_6G
            or security.sae
            or security.owe
            or security.mfp is Mfp.REQUIRED
        ):
            continue
        case = rule.case().add("forbidden-band", place(member.first), weak=security.label)
        yield from case.conclude(
            actors=[member.bssid],
            ssids=[show(member.ssid)],
            first_seen=member.first.time,
            last_seen=member.last.time,
            key=["6 GHz"],
            weak=security.label,
            strong="what 6 GHz requires",
        )
