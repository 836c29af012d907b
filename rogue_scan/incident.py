"""Joins scans into incidents: access point → portal → pushed app → its endpoints → victims.

Also app ↔ app by signer and endpoint, and access point ↔ access point across captures. Findings that
share a transmitter, a network, a client or an app belong to one story. The story is told in plain
words from whatever parts were found, and says where it is weakest.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from rogue_scan.model.data import DataCategory
from rogue_scan.model.finding import Finding, digest
from rogue_scan.model.report import Incident, Link, Report, Step
from rogue_scan.model.scan import Scan
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import AppView, Client, ClientEvent, Subject
from rogue_scan.texts import DATA, Translate, translator

LEAST_CONFIDENCE = 0.4
"""Findings below this are questions; they join no story."""

_DISRUPTS = frozenset({"deauth-flood", "disassoc-flood", "channel-switch-spoof", "auth-flood", "eapol-flood"})
_IMITATES = frozenset({
    "evil-twin-open", "evil-twin-same-security", "evil-twin-enterprise", "bssid-clone", "lookalike-ssid",
    "karma", "known-network-lure", "security-downgrade", "beacon-replay", "ssid-confusion", "wps-lure",
})  # fmt: skip
_CALLS = frozenset({"karma", "known-network-lure"})
_DECEIVES = frozenset({"captive-portal-phishing", "dns-hijack", "rogue-dhcp", "arp-spoof", "ssl-strip"})
_LEAKS = frozenset({"cleartext-personal-data", "captive-portal-phishing"})
_PUSHES = "app-push"
_GRAVEST = (
    DataCategory.BANK_ACCOUNT,
    DataCategory.ACCOUNT_PASSWORD,
    DataCategory.IDENTITY_NUMBER,
    DataCategory.SMS,
)
"""Kinds of data that are named first where only some are named."""
_MOST_STEPS = 40
_MOST_APP_STEPS = 16
_SAME_MOMENT = 0.5
"""Seconds within which an event of a client is what a finding already says."""
_MOST_KEYS = 4
"""A finding that names more networks than this (a flood of names) is tied to none by its names."""
_EVERYONE = "ff:ff:ff:ff:ff:ff"


def join(scans: Sequence[Scan], language: str = "en") -> tuple[tuple[Incident, ...], tuple[Link, ...]]:
    """Incidents and the links they rest on, for scans of one or several visits.

    Does not depend on the order of the scans. Links that the scans bring along (from an earlier run)
    are used and kept, so that joined reports tell the same stories without the carved files. The
    incidents have no risk yet: their findings make it.
    """
    world = _World(scans)
    links = sorted(
        {*world.given, *world.served(), *world.talks(), *world.kin(), *world.order(), *world.repeated()},
        key=lambda link: (link.kind, link.source, link.target, link.value),
    )
    teller = _Teller(world, links, translator(language))
    stories = [teller.tell(group) for group in world.groups(links)]
    told = [story for story in stories if story is not None]
    return tuple(sorted(told, key=teller.weight)), tuple(links)


def scans_of(report: Report) -> list[Scan]:
    """A report taken apart again, so that it can be joined with others."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        findings[finding.subject].append(finding)
    known = {finding.id: finding.subject for finding in report.findings}
    links: dict[str, list[Link]] = defaultdict(list)
    for link in report.links:
        links[known.get(link.source, link.source)].append(link)
    return [
        Scan(subject, tuple(findings[subject.id]), tuple(links[subject.id])) for subject in report.subjects
    ]


def _name(finding: Finding) -> str:
    return finding.rule.partition("/")[2]


def _worst_first(finding: Finding) -> tuple[int, float, str]:
    return -finding.severity.rank, -finding.confidence, finding.id


def _weighty(finding: Finding) -> bool:
    return finding.severity >= Severity.MEDIUM and finding.confidence >= LEAST_CONFIDENCE


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


