"""Findings as a table for spreadsheets (RFC 4180): one row each, suppressed ones marked."""

import csv
import io

from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.render import escape
from rogue_scan.render.formats import Options
from rogue_scan.render.view import View, order

COLUMNS = (
    "severity", "confidence", "rule", "title", "message", "source", "source_sha256", "actors", "targets",
    "ssids", "endpoints", "data", "first_seen", "last_seen", "place", "incident", "remediation",
    "suppressed", "id", "fingerprint",
)  # fmt: skip


def render(report: Report, options: Options) -> str:
    """The worst first; lists are joined with a space, numbers have a point."""
    view = View(report, options.language)
    incidents = {item: incident.title for incident in report.incidents for item in incident.findings}
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for finding in view.findings:
        writer.writerow(_row(view, finding, incidents.get(finding.id, ""), ""))
    for item in sorted(report.suppressed, key=lambda entry: order(entry.finding)):
        writer.writerow(_row(view, item.finding, "", f"{item.reason} ({item.by})"))
    return out.getvalue()


def _row(view: View, finding: Finding, incident: str, suppressed: str) -> list[str]:
    subject = view.subjects.get(finding.subject)
    place = next((text for item in finding.evidence if (text := view.where(item.where))), "")
    cells = [
        finding.severity.value,
        f"{finding.confidence:.3f}",
        finding.rule,
        finding.title,
        finding.message,
        subject.name if subject else finding.subject,
        (subject.sha256 or "") if subject else "",
        " ".join(finding.actors),
        " ".join(finding.targets),
        " ".join(finding.ssids),
        " ".join(finding.endpoints),
        " ".join(kind.value for kind in finding.data),
        "" if finding.first_seen is None else f"{finding.first_seen:.6f}",
        "" if finding.last_seen is None else f"{finding.last_seen:.6f}",
        place,
        incident,
        " ".join(finding.remediation.split()),
        suppressed,
        finding.id,
        finding.fingerprint,
    ]
    return [escape.csv(cell) for cell in cells]
