"""Joins scans into incidents: access point → portal → pushed app → its endpoints → victims.

Also app ↔ app by signer and endpoint, and access point ↔ access point across captures. Findings that
share a transmitter, a network, a client or an app belong to one story. The story is told in plain
words from whatever parts were found, and says where it is weakest.
"""

from collections import defaultdict
from collections.abc import Sequence

from rogue_scan.model.finding import Finding, digest
from rogue_scan.model.report import Incident, Link, Report
from rogue_scan.model.scan import Scan
from rogue_scan.model.severity import Severity
from rogue_scan.story import Story
from rogue_scan.texts import Translate, translator
from rogue_scan.ties import Ties


def join(scans: Sequence[Scan], language: str = "en") -> tuple[tuple[Incident, ...], tuple[Link, ...]]:
    """Incidents and the links they rest on, for scans of one or several visits.

    Does not depend on the order of the scans. Links that the scans bring along (from an earlier run)
    are used and kept, so that joined reports tell the same stories without the carved files. The
    incidents have no risk yet: their findings make it.
    """
    world = Ties(scans)
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


class _Teller:
    """Turns a group into words."""

    def __init__(self, world: Ties, links: Sequence[Link], t: Translate) -> None:
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
        story = Story(self.world, self.t, findings, members, alike)
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
