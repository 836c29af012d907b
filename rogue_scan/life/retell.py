"""Works out risks and incidents again, after findings came or went."""

import msgspec

from rogue_scan import incident, risk
from rogue_scan.model.report import Report


def retell(report: Report, language: str = "en") -> Report:
    """``report`` with risks, incidents and links that fit its findings.

    Links between things that are no longer there are dropped.
    """
    by_subject: dict[str, list[int]] = {}
    for index, finding in enumerate(report.findings):
        by_subject.setdefault(finding.subject, []).append(index)
    subjects = tuple(
        msgspec.structs.replace(
            subject,
            risk=risk.subject_risk(report.findings[index] for index in by_subject.get(subject.id, ())),
        )
        for subject in report.subjects
    )
    there = {subject.id for subject in subjects} | {finding.id for finding in report.findings}
    kept = tuple(link for link in report.links if link.source in there and link.target in there)
    report = msgspec.structs.replace(report, subjects=subjects, links=kept)
    stories, links = incident.join(incident.scans_of(report), language)
    by_id = {finding.id: finding for finding in report.findings}
    weighed = tuple(
        msgspec.structs.replace(story, risk=risk.subject_risk(by_id[item] for item in story.findings))
        for story in stories
    )
    return msgspec.structs.replace(
        report,
        incidents=weighed,
        links=links,
        risk=risk.report_risk(subjects, report.findings, weighed),
    )
