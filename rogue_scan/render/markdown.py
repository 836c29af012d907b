"""The report as Markdown that fits a ticket (under 60 000 characters)."""

from collections.abc import Iterable

from rogue_scan.model.evidence import Evidence
from rogue_scan.model.report import Incident, Report
from rogue_scan.render import escape
from rogue_scan.render.escape import markdown, markdown_code
from rogue_scan.render.formats import Options
from rogue_scan.render.view import View, clock

_LONGEST = 60_000
_MOST_ROWS = 50
_MOST_DETAILS = 20


def render(report: Report, options: Options) -> str:
    """Verdict, incidents, findings, coverage; what does not fit is counted."""
    view = View(report, options.language)
    blocks = [*_head(view), *_incidents(view), *_findings(view), *_details(view), *_unseen(view)]
    text, left = "", 0
    for index, block in enumerate(blocks):
        if len(text) + len(block) > _LONGEST:
            left = len(blocks) - index
            break
        text += block + "\n\n"
    if left:
        text += view.t("… and {count} more parts; the JSON or HTML report has all of them.").format(
            count=left
        )
    return text.rstrip() + "\n"


def _head(view: View) -> Iterable[str]:
    risk = view.report.risk
    yield f"# {markdown(view.headline(), 400)}"
    yield (
        f"**{view.verdict(risk.verdict)}**, "
        + view.t("score {score} of 100").format(score=risk.score)
        + " · "
        + view.t("Sources: {sources}. Findings: {totals}.").format(
            sources=len(view.report.subjects), totals=view.totals()
        )
    )


def _incidents(view: View) -> Iterable[str]:
    for number, incident in enumerate(view.report.incidents[:10], 1):
        head = view.t("Incident {number}").format(number=number)
        yield f"## {head}: {markdown(incident.title, 300)}"
        yield markdown(incident.story)
        yield from _advice(view, incident)
        if incident.timeline:
            yield "\n".join(
                f"- {clock(step.time) + ': ' if step.time is not None else ''}{markdown(step.says, 300)}"
                for step in incident.timeline[:15]
            )


def _advice(view: View, incident: Incident) -> Iterable[str]:
    steps = view.steps(incident)
    if steps:
        rows = "\n".join(f"- {markdown(' '.join(text.split()), 1000)}" for text in steps)
        yield "**" + view.t("What to do") + f"**\n\n{rows}"


def _findings(view: View) -> Iterable[str]:
    if not view.findings:
        return
    t = view.t
    yield "## " + t("Findings")
    names = (t("Severity"), t("Confidence"), t("Finding"), t("Accused"), t("Source"))
    rows = ["| " + " | ".join(names) + " |", "| --- | --- | --- | --- | --- |"]
    for finding in view.findings[:_MOST_ROWS]:
        actors = " ".join(markdown_code(name, table=True, longest=60) for name in finding.actors[:3])
        source = markdown_code(view.subject_name(finding.subject), table=True, longest=60)
        rows.append(
            f"| {view.severity(finding.severity)} | {round(finding.confidence * 100)} % "
            f"| {markdown(finding.title, 120)} | {actors} | {source} |"
        )
    yield "\n".join(rows)
    if len(view.findings) > _MOST_ROWS:
        yield t("… and {count} more").format(count=len(view.findings) - _MOST_ROWS)


def _details(view: View) -> Iterable[str]:
    for finding in view.findings[:_MOST_DETAILS]:
        yield f"### {markdown(finding.title, 200)}"
        yield markdown(finding.message, 800) + f" ({markdown_code(finding.rule)})"
        rows = [
            f"- **{'+' if item.supports else '−'}** {markdown(item.says, 400)}{_details_of(view, item)}"
            for item in finding.evidence[:10]
        ]
        if rows:
            yield "\n".join(rows)
        if finding.remediation:
            advice = markdown(" ".join(finding.remediation.split()), 1200)
            yield "**" + view.t("What to do") + f":** {advice}"


def _details_of(view: View, item: Evidence) -> str:
    place = view.where(item.where)
    return (f": {markdown_code(item.value)}" if item.value else "") + (
        f" ({markdown_code(place)})" if place else ""
    )


def _unseen(view: View) -> Iterable[str]:
    report, t = view.report, view.t
    yield "## " + t("What was seen, and what was not")
    for subject in report.subjects[:20]:
        rows = [f"- {markdown(sentence, 500)}" for sentence in view.watched(subject)[:10]]
        unable = t("not assessed")
        rows += [
            f"- {unable}: {markdown(view.some(gap.rules, 4))}: {markdown(gap.reason, 300)}"
            for gap in view.gaps(subject)[:8]
        ]
        yield f"{markdown_code(view.subject_name(subject.id))}\n\n" + "\n".join(rows)
    if report.suppressed:
        yield t("Suppressed by an ignore file or baseline: {count}").format(count=len(report.suppressed))
    if report.errors:
        rows = [
            f"- {markdown_code(error.source)}: {markdown(error.kind)}: {markdown(error.message, 400)}"
            for error in report.errors[:20]
        ]
        head = t("Not analysed, wholly or in part: {count}").format(count=len(report.errors))
        yield head + "\n\n" + "\n".join(rows)
    yield t("Not assessed is not clean.")
    version = escape.markdown(report.tool.version)
    yield f"rogue-scan {version}"
