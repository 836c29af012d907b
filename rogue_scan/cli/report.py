"""``rogue-scan report``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rogue_scan.cli.options import Output, output_options


@click.command("report", short_help="Join and re-render earlier JSON reports.")
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="REPORT.json...")
@output_options
def command(reports: tuple[Path, ...], output: Output) -> None:
    """Join earlier JSON reports and write them anew, in any format and filter; nothing is scanned."""
    from rogue_scan.cli.emit import emit, read_report
    from rogue_scan.life.merge import merge

    sys.exit(emit(merge([read_report(path) for path in reports], output.language), output))
