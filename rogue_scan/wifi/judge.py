"""Reasoning that several detectors share: who transmits, who belongs together, who is a stranger.

A BSSID is only a name. What is behind it is a *transmitter*: one clock, one channel, one set of elements.
:func:`view` splits each BSSID into its transmitters and collects, for each network name, its *members*.
:func:`strangeness` then lists what speaks for and against one member being a stranger among the others,
as names of evidence; what each is worth stands in the signature of the rule that asks.

The constants below are properties of clocks and receivers, not thresholds of suspicion: those are
parameters of the signatures.
"""

from __future__ import annotations

import bisect
import functools
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from rogue_scan.model.evidence import Where
from rogue_scan.rules.rule import Case
from rogue_scan.wifi import names, tools
from rogue_scan.wifi.dot11.channel import band_of, channel_of
from rogue_scan.wifi.world import (
    Announcement,
    AnnouncementKind,
    Bss,
    ChannelUse,
    ClockLine,
    Ref,
    Signal,
    Span,
    World,
)

T = TypeVar("T")

SAME_CLOCK_US = 150_000
"""Two BSSIDs whose lines lie this close by host time share a clock: boxes of one transmitter differ by less
than a beacon interval, independent ones by the difference of their uptimes (seconds to years)."""
SAME_CLOCK_MAC_US = 40_000
"""The same by the receiver's microsecond clock; staggered siblings lie up to a third of an interval apart."""
TURNS = 5
"""How often two clock lines must take turns to be two transmitters at once: a restart is one turn."""
BACKWARDS = 3
"""How often the clock must have gone back meanwhile: damaged time stamps do it now and then."""
LINE_BEACONS = 3
"""Beacons that make a clock line more than a damaged frame."""
OVERLAP_SECONDS = 0.5
HOPS = 3
"""Visits that show that a receiver comes by a channel again and again."""
MOST_COMPARED = 64
"""Members of one network that a stranger is compared with."""
IMPLAUSIBLE_UPTIME = 10 * 365 * 86400
"""Seconds. A clock that claims to run longer was set by software."""
RECORDED_GAP_US, RECORDED_STEPS = 3_000_000, 400
"""Between two beacons of the real one: how far apart they may be to tell what its counter was in between."""
_NEUTRAL_VENDORS = frozenset({"00:50:f2", "50:6f:9a", "00:0f:ac"})
"""WMM, WPS, Wi-Fi Alliance: they say nothing about the maker."""


@dataclass(slots=True)
class Transmitter:
    """One sender of announcements under a BSSID."""

    bss: Bss
    number: int
    """0 for the first one heard under this BSSID."""
    lines: list[ClockLine] = field(default_factory=list)
    """One after the other: a restart begins a new line. Empty where no beacon was heard."""
    announcements: list[Announcement] = field(default_factory=list)
    """What it sent, by first sighting."""

    @property
    def bssid(self) -> str:
        """The address it uses."""
        return self.bss.bssid

    @property
    def first(self) -> Ref:
        """First sighting."""
        if self.lines:
            return min(line.seen.first for line in self.lines)
        return min((a.seen.first for a in self.announcements), default=self.bss.seen.first)

    @property
    def last(self) -> Ref:
        """Last sighting."""
        if self.lines:
            return max(line.seen.last for line in self.lines)
        return max((a.seen.last for a in self.announcements), default=self.bss.seen.last)

    @property
    def count(self) -> int:
        """Beacons on its lines; announcements where there are none."""
        return sum(line.seen.count for line in self.lines) or sum(a.seen.count for a in self.announcements)

    @property
    def uptime(self) -> float | None:
        """Seconds its clock had run when first heard; None without a beacon or with a clock that lies."""
        if not self.lines:
            return None
        line = min(self.lines, key=lambda line: line.seen.first)
        seconds = line.tsf_first / 1e6
        still = line.seen.count > LINE_BEACONS and line.tsf_highest == line.tsf_lowest
        return None if still or not 0 < seconds < IMPLAUSIBLE_UPTIME else seconds

    @property
    def main(self) -> Announcement:
        """The announcement sent most, beacons first."""
        return max(
            self.announcements,
            key=lambda a: (a.kind is AnnouncementKind.BEACON, a.seen.count, -a.seen.first.frame),
        )

    @property
    def frequency(self) -> int:
        """MHz on which it says it works; 0 unknown."""
        return self.main.frequency or 0

    @property
    def signal(self) -> int | None:
        """Median level, dBm."""
        levels: dict[int, int] = {}
        for part in self.lines or self.announcements:
            for level, count in part.signal.levels.items():
                levels[level] = levels.get(level, 0) + count
        total, below = sum(levels.values()), 0
        for level in sorted(levels):
            below += levels[level]
            if below * 2 >= total:
                return level
        return None


