"""One incident in plain words, from whatever parts of it were found."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rogue_scan.model.data import DataCategory
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Link, Step
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import AppView, ClientEvent, Subject
from rogue_scan.texts import DATA, Translate
from rogue_scan.ties import DISRUPTS, IMITATES, PUSHES, Ties, host_of, short_name

_CALLS = frozenset({"karma", "known-network-lure"})
_DECEIVES = frozenset({"captive-portal-phishing", "dns-hijack", "rogue-dhcp", "arp-spoof", "ssl-strip"})
_LEAKS = frozenset({"cleartext-personal-data", "captive-portal-phishing"})
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


class Story:
    """Findings and subjects that belong together: what they amount to, and who suffers by it."""

    def __init__(
        self,
        world: Ties,
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
        self.imitating = [item for item in self.wifi if short_name(item) in IMITATES]
        self.disrupting = [item for item in self.wifi if short_name(item) in DISRUPTS]
        self.deceiving = [item for item in self.wifi if short_name(item) in _DECEIVES]
        self.pushing = [item for item in self.wifi if short_name(item) == PUSHES]
        self.accused = list(dict.fromkeys(
            actor for item in self.wifi for actor in item.actors if (item.subject, actor) not in world.clients
        ))  # fmt: skip
        self.insiders = list(dict.fromkeys(
            actor for item in self.wifi for actor in item.actors if (item.subject, actor) in world.clients
        ))  # fmt: skip
        self.moved = self._moved()
        self.victims = self._victims()
        self.asked = self._kinds(item for item in self.wifi if short_name(item) in _LEAKS)
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
            if short_name(item) == "cleartext-personal-data"
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
            kind for item in self.wifi if short_name(item) == "cleartext-personal-data" for kind in item.data
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
        if self.imitating and all(short_name(item) in _CALLS for item in self.imitating):
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
        if self.moved and self.imitating and all(short_name(item) in _CALLS for item in self.imitating):
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
            told += [item for item in self.wifi if short_name(item) in _LEAKS]
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
                and short_name(item) in (*_LEAKS, PUSHES)
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


def _worst_first(finding: Finding) -> tuple[int, float, str]:
    return -finding.severity.rank, -finding.confidence, finding.id
