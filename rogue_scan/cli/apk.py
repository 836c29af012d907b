"""``rogue-scan apk``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from rogue_scan.cli.audit import app_options, run, sources_argument
from rogue_scan.cli.options import Output, output_options, rules_option


@click.command("apk", short_help="Vet Android apps.")
@sources_argument
@rules_option
@app_options
@output_options
def command(sources: Sequence[str], output: Output, **options: Any) -> None:
    """Vet apps: what they take, how they hide it, where they send it.

    A SOURCE is an APK, XAPK, APKS, APKM, AAB or DEX file, a folder of such files, a URL, or - for standard
    input. No code of an app is run.
    """
    from rogue_scan.source.sniff import Kind

    sys.exit(run(sources, output, Kind.APP, **options))
