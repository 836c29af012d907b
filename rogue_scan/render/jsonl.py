"""The report as a stream of JSON lines: what opened, changed and closed, as it happens.

Each line has an ``event``: ``started``, ``subject``, ``opened``, ``updated``, ``closed``, ``suppressed``,
``incident``, ``error`` or ``ended``.
"""

from collections.abc import Iterator

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.render import escape
from rogue_scan.render.formats import Options
from rogue_scan.render.view import order

STREAM_SCHEMA = "rogue-scan/stream/1"


class Stream:
    """Turns a run's successive reports into lines that say what changed."""

    def __init__(self) -> None:
        self._open: dict[str, Finding] = {}
        self._begun = False

    def update(self, report: Report) -> Iterator[str]:
        """Lines for what opened, changed or closed since the last call."""
        if not self._begun:
            self._begun = True
            yield _line("started", schema=STREAM_SCHEMA, tool=report.tool)
        now = {finding.id: finding for finding in report.findings}
        for identity in [identity for identity in self._open if identity not in now]:
            del self._open[identity]
            yield _line("closed", id=identity)
        for finding in sorted(report.findings, key=order):
            before = self._open.get(finding.id)
            if before != finding:
                self._open[finding.id] = finding
                yield _line("updated" if before else "opened", finding=finding)

    def end(self, report: Report) -> Iterator[str]:
        """The last lines of a run: sources, incidents, errors and the verdict."""
        yield from self.update(report)
        for subject in report.subjects:
            yield _line("subject", subject=subject)
        for item in report.suppressed:
            yield _line("suppressed", suppressed=item)
        for incident in report.incidents:
            yield _line("incident", incident=incident)
        for link in report.links:
            yield _line("link", link=link)
        for error in report.errors:
            yield _line("error", error=error)
        yield _line(
            "ended", risk=report.risk, findings=len(report.findings), suppressed=len(report.suppressed)
        )


def _line(event: str, **fields: object) -> str:
    return escape.json(msgspec.json.encode({"event": event, **fields}).decode()) + "\n"


def render(report: Report, options: Options) -> str:
    """A finished report as a stream that opens everything at once."""
    return "".join(Stream().end(report))
