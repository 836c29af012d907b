"""Smaller reports: what is shown, and what is the same on every machine."""

from pathlib import PurePath

import msgspec

from rogue_scan.model.report import Report
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import Risk, Subject
from rogue_scan.model.walk import change_texts


def shown(report: Report, least: Severity = Severity.INFO, confidence: float = 0.0) -> Report:
    """``report`` with only findings of at least this severity and confidence.

    Scores and verdicts stay: they are of everything that was found. References to hidden findings go.
    """
    findings = tuple(
        finding
        for finding in report.findings
        if finding.severity >= least and finding.confidence >= confidence
    )
    if len(findings) == len(report.findings):
        return report
    hidden = {finding.id for finding in report.findings} - {finding.id for finding in findings}
    incidents = tuple(
        msgspec.structs.replace(
            incident,
            findings=_without(incident.findings, hidden),
            risk=_risk(incident.risk, hidden),
            timeline=tuple(step for step in incident.timeline if step.finding not in hidden),
        )
        for incident in report.incidents
        if not hidden.issuperset(incident.findings)
    )
    return msgspec.structs.replace(
        report,
        risk=_risk(report.risk, hidden),
        incidents=incidents,
        findings=findings,
        subjects=tuple(_subject(subject, hidden) for subject in report.subjects),
        links=tuple(link for link in report.links if link.source not in hidden and link.target not in hidden),
    )


def _without(items: tuple[str, ...], hidden: set[str]) -> tuple[str, ...]:
    return tuple(item for item in items if item not in hidden)


def _risk(risk: Risk, hidden: set[str]) -> Risk:
    return msgspec.structs.replace(
        risk,
        because=_without(risk.because, hidden),
        terms=tuple(term for term in risk.terms if term.finding not in hidden),
    )


def _subject(subject: Subject, hidden: set[str]) -> Subject:
    subject = msgspec.structs.replace(subject, risk=_risk(subject.risk, hidden))
    if subject.apk is None:
        return subject
    data = tuple(
        msgspec.structs.replace(use, findings=_without(use.findings, hidden)) for use in subject.apk.data
    )
    return msgspec.structs.replace(subject, apk=msgspec.structs.replace(subject.apk, data=data))


def reproducible(report: Report) -> Report:
    """``report`` without folders in names of sources: the same files give the same bytes anywhere.

    A report holds no wall-clock time, so nothing else has to go.
    """
    names = {subject.name for subject in report.subjects} | {error.source for error in report.errors}
    short = {name: PurePath(name).name for name in names if "/" in name and "://" not in name}
    if not short:
        return report
    longest_first = sorted(short, key=len, reverse=True)

    def change(owner: str, field: str, text: str) -> str:
        for name in longest_first:
            if name in text:
                text = text.replace(name, short[name])
        return text

    return change_texts(report, change)
