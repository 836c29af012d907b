"""JUnit XML: a suite for each source, a case for each rule that was asked and each finding."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import Subject
from rogue_scan.render import escape
from rogue_scan.render.formats import Options
from rogue_scan.render.view import View


def render(report: Report, options: Options) -> str:
    """Findings of at least low severity fail, notes pass, what was not assessed is skipped.

    Sources that could not be analysed are errors in a suite of their own.
    """
    view = View(report, options.language)
    suites = [
        _suite(escape.xml(view.subject_name(item.id), 200), _cases(view, item)) for item in report.subjects
    ]
    if report.errors:
        suites.append(_suite("sources", _errors(report)))
    root = ET.Element("testsuites", name="rogue-scan")
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(name: str, cases: Iterable[ET.Element]) -> ET.Element:
    cases = list(cases)
    suite = ET.Element("testsuite", name=name, time="0")
    for key, tag in (("tests", None), ("errors", "error"), ("skipped", "skipped"), ("failures", "failure")):
        count = len(cases) if tag is None else sum(case.find(tag) is not None for case in cases)
        suite.set(key, str(count))
    suite.extend(cases)
    return suite


def _case(name: str, group: str) -> ET.Element:
    return ET.Element("testcase", name=escape.xml(name, 300), classname=escape.xml(group, 100), time="0")


def _cases(view: View, subject: Subject) -> Iterable[ET.Element]:
    findings = view.of_subject[subject.id]
    found = {finding.rule for finding in findings}
    for finding in findings:
        case = _case(finding.message or finding.title, finding.rule)
        if finding.severity > Severity.INFO:
            failure = ET.SubElement(
                case, "failure", type=finding.severity.value, message=escape.xml(finding.title, 300)
            )
            failure.text = escape.xml(_text(view, finding), 8000)
        else:
            ET.SubElement(case, "system-out").text = escape.xml(_text(view, finding), 8000)
        yield case
    for item in view.report.suppressed:
        if item.finding.subject == subject.id:
            case = _case(item.finding.message or item.finding.title, item.finding.rule)
            ET.SubElement(case, "skipped", message=escape.xml(f"{item.reason} ({item.by})", 500))
            yield case
    unable = {item.rule: item.reason for item in subject.coverage.not_assessed}
    for rule in sorted({*subject.coverage.rules_checked, *unable} - found):
        case = _case(view.t("nothing found") if rule not in unable else view.t("not assessed"), rule)
        if rule in unable:
            ET.SubElement(case, "skipped", message=escape.xml(unable[rule], 500))
        yield case


def _text(view: View, finding: Finding) -> str:
    lines = [
        finding.message,
        view.t("confidence {percent} %, {words}").format(
            percent=round(finding.confidence * 100), words=view.likely(finding.confidence)
        ),
    ]
    lines += [
        f"{'+' if item.supports else '-'} {item.says} {view.where(item.where)}".rstrip()
        for item in finding.evidence[:20]
    ]
    if finding.remediation:
        lines.append(view.t("do: {advice}").format(advice=" ".join(finding.remediation.split())))
    return "\n".join(escape.cut(line, 1000) for line in lines)


def _errors(report: Report) -> Iterable[ET.Element]:
    for error in report.errors:
        case = _case(error.source, "source")
        ET.SubElement(case, "error", type=escape.xml(error.kind, 60), message=escape.xml(error.message, 500))
        yield case
