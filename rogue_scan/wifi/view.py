"""What a world looks like in a report: networks, access points, clients, coverage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.model.subject import (
    AccessPoint,
    ChannelWatch,
    Client,
    ClientEvent,
    Coverage,
    Network,
    NotAssessed,
    SignalPoint,
    Track,
    WifiView,
)
from rogue_scan.wifi import baseline, judge
from rogue_scan.wifi.dot11.channel import channel_of
from rogue_scan.wifi.dot11.frame import is_group, is_local
from rogue_scan.wifi.net import clients
from rogue_scan.wifi.vendors import vendor
from rogue_scan.wifi.world import Announcement, Bss, Station, World

MAX_EVENTS = 64
"""For each client."""
TRACK_POINTS = 48
_BEACONS_TO_SHARE = 3
"""Beacons that a clock line needs before two BSSs are called one radio."""


def wifi(world: World, findings: Sequence[Finding]) -> WifiView:
    """The tables of a report, in an order that depends on the content alone."""
    radios = _radios(world)
    points = tuple(
        _access_point(bss, radios.get(bss.bssid)) for bss in _in_order(world.bss.values()) if bss.variants
    )
    networks = tuple(
        Network(
            judge.show(ssid),
            tuple(bss.bssid for bss in members),
            tuple(sorted({a.security.label for bss in members for a in _named(bss, ssid)})),
        )
        for ssid, members in sorted(world.networks().items())
    )
    accused = {address for finding in findings for address in (*finding.actors, *finding.targets)}
    tracks = tuple(
        track for bss in _in_order(world.bss.values()) if bss.bssid in accused for track in _tracks(bss)
    )
    changes = () if world.site is None else tuple(baseline.compare(world.site, world))
    return WifiView(networks, points, tuple(_clients(world)), tracks, changes)


def _in_order(found: Iterable[Bss]) -> list[Bss]:
    return sorted(found, key=lambda bss: bss.bssid)


def _named(bss: Bss, ssid: bytes) -> list[Announcement]:
    return [a for a in bss.variants.values() if a.ssid == ssid]


def _access_point(bss: Bss, radio: int | None) -> AccessPoint:
    main = bss.main
    assert main is not None
    names = [use.ssid for use in bss.ssids.values() if use.ssid.strip(b"\0")]
    beacons = [a for a in bss.variants.values() if a.kind.value == "beacon"]
    frequency = main.frequency
    security = main.security
    return AccessPoint(
        bssid=bss.bssid,
        ssids=tuple(dict.fromkeys(judge.show(name) for name in sorted(names))),
        hidden=bool(beacons) and all(a.hidden for a in beacons),
        channel=channel_of(frequency) if frequency else None,
        frequency=frequency,
        security=security.label,
        akms=security.akms,
        ciphers=security.pairwise,
        mfp=str(security.mfp),
        wps=main.elements.wps is not None or any(a.elements.wps is not None for a in bss.variants.values()),
        vendor=vendor(bss.bssid),
        signal=bss.signal.median,
        beacons=bss.beacons.count,
        radio=radio,
        first_seen=_time(bss.seen.first.time),
        last_seen=_time(bss.seen.last.time),
    )


def _radios(world: World) -> dict[str, int]:
    """BSSID → number of the radio that it shares a clock with others on."""
    transmitters = [
        transmitter
        for group in judge.view(world).transmitters.values()
        for transmitter in group
        if transmitter.number == 0 and transmitter.lines and transmitter.count >= _BEACONS_TO_SHARE
    ]
    transmitters.sort(key=lambda t: t.bssid)
    number: dict[str, int] = {}
    heads: list[judge.Transmitter] = []
    for transmitter in transmitters:
        for place, head in enumerate(heads):
            if judge.same_clock(head, transmitter):
                number[transmitter.bssid] = place
                break
        else:
            number[transmitter.bssid] = len(heads)
            heads.append(transmitter)
    return number


def _tracks(bss: Bss) -> Iterable[Track]:
    samples = bss.samples
    for line in bss.lines:
        points: list[SignalPoint] = []
        if samples is not None:
            rows = [
                row
                for row, (number, level) in enumerate(
                    zip(samples.line.tolist(), samples.signal.tolist(), strict=True)
                )
                if number == line.number and level
            ]
            step = max(1, len(rows) // TRACK_POINTS)
            points = [
                SignalPoint(_time(float(samples.time[row])), float(samples.signal[row]))
                for row in rows[::step]
            ]
        known = {f: n for f, n in line.frequencies.items() if f}
        yield Track(
            bss.bssid,
            line.number,
            max(known, key=lambda f: (known[f], -f)) if known else None,
            _time(line.seen.first.time),
            _time(line.seen.last.time),
            line.seen.count,
            round(line.offset_first / 1e6, 6),
            tuple(points),
        )


def _clients(world: World) -> Iterable[Client]:
    links: dict[str, list[str]] = {}
    for client, bssid in sorted(world.links):
        link = world.links[(client, bssid)]
        if link.up or link.null_up:
            links.setdefault(client, []).append(bssid)
    probed: dict[str, list[bytes]] = {}
    for client, ssid in sorted(world.probes):
        if ssid:
            probed.setdefault(client, []).append(ssid)
    events = _events(world)
    hosts = clients.hosts(world.net) if world.net is not None else {}
    for address in sorted(world.stations):
        station = world.stations[address]
        if address in world.bss and not links.get(address):
            continue
        yield _client(
            station, links.get(address, []), probed.get(address, []), events.get(address, []), hosts
        )


def _client(
    station: Station,
    bssids: list[str],
    probed: list[bytes],
    events: list[ClientEvent],
    hosts: dict[str, set[str]],
) -> Client:
    return Client(
        station.address,
        vendor(station.address),
        is_local(station.address),
        tuple(bssids),
        tuple(judge.show(name) for name in probed),
        tuple(sorted(hosts.get(station.address, ()))[:256]),
        tuple(events),
        _time(station.seen.first.time),
        _time(station.seen.last.time),
    )


def _events(world: World) -> dict[str, list[ClientEvent]]:
    """What happened to each client, in time, without values."""
    found: dict[str, list[ClientEvent]] = {}

    def add(client: str, time: float, kind: str, bssid: str, detail: str = "") -> None:
        if not is_group(client):
            found.setdefault(client, []).append(ClientEvent(_time(time), kind, bssid, detail))

    for assoc in world.assocs:
        if assoc.response and assoc.status == 0:
            kind = "reassociated" if assoc.reassociation else "associated"
            add(assoc.receiver, assoc.ref.time, kind, assoc.bssid)
    for bye in world.byes:
        kind = "disassociated" if bye.disassociation else "deauthenticated"
        reason = "protected" if bye.reason is None else f"reason {bye.reason}"
        if bye.receiver != bye.bssid:
            add(bye.receiver, bye.ref.time, kind, bye.bssid, reason)
        elif bye.transmitter != bye.bssid:
            add(bye.transmitter, bye.ref.time, f"{kind} itself", bye.bssid, reason)
    if world.net is not None:
        for client, event in clients.events(world.net):
            if not is_group(client):
                event = msgspec.structs.replace(event, time=_time(event.time))
                found.setdefault(client, []).append(event)
    for client, events in found.items():
        ordered = sorted(events, key=lambda e: (e.time, e.kind, e.bssid, e.detail))
        kept: list[ClientEvent] = []
        for event in ordered:
            last = kept[-1] if kept else None
            # A burst of equal events is one event.
            same = last is not None and (last.kind, last.bssid, last.data) == (
                event.kind,
                event.bssid,
                event.data,
            )
            if last is None or not same or event.time - last.time >= 1.0:
                kept.append(event)
        found[client] = kept[:MAX_EVENTS]
    return found


def coverage(world: World, checked: Sequence[str], not_assessed: Sequence[NotAssessed]) -> Coverage:
    """What could and could not be seen."""
    seen = world.coverage
    drops = [receiver.dropped for receiver in world.receivers if receiver.dropped is not None]
    evicted = dict(world.evicted)
    if world.net is not None:
        for table, count in world.net.evicted.items():
            evicted[table] = evicted.get(table, 0) + count
    return Coverage(
        seconds=_time(max(0.0, seen.last.time - seen.first.time)),
        frames=seen.frames,
        channels=tuple(
            ChannelWatch(use.frequency, channel_of(use.frequency), _time(use.seconds), use.frames)
            for use in sorted(seen.channels.values(), key=lambda u: u.frequency)
            if use.frequency
        ),
        gaps=tuple((_time(start.time), _time(end.time)) for start, end in seen.gaps),
        bad_fcs=seen.bad_fcs,
        truncated=seen.truncated,
        malformed=seen.malformed,
        duplicates=seen.duplicates,
        time_backwards=seen.time_backwards,
        dropped=sum(drops) if drops else None,
        evicted=sum(evicted.values()),
        rules_checked=tuple(checked),
        not_assessed=tuple(not_assessed),
        notes=tuple(_notes(world)),
    )


def _notes(world: World) -> Iterable[str]:
    seen = world.coverage
    if not seen.frames:
        yield "the capture holds no frames"
        return
    if not any(use.frequency for use in seen.channels.values()):
        yield "the capture does not say on which channel frames were heard"
    if not any(bss.signal.levels for bss in world.bss.values()) and world.bss:
        yield "the capture has no signal levels"
    if not any(receiver.mac_time for receiver in world.receivers):
        yield "the capture has no radio time stamps: clocks are compared by the host's time only"
    if not seen.fcs_checked:
        yield "frames come without check sum: damaged ones cannot be told with certainty"
    elif seen.bad_fcs:
        yield f"{seen.bad_fcs} of {seen.frames} frames were damaged on the way and left out"
    if seen.truncated:
        yield f"{seen.truncated} frames were cut by the capture's length limit"
    hopping = [use for use in seen.channels.values() if use.frequency and use.dwells > 1]
    if len(hopping) > 1:
        yield "the receiver changed channels: what happened on one while it was on another was not heard"
    if world.net is not None and world.net.decryptor is not None:
        yield from world.net.decryptor.remarks()
    for table, count in sorted(world.evicted.items()):
        yield f"table of {table}: {count} entries were given up to keep memory bounded"


def _time(value: float) -> float:
    """Seconds to the microsecond, so that equal captures print equal numbers."""
    return round(value, 6) + 0.0