@dataclass(slots=True)
class Member:
    """A transmitter in its role as part of one network."""

    ssid: bytes
    transmitter: Transmitter
    announcements: list[Announcement]
    """Those that carry this SSID."""
    bssid: str = field(init=False)
    """The address it uses."""
    main: Announcement = field(init=False)
    """The announcement with this SSID that was sent most, beacons first."""
    first: Ref = field(init=False)
    """First announcement of this SSID."""
    last: Ref = field(init=False)
    """Last announcement of this SSID."""
    count: int = field(init=False)
    """Announcements of this SSID."""
    frequency: int = field(init=False)
    """MHz; 0 unknown."""

    def __post_init__(self) -> None:
        # Asked for again and again by rules that compare all with all, so reckoned once.
        self.bssid = self.transmitter.bssid
        self.main = max(
            self.announcements,
            key=lambda a: (a.kind is AnnouncementKind.BEACON, a.seen.count, -a.seen.first.frame),
        )
        self.first = min(a.seen.first for a in self.announcements)
        self.last = max(a.seen.last for a in self.announcements)
        self.count = sum(a.seen.count for a in self.announcements)
        self.frequency = self.main.frequency or 0


@dataclass(slots=True)
class View:
    """A world as transmitters and networks."""

    world: World
    transmitters: dict[str, list[Transmitter]]
    """By BSSID."""
    networks: dict[bytes, list[Member]]
    """By SSID (never a hidden one), members by first sighting."""
    shared_steps: dict[tuple[str, int], int]
    """(BSSID, transmitter number) → other BSSIDs whose clocks show the same step: it is the receiver's."""
    memo: dict[str, Any] = field(default_factory=dict)
    """What several detectors derive from this world, by name."""

    def once(self, name: str, derive: Callable[[World], T]) -> T:
        """``derive(world)``, reckoned the first time that it is asked for."""
        if name not in self.memo:
            self.memo[name] = derive(self.world)
        found: T = self.memo[name]
        return found


_latest: tuple[World, tuple[int, int], View] | None = None


def view(world: World) -> View:
    """The world's transmitters and networks (kept until the world changes: each detector asks)."""
    global _latest
    # At its end a capture's tables are cut once more, without a new frame.
    state = (world.coverage.frames, sum(world.evicted.values()))
    if _latest is None or _latest[0] is not world or _latest[1] != state:
        _latest = (world, state, _view(world))
    return _latest[2]


def _view(world: World) -> View:
    transmitters = {bssid: _split(bss) for bssid, bss in world.bss.items()}
    networks: dict[bytes, list[Member]] = {}
    for group in transmitters.values():
        for transmitter in group:
            by_name: dict[bytes, list[Announcement]] = {}
            for announcement in transmitter.announcements:
                if not announcement.hidden and announcement.elements.complete:
                    by_name.setdefault(announcement.ssid, []).append(announcement)
            for ssid, found in by_name.items():
                networks.setdefault(ssid, []).append(Member(ssid, transmitter, found))
    for members in networks.values():
        members.sort(key=lambda m: (m.first, m.bssid, m.transmitter.number))
    return View(world, transmitters, networks, _shared_steps(transmitters))


def apart(bss: Bss, lines: Iterable[ClockLine]) -> list[list[ClockLine]]:
    """Clock lines by transmitter: those that take turns are of two, those that follow each other of one."""
    found: list[list[ClockLine]] = []
    for line in sorted(
        (line for line in lines if line.seen.count >= LINE_BEACONS), key=lambda line: line.seen.first
    ):
        clash = [max(_clash(bss, line, other) for other in group) for group in found]
        if found and min(clash) < _TWO:
            found[clash.index(min(clash))].append(line)
        else:
            found.append([line])
    return found


