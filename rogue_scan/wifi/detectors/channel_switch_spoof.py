"""Forged announcements of a channel switch."""

import collections
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import detector
from rogue_scan.rules.rule import Bound, Case
from rogue_scan.wifi import tools
from rogue_scan.wifi.dot11.channel import channel_of
from rogue_scan.wifi.judge import View, place, show, view
from rogue_scan.wifi.world import BROADCAST, Ref, SwitchCarrier, SwitchFrame, World


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds."""

    min_frames: int
    """Frames that name one and the same channel: a damaged frame can name any, once."""
    grace_seconds: float
    """After the announced moment, until the access point must have gone."""
    min_stays: int
    """Beacons on the old channel after that."""
    run_gap: float
    """Seconds without announcements that end a run."""
    report_from: float


@detector("wifi/channel-switch-spoof", Params)
def evaluate(world: World, rule: Bound[Params]) -> Iterator[Finding]:
    """One finding for each access point in whose name a switch was announced that did not happen."""
    looked = view(world)
    by_address: dict[str, list[SwitchFrame]] = {}
    for frame in world.switches:
        if not frame.protected:
            by_address.setdefault(frame.bssid if frame.bssid != BROADCAST else frame.transmitter, []).append(
                frame
            )
    for bssid, frames in sorted(by_address.items()):
        named = collections.Counter(frame.channel for frame in frames)
        frames = [frame for frame in frames if named[frame.channel] >= rule.params.min_frames]
        if bssid not in world.bss or not frames:
            continue
        case = rule.case()
        stays = _stays(looked, bssid, frames, rule.params)
        if stays:
            case.add(
                "stayed",
                place(stays[0]),
                value=f"{len(stays)} beacons",
                count=len(stays),
                seconds=f"{stays[-1].time - frames[0].ref.time:.1f}",
            )
        _forged(case, looked, bssid, frames)
        _copy(case, looked, bssid, frames)
        if case.confidence < rule.params.report_from:
            continue
        channels = sorted({frame.channel for frame in frames})
        yield from case.conclude(
            targets=[bssid],
            actors=[bssid] if "copy-waits" in case else [],
            ssids=[show(ssid) for ssid in world.bss[bssid].ssids if ssid.strip(b"\0")],
            first_seen=frames[0].ref.time,
            last_seen=frames[-1].ref.time,
            channel=", ".join(map(str, channels)),
        )


def _due(frame: SwitchFrame) -> float:
    """When the switch should have happened: ``count`` beacon intervals of about 0.1 s."""
    return frame.ref.time + frame.count * 0.1024


def _stays(looked: View, bssid: str, frames: list[SwitchFrame], params: Params) -> list[Ref]:
    """Plain beacons that the access point sent on its old channel after it should have gone."""
    real = looked.transmitters[bssid][0]
    samples = real.bss.samples
    if samples is None:
        return []
    runs: list[list[SwitchFrame]] = []
    for frame in frames:
        if runs and frame.ref.time - runs[-1][-1].ref.time <= params.run_gap:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    switching = {frame.ref.frame for frame in frames}
    lines = {line.number for line in real.lines}
    # What still says that it works on the old channel: a frame from the new one can be heard on the old, too.
    wanted = {frame.channel for frame in frames}
    plain = [
        a
        for a in real.announcements
        if a.elements.switch is None and a.frequency and channel_of(a.frequency) not in wanted
    ]
    until = max((a.seen.last.time for a in plain), default=0.0)
    heard = {frequency for line in real.lines for frequency in line.frequencies if frequency}
    gone = {frequency for frequency in heard if channel_of(frequency) in wanted}
    found = []
    for run in runs:
        # A run ends with the first count of zero or one; whatever comes later repeats it.
        first = min((_due(f) for f in run if f.count <= 1), default=_due(run[-1]))
        # The real one's beacons between forged ones tell as much as those after them.
        for i in range(len(samples)):
            time, number = float(samples.time[i]), int(samples.line[i])
            if time <= first + params.grace_seconds or time > run[-1].ref.time + 10 * params.run_gap:
                continue
            if time > until or number not in lines or int(samples.frame[i]) in switching:
                continue
            if int(samples.frequency[i]) in gone:
                continue
            found.append(Ref(int(samples.frame[i]), time))
    return found if len(found) >= params.min_stays else []


def _forged(case: Case, looked: View, bssid: str, frames: list[SwitchFrame]) -> None:
    """Marks of forging in the frames themselves."""
    first = place(frames[0].ref)
    counts = [f.count for f in frames]
    restarts = sum(b > a for a, b in pairwise(counts))
    if restarts >= 2 or (len(frames) >= 6 and len(set(counts)) == 1 and counts[0] > 0):
        case.add("count-restarts", first, value=" ".join(map(str, counts[:12])), count=restarts)
    values = [f.tsf for f in frames if f.tsf is not None]
    if len(values) >= 3 and len(set(values)) == 1:
        case.add("still-clock", first, value=str(values[0]))
    odd = [
        f
        for f in frames
        if f.beacon_before is not None and not 0 < (f.sequence - f.beacon_before.sequence) % 4096 <= 96
    ]
    if len(odd) * 2 > len(frames) and len(odd) >= 2:
        case.add(
            "foreign-sequence",
            place(odd[0].ref),
            sequence=odd[0].sequence,
            beacon=odd[0].beacon_before.sequence if odd[0].beacon_before else 0,
        )
    levels = [
        f.signal - f.beacon_before.signal
        for f in frames
        if f.signal is not None and f.beacon_before is not None and f.beacon_before.signal is not None
    ]
    if len(levels) >= 3 and abs(sorted(levels)[len(levels) // 2]) >= 8:
        case.add("other-level", first, difference=sorted(levels)[len(levels) // 2])
    if any(f.carrier is SwitchCarrier.BEACON and f.receiver != BROADCAST for f in frames):
        case.add("unicast-beacon", first)
    for transmitter in looked.transmitters[bssid]:
        for hit in tools.marks(transmitter):
            case.add("tool-mark", place(hit.ref), value=hit.tool, tool=hit.tool, says=hit.says)


def _copy(case: Case, looked: View, bssid: str, frames: list[SwitchFrame]) -> None:
    """Whether a copy of the access point waits on the channel that is named."""
    wanted = {frame.channel for frame in frames}
    for other in looked.transmitters[bssid][1:]:
        if channel_of(other.frequency) in wanted and other.first.time <= frames[-1].ref.time:
            case.add("copy-waits", place(other.first), channel=channel_of(other.frequency))
            return
