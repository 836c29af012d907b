"""Names that imitate another network's name."""

from collections.abc import Iterator

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi import names
from rogue_scan.wifi.dot11.security import Protection
from rogue_scan.wifi.judge import Member, place, same_clock, show, sibling_addresses, view
from rogue_scan.wifi.twins import TwinParams, believable, nearest_first, weigh
from rogue_scan.wifi.world import Ref, World

_RANK = {
    Protection.OPEN: 0,
    Protection.WEP: 1,
    Protection.WPA: 2,
    Protection.OWE: 3,
    Protection.WPA2: 3,
    Protection.WPA3: 4,
}


@detector("wifi/lookalike-ssid", TwinParams)
def evaluate(world: World, rule: Bound[TwinParams]) -> Iterator[Finding]:
    """One finding for each network whose name imitates one that is here."""
    looked, params = view(world), rule.params
    named = {
        show(ssid): found
        for ssid, members in sorted(looked.networks.items())
        if (found := believable(members, params))
    }
    for text, originals, stranger in _candidates(named):
        how = names.likeness(show(stranger.ssid), text)
        if how is None:
            continue
        case = rule.case()
        where = place(max(stranger.first, min(m.first for m in originals)))
        case.add(how.kind, where, value=show(stranger.ssid), says=how.says, original=text)
        mine, theirs = _rank(stranger), max(_rank(m) for m in originals)
        if mine == 0 and theirs > 0:
            case.add("open-beside-protected", where, original=text)
        elif mine < theirs:
            case.add(
                "weaker", where, weak=stranger.main.security.label, strong=originals[0].main.security.label
            )
        elif mine > theirs:
            case.add("stronger", where)
        elif mine:
            case.add("as-protected", where)
        if any(
            sibling_addresses(m.bssid, stranger.bssid) and same_clock(m.transmitter, stranger.transmitter)
            for m in originals
        ):
            case.add("one-box", where)
        weigh(case, looked, stranger, originals, params)
        if "same-make" in case and any(sibling_addresses(m.bssid, stranger.bssid) for m in originals):
            case.add("one-series", where)
        if names.factory(show(stranger.ssid)) and names.factory(text):
            case.add("factory-names", where)
        if case.confidence < params.report_from:
            continue
        yield from case.conclude(
            actors=[stranger.bssid],
            targets=nearest_first(originals, stranger),
            ssids=[show(stranger.ssid)],
            first_seen=stranger.first.time,
            last_seen=stranger.last.time,
            key=[text],
            imitation=show(stranger.ssid),
            original=text,
        )


def _candidates(named: dict[str, list[Member]]) -> Iterator[tuple[str, list[Member], Member]]:
    """(original name, its members, a member of a name that may imitate it).

    Which name is the imitation: the one with characters that deceive, else the longer, else the weaker
    protected, else the later.
    """
    for one, two in names.alike(named):
        how = names.likeness(one, two) or names.likeness(two, one)
        if how is None:
            continue
        a, b = (one, two) if _imitates(one, named[one], two, named[two], how.kind) else (two, one)
        for member in named[a]:
            yield b, named[b], member


def _imitates(one: str, ones: list[Member], two: str, twos: list[Member], kind: str) -> bool:
    """Whether ``one`` is the imitation of the two."""
    if kind == "affix":
        return len(one) > len(two)
    return _oddity(one, ones, kind) > _oddity(two, twos, kind)


def _oddity(name: str, members: list[Member], kind: str) -> tuple[int, int, int, Ref]:
    """What makes a name the imitation, gravest first: what shows nothing, strange letters, weakness, age."""
    hidden = strange = 0
    if kind in ("invisible", "homoglyph"):
        hidden = len(name) - len(names.visible(name))
        strange = sum(not c.isascii() for c in name)
    return hidden, strange, -min(_rank(m) for m in members), min(m.first for m in members)


def _rank(member: Member) -> int:
    return _RANK[member.main.security.protection]