def _split(bss: Bss) -> list[Transmitter]:
    """The transmitters of a BSSID, each with its part of the announcements."""
    found = [Transmitter(bss, number, lines) for number, lines in enumerate(apart(bss, bss.lines))]
    if not found:
        found.append(Transmitter(bss, 0))
    for announcement in bss.announcements:
        senders = [t for t in found if any(announcement.digest in line.variants for line in t.lines)]
        if announcement.kind is AnnouncementKind.BEACON and len(senders) > 1:
            for sender in senders:
                sender.announcements.append(_share(announcement, sender))
        else:
            _owner(announcement, found).announcements.append(announcement)
    return [t for t in found if t.announcements]


def _share(announcement: Announcement, sender: Transmitter) -> Announcement:
    """One transmitter's part in a variant that several send."""
    seen, frequencies, signal = Span(), dict[int, int](), Signal()
    for line in sender.lines:
        part = line.variants.get(announcement.digest)
        if part is None:
            continue
        first = min(seen.first, part.first) if seen.count else part.first
        seen = Span(seen.count + part.count, first, max(seen.last, part.last))
        for frequency, count in line.frequencies.items():
            frequencies[frequency] = frequencies.get(frequency, 0) + count
        for level, count in line.signal.levels.items():
            signal.levels[level] = signal.levels.get(level, 0) + count
    return replace(announcement, seen=seen, refs=[seen.first], frequencies=frequencies, signal=signal)


def _owner(announcement: Announcement, transmitters: list[Transmitter]) -> Transmitter:
    """Who sent a variant: the one whose line holds most of it, for responses the one with like content."""
    if len(transmitters) == 1:
        return transmitters[0]

    def weight(transmitter: Transmitter) -> tuple[int, int]:
        held = sum(
            line.variants[announcement.digest].count
            for line in transmitter.lines
            if announcement.digest in line.variants
        )
        alike = sum(
            a.ssid == announcement.ssid
            and a.security.akms == announcement.security.akms
            and a.security.protection is announcement.security.protection
            and a.frequency == announcement.frequency
            for a in transmitter.announcements
        )
        return held, alike

    return max(transmitters, key=lambda t: (weight(t), -t.number))


_ONE, _PERHAPS, _TWO = 0, 1, 2


def _clash(bss: Bss, a: ClockLine, b: ClockLine) -> int:
    """Whether two lines were on the air at the same time: no, perhaps, surely.

    Receivers have clocks of their own, so only lines of one receiver are compared; several receivers that
    hear one transmitter give one line each.
    """
    if a.receiver != b.receiver:
        return _ONE
    first, last = max(a.seen.first, b.seen.first), min(a.seen.last, b.seen.last)
    if last.time - first.time < OVERLAP_SECONDS:
        return _ONE
    back = _backwards(bss, a, b)
    if turns(bss, a, b) >= TURNS and back >= BACKWARDS:
        return _TWO
    return _PERHAPS if back else _ONE


def _backwards(bss: Bss, a: ClockLine, b: ClockLine) -> int:
    """How often the clock went back from one beacon to the next.

    Two clocks do so each time they take turns, a restart once. A receiver that stalls and delivers late also
    makes a second line, but its beacons stay in order.
    """
    samples = bss.samples
    if samples is None:
        return BACKWARDS
    count, before = 0, None
    for number, tsf in zip(samples.line.tolist(), samples.tsf.tolist(), strict=True):
        if number in (a.number, b.number):
            count += before is not None and tsf < before
            before = tsf
    return count


def turns(bss: Bss, a: ClockLine, b: ClockLine) -> int:
    """How often the beacons of two lines took turns."""
    samples = bss.samples
    if samples is None:
        return min(a.turns, b.turns)
    count, before = 0, None
    for number in samples.line.tolist():
        if number in (a.number, b.number):
            if before is not None and number != before:
                count += 1
            before = number
    if samples.stride == 1:
        return count
    return max(count, min(a.turns, b.turns))


