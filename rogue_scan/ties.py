"""What several scans hold, and what ties it together: senders, clients, networks, signers, hosts and code."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Link
from rogue_scan.model.scan import Scan
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import Client, Subject

_LEAST_CONFIDENCE = 0.4
"""Findings below this are questions; they join no story."""
DISRUPTS = frozenset({"deauth-flood", "disassoc-flood", "channel-switch-spoof", "auth-flood", "eapol-flood"})
IMITATES = frozenset({
    "evil-twin-open", "evil-twin-same-security", "evil-twin-enterprise", "bssid-clone", "lookalike-ssid",
    "karma", "known-network-lure", "security-downgrade", "beacon-replay", "ssid-confusion", "wps-lure",
})  # fmt: skip
PUSHES = "app-push"
_MOST_KEYS = 4
"""A finding that names more networks than this (a flood of names) is tied to none by its names."""
_EVERYONE = "ff:ff:ff:ff:ff:ff"


def short_name(finding: Finding) -> str:
    """Name of its rule without the scanner."""
    return finding.rule.partition("/")[2]


def weighty(finding: Finding) -> bool:
    """Whether it may join a story."""
    return finding.severity >= Severity.MEDIUM and finding.confidence >= _LEAST_CONFIDENCE


def _sketch(text: str) -> bytes:
    """A sketch out of a report; reports come from outside, so it may be anything."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def host_of(endpoint: str) -> str:
    """Host of an endpoint as apps and captures write it: URL, ``host:port`` or host; lower case."""
    try:
        host = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}").hostname
    except ValueError:
        return endpoint.lower()
    return (host or endpoint).rstrip(".").lower()


