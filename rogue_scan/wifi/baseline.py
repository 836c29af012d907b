"""Learn the access points of a site, and tell what changed since, down to the element.

What is learnt is a JSON document that people review and edit. Parts of an announcement that change by
themselves are left out; parts that were seen with several contents keep all of them, so that each visit makes
the next comparison quieter, not blunter.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Iterator

from rogue_scan.model.evidence import Where
from rogue_scan.model.site import Change, KnownAccessPoint, Site, Visit
from rogue_scan.wifi.dot11.channel import channel_of
from rogue_scan.wifi.judge import place, show
from rogue_scan.wifi.vendors import vendor
from rogue_scan.wifi.world import Announcement, AnnouncementKind, Bss, Ref, World

MIN_FRAMES = 3
"""Announcements that make an access point more than a damaged frame."""
WATCHED_SECONDS = 5.0
"""Time on a channel after which an access point there would have been heard."""
MOST_CONTENTS = 4
"""Contents of one element that are kept; one with more changes all the time."""
SHORT = 32
"""Bytes of an element that are kept as they are."""
ALWAYS = "*"

_VOLATILE = frozenset(
    {
        "0",  # the name, kept apart
        "3", "61", "192", "255.36", "255.106",  # follow the channel
        "5", "11", "42", "74", "76", "127.0",  # traffic, load, protection of old clients, counters
        "32", "35", "37", "60", "195", "196", "201", "255.12",  # power, switches, neighbours
        "221.0050f2.02",  # WMM parameters count their changes
    }
)  # fmt: skip
_PRESENCE = frozenset({"221.0050f2.04", "71"})
"""Elements that are compared by being there: WPS changes when its button is pressed."""
_NAMES = {
    "1": "rates",
    "7": "country",
    "45": "HT capabilities",
    "48": "RSN",
    "50": "extended rates",
    "54": "mobility domain",
    "70": "radio measurement",
    "71": "multiple BSSID",
    "107": "interworking",
    "127": "extended capabilities",
    "191": "VHT capabilities",
    "221.0050f2.01": "WPA",
    "221.0050f2.04": "WPS",
    "221.506f9a.1c": "OWE transition",
    "244": "RSN extension",
    "255.35": "HE capabilities",
    "255.107": "multi-link",
    "255.108": "EHT capabilities",
}


# Learning


def learn(world: World, source: str = "", name: str = "") -> Site:
    """The site as one capture shows it."""
    date = _date(world)
    visit = Visit(
        source,
        date,
        round(world.coverage.last.time - world.coverage.first.time, 1),
        tuple(sorted(f for f, use in world.coverage.channels.items() if f and use.frames)),
    )
    points = tuple(
        _known(bss, date) for bss in sorted(world.bss.values(), key=lambda b: b.bssid) if _believable(bss)
    )
    return Site(name=name, visits=(visit,), access_points=points)


def merge(sites: Iterable[Site], name: str = "") -> Site:
    """Several visits as one. What a reviewer wrote (``accepted``, ``note``) stays; later sites win."""
    points: dict[str, KnownAccessPoint] = {}
    visits: list[Visit] = []
    for site in sites:
        name = name or site.name
        if site.visits and all(visit in visits for visit in site.visits):
            continue  # the same capture once more
        visits += [visit for visit in site.visits if visit not in visits]
        for point in site.access_points:
            earlier = points.get(point.bssid)
            points[point.bssid] = point if earlier is None else _joined(earlier, point)
    return Site(name=name, visits=tuple(visits), access_points=tuple(points[b] for b in sorted(points)))


def _joined(one: KnownAccessPoint, two: KnownAccessPoint) -> KnownAccessPoint:
    # An element that one of the visits lacked stays: it is optional, and comparing it again costs nothing.
    elements = {
        key: _contents((*one.elements.get(key, ()), *two.elements.get(key, ())))
        for key in sorted({*one.elements, *two.elements})
    }
    dates = sorted(d for d in (one.first_visit, one.last_visit, two.first_visit, two.last_visit) if d)
    return KnownAccessPoint(
        bssid=one.bssid,
        ssids=_union(one.ssids, two.ssids),
        security=_union(one.security, two.security),
        frequencies=tuple(sorted({*one.frequencies, *two.frequencies})),
        intervals=tuple(sorted({*one.intervals, *two.intervals})),
        vendor=two.vendor or one.vendor,
        elements=elements,
        visits=one.visits + two.visits,
        first_visit=dates[0] if dates else "",
        last_visit=dates[-1] if dates else "",
        accepted=one.accepted and two.accepted,
        note=two.note or one.note,
    )


def _union(one: tuple[str, ...], two: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *two)))


def _contents(values: Iterable[str]) -> tuple[str, ...]:
    kept = tuple(dict.fromkeys(values))
    return (ALWAYS,) if ALWAYS in kept or len(kept) > MOST_CONTENTS else kept


def _known(bss: Bss, date: str) -> KnownAccessPoint:
    beacons = _beacons(bss)
    elements: dict[str, list[str]] = {}
    for announcement in beacons:
        for key, value in _parts(announcement):
            elements.setdefault(key, []).append(value)
    return KnownAccessPoint(
        bssid=bss.bssid,
        ssids=tuple(sorted(show(ssid) for ssid in bss.ssids if ssid.strip(b"\0"))),
        security=tuple(dict.fromkeys(a.security.label for a in beacons)),
        frequencies=tuple(sorted({a.frequency for a in beacons if a.frequency})),
        intervals=tuple(sorted({a.interval for a in beacons})),
        vendor=vendor(bss.bssid),
        elements={key: _contents(values) for key, values in sorted(elements.items())},
        first_visit=date,
        last_visit=date,
    )


def _date(world: World) -> str:
    if not world.epoch_ns:
        return ""
    return datetime.datetime.fromtimestamp(world.epoch_ns / 1e9, tz=datetime.UTC).date().isoformat()


def _believable(bss: Bss) -> bool:
    return bss.seen.count >= MIN_FRAMES and bool(_beacons(bss))


def _beacons(bss: Bss) -> list[Announcement]:
    """Intact announcements that came more than once, beacons if there are any."""
    intact = [a for a in bss.announcements if a.elements.complete]
    steady = [a for a in intact if a.seen.count > 1] or intact
    return [a for a in steady if a.kind is AnnouncementKind.BEACON] or steady


def _parts(announcement: Announcement) -> Iterator[tuple[str, str]]:
    """The elements that belong to the access point rather than to the moment."""
    for item in announcement.elements.items:
        key = item.key
        if key in _VOLATILE:
            continue
        if key in _PRESENCE:
            yield key, "present"
        elif len(item.body) <= SHORT:
            yield key, item.body.hex()
        else:
            yield key, "sha256:" + hashlib.sha256(item.body).hexdigest()[:16]


# Comparing


def compare(site: Site, world: World) -> list[Change]:
    """What the capture shows otherwise than the site says, in order of address.

    An access point counts as gone only where one of its channels was listened to long enough.
    """
    known = {point.bssid: point for point in site.access_points}
    found: list[Change] = []
    for bss in sorted(world.bss.values(), key=lambda b: b.bssid):
        if not _believable(bss):
            continue
        names = tuple(sorted(show(ssid) for ssid in bss.ssids if ssid.strip(b"\0")))
        point = known.get(bss.bssid)
        if point is None:
            label = bss.main.security.label if bss.main else ""
            found.append(Change("new", bss.bssid, names, after=label, where=place(bss.seen.first)))
        elif not point.accepted:
            found.append(Change("unwanted", bss.bssid, names, after=point.note, where=place(bss.seen.first)))
        else:
            found += [
                Change("changed", bss.bssid, names, what, before, after, where)
                for what, before, after, where in differences(point, bss)
            ]
    seen = {bss.bssid for bss in world.bss.values()}
    watched = {f for f, use in world.coverage.channels.items() if use.seconds >= WATCHED_SECONDS}
    for point in site.access_points:
        if point.accepted and point.bssid not in seen and watched & set(point.frequencies):
            found.append(Change("gone", point.bssid, point.ssids, before=", ".join(point.security)))
    return sorted(found, key=lambda c: (c.bssid, c.kind, c.what))


def differences(point: KnownAccessPoint, bss: Bss) -> list[tuple[str, str, str, Where]]:
    """(part, before, after, frame) for everything in which a BSS is not as it was learnt."""
    found: list[tuple[str, str, str, Where]] = []

    def differs(what: str, before: Iterable[object], after: object, ref: Ref) -> None:
        if all(what != other for other, *_ in found):
            found.append((what, ", ".join(map(str, before)), str(after), place(ref)))

    for ssid, use in bss.ssids.items():
        if ssid.strip(b"\0") and point.ssids and show(ssid) not in point.ssids:
            span = use.beacons if use.beacons.count else use.responses
            if span.count > 1:
                differs("name", point.ssids, show(ssid), span.first)
    for announcement in _beacons(bss):
        ref, frequency = announcement.seen.first, announcement.frequency
        if point.security and announcement.security.label not in point.security:
            differs("security", point.security, announcement.security.label, ref)
        if point.intervals and announcement.interval not in point.intervals:
            differs("beacon interval", point.intervals, announcement.interval, ref)
        if point.frequencies and frequency and frequency not in point.frequencies:
            differs("channel", map(channel_of, point.frequencies), channel_of(frequency), ref)
        parts: dict[str, str] = dict(_parts(announcement))
        for key, contents in point.elements.items():
            if key not in parts:
                differs(_name(key), contents, "absent", ref)
            elif ALWAYS not in contents and parts[key] not in contents:
                differs(_name(key), contents, parts[key], ref)
        for key in parts:
            if key not in point.elements and point.elements:
                differs(_name(key), ("absent",), parts[key], ref)
    return found


def _name(key: str) -> str:
    return f"{_NAMES[key]} ({key})" if key in _NAMES else f"element {key}"