def recorded(real: Transmitter, other: Transmitter) -> list[Ref]:
    """Beacons of ``other`` that the real one once sent.

    Clock and sequence number of a beacon belong together: at that value of its clock the real one counted
    just there. A copy of its own has another counter; a recording has both. Empty unless nearly all agree.
    """
    samples = real.bss.samples
    if samples is None:
        return []
    ours, theirs = ({line.number for line in t.lines} for t in (real, other))
    known: list[tuple[int, int]] = []
    asked: list[tuple[int, int, Ref]] = []
    for row, number in enumerate(samples.line.tolist()):
        tsf, sequence = int(samples.tsf[row]), int(samples.sequence[row])
        if number in ours:
            known.append((tsf, sequence))
        elif number in theirs:
            asked.append((tsf, sequence, Ref(int(samples.frame[row]), float(samples.time[row]))))
    known.sort()
    compared, agreed = 0, []
    for tsf, sequence, ref in asked:
        at = bisect.bisect_left(known, (tsf, -1))
        if not 0 < at < len(known):
            continue
        (before, low), (after, high) = known[at - 1], known[at]
        steps = (high - low) % 4096
        if after - before > RECORDED_GAP_US or after == before or steps > RECORDED_STEPS:
            continue
        expected = low + steps * (tsf - before) / (after - before)
        compared += 1
        if min((sequence - expected) % 4096, (expected - sequence) % 4096) <= 3:
            agreed.append(ref)
    return agreed if len(agreed) >= 4 and len(agreed) >= 0.8 * compared else []


def _shared_steps(transmitters: dict[str, list[Transmitter]]) -> dict[tuple[str, int], int]:
    """Steps between two lines of one BSSID that other, independent BSSIDs show as well.

    Two recordings merged with wrong times, or a receiver whose clock jumps to and fro, give every BSSID a
    second line at the same distance.
    """
    steps = [
        (abs(other.lines[0].offset_first - group[0].lines[0].offset_first), bssid, other.number)
        for bssid, group in transmitters.items()
        for other in group[1:]
        if group[0].lines and other.lines
    ]
    found: dict[tuple[str, int], int] = {}
    for step, bssid, number in steps:
        group = transmitters[bssid]
        found[bssid, number] = sum(
            1
            for step2, bssid2, _ in steps
            if bssid2 != bssid
            and abs(step2 - step) <= 2 * SAME_CLOCK_US
            and not same_clock(group[0], transmitters[bssid2][0])
        )
    return found


# Kinship


def same_clock(a: Transmitter, b: Transmitter) -> bool:
    """Whether two transmitters are one radio by their clocks."""
    for line in a.lines:
        for other in b.lines:
            if line.receiver != other.receiver:
                continue
            if line.mac_offset_first is not None and other.mac_offset_first is not None:
                pairs = (
                    (line.mac_offset_first, other.mac_offset_first),
                    (line.mac_offset_last or 0, other.mac_offset_last or 0),
                )
                limit = SAME_CLOCK_MAC_US
            else:
                pairs = (
                    (line.offset_first, other.offset_first),
                    (line.offset_last, other.offset_last),
                )
                limit = SAME_CLOCK_US
            if any(abs(x - y) <= limit for x, y in pairs):
                return True
    return False


def sibling_addresses(a: str, b: str) -> bool:
    """Whether two addresses differ as those of one box do: in local bits and the last byte."""
    x, y = bytes.fromhex(a.replace(":", "")), bytes.fromhex(b.replace(":", ""))
    return x[1:5] == y[1:5] and (x[0] ^ y[0]) & 0x01 == 0 and abs(x[5] - y[5]) <= 16


def local_address(address: str) -> bool:
    """Whether the locally administered bit is set."""
    return bool(int(address[:2], 16) & 2)


def makers(announcement: Announcement) -> frozenset[str]:
    """OUIs of the vendor elements that belong to makers of chips and equipment."""
    return frozenset(oui for oui, _ in announcement.elements.vendors if oui not in _NEUTRAL_VENDORS)


def bare(announcement: Announcement) -> bool:
    """Whether there is nothing of a maker in it, as in announcements of plain software."""
    return not makers(announcement) and announcement.elements.country is None


