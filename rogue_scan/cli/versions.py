"""``rogue-scan apk NEW --against OLD``: what a new version does that the old one did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rogue_scan.cli.exit import Exit
from rogue_scan.errors import UsageError

if TYPE_CHECKING:
    from rogue_scan.apk.diff import VersionDiff
    from rogue_scan.cli.options import Output
    from rogue_scan.model.finding import Finding
    from rogue_scan.model.report import Report
    from rogue_scan.model.subject import Subject


def against(old: Path, sources: Sequence[str], output: Output, **options: Any) -> Exit:
    """Compare one new app with an old one, print the difference, return the exit status.

    The gate (``--fail-on``) looks at new findings only. Raises UsageError where there is not exactly one
    new app, or where the options ask for what a comparison is not.
    """
    from rogue_scan.apk.diff import compare
    from rogue_scan.cli.audit import report_of
    from rogue_scan.cli.emit import complain, read_report, show
    from rogue_scan.model.severity import Severity

    if len(sources) != 1:
        raise UsageError("--against compares one SOURCE with one older version")
    if output.format not in ("terminal", "json") or output.output:
        raise UsageError("--against is printed, as text or with --format json; reports come without it")
    with old.open("rb") as file:
        is_report = file.read(64).lstrip().startswith(b"{")
    before = read_report(old) if is_report else report_of([str(old)], output, **options)
    after = report_of(sources, output, **options)
    found = compare(*_app(before, str(old)), *_app(after, sources[0]))
    if output.format == "json":
        show(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        show("\n".join(_text(found)))
    if not output.quiet:
        complain(after)
    gate = output.fail_on != "none" and any(f.severity >= Severity(output.fail_on) for f in found.findings)
    return Exit.FINDING if gate else Exit.SOURCE if _errors(before, after) else Exit.OK


def _app(report: Report, name: str) -> tuple[Subject, list[Finding]]:
    """The app that a report is about, with its findings."""
    subject = next((s for s in report.subjects if s.kind == "apk" and s.parent is None), None)
    if subject is None or subject.apk is None:
        raise UsageError(f"{name}: no app in it could be analysed")
    return subject, [finding for finding in report.findings if finding.subject == subject.id]


def _errors(*reports: Report) -> bool:
    return any(report.errors for report in reports)


def _text(found: VersionDiff) -> Iterator[str]:
    from rogue_scan.render.escape import terminal

    yield terminal(f"{found.package}: {found.before} → {found.after}")
    if found.other_package:
        yield terminal(f"! the older one is another app: {found.other_package}")
    if found.signer_changed:
        yield "! signed by somebody else"
    for change in found.behaviours:
        before = change.before.value if change.before else "nothing"
        after = change.after.value if change.after else "nothing"
        sign = "-" if change.after is None else "+" if change.before is None else "~"
        yield terminal(f"{sign} {change.rule} ({before} → {after}): {change.message}")
    for name, changed in (
        ("takes", found.data_taken),
        ("sends", found.data_leaving),
        ("talks to", found.endpoints),
        ("asks for", found.permissions),
        ("has", found.components),
        ("contains", found.kits),
    ):
        yield from (terminal(f"+ {name} {item}") for item in changed.new)
        yield from (terminal(f"- {name} {item}") for item in changed.gone)
    if not found:
        yield "nothing that was looked at has changed"
