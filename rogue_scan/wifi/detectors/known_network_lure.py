"""One radio with many well-known open networks."""

import re
from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound
from rogue_scan.wifi import names, tools
from rogue_scan.wifi.judge import Member, View, bare, makers, place, same_clock, show, solid, view
from rogue_scan.wifi.world import AnnouncementKind, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_names: int
    min_frames: int
    min_seconds: float
    fresh_seconds: float
    settled_seconds: float
    report_from: float


_MOST_NAMED = 64
"""Names and addresses that one finding lists."""


@detector("wifi/known-network-lure", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each radio that announces several unrelated open networks."""
    looked = view(world)
    radios = _radios(looked, rule.params)
    for group in radios:
        ssids = sorted({m.ssid for m in group})
        if len(ssids) < rule.params.min_names:
            continue
        texts = [show(ssid) for ssid in ssids]
        group.sort(key=lambda m: (m.first, m.bssid, m.ssid))
        where = place(group[0].first)
        case = rule.case()
        known = [t for t in texts if names.widely_open(t) or names.factory(t)]
        false = [t for t in texts if names.always_protected(t)]
        if len(known) + len(false) >= 2:
            case.add(
                "saved-names", where, value=", ".join(known + false)[:200], count=len(known) + len(false)
            )
        for text in false:
            case.add("never-open", where, value=text, name=text)
        case.add("one-radio", where, count=len(ssids))
        bssids = sorted({m.bssid for m in group})
        if len(bssids) == 1:
            case.add("one-address", where, count=len(ssids))
        first = group[0].transmitter
        if all(bare(m.main) for m in group):
            case.add("bare", where)
        for hit in tools.marks(first):
            case.add("tool-mark", place(hit.ref), value=hit.tool, tool=hit.tool, says=hit.says)
        if names.adapter(bssids[0]):
            case.add("adapter", where, maker=names.maker(bssids[0]))
        uptime = first.uptime
        if uptime is not None and uptime < rule.params.fresh_seconds:
            case.add("fresh-clock", where, seconds=f"{uptime:.0f}")
        elif uptime is not None and uptime > rule.params.settled_seconds:
            case.add("settled", where, hours=f"{uptime / 3600:.1f}")
        case.add("related-names" if _related(texts) else "unrelated-names", where)
        twins = _same_set_elsewhere(radios, group, set(ssids))
        if twins is not None:
            case.add("several-radios", place(twins.first), value=twins.bssid)
        if case.confidence < rule.params.report_from:
            continue
        yield from case.conclude(
            actors=bssids[:_MOST_NAMED],
            ssids=texts[:_MOST_NAMED],
            first_seen=group[0].first.time,
            last_seen=max(m.last for m in group).time,
            count=len(ssids),
        )


def _radios(looked: View, params: Params) -> list[list[Member]]:
    """Open networks by the radio that announces them: one address, or one clock."""
    members = [
        member
        for found in looked.networks.values()
        for member in found
        if member.main.kind is AnnouncementKind.BEACON
        and member.main.security.open
        and member.main.security.owe_transition is None
        and solid(member, params.min_frames, params.min_seconds)
    ]
    members.sort(key=lambda m: (m.first, m.bssid, m.ssid))
    groups: list[list[Member]] = []
    for member in members:
        for group in groups:
            head = group[0]
            if head.transmitter is member.transmitter or (
                head.frequency == member.frequency and same_clock(head.transmitter, member.transmitter)
            ):
                group.append(member)
                break
        else:
            groups.append([member])
    return groups


def _related(texts: list[str]) -> bool:
    """Whether most names share a word of their own, as those of one owner do."""
    words: dict[str, int] = {}
    for text in texts:
        for word in set(re.findall(r"\w{3,}", text.casefold().replace("_", " "))):
            if word not in ("free", "wifi", "guest", "public", "open", "hotspot", "the"):
                words[word] = words.get(word, 0) + 1
    return max(words.values(), default=0) * 2 > len(texts)


def _same_set_elsewhere(radios: list[list[Member]], group: list[Member], ssids: set[bytes]) -> Member | None:
    """A second radio with the same names and the same maker's elements: a venue's installation."""
    for other in radios:
        if other is group or not makers(other[0].main):
            continue
        if len({m.ssid for m in other} & ssids) * 2 > len(ssids) and makers(other[0].main) == makers(
            group[0].main
        ):
            return other[0]
    return None