def differences(a: Announcement, b: Announcement) -> list[str]:
    """Parts in which two announcements differ that are fixed by hardware, firmware and settings.

    Only parts are compared that both kinds of frames carry and that stay the same over channels of a band.
    """
    one, two = a.elements, b.elements
    same_band = band_of(a.frequency or a.tuned) == band_of(b.frequency or b.tuned)
    found = []
    if makers(a) != makers(b):
        found.append("maker's elements")
    if one.country != two.country:
        found.append("country")
    if a.kind is b.kind and (one.wps is None) != (two.wps is None):
        found.append("WPS")
    if a.kind is b.kind and a.interval != b.interval:
        found.append("beacon interval")
    if same_band:
        if {r & 0x7F for r in one.rates} != {r & 0x7F for r in two.rates}:
            found.append("rates")
        elif one.rates != two.rates:
            found.append("basic rates")
        if _ht(one.ht_capabilities) != _ht(two.ht_capabilities):
            found.append("HT capabilities")
        if (one.vht_capabilities or b"")[:4] != (two.vht_capabilities or b"")[:4]:
            found.append("VHT capabilities")
        if one.generation != two.generation:
            found.append("Wi-Fi generation")
    if one.extended_capabilities[:4] != two.extended_capabilities[:4]:
        found.append("extended capabilities")
    if (one.mobility_domain is None) != (two.mobility_domain is None):
        found.append("mobility domain")
    if a.kind is b.kind and [k for k in one.order if k in two.order] != [
        k for k in two.order if k in one.order
    ]:
        found.append("order of elements")
    return found


def _ht(body: bytes | None) -> bytes:
    """HT capabilities without the bit for 40 MHz, which follows the channel."""
    if body is None or len(body) < 2:
        return b""
    return bytes([body[0] & 0xFD & ~0x40 & 0xFF]) + body[1:16]


def listed(world: World) -> dict[str, list[tuple[str, Ref]]]:
    """BSSID → (who, where) for everyone that names it as neighbour or as another link of its own."""
    return view(world).once("listed", _listed)


def _listed(world: World) -> dict[str, list[tuple[str, Ref]]]:
    found: dict[str, list[tuple[str, Ref]]] = {}
    for bss, announcement in world.announced():
        elements, ref = announcement.elements, announcement.seen.first
        link = elements.multi_link
        named = [n.bssid for n in elements.neighbours] + [a for _, a in (link.links if link else ())]
        for address in named:
            if address is not None and address != bss.bssid:
                found.setdefault(address, []).append((bss.bssid, ref))
    return found


def same_mobility_domain(a: Announcement, b: Announcement) -> bool:
    """Whether both are in one fast-transition domain."""
    one, two = a.elements.mobility_domain, b.elements.mobility_domain
    return one is not None and two is not None and one.domain == two.domain


def owe_pair(a: Announcement, a_bssid: str, b: Announcement, b_bssid: str) -> bool:
    """Whether two announcements point at each other as halves of an OWE transition network."""
    one, two = a.security.owe_transition, b.security.owe_transition
    return one is not None and two is not None and one.bssid == b_bssid and two.bssid == a_bssid


# Strangers


def solid(member: Member, frames: int, seconds: float) -> bool:
    """Whether enough announcements over enough time carry this claim."""
    return member.count >= frames and member.last.time - member.first.time >= seconds


def watched_before(world: World, transmitter: Transmitter, seconds: float) -> bool:
    """Whether its channel was listened to for so long before it was first heard that it was not there yet."""
    wanted = transmitter.frequency
    for line in transmitter.lines:
        if line.frequencies:
            wanted = max(line.frequencies, key=lambda f: (line.frequencies[f], -f)) or wanted
            break
    cover = world.coverage
    use = cover.channels.get(wanted)
    if use is None:
        return False
    if transmitter.first.time - use.first.time >= seconds:
        return True
    # A receiver that hops comes by on empty channels as well, it only hears nothing there. If it is on this
    # one as often as on others now, it was so from the start.
    others = [
        _visits(other, cover.last)
        for frequency, other in cover.channels.items()
        if frequency and frequency != wanted and other.dwells >= HOPS
    ]
    return (
        bool(others)
        and use.dwells >= HOPS
        and transmitter.first.time - cover.first.time >= seconds
        and _visits(use, cover.last) * 2 >= statistics.median(others)
    )


def _visits(use: ChannelUse, last: Ref) -> float:
    """Visits to a channel in a second, since it was first heard."""
    return use.dwells / max(last.time - use.first.time, 1.0)


