"""``rogue-scan diff``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rogue_scan.cli.exit import Exit

if TYPE_CHECKING:
    from rogue_scan.life.difference import Difference


@click.command("diff", short_help="Tell what changed between two JSON reports.")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("-f", "--format", type=click.Choice(["terminal", "json"]), default="terminal")
@click.option(
    "--fail-on",
    type=click.Choice(["none", "low", "medium", "high", "critical"]),
    default="none",
    help="Exit 1 when something new is at least this severe.",
)
def command(before: Path, after: Path, format: str, fail_on: str) -> None:  # noqa: A002
    """Compare two JSON reports: what is new, gone, worse and better in AFTER."""
    import msgspec

    from rogue_scan.cli.emit import read_report, show
    from rogue_scan.life.difference import compare
    from rogue_scan.model.severity import Severity

    found = compare(read_report(before), read_report(after))
    if format == "json":
        show(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        show(_text(found))
    gate = fail_on != "none" and any(finding.severity >= Severity(fail_on) for finding in found.new)
    sys.exit(Exit.FINDING if gate else Exit.OK)


def _text(found: Difference) -> str:
    from rogue_scan.render.escape import terminal

    before, after = found.risk_before, found.risk_after
    lines = [f"risk {before.verdict.value} ({before.score}) → {after.verdict.value} ({after.score})"]
    for sign, findings in (("+", found.new), ("-", found.gone)):
        lines += [
            f"{sign} {finding.severity.value:8} {finding.rule}: {terminal(finding.message)}"
            for finding in findings
        ]
    lines += [
        f"~ {change.after.severity.value:8} {change.after.rule}: {terminal(change.after.message)} "
        f"({change.before.severity.value} {change.before.confidence:.2f} → {change.after.confidence:.2f})"
        for change in found.changed
    ]
    for sign, names in (("+", found.sources_new), ("-", found.sources_gone)):
        lines += [f"{sign} source   {terminal(name)}" for name in names]
    lines.append(
        f"{len(found.new)} new, {len(found.gone)} gone, {len(found.changed)} changed, {found.same} the same"
    )
    return "\n".join(lines)