class _World:
    """What all scans together hold, by id."""

    def __init__(self, scans: Sequence[Scan]) -> None:
        self.scans = sorted(scans, key=lambda scan: scan.subject.id)
        self.subjects = {scan.subject.id: scan.subject for scan in self.scans}
        self.findings = {finding.id: finding for scan in self.scans for finding in scan.findings}
        self.weighty = sorted(
            (finding for finding in self.findings.values() if _weighty(finding)), key=lambda item: item.id
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
        offers = [item for item in self.of_subject[capture] if _name(item) == _PUSHES]
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
                if _name(item) in _DISRUPTS and item.first_seen is not None:
                    for target in item.targets:
                        first[target] = min(
                            first.get(target, (item.first_seen, item.id)), (item.first_seen, item.id)
                        )
            for twin in (item for item in here if _name(item) in _IMITATES and item.actors):
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
        sets = _Sets()
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

    def _tie_talk(self, sets: "_Sets", link: Link) -> None:
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


class _Sets:
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


class _Teller:
    """Turns a group into words."""

    def __init__(self, world: _World, links: Sequence[Link], t: Translate) -> None:
        self.world, self.links, self.t = world, links, t

    def weight(self, incident: Incident) -> tuple[int, int, str]:
        """Sort key: the worst severity first, then the longest story."""
        worst = max(self.world.findings[item].severity.rank for item in incident.findings)
        return -worst, -len(incident.findings), incident.id

    def tell(self, group: list[str]) -> Incident | None:
        """The incident, or None where the group is no more than single findings of little weight."""
        findings = sorted(
            (self.world.findings[item] for item in group if item in self.world.findings),
            key=lambda item: (item.first_seen is None, item.first_seen or 0.0, -item.severity.rank, item.id),
        )
        rules = {finding.rule for finding in findings}
        worst = max(finding.severity for finding in findings)
        if worst < Severity.HIGH and len(rules) < 2:
            return None
        members = [item for item in group if item in self.world.subjects]
        alike = [link for link in self.links if link.kind == "same-code"]
        story = _Story(self.world, self.t, findings, members, alike)
        return Incident(
            id=f"incident-{digest(sorted(finding.id for finding in findings))}",
            title=story.title(),
            story=story.text(),
            findings=tuple(finding.id for finding in findings),
            subjects=tuple(dict.fromkeys(subject.id for subject in [*story.captures, *story.apps])),
            access_points=tuple(story.accused),
            apps=tuple(app.id for app in story.apps),
            endpoints=tuple(story.endpoints),
            victims=tuple(story.victims),
            timeline=tuple(story.timeline()),
            advice=tuple(story.advice()),
        )


class _Story:
    def __init__(
        self,
        world: _World,
        t: Translate,
        findings: list[Finding],
        members: list[str],
        alike: Sequence[Link],
    ) -> None:
        self.world, self.t, self.findings = world, t, findings
        self.alike = alike
        self.wifi = [item for item in findings if item.rule.startswith("wifi/")]
        names = {item.subject for item in findings}
        self.captures = [capture for capture in world.captures if capture.id in names]
        self.apps = [app for app in world.apps if app.id in names or app.id in members]
        self.imitating = [item for item in self.wifi if _name(item) in _IMITATES]
        self.disrupting = [item for item in self.wifi if _name(item) in _DISRUPTS]
        self.deceiving = [item for item in self.wifi if _name(item) in _DECEIVES]
        self.pushing = [item for item in self.wifi if _name(item) == _PUSHES]
        self.accused = list(dict.fromkeys(
            actor for item in self.wifi for actor in item.actors if (item.subject, actor) not in world.clients
        ))  # fmt: skip
        self.insiders = list(dict.fromkeys(
            actor for item in self.wifi for actor in item.actors if (item.subject, actor) in world.clients
        ))  # fmt: skip
        self.moved = self._moved()
        self.victims = self._victims()
        self.asked = self._kinds(item for item in self.wifi if _name(item) in _LEAKS)
        self.sent = self._sent()
        self.endpoints = self._endpoints()

    def _moved(self) -> list[str]:
        moved = [
            client.mac
            for capture in self.captures
            for trap in [*self.imitating, *self.deceiving, *self.pushing]
            if trap.subject == capture.id
            for client in self.world.joined(capture, trap)
        ]
        return list(dict.fromkeys(moved))

    def _victims(self) -> list[str]:
        harmed = [
            target
            for item in self.wifi
            for target in item.targets
            if (item.subject, target) in self.world.clients
        ]
        return list(dict.fromkeys([*self.moved, *harmed, *self._senders()]))

    def _senders(self) -> list[str]:
        """Clients that gave something away in the clear."""
        named = [
            address
            for item in self.wifi
            if _name(item) == "cleartext-personal-data"
            for address in item.targets
            if (item.subject, address) in self.world.clients
        ]
        return list(dict.fromkeys([*(mac for mac, _ in self._events("sent")), *named]))

    def _events(self, kind: str) -> list[tuple[str, ClientEvent]]:
        """What clients did at an accused access point."""
        accused = set(self.accused)
        return [
            (client.mac, event)
            for capture in self.captures
            if capture.wifi
            for client in capture.wifi.clients
            for event in client.events
            if event.kind == kind and event.bssid in accused
        ]

    def _kinds(self, findings: Iterable[Finding]) -> list[DataCategory]:
        kinds = {kind for item in findings for kind in item.data}
        return [kind for kind in DataCategory if kind in kinds]

    def _sent(self) -> list[DataCategory]:
        kinds = {kind for _, event in self._events("sent") for kind in event.data}
        kinds |= {
            kind for item in self.wifi if _name(item) == "cleartext-personal-data" for kind in item.data
        }
        return [kind for kind in DataCategory if kind in kinds]

    def _endpoints(self) -> list[str]:
        hosts = [host_of(end) for item in self.findings for end in item.endpoints]
        for app in self.apps:
            hosts += sorted(self.world.hosts(app))
        return list(dict.fromkeys(hosts))

    # Words

    def _data(self, kinds: Sequence[DataCategory], most: int = 4) -> str:
        kinds = sorted(kinds, key=lambda kind: _GRAVEST.index(kind) if kind in _GRAVEST else len(_GRAVEST))
        if len(kinds) == most + 1:
            most += 1
        names = [self.t(DATA[kind]) for kind in kinds[:most]]
        if len(kinds) > most:
            names.append(self.t("{count} more kinds of data").format(count=len(kinds) - most))
        return self._list(names)

    def _list(self, names: Sequence[str]) -> str:
        if len(names) < 2:
            return "".join(names)
        return self.t("{first} and {last}").format(first=self.t(", ").join(names[:-1]), last=names[-1])

    def _some(self, names: Sequence[str], most: int = 3) -> str:
        if len(names) <= most:
            return self._list(list(names))
        return self.t("{names} and {count} more").format(
            names=", ".join(names[:most]), count=len(names) - most
        )

    def _networks(self) -> list[str]:
        """Names of the networks that the story is about, each capture's own first."""
        names = [
            item.ssids[0]
            for item in [*self.imitating, *self.pushing, *self.deceiving] or self.wifi
            if item.ssids and item.ssids[0]
        ]
        return list(dict.fromkeys(names))

    def _network(self) -> str:
        names = self._networks()
        if len(names) == 1:
            return self.t("the network {ssid}").format(ssid=names[0])
        if names:
            return self.t("the networks {ssids}").format(ssids=self._some(names))
        named = self.accused or [target for item in self.wifi for target in item.targets]
        return named[0] if named else self.t("a network")

    def _app_name(self, app: Subject) -> str:
        view = app.apk or AppView()
        return view.label or view.package or app.name.rpartition("/")[2].partition(",")[0] or app.name

    def _app_and_package(self, app: Subject) -> str:
        name, package = self._app_name(app), app.apk.package if app.apk else ""
        return f"{name} ({package})" if package and package != name else name

    def _app_names(self) -> list[str]:
        return list(dict.fromkeys(self._app_name(app) for app in self.apps))

    def title(self) -> str:
        """The incident in one line."""
        return (self._wifi_title() if self.wifi else self._app_title()).strip()

    def _wifi_title(self) -> str:
        t, network, several = self.t, self._network(), len(self._networks()) > 1
        deeds = []
        if self.sent:
            deeds.append(t("took {data}").format(data=self._data(self.sent, 2)))
        elif self.asked:
            deeds.append(t("asked for {data}").format(data=self._data(self.asked, 2)))
        if self.pushing:
            names = self._app_names()
            deeds.append(
                t("pushed the app {app}").format(app=self._some(names, 2)) if names else t("pushed a file")
            )
        if self.imitating and all(_name(item) in _CALLS for item in self.imitating):
            who = t("An access point that answers to names that devices know")
        elif self.imitating:
            who = (t("Copies of {network}") if several else t("A copy of {network}")).format(network=network)
        elif self.insiders and not self.accused:
            who = t("A device in {network}").format(network=network)
        elif deeds or self.deceiving:
            who = (
                t("The access points of {network}") if several else t("The access point of {network}")
            ).format(network=network)
        else:
            worst = max(self.wifi, key=lambda item: (item.severity.rank, item.confidence, item.id))
            return t("{title}: {network}").format(title=worst.title, network=network)
        if not deeds and self.disrupting:
            deeds.append(t("appeared while clients were being thrown off"))
        if not deeds and self.moved:
            deeds.append(
                t("drew a client to it")
                if len(self.moved) == 1
                else t("drew {count} clients to it").format(count=len(self.moved))
            )
        if not deeds:
            worst = max(self.wifi, key=lambda item: (item.severity.rank, item.confidence, item.id))
            return t("{title}: {network}").format(title=worst.title, network=network)
        told = deeds[0]
        for deed in deeds[1:]:
            told = t("{first}, and {last}").format(first=told, last=deed)
        return t("{who} {deeds}").format(who=who, deeds=told)

    def _app_title(self) -> str:
        t = self.t
        names = self._some(self._app_names(), 2)
        kinds = [kind for kind in DataCategory if any(kind in self._leaving(app) for app in self.apps)]
        if kinds and len(self.apps) == 1:
            return t("{app} sends {data} away").format(app=names, data=self._data(kinds, 3))
        if kinds:
            return t("{count} related apps send {data} away: {app}").format(
                count=len(self.apps), data=self._data(kinds, 3), app=names
            )
        worst = max(self.findings, key=lambda item: (item.severity.rank, item.confidence, item.id))
        return t("{app}: {title}").format(app=names or worst.subject, title=worst.title)

    def _leaving(self, app: Subject) -> list[DataCategory]:
        view = app.apk or AppView()
        kinds = {use.category for use in view.data if use.leaves_device}
        return [kind for kind in DataCategory if kind in kinds]

    def text(self) -> str:
        """A few plain sentences."""
        sentences = [*self._air(), *self._portal(), *self._pushed(), *self._behaviour(), *self._rest()]
        return " ".join(dict.fromkeys(sentence for sentence in sentences if sentence))

    def _air(self) -> Iterable[str]:
        t = self.t
        for item in self.disrupting[:2]:
            yield _sentence(item.message or item.title)
        for item in self.imitating[:3]:
            yield _sentence(item.message or item.title)
        if len(self.imitating) > 3:
            yield t("{count} more findings say the same of other addresses.").format(
                count=len(self.imitating) - 3
            )
        if self.moved and self.imitating and all(_name(item) in _CALLS for item in self.imitating):
            yield t("{clients} joined it.").format(clients=self._some(self.moved))
        elif self.moved and self.imitating:
            yield t("{clients} moved to the copy.").format(clients=self._some(self.moved))
        elif self.moved:
            yield t("{clients} joined {network}.").format(
                clients=self._some(self.moved), network=self._network()
            )
        elif any(not {*item.actors} <= {*item.targets} for item in self.imitating):
            yield t("No client was seen to join it.")
        if len(self.captures) > 1:
            names = self._some([capture.name.rpartition("/")[2] for capture in self.captures])
            yield t("It is seen in {count} captures: {names}.").format(count=len(self.captures), names=names)

    def _portal(self) -> Iterable[str]:
        t = self.t
        for item in self.deceiving[:3]:
            yield _sentence(item.message or item.title)
        senders = self._senders()
        if senders and self.sent:
            yield t("{clients} sent {data} in the clear.").format(
                clients=self._some(senders), data=self._data(self.sent)
            )

    def _pushed(self) -> Iterable[str]:
        t = self.t
        for item in self.pushing[:2]:
            yield _sentence(item.message or item.title)
        takers = list(dict.fromkeys(mac for mac, _ in self._events("downloaded")))
        if takers:
            yield t("{clients} downloaded it; whether it was installed cannot be seen in a capture.").format(
                clients=self._some(takers)
            )

    def _behaviour(self) -> Iterable[str]:
        t = self.t
        for app in self.apps[:4]:
            name, kinds, hosts = self._app_name(app), self._leaving(app), sorted(self.world.hosts(app))
            if kinds and hosts:
                yield t("The app {app} sends {data} to {hosts}.").format(
                    app=name, data=self._data(kinds), hosts=self._some(hosts)
                )
            elif kinds:
                yield t("The app {app} sends {data} away.").format(app=name, data=self._data(kinds))
            else:
                cases = self.world.of_subject[app.id]
                if cases:
                    worst = max(cases, key=lambda item: (item.severity.rank, item.confidence, item.id))
                    yield t("The app {app}: {message}").format(
                        app=name, message=_sentence(worst.message or worst.title)
                    )
            titles = [case.title for case in sorted(self.world.of_subject[app.id], key=_worst_first)]
            if kinds and titles:
                yield t("Found in it: {titles}.").format(titles="; ".join(dict.fromkeys(titles[:6])))
            talkers = self._talkers(app)
            if talkers:
                yield t("{clients} talked to {host}, which stands in the app.").format(
                    clients=self._some(list(talkers)), host=next(iter(talkers.values()))
                )
        if len(self.apps) > 4:
            yield t("{count} more apps belong to it.").format(count=len(self.apps) - 4)
        if len(self.apps) > 1:
            yield from self._kinship()

    def _kinship(self) -> Iterable[str]:
        hosts = [set(self.world.hosts(app)) for app in self.apps]
        shared = sorted(host for host in set().union(*hosts) if sum(host in own for own in hosts) > 1)
        if shared:
            yield self.t("The apps share the address {hosts}.").format(hosts=self._some(shared))
        signers = [
            {item.sha256 for item in (app.apk or AppView()).signing.signers if not item.known}
            for app in self.apps
        ]
        if any(sum(digest in own for own in signers) > 1 for digest in set().union(*signers)):
            yield self.t("The apps are signed with one key.")
        names = {app.id for app in self.apps}
        if any(link.source in names and link.target in names for link in self.alike):
            yield self.t("Much of their code is the same.")

    def _talkers(self, app: Subject) -> dict[str, str]:
        """Clients that talked to a host of the app's own code, with this host."""
        hosts = self.world.own_hosts(app)
        found = {}
        for (capture, mac), client in self.world.clients.items():
            shared = sorted(host for host in map(host_of, client.hosts) if host in hosts)
            if shared and any(item.id == capture for item in self.captures):
                found[mac] = shared[0]
        return found

    def _rest(self) -> Iterable[str]:
        told = [*self.disrupting, *self.imitating, *self.deceiving, *self.pushing]
        if self._senders() and self.sent:
            told += [item for item in self.wifi if _name(item) in _LEAKS]
        known = {item.id for item in told}
        other = [item for item in self.wifi if item.id not in known]
        if other:
            titles = list(dict.fromkeys(item.title for item in other))
            yield self.t("Also found: {titles}.").format(titles="; ".join(titles[:4]))
        core = [item for item in self.findings if item.severity >= Severity.HIGH] or self.findings
        weakest = min(core, key=lambda item: (item.confidence, item.id))
        if weakest.confidence < 0.8:
            yield self.t("The story is least sure in this point: {title} ({percent} %).").format(
                title=weakest.title, percent=round(weakest.confidence * 100)
            )

    def timeline(self) -> list[Step]:
        """Steps in order of time, those of apps last."""
        steps = []
        several = len(self.captures) > 1
        for number, capture in enumerate(self.captures):
            mark = f"{capture.name.rpartition('/')[2]}: " if several else ""
            here = [
                Step(mark + (item.message or item.title), item.first_seen, item.id, capture.id)
                for item in self.wifi
                if item.subject == capture.id and item.first_seen is not None
            ]
            here += [
                Step(mark + step.says, step.time, None, capture.id) for step in self._client_steps(capture)
            ]
            here.sort(key=lambda step: (step.time or 0.0, step.says))
            steps += here[: max(4, _MOST_STEPS // len(self.captures))]
            if number >= 9:
                break
        told: set[str] = set()
        for app in self.apps[:20]:
            for item in sorted(self.world.of_subject[app.id], key=_worst_first)[:4]:
                says = f"{self._app_name(app)}: {item.message or item.title}"
                if says not in told and len(told) < _MOST_APP_STEPS:
                    told.add(says)
                    steps.append(Step(says, None, item.id, app.id))
        return steps

    def _client_steps(self, capture: Subject) -> Iterable[Step]:
        t = self.t
        words = {
            "associated": t("{client} joins {bssid}"),
            "sent": t("{client} sends {data} in the clear"),
            "downloaded": t("{client} downloads {detail}"),
        }
        shown: dict[str, int] = defaultdict(int)
        told: dict[str, list[float]] = defaultdict(list)
        for item in self.wifi:
            if (
                item.subject == capture.id
                and _name(item) in (*_LEAKS, _PUSHES)
                and item.first_seen is not None
            ):
                for name in {*item.actors, *item.targets}:
                    told[name].append(item.first_seen)
        accused = set(self.accused)
        for client in capture.wifi.clients if capture.wifi else ():
            for event in client.events:
                if event.kind not in words or event.bssid not in accused:
                    continue
                same = any(abs(moment - event.time) < _SAME_MOMENT for moment in told[client.mac])
                if (not same or event.kind == "associated") and shown[client.mac + event.kind] < 3:
                    shown[client.mac + event.kind] += 1
                    says = words[event.kind].format(
                        client=client.mac,
                        bssid=event.bssid,
                        data=self._data(event.data) or event.detail,
                        detail=event.detail,
                    )
                    yield Step(says, event.time)

    def advice(self) -> list[str]:
        """What to do, the most urgent first."""
        steps = [*self._advice_people(), *self._advice_air(), *self._advice_apps()]
        if not steps:
            worst = max(self.findings, key=lambda item: (item.severity.rank, item.confidence, item.id))
            steps = [" ".join(worst.remediation.split())]
        return [step for step in dict.fromkeys(steps) if step]

    def _advice_people(self) -> Iterable[str]:
        t = self.t
        kinds = {*self.sent, *self.asked}
        senders = self._senders() or self.moved
        who = self._some(senders) if senders else t("whoever used this network")
        if DataCategory.BANK_ACCOUNT in kinds:
            yield t("Have bank cards and accounts blocked that were typed in there: {who}.").format(who=who)
        if DataCategory.ACCOUNT_PASSWORD in kinds:
            yield t("Change every password that was typed in there: {who}.").format(who=who)
        if DataCategory.IDENTITY_NUMBER in kinds:
            yield t("Treat identity numbers that were typed in as stolen, and report it: {who}.").format(
                who=who
            )

    def _advice_air(self) -> Iterable[str]:
        t = self.t
        if self.accused and (self.imitating or self.deceiving or self.pushing):
            yield t("Find and switch off the transmitter {bssid}{where}.").format(
                bssid=self._some(self.accused), where=self._place()
            )
            yield t("Make devices forget {network}, or set it to never join on its own.").format(
                network=self._network()
            )
        if self.insiders:
            yield t("Find the device {mac} by its address and take it off the network.").format(
                mac=self._some(self.insiders)
            )
        if self.disrupting:
            yield t("Require management frame protection (802.11w) on the attacked network.")

    def _place(self) -> str:
        for capture in self.captures:
            for ap in capture.wifi.access_points if capture.wifi else ():
                if ap.bssid in self.accused and ap.channel:
                    signal = f", {ap.signal} dBm" if ap.signal is not None else ""
                    return self.t(" (channel {channel}{signal})").format(channel=ap.channel, signal=signal)
        return ""

    def _advice_apps(self) -> Iterable[str]:
        t = self.t
        bad = [app for app in self.apps if self.world.of_subject[app.id]]
        if bad:
            names = dict.fromkeys(self._app_and_package(app) for app in bad)
            yield t("Remove {apps} from every device.").format(apps=self._some(list(names), 4))
        hosts = sorted(set().union(*(self.world.hosts(app) for app in bad))) if bad else []
        if hosts:
            yield t("Block {hosts}, and look in the logs for devices that talked to it.").format(
                hosts=self._some(hosts, 4)
            )
        kinds = {kind for app in bad for kind in self._leaving(app)}
        if DataCategory.SMS in kinds:
            yield t("Tell banks and services that one-time codes sent by text message may have been read.")


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    word = text.partition(" ")[0]
    if word.isascii() and word.isalpha() and word.islower():  # no address or name of a package
        text = text[0].upper() + text[1:]
    if text.endswith((".", "!", "?", "。", "！", "？")):
        return text
    return text + ("。" if text[-1:] > "\u2e80" else ".")
