"""``rogue-scan apk``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from rogue_scan.cli.audit import app_options, run, sources_argument
from rogue_scan.cli.options import Output, output_options, rules_option

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("apk", short_help="Vet Android apps.")
@sources_argument
@rules_option
@app_options
@click.option(
    "--policy", type=_FILE, help="A store's rules for apps (YAML); breaking them gives exit status 1."
)
@click.option(
    "--declared",
    type=_FILE,
    help="What the app says about itself: Google Play's data safety export (CSV), or YAML.",
)
@click.option(
    "--against",
    type=_FILE,
    metavar="OLD",
    help="Tell what is new since this older version (an app or a JSON report) instead of a report.",
)
@output_options
def command(sources: Sequence[str], output: Output, against: Path | None, **options: Any) -> None:
    """Vet apps: what they take, how they hide it, where they send it.

    A SOURCE is an APK, XAPK, APKS, APKM, AAB or DEX file, a folder of such files, a URL, or - for standard
    input. No code of an app is run.
    """
    from rogue_scan.source.sniff import Kind

    if against is None:
        sys.exit(run(sources, output, Kind.APP, **options))
    from rogue_scan.cli.versions import against as compare

    sys.exit(compare(against, sources, output, **options))