class Ties:
    """What all scans together hold, by id."""

    def __init__(self, scans: Sequence[Scan]) -> None:
        self.scans = sorted(scans, key=lambda scan: scan.subject.id)
        self.subjects = {scan.subject.id: scan.subject for scan in self.scans}
        self.findings = {finding.id: finding for scan in self.scans for finding in scan.findings}
        self.weighty = sorted(
            (finding for finding in self.findings.values() if weighty(finding)), key=lambda item: item.id
        )
        self.of_subject: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.weighty:
            self.of_subject[finding.subject].append(finding)
        self.given = {link for scan in self.scans for link in scan.links}
        self.apps = [subject for subject in self.subjects.values() if subject.apk]
        self.captures = [subject for subject in self.subjects.values() if subject.wifi]
        self.clients = {
            (capture.id, client.mac): client
            for capture in self.captures
            if capture.wifi
            for client in capture.wifi.clients
        }
        self.members: dict[tuple[str, str], list[str]] = defaultdict(list)
        for (name, mac), client in self.clients.items():
            for bssid in {event.bssid for event in client.events if event.kind == "associated"}:
                self.members[name, bssid].append(mac)

    def hosts(self, app: Subject) -> set[str]:
        """Hosts that the app's own code is accused of, or sends personal data to."""
        named = {host_of(endpoint) for finding in self.of_subject[app.id] for endpoint in finding.endpoints}
        if app.apk:
            named |= {host_of(flow.endpoint) for flow in app.apk.flows if flow.endpoint and not flow.library}
        return named

    def own_hosts(self, app: Subject) -> set[str]:
        """All hosts in the app's own code."""
        ends = app.apk.endpoints if app.apk else ()
        return self.hosts(app) | {host_of(end.host or end.value) for end in ends if not end.library}

    def served(self) -> Iterable[Link]:
        """App to the finding that reports its offer, or to the capture it came out of."""
        by_digest = {app.sha256: app for app in self.apps if app.sha256}
        for scan in self.scans:
            for carved in scan.carved:
                app = by_digest.get(hashlib.sha256(carved.data).hexdigest())
                if app and app.id != scan.subject.id:
                    offer = carved.finding or self._offer(scan.subject.id, carved.name) or scan.subject.id
                    kind = "served-by" if scan.subject.wifi else "came-with"
                    yield Link(app.id, offer, kind, carved.bssid or carved.host or "")
        told = {link.source for link in self.given if link.kind in ("served-by", "came-with")}
        told |= {link.target for link in self.given if link.kind == "contains"}
        for app in self.apps:
            if app.parent in self.subjects and app.id not in told and not self._carved(app):
                parent = self.subjects[app.parent]
                offer = self._offer(parent.id, app.name) or parent.id
                accused = self.findings[offer].actors if offer in self.findings else ()
                kind = "served-by" if parent.wifi else "came-with"
                yield Link(app.id, offer, kind, accused[0] if accused else "")

    def _carved(self, app: Subject) -> bool:
        return any(
            hashlib.sha256(item.data).hexdigest() == app.sha256 for scan in self.scans for item in scan.carved
        )

    def _offer(self, capture: str, name: str) -> str | None:
        offers = [item for item in self.of_subject[capture] if short_name(item) == PUSHES]
        named = [item for item in offers if name and any(end.endswith(name) for end in item.endpoints)]
        best = named or (offers if len(offers) == 1 else [])
        return best[0].id if best else None

    def talks(self) -> Iterable[Link]:
        """App to capture, where a client talked to a host that the app's own code names."""
        talked: dict[str, set[str]] = defaultdict(set)
        for (capture, _), client in self.clients.items():
            for host in client.hosts:
                talked[host_of(host)].add(capture)
        for app in self.apps:
            if not self.of_subject[app.id]:
                continue
            for host in sorted(self.own_hosts(app) & talked.keys()):
                yield from (Link(app.id, capture, "talks-to", host) for capture in sorted(talked[host]))

    def kin(self) -> Iterable[Link]:
        """App to app: one signer that is not publicly known, or one accused host."""
        signed: dict[str, list[str]] = defaultdict(list)
        hosted: dict[str, list[str]] = defaultdict(list)
        for app in self.apps:
            for signer in app.apk.signing.signers if app.apk else ():
                if not signer.known:
                    signed[signer.sha256].append(app.id)
            for host in self.hosts(app):
                hosted[host].append(app.id)
        for kind, table in (("same-signer", signed), ("same-endpoint", hosted)):
            for value, members in table.items():
                first, *others = sorted(set(members))
                yield from (Link(first, other, kind, value) for other in others)
        yield from self.alike()

    def alike(self) -> Iterable[Link]:
        """App to app: much of their own code in common, whatever it is called."""
        sketches = {app.id: _sketch(app.apk.code) for app in self.apps if app.apk and app.apk.code}
        if len(sketches) < 2:
            return
        from rogue_scan.apk.code.sketch import ALIKE, bands, likeness

        meeting: dict[str, str] = {}
        for name in sorted(sketches):
            near = dict.fromkeys(meeting.setdefault(band, name) for band in bands(sketches[name]))
            for other in near:
                share = likeness(sketches[name], sketches[other]) if other != name else 0.0
                if share >= ALIKE:
                    yield Link(other, name, "same-code", f"{share:.2f}")
                    break

    def order(self) -> Iterable[Link]:
        """The first disturbance before an imitation of the same network, and clients that moved to it."""
        for capture in self.captures:
            here = self.of_subject[capture.id]
            first: dict[str, tuple[float, str]] = {}
            for item in here:
                if short_name(item) in DISRUPTS and item.first_seen is not None:
                    for target in item.targets:
                        first[target] = min(
                            first.get(target, (item.first_seen, item.id)), (item.first_seen, item.id)
                        )
            for twin in (item for item in here if short_name(item) in IMITATES and item.actors):
                shared = [first[name] for name in {*twin.targets, *twin.actors} if name in first]
                if shared and twin.last_seen is not None and min(shared)[0] <= twin.last_seen:
                    begin, disturbance = min(shared)
                    yield Link(disturbance, twin.id, "precedes", f"{(twin.first_seen or 0.0) - begin:.1f} s")
                for client in self.joined(capture, twin):
                    yield Link(capture.id, twin.id, "moved-to", client.mac)

    def joined(self, capture: Subject, twin: Finding) -> list[Client]:
        """Clients that associated with an accused access point which is not also the real one."""
        accused = {*twin.actors} - {*twin.targets}
        macs = dict.fromkeys(mac for bssid in sorted(accused) for mac in self.members[capture.id, bssid])
        return [self.clients[capture.id, mac] for mac in macs]

    def repeated(self) -> Iterable[Link]:
        """The same accused transmitter in several captures."""
        seen: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.weighty:
            if finding.rule.startswith("wifi/"):
                for actor in finding.actors:
                    seen[actor].append(finding)
        for actor, cases in seen.items():
            first = cases[0]
            others = {item.subject: item for item in reversed(cases) if item.subject != first.subject}
            yield from (Link(first.id, others[name].id, "same-transmitter", actor) for name in sorted(others))

    def groups(self, links: Sequence[Link]) -> list[list[str]]:
        """Ids of weighty findings and apps that belong together, each group sorted."""
        sets = Sets()
        for finding in self.weighty:
            sets.add(finding.id)
            if finding.rule.startswith("wifi/"):
                for key in self._keys(finding):
                    sets.tie(finding.id, key)
            else:
                sets.tie(finding.id, finding.subject)
        accused = {app.id for app in self.apps if self.of_subject[app.id]}
        for link in links:
            if link.kind in ("same-signer", "same-endpoint", "same-code"):
                if link.source in accused and link.target in accused:
                    sets.tie(link.source, link.target)
            elif link.kind in ("served-by", "came-with"):
                sets.tie(link.source, self._offer_node(link.target))
            elif link.kind == "talks-to" and link.source in accused:
                self._tie_talk(sets, link)
            elif link.kind in ("precedes", "same-transmitter") or (
                link.kind == "contains" and link.target in accused
            ):
                sets.tie(link.source, link.target)
        keep = self.findings.keys() | {app.id for app in self.apps}
        return [sorted(group & keep) for group in sets.groups() if group & self.findings.keys()]

    def _offer_node(self, target: str) -> str:
        return target if target in self.findings else f"capture {target}"

    def _tie_talk(self, sets: "Sets", link: Link) -> None:
        """A client that talked to an app's host is tied to the findings that name this client."""
        for (capture, mac), client in self.clients.items():
            if capture == link.target and link.value in {host_of(host) for host in client.hosts}:
                sets.tie(link.source, f"{capture} client {mac}")

    def _keys(self, finding: Finding) -> Iterable[str]:
        for address in {*finding.actors, *finding.targets} - {_EVERYONE}:
            is_client = (finding.subject, address) in self.clients
            if address in finding.actors and not is_client:
                yield f"transmitter {address}"
            elif is_client:
                yield f"{finding.subject} client {address}"
            else:
                yield f"{finding.subject} address {address}"
        if len(finding.ssids) <= _MOST_KEYS:
            yield from (f"{finding.subject} network {ssid}" for ssid in finding.ssids if ssid)


class Sets:
    """Disjoint sets of strings."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def add(self, item: str) -> str:
        """The representative of the item's set."""
        self._parent.setdefault(item, item)
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def tie(self, first: str, second: str) -> None:
        """Put both into one set."""
        self._parent[self.add(first)] = self.add(second)

    def groups(self) -> list[set[str]]:
        """All sets."""
        sets: dict[str, set[str]] = defaultdict(set)
        for item in list(self._parent):
            sets[self.add(item)].add(item)
        return list(sets.values())
