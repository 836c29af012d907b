"""What the renderers for people share: order, look-ups, totals and wording.

Texts from outside come back as they are: each renderer escapes them for its own output.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from rogue_scan.model.data import DataCategory
from rogue_scan.model.evidence import Where
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Incident, Report
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.model.subject import AccessPoint, Coverage, Mark, Risk, Subject
from rogue_scan.texts import DATA, N_, translator

_MOST_CHANGES = 10
SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO)

_SEVERITY = {
    Severity.CRITICAL: N_("critical"),
    Severity.HIGH: N_("high"),
    Severity.MEDIUM: N_("medium"),
    Severity.LOW: N_("low"),
    Severity.INFO: N_("info"),
}
_VERDICT = {
    Verdict.CRITICAL: N_("critical risk"),
    Verdict.HIGH: N_("high risk"),
    Verdict.MEDIUM: N_("medium risk"),
    Verdict.LOW: N_("low risk"),
    Verdict.CLEAN: N_("nothing found"),
}
_LIKELY = (
    (0.95, N_("almost certain")),
    (0.8, N_("very likely")),
    (0.6, N_("likely")),
    (0.4, N_("possible")),
    (0.0, N_("doubtful")),
)
_KIND = {"capture": N_("Wi-Fi capture"), "apk": N_("Android app"), "site": N_("site")}
_EVENT = {
    "associated": N_("associated"),
    "deauthenticated": N_("deauthenticated"),
    "disassociated": N_("disassociated"),
    "deauthenticated itself": N_("deauthenticated itself"),
    "asked": N_("asked"),
    "sent": N_("sent"),
    "downloaded": N_("downloaded"),
}


class Gap(msgspec.Struct, frozen=True):
    """One reason for rules that could not look, with those rules."""

    reason: str
    rules: tuple[str, ...]


class View:
    """A report with what is needed to show it."""

    def __init__(self, report: Report, language: str = "en") -> None:
        self.report = report
        self.language = language
        self.t = translator(language)
        self.findings = sorted(report.findings, key=order)
        self.by_id = {finding.id: finding for finding in report.findings}
        self.subjects = {subject.id: subject for subject in report.subjects}
        self.of_subject: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            self.of_subject[finding.subject].append(finding)
        self.counts = Counter(finding.severity for finding in report.findings)

    def severity(self, severity: Severity) -> str:
        """Name of a severity."""
        return self.t(_SEVERITY[severity])

    def verdict(self, verdict: Verdict) -> str:
        """Name of a verdict; for "clean" it says only that nothing was found."""
        return self.t(_VERDICT[verdict])

    def data(self, category: DataCategory) -> str:
        """Name of a kind of personal data."""
        return self.t(DATA[category])

    def kind(self, kind: str) -> str:
        """Name of a kind of subject."""
        return self.t(_KIND.get(kind, kind))

    def event(self, kind: str) -> str:
        """Name of what happened to a client."""
        return self.t(_EVENT.get(kind, kind))

    def likely(self, confidence: float) -> str:
        """A confidence in words."""
        return self.t(next(word for least, word in _LIKELY if confidence >= least))

    def totals(self) -> str:
        """How many findings of each severity."""
        parts = [
            self.t("{count} {severity}").format(count=self.counts[level], severity=self.severity(level))
            for level in SEVERITIES
            if self.counts[level]
        ]
        return self.t(", ").join(parts) or self.t("no findings")

    def headline(self) -> str:
        """One sentence that is never more certain than what was seen."""
        verdict = self.report.risk.verdict
        incidents = self.report.incidents
        if not self.report.subjects:
            return self.t("Nothing could be analysed, so nothing can be said.")
        if verdict is Verdict.CLEAN:
            return self._nothing_found()
        if len(incidents) == 1:
            return incidents[0].title
        if incidents:
            return self.t("{count} incidents; the worst: {title}").format(
                count=len(incidents), title=incidents[0].title
            )
        if self.findings:
            return self.t("{totals}; the worst: {title}").format(
                totals=self.totals(), title=self.findings[0].title
            )
        return self.t("See the reasons below.")

    def _nothing_found(self) -> str:
        """What "clean" means here: where nothing was found, and where nobody looked."""
        bands: dict[str, set[int]] = defaultdict(set)
        for subject in self.report.subjects:
            for watch in subject.coverage.channels:
                bands[band(watch.frequency)].add(watch.channel)
        if not bands:
            return self.t("No sign of a trap in what could be seen.")
        channels = "; ".join(
            f"{name}: {', '.join(str(number) for number in sorted(bands[name]))}" for name in sorted(bands)
        )
        said = self.t("No sign of a trap on the channels that were watched ({channels}).")
        unheard = [name for name in ("2.4 GHz", "5 GHz", "6 GHz") if name not in bands]
        if unheard:
            unseen = self.t("Nobody listened on {bands} and on the other channels.")
        else:
            unseen = self.t("Nobody listened on the other channels.")
        return f"{said} {unseen}".format(channels=channels, bands=self.t(", ").join(unheard))

    def subject_name(self, identity: str) -> str:
        """Name of a subject, or its id where the report does not have it."""
        subject = self.subjects.get(identity)
        if subject is None:
            return identity
        name = self._short.get(subject.name, subject.name)
        if subject.apk and subject.apk.label and subject.apk.label != name:
            return f"{name} ({subject.apk.label})"
        return name

    @functools.cached_property
    def _short(self) -> dict[str, str]:
        """Names of sources without their folder, where that names only one of them."""
        short = {subject.name: shorter(subject.name) for subject in self.report.subjects}
        often = Counter(short.values())
        return {name: last for name, last in short.items() if last and often[last] == 1}

    def parties(self, finding: Finding) -> tuple[str, str]:
        """Accused and harmed, for one line."""
        return self.some(finding.actors), self.some(finding.targets)

    def some(self, names: Sequence[str], most: int = 3) -> str:
        """The first few of ``names``, with a count of the others."""
        shown = ", ".join(names[:most])
        if len(names) <= most:
            return shown
        return self.t("{names} and {count} more").format(names=shown, count=len(names) - most)

    def steps(self, incident: Incident) -> list[str]:
        """What to do, the incident's own advice or that of its findings, each once."""
        if incident.advice:
            return list(incident.advice)
        advice = (self.by_id[item].remediation for item in incident.findings if item in self.by_id)
        return list(dict.fromkeys(text for text in advice if text))[:5]

    def rest(self) -> list[Finding]:
        """Findings that belong to no incident."""
        told = {item for incident in self.report.incidents for item in incident.findings}
        return [finding for finding in self.findings if finding.id not in told]

    def watched(self, subject: Subject) -> list[str]:
        """Sentences on what could and could not be seen of one source."""
        return list(self._watched(subject.coverage, subject))

    def _watched(self, coverage: Coverage, subject: Subject) -> Iterable[str]:
        t = self.t
        if subject.kind == "apk":
            if coverage.methods:
                yield t("{reachable} of {methods} methods can be reached from a way in.").format(
                    reachable=f"{coverage.methods_reachable:,}", methods=f"{coverage.methods:,}"
                )
        else:
            yield t("{frames} frames in {seconds}.").format(
                frames=f"{coverage.frames:,}", seconds=duration(coverage.seconds)
            )
        if coverage.channels:
            names = ", ".join(
                f"{watch.channel} ({band(watch.frequency)}, {duration(watch.seconds)})"
                for watch in coverage.channels[:20]
            )
            yield t("Channels watched: {channels}. No other channel was watched.").format(channels=names)
        if len(coverage.radios) > 1 or any(radio.lost is not None for radio in coverage.radios):
            yield from self._radios(coverage)
        counted = (
            (coverage.bad_fcs, t("{count} frames with a wrong check sum were left out.")),
            (coverage.truncated, t("{count} frames were cut short.")),
            (coverage.malformed, t("{count} frames were malformed; nothing is claimed from them.")),
            (coverage.duplicates, t("{count} frames were duplicates.")),
            (coverage.time_backwards, t("Time ran backwards {count} times.")),
            (coverage.dropped or 0, t("{count} frames were lost before they were recorded.")),
            (coverage.evicted, t("{count} table entries were given up to bound memory.")),
        )
        for count, sentence in counted:
            if count:
                yield sentence.format(count=f"{count:,}")
        if coverage.gaps:
            spans = ", ".join(f"{duration(begin)} – {duration(end)}" for begin, end in coverage.gaps[:5])
            yield t("Spans in which nothing was received: {count} ({spans}).").format(
                count=len(coverage.gaps), spans=spans
            )
        for name in coverage.files_unread:
            yield t("Not read: {name}").format(name=name)
        yield from (self.t(note) for note in coverage.notes if note)
        yield from self._places(subject)
        yield from self._changes(subject)

    def _radios(self, coverage: Coverage) -> Iterable[str]:
        """What each radio of a live run did."""
        t = self.t
        for radio in coverage.radios:
            yield t("Radio {name}: {frames} frames, {dropped} lost, on {channels}.").format(
                name=radio.name,
                frames=f"{radio.frames:,}",
                dropped=f"{radio.dropped:,}",
                channels=", ".join(
                    f"{watch.channel} ({duration(watch.seconds)})" for watch in radio.channels[:20]
                )
                or "–",
            )
            if radio.lost is not None:
                yield t("Radio {name} was lost after {seconds}.").format(
                    name=radio.name, seconds=duration(radio.lost)
                )

    def _places(self, subject: Subject) -> Iterable[str]:
        """Where the capture was made, as far as it was marked or a receiver knew."""
        marks = subject.wifi.marks if subject.wifi is not None else ()
        named = [mark for mark in marks if mark.name]
        if named:
            places = ", ".join(f"{mark.name} ({duration(mark.time)})" for mark in named[:20])
            yield self.t("Places marked: {count} ({places}).").format(count=len(named), places=places)
        track = [mark for mark in marks if mark.latitude is not None and mark.longitude is not None]
        if track:
            yield self.t("Position known at {count} times, from {first} to {last}.").format(
                count=len(track), first=_position(track[0]), last=_position(track[-1])
            )

    def _changes(self, subject: Subject) -> Iterable[str]:
        """What a capture shows otherwise than the learnt site says."""
        changes = subject.wifi.changes if subject.wifi is not None else ()
        if not changes:
            return
        t = self.t
        counts = {
            kind: sum(c.kind == kind for c in changes) for kind in ("new", "gone", "changed", "unwanted")
        }
        sums = t("Against the learnt site: {new} new, {gone} gone, {changed} changed, {unwanted} unwanted.")
        yield sums.format(**counts)
        words = {
            "new": t("New at the site: {bssid} ({name}), {after}."),
            "gone": t("Gone from the site: {bssid} ({name})."),
            "changed": t("Changed at the site: {bssid} ({name}): {what} was {before}, is {after}."),
            "unwanted": t("Must not be at the site: {bssid} ({name})."),
        }
        for change in changes[:_MOST_CHANGES]:
            yield words[change.kind].format(
                bssid=change.bssid,
                name=", ".join(change.ssids) or "?",
                what=change.what,
                before=change.before,
                after=change.after,
            )
        if len(changes) > _MOST_CHANGES:
            yield t("… and {count} more").format(count=len(changes) - _MOST_CHANGES)

    def gaps(self, subject: Subject) -> list[Gap]:
        """Rules that could not look, by reason."""
        rules: dict[str, list[str]] = defaultdict(list)
        for item in subject.coverage.not_assessed:
            rules[self.t(item.reason)].append(item.rule)
        return [Gap(reason, tuple(sorted(names))) for reason, names in sorted(rules.items())]

    def where(self, place: Where) -> str:
        """The place of a piece of evidence in one line; "" where it has none."""
        parts = []
        if place.frame is not None:
            parts.append(self.t("frame {number}").format(number=place.frame))
        if place.time is not None:
            parts.append(clock(place.time))
        if place.dex and not place.method:
            parts.append(place.dex)
        if place.method:
            parts.append(f"{place.dex}!{place.method}" if place.dex else place.method)
        if place.file:
            parts.append(place.file)
        offset = f" +0x{place.offset:x}" if place.offset is not None else ""
        return (", ".join(parts) + offset).strip()

    def terms(self, risk: Risk) -> list[tuple[Finding, float]]:
        """The sum behind a score: findings of this report with the points that each adds."""
        return [
            (self.by_id[term.finding], term.adds)
            for term in risk.terms
            if term.finding in self.by_id and abs(term.adds) >= 0.5
        ]

    @functools.cached_property
    def accused(self) -> set[str]:
        """Addresses that a finding of at least medium severity accuses."""
        return {
            actor
            for finding in self.findings
            if finding.severity >= Severity.MEDIUM and finding.confidence >= 0.4
            for actor in finding.actors
        }

    @functools.cached_property
    def harmed(self) -> set[str]:
        """Addresses that such a finding names as impersonated or attacked."""
        return {
            target
            for finding in self.findings
            if finding.severity >= Severity.MEDIUM and finding.confidence >= 0.4
            for target in finding.targets
        }