def like(members: Iterable[Member], stranger: Member) -> Member | None:
    """The member whose announcement differs least from the stranger's."""
    return min(
        members,
        key=lambda m: (len(differences(m.main, stranger.main)), m.first, m.bssid),
        default=None,
    )


def strangeness(
    case: Case,
    view: View,
    stranger: Member,
    known: Sequence[Member],
    *,
    fresh_seconds: float,
    settled_seconds: float,
    watch_seconds: float,
) -> None:
    """Add to ``case`` what speaks for and against ``stranger`` being foreign to the network of ``known``.

    The case's rule must describe all names of evidence that are used here (see ``STRANGENESS``).
    """
    world = view.world
    one, main = stranger.transmitter, stranger.main
    where = place(stranger.first)
    nearest = like(known, stranger)
    if nearest is None:
        return
    distance = differences(nearest.main, main)
    cloned = any(m.bssid == stranger.bssid for m in known)
    same_radio = next((m for m in known if m.transmitter is not one and same_clock(m.transmitter, one)), None)
    kin = next((m for m in known if not cloned and sibling_addresses(m.bssid, stranger.bssid)), None)

    # The hardware and its settings.
    hardware = [d for d in distance if d not in ("WPS", "country", "basic rates")]
    if len(hardware) >= 2:
        case.add("other-hardware", where, parts=", ".join(distance), target=nearest.bssid)
    elif not hardware and same_band(nearest, stranger):
        case.add("same-make", where, target=nearest.bssid)
    if bare(main) and not bare(nearest.main):
        case.add("bare", where)
    if kin is not None and same_radio is None and same_band(kin, stranger) and len(hardware) >= 2:
        case.add("false-sibling", where, target=kin.bssid)
    maker, real_maker = names.maker(stranger.bssid), names.maker(nearest.bssid)
    if makers(main) and makers(main) == makers(nearest.main) and maker != real_maker:
        case.add(
            "borrowed-elements", where, maker=maker or "an unknown maker", real_maker=real_maker or "another"
        )
    if names.adapter(stranger.bssid):
        case.add("adapter", where, maker=maker)

    # Its age.
    uptime = one.uptime
    if uptime is not None and uptime < fresh_seconds:
        case.add("fresh-clock", where, value=f"{uptime:.0f} s", seconds=f"{uptime:.0f}")
    elif uptime is not None and uptime > settled_seconds and not cloned:
        case.add("settled", where, value=f"{uptime:.0f} s", hours=f"{uptime / 3600:.1f}")
    later = one.first.time - min(m.first.time for m in known) >= watch_seconds
    if later and watched_before(world, one, watch_seconds):
        case.add("appeared", where, seconds=f"{one.first.time:.1f}")
    if not cloned and band_of(stranger.frequency) and stranger.frequency in {m.frequency for m in known}:
        case.add("same-channel", where, channel=channel_of(stranger.frequency))

    # What is known about the software.
    for mark in tools.marks(one, [m.bssid for m in known]):
        case.add("tool-mark", place(mark.ref), value=mark.tool, tool=mark.tool, says=mark.says)

    # Counter-evidence.
    if same_radio is not None and not cloned:
        case.add("same-radio", where, target=same_radio.bssid)
    if not cloned:
        addresses = {m.bssid for m in known}
        for address, ref in listed(world).get(stranger.bssid, ()):
            if address in addresses:
                case.add("listed", place(ref), target=address)
                break
    if not cloned and any(same_mobility_domain(m.main, main) for m in known):
        case.add("same-mobility-domain", where)
    if not cloned and phone(stranger):
        case.add("phone", where)


STRANGENESS = (
    "other-hardware",
    "same-make",
    "bare",
    "false-sibling",
    "borrowed-elements",
    "adapter",
    "fresh-clock",
    "settled",
    "appeared",
    "same-channel",
    "tool-mark",
    "same-radio",
    "listed",
    "same-mobility-domain",
    "phone",
)
"""Names of evidence that :func:`strangeness` may add."""


def shortlist(known: Sequence[Member], stranger: Member) -> list[Member]:
    """Of a huge network the members that a stranger is compared with: those near it, and the first."""
    if len(known) <= MOST_COMPARED:
        return list(known)
    near = [
        m
        for m in known
        if m.bssid == stranger.bssid
        or sibling_addresses(m.bssid, stranger.bssid)
        or same_clock(m.transmitter, stranger.transmitter)
    ]
    return [*near[:MOST_COMPARED], *(m for m in known[:MOST_COMPARED] if m not in near)]


