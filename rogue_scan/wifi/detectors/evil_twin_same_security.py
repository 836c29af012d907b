"""Copies of passphrase-protected networks with the same kind of protection."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi.dot11.security import Protection, Security
from rogue_scan.wifi.judge import place, recorded, show, view
from rogue_scan.wifi.twins import (
    RivalParams,
    Suspicion,
    believable,
    failing,
    nearest_first,
    settle,
    weigh,
)
from rogue_scan.wifi.world import World

_TELLING = ("cloned-address", "breaks-off", "fresh-clock", "tool-mark", "bare", "appeared")
"""Evidence that tells which of two is the copy; differing alone does not."""


@detector("wifi/evil-twin-same-security", RivalParams)
def evaluate(world: World, rule: Bound[RivalParams]) -> Iterator[Finding]:
    """One finding for each transmitter that copies a network and its protection."""
    looked, params = view(world), rule.params
    lured = {frame.bssid for frame in world.switches}
    repeating = {bssid for bssid, bss in world.bss.items() if bss.repeated_tsf.count >= params.min_frames}
    for ssid, everyone in sorted(looked.networks.items()):
        members = [m for m in believable(everyone, params) if _personal(m.main.security)]
        kinds = {id(m): _kind(m.main.security) for m in members}
        suspicions = []
        for stranger in members:
            known = [
                m
                for m in members
                if m.transmitter is not stranger.transmitter and kinds[id(m)] == kinds[id(stranger)]
            ]
            if not known:
                continue
            cloned = any(m.bssid == stranger.bssid for m in known)
            # The first transmitter of an address is the real one. Replayed beacons are no access point, and a
            # copy that forged channel switches lead to is reported with them.
            if cloned and (
                stranger.transmitter.number == 0 or stranger.bssid in lured or stranger.bssid in repeating
            ):
                continue
            if any(
                m.bssid == stranger.bssid and recorded(m.transmitter, stranger.transmitter) for m in known
            ):
                continue
            case = rule.case()
            weigh(case, looked, stranger, known, params)
            failing(case, looked, stranger, known)
            if cloned:
                case.add("cloned-address", place(stranger.first))
            if case.confidence >= params.report_from:
                suspicions.append(Suspicion(stranger, known, case))
        for suspicion in settle(suspicions, params.clear):
            stranger, case = suspicion.stranger, suspicion.case
            targets = nearest_first(suspicion.known, stranger)
            sure = suspicion.accused and any(sign in case for sign in _TELLING)
            if not sure:
                case.add("undecided", place(stranger.first))
            yield from case.conclude(
                actors=[stranger.bssid] if sure else [],
                targets=targets if sure else [stranger.bssid, *targets],
                ssids=[show(ssid)],
                first_seen=stranger.first.time,
                last_seen=stranger.last.time,
                key=[stranger.bssid, str(stranger.transmitter.number)],
            )


def _personal(security: Security) -> bool:
    return security.passphrase or security.protection in (Protection.WEP, Protection.OWE)


def _kind(security: Security) -> tuple[bool, bool, bool, str]:
    """What makes two protections the same kind; the ciphers behind it are settings."""
    legacy = str(security.protection) if security.protection in (Protection.WEP, Protection.WPA) else ""
    return security.psk, security.sae, security.owe, legacy
