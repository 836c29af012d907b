"""The report for a terminal: readable at 80 columns, without colour, and with hostile names."""

import io
from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rogue_scan.model.evidence import Evidence
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Incident, Report
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.render import escape
from rogue_scan.render.formats import Options
from rogue_scan.render.view import SEVERITIES, View, clock

_STYLE = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_VERDICT_STYLE = {
    Verdict.CRITICAL: "bold white on red",
    Verdict.HIGH: "bold red",
    Verdict.MEDIUM: "bold yellow",
    Verdict.LOW: "bold cyan",
    Verdict.CLEAN: "bold green",
}
_MOST_INCIDENTS = 10
_MOST_CASES = 6
"""Cases of one rule of little weight that are listed."""
_MOST_EVIDENCE = 6
"""Items for, and as many against, that one finding shows."""


def render(report: Report, options: Options) -> str:
    """The report as lines; with ANSI colours only where ``options.color`` says so."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(40, options.width),
        force_terminal=options.color,
        no_color=not options.color,
        color_system="standard" if options.color else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    page = _Page(View(report, options.language), options)
    for part in page.parts():
        console.print(part)
    lines = (line.rstrip() for line in out.getvalue().split("\n"))
    return "\n".join(lines).rstrip("\n") + "\n"


class _Page:
    def __init__(self, view: View, options: Options) -> None:
        self.view, self.options, self.t = view, options, view.t

    def parts(self) -> Iterable[RenderableType]:
        yield from self._verdict()
        incidents = self.view.report.incidents
        for number, incident in enumerate(incidents[:_MOST_INCIDENTS], 1):
            yield ""
            yield from self._incident(number, incident)
        if len(incidents) > _MOST_INCIDENTS:
            yield ""
            more = self.t("… and {count} more incidents").format(count=len(incidents) - _MOST_INCIDENTS)
            yield Text(more, "bold")
        yield from self._findings()
        yield from self._totals()
        yield from self._coverage()

    def _verdict(self) -> Iterable[RenderableType]:
        risk = self.view.report.risk
        line = Text()
        name = self.view.verdict(risk.verdict).upper()
        line.append(f" {name} " if self.options.color else name, _VERDICT_STYLE[risk.verdict])
        line.append("  ")
        line.append(self.t("score {score} of 100").format(score=risk.score), "bold")
        yield line
        yield Text(escape.terminal(self.view.headline(), 600))

    def _incident(self, number: int, incident: Incident) -> Iterable[RenderableType]:
        view = self.view
        yield _rule(self.t("Incident {number}").format(number=number), self.options.width)
        if len(self.view.report.incidents) > 1:
            yield Text(escape.terminal(incident.title, 400), "bold")
        yield _indent(Text(escape.terminal(incident.story, 3000)))
        steps = incident.timeline[:12]
        if steps:
            table = Table.grid(padding=(0, 1))
            table.add_column(justify="right", style="dim", no_wrap=True)
            table.add_column(overflow="fold")
            for step in steps:
                time = clock(step.time) if step.time is not None else "·"
                table.add_row(Text(time), Text(escape.terminal(step.says, 400)))
            yield ""
            yield _indent(table)
            if len(incident.timeline) > len(steps):
                more = self.t("… and {count} more steps").format(count=len(incident.timeline) - len(steps))
                yield _indent(Text(more, "dim"))
        advice = view.steps(incident)
        if advice:
            yield ""
            yield _indent(Text(self.t("What to do"), "bold"))
            for item in advice[:9]:
                yield _item("→", Text(escape.terminal(item, 1200)))

    def _findings(self) -> Iterable[RenderableType]:
        shown = self.view.findings[: self.options.most]
        for severity in SEVERITIES:
            here = [finding for finding in shown if finding.severity is severity]
            if here:
                yield ""
                name = self.view.severity(severity)
                count = self.view.counts[severity]
                yield _rule(f"{name} ({count})", self.options.width, _STYLE[severity])
            if severity <= Severity.LOW:
                yield from self._notes(here)
                continue
            said: set[str] = set()
            for finding in here:
                yield ""
                yield from self._finding(finding, advice=finding.remediation not in said)
                said.add(finding.remediation)
        hidden = len(self.view.findings) - len(shown)
        if hidden:
            yield ""
            text = self.t("… and {count} more findings; -o report.html or --format json has all of them.")
            yield Text(text.format(count=f"{hidden:,}"), "bold")

    def _notes(self, findings: list[Finding]) -> Iterable[RenderableType]:
        """Findings of little weight by rule: a line for each case, the advice once."""
        rules: dict[str, list[Finding]] = {}
        for finding in findings:
            rules.setdefault(finding.rule, []).append(finding)
        for rule, cases in rules.items():
            yield ""
            head = Text(escape.terminal(cases[0].title), "bold")
            head.append(f"  {escape.terminal(rule, 80)}", "dim")
            if len(cases) > 1:
                head.append("  " + self.t("{count} cases").format(count=len(cases)), "dim")
            yield head
            for finding in cases[:_MOST_CASES]:
                line = Text(escape.terminal(finding.message, 300))
                line.append(f"  [{round(finding.confidence * 100)} %]", "dim")
                yield _item("·", line)
                against = [item for item in finding.evidence if not item.supports]
                if against and finding.confidence < 0.5:
                    strongest = min(against, key=lambda item: item.weight)
                    yield Padding(_item("−", self._statement(strongest), "magenta"), (0, 0, 0, 2))
            if len(cases) > _MOST_CASES:
                more = self.t("… and {count} more").format(count=len(cases) - _MOST_CASES)
                yield _item("·", Text(more, "dim"))
            yield from self._advice(cases[0])

    def _advice(self, finding: Finding) -> Iterable[RenderableType]:
        if finding.remediation:
            text = " ".join(finding.remediation.split())
            yield _item("=", Text(self.t("do: {advice}").format(advice=escape.terminal(text, 600))))

    def _finding(self, finding: Finding, *, advice: bool) -> Iterable[RenderableType]:
        view = self.view
        head = Text(escape.terminal(finding.title), "bold")
        head.append(f"  {escape.terminal(finding.rule, 80)}", "dim")
        yield head
        yield _indent(Text(escape.terminal(finding.message, 600)))
        actors, targets = view.parties(finding)
        if actors or targets:
            who = Text(escape.terminal(actors or self.t("unknown")), "red")
            if targets:
                who.append(" → ", "bold")
                who.append(escape.terminal(targets), "blue")
            yield _indent(who)
        if len(view.report.subjects) > 1:
            source = escape.terminal(view.subject_name(finding.subject), 120)
            yield _indent(Text(self.t("in {source}").format(source=source), "dim"))
        yield from self._evidence(finding)
        sure = self.t("confidence {percent} %, {words}").format(
            percent=round(finding.confidence * 100), words=view.likely(finding.confidence)
        )
        yield _item("=", Text(sure))
        if advice:
            yield from self._advice(finding)

    def _evidence(self, finding: Finding) -> Iterable[RenderableType]:
        for sign, supports in (("+", True), ("−", False)):
            items = [item for item in finding.evidence if item.supports is supports]
            for item in items[:_MOST_EVIDENCE]:
                yield _item(sign, self._statement(item), "green" if supports else "magenta")
            if len(items) > _MOST_EVIDENCE:
                more = self.t("… and {count} more").format(count=len(items) - _MOST_EVIDENCE)
                yield _item(sign, Text(more, "dim"))

    def _statement(self, item: Evidence) -> Text:
        text = Text(escape.terminal(item.says, 400))
        if item.value:
            text.append(f": {escape.terminal(item.value, 100)}")
        place = self.view.where(item.where)
        if place:
            text.append(f"  [{escape.terminal(place)}]", "dim")
        return text

    def _totals(self) -> Iterable[RenderableType]:
        report = self.view.report
        yield ""
        yield _rule(self.t("Sum"), self.options.width)
        yield Text(
            self.t("Sources: {sources}. Findings: {totals}.").format(
                sources=len(report.subjects), totals=self.view.totals()
            )
        )
        for finding, adds in self.view.terms(report.risk)[:5]:
            line = self.t("{points} points: {title}").format(
                points=f"{adds:+.0f}", title=escape.terminal(finding.title)
            )
            yield _indent(Text(line, "dim"))
        if report.suppressed:
            line = self.t("Suppressed by an ignore file or baseline: {count}")
            yield Text(line.format(count=len(report.suppressed)))
            if self.options.show_suppressed:
                for item in report.suppressed[: self.options.most]:
                    line = f"{item.finding.title}: {item.reason} ({item.by})"
                    yield _item("·", Text(escape.terminal(line, 400)))
        if report.errors:
            line = self.t("Not analysed, wholly or in part: {count}")
            yield Text(line.format(count=len(report.errors)), "bold red")
            for error in report.errors[:20]:
                line = f"{error.source}: {error.kind}: {error.message}"
                yield _item("!", Text(escape.terminal(line, 600)), "red")
            if len(report.errors) > 20:
                yield _item("!", Text(self.t("… and {count} more").format(count=len(report.errors) - 20)))

    def _coverage(self) -> Iterable[RenderableType]:
        subjects = self.view.report.subjects
        if not subjects:
            return
        yield ""
        yield _rule(self.t("What was seen, and what was not"), self.options.width)
        for subject in subjects[:12]:
            line = Text(escape.terminal(self.view.subject_name(subject.id), 160), "bold")
            line.append(f"  {escape.terminal(self.view.kind(subject.kind), 40)}", "dim")
            yield line
            for sentence in self.view.watched(subject)[:12]:
                yield _item("·", Text(escape.terminal(sentence, 600)))
            for gap in self.view.gaps(subject)[:8]:
                line_text = self.t("not assessed: {rules}: {reason}").format(
                    rules=self.view.some(gap.rules, 4), reason=gap.reason
                )
                yield _item("?", Text(escape.terminal(line_text, 500)), "yellow")
        if len(subjects) > 12:
            yield Text(self.t("… and {count} more").format(count=len(subjects) - 12))
        yield Text(self.t("Not assessed is not clean."), "dim")


def _rule(title: str, width: int, style: str = "bold") -> Text:
    text = Text()
    text.append("── ", "dim")
    text.append(title, style)
    text.append(" " + "─" * max(3, min(width, 100) - cell_len(title) - 5), "dim")
    text.no_wrap = True
    text.overflow = "crop"
    return text


def _indent(what: RenderableType) -> Padding:
    return Padding(what, (0, 0, 0, 2))


def _item(sign: str, text: Text, style: str = "dim") -> Padding:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(sign, style), text)
    return _indent(table)
