"""Exit status: one table, one function."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the front door needs the numbers alone, and at once
    from rogue_scan.model.report import Report
    from rogue_scan.model.severity import Severity


class Exit(enum.IntEnum):
    """What the process says when it ends (contract, "Exit status")."""

    OK = 0
    FINDING = 1
    USAGE = 2
    SOURCE = 3
    INTERNAL = 70
    INTERRUPTED = 130


def status(report: Report, fail_on: Severity | None) -> Exit:
    """Exit status for a report: the gate looks at all findings, shown or not."""
    if fail_on is not None and any(finding.severity >= fail_on for finding in report.findings):
        return Exit.FINDING
    return Exit.SOURCE if report.errors else Exit.OK
