"""SARIF 2.1.0 as code-scanning platforms read it.

A capture or a package has no lines: results point at line 1 of the source, and the true place stands
in ``logicalLocations`` and ``properties``. Only the limits of GitHub are kept: 25 000 results a run,
1024 characters in a rule's description.
"""

import functools
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report, ScanError
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import Flow, Subject
from rogue_scan.render import escape
from rogue_scan.render.formats import Options
from rogue_scan.render.view import View, order
from rogue_scan.shipped import data_file

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MOST_RESULTS = 25_000
_MOST_LOCATIONS = 100
_ESTIMATE_COUNTS = 5
"""Labelled findings that weigh as much as the mean confidence of those at hand."""
_LEVEL = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "8.0"),
    Severity.MEDIUM: ("warning", "5.5"),
    Severity.LOW: ("note", "2.0"),
    Severity.INFO: ("note", None),
}
Json = dict[str, Any]


def render(report: Report, options: Options) -> str:
    """One run for each scanner that had something to look at."""
    view = View(report, options.language)
    runs = [_run(view, scanner) for scanner in _scanners(report)]
    log = {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": runs}
    return escape.json(msgspec.json.format(msgspec.json.encode(log), indent=2).decode()) + "\n"


def _scanners(report: Report) -> list[str]:
    kinds = {"apk" if subject.kind == "apk" else "wifi" for subject in report.subjects}
    kinds |= {finding.rule.partition("/")[0] for finding in report.findings}
    return [name for name in ("wifi", "apk") if name in kinds] or ["wifi"]


def _run(view: View, scanner: str) -> Json:
    report = view.report
    mine = [finding for finding in view.findings if finding.rule.startswith(f"{scanner}/")][:_MOST_RESULTS]
    hushed = [item for item in report.suppressed if item.finding.rule.startswith(f"{scanner}/")]
    known = mine + [item.finding for item in hushed]
    rules = _rules(known)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [_result(view, finding, index) for finding in mine]
    for item in sorted(hushed, key=lambda entry: order(entry.finding)):
        result = _result(view, item.finding, index)
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": f"{item.reason} ({item.by})"}
        ]
        results.append(result)
    first = scanner == _scanners(report)[0]
    run: Json = {
        "tool": {
            "driver": {
                "name": report.tool.name,
                "version": report.tool.version,
                "rules": rules,
                "properties": {"rulesDigest": report.tool.rules},
            }
        },
        "automationDetails": {"id": f"rogue-scan/{scanner}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not report.errors,
                "toolExecutionNotifications": [_notification(error) for error in report.errors]
                if first
                else [],
            }
        ],
        "results": results,
        "properties": {"risk": msgspec.to_builtins(report.risk)},
    }
    if re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", report.tool.version):
        run["tool"]["driver"]["semanticVersion"] = report.tool.version
    return run


def _notification(error: ScanError) -> Json:
    return {
        "level": "error",
        "descriptor": {"id": error.kind},
        "message": {"text": escape.visible(f"{error.source}: {error.message}", prose=True)},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": escape.uri(error.source) or "source"}}}
        ],
    }


def _rules(findings: Iterable[Finding]) -> list[Json]:
    cases: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        cases[finding.rule].append(finding)
    return [_rule(name, cases[name]) for name in sorted(cases)]


def _rule(name: str, cases: list[Finding]) -> Json:
    first = max(cases, key=lambda finding: finding.severity.rank)
    level, score = _LEVEL[first.severity]
    help_text = [_flat(first.explanation)]
    if first.benign_causes:
        help_text.append("Harmless causes: " + "; ".join(first.benign_causes))
    if first.remediation:
        help_text.append("What to do: " + _flat(first.remediation))
    help_text += first.references
    properties: Json = {
        "precision": _precision(name, cases),
        "tags": ["security", name.partition("/")[0], *(f"attack/{item}" for item in first.attack[:6])],
    }
    if score:
        properties["security-severity"] = score
    plain = [escape.visible(part, prose=True) for part in help_text if part]
    return {
        "id": name,
        "name": "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", name)),
        "shortDescription": {"text": escape.visible(first.title) or name},
        "fullDescription": {"text": (plain[0] if plain else first.title or name)[:1024]},
        "help": {
            "text": "\n\n".join(plain) or first.title or name,
            "markdown": "\n\n".join(escape.markdown(part) for part in plain) or escape.markdown(first.title),
        },
        "defaultConfiguration": {"level": level},
        "properties": properties,
    }


