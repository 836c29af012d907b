"""Several reports as one."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from rogue_scan.life.retell import retell
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report, Suppressed, Tool
from rogue_scan.model.subject import Subject

T = TypeVar("T", bound=msgspec.Struct)


def merge(reports: Sequence[Report], language: str = "en") -> Report:
    """One report on everything in ``reports``, with incidents told across them.

    The order does not matter, and joining in steps gives the same as joining at once. A source that
    stands in several reports counts once; a finding that one report suppressed and another shows is
    shown.
    """
    subjects: dict[str, Subject] = {}
    findings: dict[str, Finding] = {}
    suppressed: dict[str, Suppressed] = {}
    for report in reports:
        for subject in report.subjects:
            subjects[subject.id] = _fuller(subjects.get(subject.id), subject)
        for finding in report.findings:
            findings[finding.id] = _fuller(findings.get(finding.id), finding)
        for item in report.suppressed:
            suppressed[item.finding.id] = _fuller(suppressed.get(item.finding.id), item)
    merged = Report(
        tool=_tool(report.tool for report in reports),
        subjects=tuple(subjects[name] for name in sorted(subjects)),
        findings=tuple(findings[name] for name in sorted(findings)),
        links=tuple(
            sorted(
                {link for report in reports for link in report.links},
                key=lambda link: (link.kind, link.source, link.target, link.value),
            )
        ),
        errors=tuple(
            sorted(
                {error for report in reports for error in report.errors},
                key=lambda error: (error.source, error.kind, error.message),
            )
        ),
        suppressed=tuple(suppressed[name] for name in sorted(suppressed) if name not in findings),
    )
    return retell(merged, language)


def _fuller(old: T | None, new: T) -> T:
    """The one that says more; a fixed choice between equals keeps the result free of the order."""
    if old is None or old == new:
        return new
    return max(old, new, key=lambda item: (len(raw := msgspec.json.encode(item)), raw))


def _tool(tools: Iterable[Tool]) -> Tool:
    tools = list(tools)
    digests = sorted({part for tool in tools for part in tool.rules.split("+") if part})
    versions = sorted({part for tool in tools for part in tool.version.split("+") if part})
    return Tool(version="+".join(versions), rules="+".join(digests))
