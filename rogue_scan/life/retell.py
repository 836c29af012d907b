"""Works out risks, incidents and links of a report from its findings."""

from collections.abc import Sequence

import msgspec

from rogue_scan import incident, risk
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.scan import Scan


def tell(report: Report, scans: Sequence[Scan], language: str = "en") -> Report:
    """``report`` with the risk of each part, and with the stories that its ``scans`` tell together."""
    by_subject: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_subject.setdefault(finding.subject, []).append(finding)
    subjects = tuple(
        msgspec.structs.replace(subject, risk=risk.subject_risk(by_subject.get(subject.id, ())))
        for subject in report.subjects
    )
    stories, links = incident.join(scans, language)
    by_id = {finding.id: finding for finding in report.findings}
    weighed = tuple(
        msgspec.structs.replace(story, risk=risk.subject_risk(by_id[item] for item in story.findings))
        for story in stories
    )
    return msgspec.structs.replace(
        report,
        subjects=subjects,
        incidents=weighed,
        links=links,
        risk=risk.report_risk(subjects, report.findings, weighed),
    )


def retell(report: Report, language: str = "en") -> Report:
    """``report`` told anew, after findings came or went.

    Links between things that are no longer there are dropped.
    """
    there = {subject.id for subject in report.subjects} | {finding.id for finding in report.findings}
    kept = tuple(link for link in report.links if link.source in there and link.target in there)
    report = msgspec.structs.replace(report, links=kept)
    return tell(report, incident.scans_of(report), language)