def _flat(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _precision(name: str, cases: list[Finding]) -> str:
    """How often results of this rule are true.

    Confidences are calibrated, so their mean is an estimate. False findings on labelled files lower it; true
    ones, which are textbook cases, do not raise it.
    """
    right, false = _measured().get(name, (0, 0))
    mean = sum(finding.confidence for finding in cases) / len(cases)
    share = min(mean, (right + mean * _ESTIMATE_COUNTS) / (right + false + _ESTIMATE_COUNTS))
    return "very-high" if share >= 0.95 else "high" if share >= 0.8 else "medium" if share >= 0.5 else "low"


@functools.cache
def _measured() -> dict[str, tuple[int, int]]:
    """Rule → true and false findings on labelled files; written by ``tools/quality.py``."""
    table = data_file("measured.tsv")
    rows = (line.split("\t") for line in table.read_text("utf-8").splitlines())
    return {name: (int(right), int(false)) for name, right, false in rows}


def _result(view: View, finding: Finding, index: dict[str, int]) -> Json:
    subject = view.subjects.get(finding.subject)
    location: Json = {"physicalLocation": _physical(view, subject, finding.subject)}
    logical = list(dict.fromkeys(_logical(finding)))[:_MOST_LOCATIONS]
    if logical:
        location["logicalLocations"] = [
            {"fullyQualifiedName": escape.visible(name), "kind": kind} for name, kind in logical
        ]
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVEL[finding.severity][0],
        "message": {"text": _message(finding)},
        "locations": [location],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{finding.id}:1",
            "rogueScan/v1": finding.fingerprint,
        },
        "rank": round(finding.confidence * 100, 1),
        "properties": {
            "confidence": finding.confidence,
            "severity": finding.severity.value,
            "subject": finding.subject,
            "actors": list(finding.actors),
            "targets": list(finding.targets),
            "ssids": list(finding.ssids),
            "endpoints": list(finding.endpoints),
            "data": [kind.value for kind in finding.data],
            "evidence": [msgspec.to_builtins(item) for item in finding.evidence],
        },
    }
    flows = list(_flows(subject, finding))
    if flows:
        result["codeFlows"] = [_code_flow(view, subject, flow) for flow in flows[:10]]
    return result


def _message(finding: Finding) -> str:
    """The first sentence is shown as the title; evidence follows."""
    lines = [finding.message or finding.title]
    lines += [f"{'+' if item.supports else '-'} {item.says}" for item in finding.evidence[:8]]
    return escape.visible("\n".join(escape.cut(line, 1000) for line in lines), prose=True) or finding.rule


def _physical(view: View, subject: Subject | None, fallback: str) -> Json:
    name = subject.name if subject else fallback
    parent = view.subjects.get(subject.parent) if subject and subject.parent else None
    if parent:
        name = f"{parent.name}/{name}"
    return {
        "artifactLocation": {"uri": escape.uri(name) or "source"},
        "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
    }


def _logical(finding: Finding) -> Iterable[tuple[str, str]]:
    wifi = finding.rule.startswith("wifi/")
    for item in finding.evidence:
        place = item.where
        if place.method:
            yield f"{place.dex or 'classes.dex'}!{place.method}", "function"
        elif place.file:
            yield place.file, "resource"
    for name in finding.actors or finding.targets:
        yield (f"bssid/{name}", "object") if wifi else (name, "type")


def _flows(subject: Subject | None, finding: Finding) -> Iterable[Flow]:
    for flow in subject.apk.flows if subject and subject.apk else ():
        known = not flow.endpoint or any(flow.endpoint in endpoint for endpoint in finding.endpoints)
        if flow.data in finding.data and flow.path and known:
            yield flow


def _code_flow(view: View, subject: Subject | None, flow: Flow) -> Json:
    locations = []
    for hop in flow.path[:_MOST_LOCATIONS]:
        name = f"{hop.dex}!{hop.method}"
        locations.append({
            "location": {
                "physicalLocation": _physical(view, subject, ""),
                "logicalLocations": [{"fullyQualifiedName": escape.visible(name), "kind": "function"}],
                "message": {"text": escape.visible(hop.note) or name},
                "properties": {"offset": hop.offset},
            }
        })  # fmt: skip
    return {"threadFlows": [{"locations": locations}]}