def same_band(a: Member, b: Member) -> bool:
    """Whether both work in one band."""
    return band_of(a.frequency) == band_of(b.frequency)


def phone(member: Member) -> bool:
    """Whether it looks like a telephone's hotspot: a random address and a telephone's elements."""
    return local_address(member.bssid) and any(oui in names.phone_elements() for oui in makers(member.main))


def place(ref: Ref) -> Where:
    """A frame as evidence cites it."""
    return Where(frame=ref.frame, time=round(ref.time, 6))


def show(ssid: bytes) -> str:
    """An SSID as text: UTF-8 where it is, else Latin-1; escaping is the renderer's."""
    try:
        return ssid.decode()
    except UnicodeDecodeError:
        return ssid.decode("latin-1")


@functools.lru_cache(maxsize=4096)
def generic(ssid: bytes) -> bool:
    """Whether unrelated owners share this name: a factory default, a provider's or a federation's name."""
    return names.generic(show(ssid))


def clients_of(world: World, bssid: str, after: float = 0.0) -> Iterator[tuple[str, Ref]]:
    """Clients that joined or used ``bssid`` after a time, each once, with the first frame that shows it."""
    found: dict[str, Ref] = {}
    for ref, client in view(world).once("clients", _clients).get(bssid, ()):
        if ref.time >= after:
            found.setdefault(client, ref)
    yield from sorted(found.items(), key=lambda item: (item[1], item[0]))


def places_of(world: World, client: str) -> list[tuple[Ref, str]]:
    """(frame, BSSID) of everything that a client joined or used, by time."""
    return view(world).once("places", _places).get(client, [])


def _clients(world: World) -> dict[str, list[tuple[Ref, str]]]:
    """BSSID → (frame, client)."""
    return _grouped((bssid, ref, client) for client, bssid, ref in _uses(world))


def _places(world: World) -> dict[str, list[tuple[Ref, str]]]:
    """Client → (frame, BSSID)."""
    return _grouped((client, ref, bssid) for client, bssid, ref in _uses(world))


def _uses(world: World) -> Iterator[tuple[str, str, Ref]]:
    """(client, BSSID, frame) of associations and of first data."""
    for frame in world.assocs:
        client = frame.receiver if frame.response else frame.transmitter
        if client != frame.bssid:
            yield client, frame.bssid, frame.ref
    for (client, bssid), link in world.links.items():
        yield client, bssid, link.seen.first


def _grouped(rows: Iterable[tuple[str, Ref, str]]) -> dict[str, list[tuple[Ref, str]]]:
    found: dict[str, list[tuple[Ref, str]]] = {}
    for key, ref, other in rows:
        found.setdefault(key, []).append((ref, other))
    for entries in found.values():
        entries.sort()
    return found


# Handshakes


@dataclass(slots=True)
class Handshake:
    """The 4-way handshakes of one client with one BSS."""

    client: str
    bssid: str
    messages: dict[int, list[Ref]] = field(default_factory=dict)
    """1 to 4 → frames."""

    @property
    def completed(self) -> Ref | None:
        """The first third message (or fourth): the access point has accepted the client's proof."""
        found = self.messages.get(3, []) + self.messages.get(4, [])
        return min(found, default=None)

    @property
    def failures(self) -> int:
        """Times the client proved its key and the access point asked again instead of going on."""
        if self.completed is not None:
            return 0
        return min(len(self.messages.get(1, [])), len(self.messages.get(2, [])))


def handshakes(world: World) -> dict[tuple[str, str], Handshake]:
    """All 4-way handshakes, by (client, BSSID); retransmissions by the radio are left out."""
    return view(world).once("handshakes", _handshakes)


def _handshakes(world: World) -> dict[tuple[str, str], Handshake]:
    found: dict[tuple[str, str], Handshake] = {}
    for exchange in world.keys:
        number = exchange.key.message
        if not number or exchange.retry:
            continue
        key = (exchange.client, exchange.bssid)
        entry = found.setdefault(key, Handshake(*key))
        entry.messages.setdefault(number, []).append(exchange.ref)
    return found
