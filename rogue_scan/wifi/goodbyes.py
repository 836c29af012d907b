"""Deauthentications and disassociations in bursts, forged ones told apart from an access point's own.

An access point throws clients off for good reasons, and answers strangers' frames with deauthentications of
its own, sometimes by the hundred. Those carry its own sequence numbers, which go on from its beacons; forged
frames carry a tool's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rogue_scan.wifi.judge import handshakes, view
from rogue_scan.wifi.world import BROADCAST, ByeFrame, Kind, Ref, World

OWN_STEPS = 96
"""Frames that an access point may send between a beacon and the next frame of ours."""
BURST_GAP = 10.0
"""Seconds without such frames that end a burst."""
TRIES = 2
"""Wrong proofs that make a stranger one who tries passphrases."""


@dataclass(slots=True)
class Burst:
    """Goodbyes in the name of one BSS and its clients, close together in time."""

    bssid: str
    frames: list[ByeFrame] = field(default_factory=list)
    """Frames that may be forged."""
    own: int = 0
    """Frames set aside: the access point's own answers, protected frames, retries."""
    end: Ref = field(default_factory=lambda: Ref(0, 0.0))
    """Last frame of the burst; the log keeps the first frames of each sender, the counts know of all."""

    @property
    def first(self) -> Ref:
        """First frame that may be forged."""
        return self.frames[0].ref

    @property
    def last(self) -> Ref:
        """Last frame that may be forged."""
        return max(self.frames[-1].ref, self.end)

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.last.time - self.first.time

    @property
    def broadcast(self) -> list[ByeFrame]:
        """Frames to all."""
        return [f for f in self.frames if f.receiver == BROADCAST]

    @property
    def down(self) -> list[ByeFrame]:
        """Frames in the access point's name."""
        return [f for f in self.frames if f.transmitter == self.bssid]

    @property
    def up(self) -> list[ByeFrame]:
        """Frames in clients' names."""
        return [f for f in self.frames if f.receiver == self.bssid and f.transmitter != self.bssid]

    @property
    def clients(self) -> list[str]:
        """Clients aimed at, the most often first."""
        aimed = Counter(f.receiver for f in self.down if f.receiver not in (BROADCAST, self.bssid))
        aimed.update(f.transmitter for f in self.up)
        return [address for address, _ in aimed.most_common() if not int(address[:2], 16) & 1]

    @property
    def foreign(self) -> list[ByeFrame]:
        """Frames in the access point's name whose sequence number does not go on from its beacons."""
        return [f for f in self.down if f.beacon_before is not None and not continues(f)]

    @property
    def most_to_one(self) -> int:
        """Frames to (or in the name of) the single client that got the most."""
        counts = Counter(
            f.receiver if f.transmitter == self.bssid else f.transmitter
            for f in self.frames
            if f.receiver != BROADCAST
        )
        return max(counts.values(), default=0)


def continues(frame: ByeFrame) -> bool:
    """Whether the sequence number goes on from the claimed transmitter's last beacon."""
    before = frame.beacon_before
    return before is not None and 0 < (frame.sequence - before.sequence) % 4096 <= OWN_STEPS


def bursts(world: World, *, disassociation: bool) -> list[Burst]:
    """All bursts of one kind of goodbye, by time."""
    kind = Kind.DISASSOC if disassociation else Kind.DEAUTH
    return view(world).once(f"bursts of {kind}", lambda known: _bursts(known, kind))


def _bursts(world: World, kind: Kind) -> list[Burst]:
    open_bursts: dict[str, Burst] = {}
    found: list[Burst] = []
    for frame in world.byes:
        if frame.disassociation is not (kind is Kind.DISASSOC):
            continue
        bssid = _network(world, frame)
        if bssid is None:
            continue
        burst = open_bursts.get(bssid)
        if burst is None or (burst.frames and frame.ref.time - burst.frames[-1].ref.time > BURST_GAP):
            burst = open_bursts[bssid] = Burst(bssid)
            found.append(burst)
        if frame.protected or frame.retry or (frame.receiver != BROADCAST and _own(frame, bssid)):
            burst.own += 1
        else:
            burst.frames.append(frame)
    found = [burst for burst in found if burst.frames]
    for burst in found:
        burst.end = _end(world, burst, kind)
    return found


def _end(world: World, burst: Burst, kind: Kind) -> Ref:
    """When a burst ended by the counts of its senders and receivers."""
    end = burst.frames[-1].ref
    for pair in sorted({(f.transmitter, f.receiver) for f in burst.frames}):
        rate = world.rates.get((kind, *pair))
        if rate is None:
            continue
        second = int(end.time)
        while any(rate.seconds.get(second + i) for i in range(1, int(BURST_GAP))):
            second += 1
        if second > int(end.time):
            # The row's own last frame is exact where the run reaches up to it.
            end = rate.seen.last if second >= int(rate.seen.last.time) else Ref(end.frame, float(second))
    return end


def _own(frame: ByeFrame, bssid: str) -> bool:
    return frame.transmitter == bssid and continues(frame)


def _network(world: World, frame: ByeFrame) -> str | None:
    """The access point concerned: address 3, or whichever end is a known BSS."""
    for address in (frame.bssid, frame.transmitter, frame.receiver):
        if address in world.bss and address != BROADCAST:
            return address
    return frame.bssid if frame.bssid != BROADCAST else None


def provoked(world: World, burst: Burst, *, longest: float, within: float) -> tuple[str, Ref] | None:
    """The client whose handshake a short burst was to provoke, and the frame that shows it.

    That is what tools do to record a handshake: a few seconds of frames aimed at one client, which then comes
    back. ``longest`` is the burst's duration, ``within`` the time to the handshake, both in seconds.
    """
    if burst.seconds > longest or burst.broadcast or not burst.clients:
        return None
    done = handshakes(world)
    for client in burst.clients[:1]:
        handshake = done.get((client, burst.bssid))
        if handshake is None or handshake.completed is None:
            continue
        later = [
            ref
            for refs in handshake.messages.values()
            for ref in refs
            if burst.first.time < ref.time <= burst.last.time + within
        ]
        if later:
            return client, min(later)
    # Somebody who has tried passphrases here before wants a handshake, whether the client came back or not.
    for (client, bssid), attempt in sorted(done.items()):
        if bssid == burst.bssid and attempt.failures >= TRIES and client not in burst.clients:
            tried = min(attempt.messages[2])
            if abs(tried.time - burst.first.time) <= within:
                return burst.clients[0], tried
    return None