def order(finding: Finding) -> tuple[int, float, str, str]:
    """Sort key: the worst first, then the surest, then by rule and id."""
    return -finding.severity.rank, -finding.confidence, finding.rule, finding.id


def clock(seconds: float) -> str:
    """A time in a capture: ``12.345 s``, ``4:05.1``, ``1:02:03``."""
    if seconds < 60:
        return f"{seconds:.3f} s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{int(rest):02d}" if hours else f"{minutes}:{rest:04.1f}"


def _position(mark: Mark) -> str:
    return f"{mark.latitude:.5f} {mark.longitude:.5f}"


def duration(seconds: float) -> str:
    """A span for people: ``0.8 s``, ``42 s``, ``3 min 10 s``, ``2 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def band(frequency: int) -> str:
    """``2.4 GHz``, ``5 GHz`` or ``6 GHz``."""
    if frequency < 3000:
        return "2.4 GHz"
    return "5 GHz" if frequency < 5945 else "6 GHz"


def shorter(name: str) -> str:
    """``folder/a.pcap`` as ``a.pcap``; of an app out of a capture the last part of each name."""
    return "!".join(part.rpartition("/")[2] for part in name.split("!"))


def ap_name(access_point: AccessPoint) -> str:
    """SSID of an access point for a label."""
    return access_point.ssids[0] if access_point.ssids else "(hidden)"


def size(count: int) -> str:
    """Bytes for people."""
    number = float(count)
    for unit in ("B", "KB", "MB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GB"
