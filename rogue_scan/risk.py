"""Findings to a score and a verdict, with the sum that a reviewer can follow.

One finding is worth ``worth(severity) x confidence`` points of 100. The strongest finding counts in
full. Each further one counts a share of the room that is left below 100: six tenths of its points where
it comes from another rule, a tenth where its rule has counted before, since forty exported components
are one habit and not forty dangers. So the order of strength decides, the sum never passes 100, and
adding a finding never lowers it.

Each band has to be reached by findings that are bad enough, so that the verdict is no more certain than
the evidence: notes never add up to medium, and weaknesses, however many, neither make an accusation nor
turn a doubtful one into a firm one. Where the findings of the severities in :data:`REACHED_BY` do not
reach a band's floor by themselves, the score stays below it.
"""

from collections.abc import Iterable, Sequence

from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Incident
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.model.subject import Risk, RiskTerm, Subject

WORTH = {
    Severity.INFO: 0.0,
    Severity.LOW: 18.0,
    Severity.MEDIUM: 44.0,
    Severity.HIGH: 76.0,
    Severity.CRITICAL: 100.0,
}
"""Points of a certain finding."""

FLOOR = {
    Verdict.CRITICAL: 80.0,
    Verdict.HIGH: 50.0,
    Verdict.MEDIUM: 22.0,
    Verdict.LOW: 0.5,
    Verdict.CLEAN: 0.0,
}
"""Least score of each verdict. A high finding carries its verdict alone from a confidence of 0.66 on,
a critical one from 0.8."""

REACHED_BY = {
    Verdict.CRITICAL: Severity.HIGH,
    Verdict.HIGH: Severity.HIGH,
    Verdict.MEDIUM: Severity.MEDIUM,
}
"""Least severity of the findings that may lift a score into a band."""

OTHER_RULE, SAME_RULE = 0.6, 0.1
"""Share that further findings count."""

_MOST_TERMS = 50
"""Terms shown; at a tenth of the little room left, later ones add nothing that shows."""


def points(finding: Finding) -> float:
    """What the finding is worth alone, 0..100."""
    return WORTH[finding.severity] * finding.confidence


def subject_risk(findings: Iterable[Finding]) -> Risk:
    """Risk of one subject, or of anything else that these findings together describe.

    The result does not depend on the order of the findings. The terms add up to the score before
    rounding.
    """
    ranked = sorted(findings, key=lambda finding: (-points(finding), finding.id))
    ranked = [finding for finding in ranked if points(finding) > 0]
    if not ranked:
        return Risk()
    terms = _terms(ranked, _ceiling(ranked))
    score = round(sum(term.adds for term in terms))
    return Risk(score, verdict_of(score), tuple(_carrying(terms)), tuple(terms))


def report_risk(
    subjects: Sequence[Subject], findings: Sequence[Finding], incidents: Sequence[Incident] = ()
) -> Risk:
    """Risk of the whole: that of the worst subject or incident.

    Ten harmless apps beside one bad one make the whole neither better nor worse, so the parts are
    not added. An incident, which is several findings telling one story, is summed over its findings
    unless it brings its own risk.
    """
    by_subject: dict[str, list[Finding]] = {}
    by_id = {}
    for finding in findings:
        by_subject.setdefault(finding.subject, []).append(finding)
        by_id[finding.id] = finding
    known = {subject.id for subject in subjects}
    parts = [
        subject.risk if subject.risk.score else subject_risk(by_subject.get(subject.id, ()))
        for subject in subjects
    ]
    parts += [subject_risk(rest) for name, rest in by_subject.items() if name not in known]
    parts += [
        incident.risk
        if incident.risk.score
        else subject_risk(by_id[name] for name in incident.findings if name in by_id)
        for incident in incidents
    ]
    return max(parts, key=lambda risk: (risk.score, risk.because), default=Risk())


def verdict_of(score: float) -> Verdict:
    """The band that a score lies in."""
    return next(verdict for verdict, floor in FLOOR.items() if score >= floor)


def _terms(ranked: Sequence[Finding], ceiling: float) -> list[RiskTerm]:
    """What each finding adds, the strongest first, up to a ceiling."""
    total = 0.0
    seen: set[str] = set()
    terms = []
    for finding in ranked[:_MOST_TERMS]:
        share = 1.0 if not seen else SAME_RULE if finding.rule in seen else OTHER_RULE
        adds = points(finding) * share * (100.0 - total) / 100.0
        adds = round(min(adds, ceiling - total), 2)
        seen.add(finding.rule)
        if adds <= 0:
            break
        total += adds
        terms.append(RiskTerm(finding.id, adds))
    return terms


def _ceiling(ranked: Sequence[Finding]) -> float:
    """One point below the first band that findings of the needed severity do not reach by themselves."""
    ceiling = 100.0
    for verdict, severity in REACHED_BY.items():
        enough = [finding for finding in ranked if finding.severity >= severity]
        reached = sum(term.adds for term in _terms(enough, 100.0))
        if round(reached) < FLOOR[verdict]:
            ceiling = FLOOR[verdict] - 1.0
    return ceiling


def _carrying(terms: Sequence[RiskTerm]) -> Iterable[str]:
    """Findings that make up the score but for a last tenth, the strongest first."""
    total = sum(term.adds for term in terms)
    so_far = 0.0
    for term in terms:
        if so_far >= 0.9 * total:
            return
        so_far += term.adds
        yield term.finding
