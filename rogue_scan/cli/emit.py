"""What becomes of a report: known findings are set aside, the gate is asked, files and output written."""

from __future__ import annotations

import datetime
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from rogue_scan.cli.exit import Exit, status
from rogue_scan.cli.options import Output
from rogue_scan.errors import Malformed, UsageError
from rogue_scan.life import migrate, shape, suppress
from rogue_scan.life.retell import retell
from rogue_scan.life.translate import localise
from rogue_scan.model.report import Report
from rogue_scan.model.severity import Severity
from rogue_scan.render import formats
from rogue_scan.render.escape import terminal
from rogue_scan.source.written import written

if TYPE_CHECKING:
    from rogue_scan.life.suppress import Applied


def emit(report: Report, output: Output, *, printed: bool = False) -> Exit:
    """Settle, write and print a report (unless it was ``printed`` as it grew); returns the exit status.

    The gate looks at every finding that was not set aside with a reason, shown or not. Files are written
    before anything is printed, each in one step.
    """
    report = localise(settle(report, output), output.language)
    code = status(report, None if output.fail_on == "none" else Severity(output.fail_on))
    shown = shape.shown(report, Severity(output.min_severity), output.min_confidence)
    if output.anonymise:
        from rogue_scan.life.anonymise import anonymise

        shown = anonymise(shown)
    if output.reproducible:
        shown = shape.reproducible(shown)
    for name, path in [formats.split_output(value) for value in output.output]:
        write(Path(path), formats.render(name, shown, _look(output, tty=False)))
    if not printed:
        show(formats.render(output.format, shown, _look(output, tty=sys.stdout.isatty())))
    if not output.quiet:
        complain(report)
    return code


def show(text: str) -> None:
    """Print a result, in UTF-8 whatever the locale says."""
    sys.stdout.buffer.write(text.encode())
    if not text.endswith("\n"):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.flush()


def settle(report: Report, output: Output) -> Report:
    """Set aside what the ignore file and the baseline know, and tell the stories of the rest."""
    applied = []
    if output.ignore:
        applied.append(
            suppress.ignore(
                report.findings,
                report.subjects,
                suppress.read_ignore_file(output.ignore),
                by=output.ignore.name,
                today=datetime.datetime.now(tz=datetime.UTC).date(),
            )
        )
    known = _earlier_report(output.baseline) if output.baseline else None
    if known is not None:
        findings = applied[-1].findings if applied else report.findings
        applied.append(suppress.baseline(findings, known, by=str(output.baseline and output.baseline.name)))
    for each in applied:
        report = suppress.with_applied(report, each)
        _note(each, output)
    return retell(report, output.language) if applied else report


def write(path: Path, text: str) -> None:
    """Write a report in one step, readable by the user only: a file is whole or not there.

    Raises UsageError where it cannot be written.
    """
    try:
        with written(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_report(path: Path) -> Report:
    """An earlier JSON report, of any schema version. Raises UsageError naming the file."""
    try:
        return migrate.read(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Malformed as error:
        raise UsageError(f"{path}: {error}") from error


def complain(report: Report) -> None:
    """One line on standard error for each source that could not be analysed."""
    for error in report.errors:
        click.echo(f"rogue-scan: {terminal(error.source)}: {terminal(error.message)}", err=True)


class _Head(msgspec.Struct):
    schema: str = ""


def _earlier_report(path: Path) -> Report | None:
    """The baseline, if it is a report; a learnt site was taken into account by the Wi-Fi scanner."""
    try:
        if msgspec.json.decode(path.read_bytes(), type=_Head).schema.startswith("rogue-scan/site/"):
            return None
    except (msgspec.DecodeError, OSError):
        pass  # read_report says what is wrong
    return read_report(path)


def _note(applied: Applied, output: Output) -> None:
    if not output.quiet:
        for note in applied.notes:
            click.echo(f"rogue-scan: {terminal(note)}", err=True)


def _look(output: Output, *, tty: bool) -> formats.Options:
    colour = output.colour
    return formats.Options(
        language=output.language,
        color=tty if colour is None else colour,
        width=shutil.get_terminal_size((80, 24)).columns if tty else 80,
        time=None if output.reproducible else time.time(),
        show_suppressed=output.show_suppressed,
    )
