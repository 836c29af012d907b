"""Access points that answer to every name."""

from collections.abc import Container, Iterator, Sequence

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi import names, tools
from rogue_scan.wifi.judge import Transmitter, bare, generic, place, show, view
from rogue_scan.wifi.world import Bss, Ref, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_names: int
    """Names under one address; the standard knows one."""
    min_frames: int
    """Announcements of a name that was not asked for: a damaged frame makes up one."""
    report_from: float


_MOST_NAMED = 64
"""Names and clients that one finding lists."""


@detector("wifi/karma", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each address that goes by many names."""
    looked = view(world)
    echoed = _echoed(world)
    for bssid in sorted(set(echoed) | set(world.bss)):
        bss = world.bss.get(bssid)
        told = echoed.get(bssid, {})
        announced = _announced(bss, told, rule.params.min_frames)
        every = sorted(set(announced) | set(told))
        if len(every) < rule.params.min_names:
            continue
        beaconed = {
            use.ssid
            for use in (bss.ssids.values() if bss else ())
            if use.beacons.count >= rule.params.min_frames
        }
        only_answers = [ssid for ssid in told if ssid not in beaconed]
        case = rule.case()
        refs = sorted([(min(found)[0], ssid) for ssid, found in told.items()])
        if len(only_answers) >= rule.params.min_names:
            for ref, ssid in refs[:4]:
                case.add("echo", place(ref), value=show(ssid), name=show(ssid), client=min(told[ssid])[1])
        if len(every) >= rule.params.min_names:
            first = min([*announced.values(), *(ref for ref, _ in refs)])
            case.add("many-names", place(first), count=len(every))
        if len(beaconed) >= rule.params.min_names and len(only_answers) < rule.params.min_names:
            case.add("announced-too", place(min(announced.values())), count=len(beaconed))
        if sum(generic(ssid) for ssid in every) >= 2:
            case.add("shared-names", value=", ".join(show(s) for s in every if generic(s))[:120])
        _sender(case, looked.transmitters.get(bssid, []))
        if names.adapter(bssid):
            case.add("adapter", value=names.maker(bssid), maker=names.maker(bssid))
        seen = sorted([*announced.values(), *(ref for ref, _ in refs)])
        begun = refs[0][0] if refs else seen[min(1, len(seen) - 1)]
        if case.confidence < rule.params.report_from:
            continue
        yield from case.conclude(
            actors=[bssid],
            targets=sorted({client for found in told.values() for _, client in found})[:_MOST_NAMED],
            ssids=[show(ssid) for ssid in every[:_MOST_NAMED]],
            first_seen=begun.time,
            last_seen=max((bss.seen.last if bss else seen[-1]), seen[-1]).time,
            count=len(every),
        )


def _echoed(world: World) -> dict[str, dict[bytes, list[tuple[Ref, str]]]]:
    """BSSID → name → who was answered with it after having asked for it."""
    echoed: dict[str, dict[bytes, list[tuple[Ref, str]]]] = {}
    for (client, bssid, ssid), answer in world.answers.items():
        probe = world.probes.get((client, ssid))
        if ssid.strip(b"\0") and probe is not None and probe.seen.first.time <= answer.seen.first.time + 0.05:
            echoed.setdefault(bssid, {}).setdefault(ssid, []).append((answer.seen.first, client))
    return echoed


def _announced(bss: Bss | None, told: Container[bytes], least: int) -> dict[bytes, Ref]:
    """Names that an address really goes by, with the first frame of each."""
    return {
        use.ssid: min((s.first for s in (use.beacons, use.responses) if s.count), default=Ref(0, 0.0))
        for use in (bss.ssids.values() if bss else ())
        if use.ssid.strip(b"\0")
        and (
            use.ssid in told
            or use.beacons.count + use.responses.count >= least
            or (use.responses.count and not _damaged(use.ssid, bss))
        )
    }


def _sender(case: Case, transmitters: Sequence[Transmitter]) -> None:
    """What the announcements themselves tell of who sends them."""
    if not transmitters:
        return
    main = transmitters[0].main
    if bare(main):
        case.add("bare", place(main.seen.first))
    if main.security.open:
        case.add("open", place(main.seen.first))
    for hit in tools.marks(transmitters[0]):
        case.add("tool-mark", place(hit.ref), value=hit.tool, tool=hit.tool, says=hit.says)


def _damaged(ssid: bytes, bss: Bss | None) -> bool:
    """Whether a name that came once may be another one of this address with a few bits wrong, or cut off."""
    others = [other for other in (bss.ssids if bss else ()) if other != ssid and other.strip(b"\0")]
    return any(
        other.startswith(ssid)
        or ssid.startswith(other)
        or (len(other) == len(ssid) and sum(a != b for a, b in zip(other, ssid, strict=True)) <= 2)
        for other in others
    )
