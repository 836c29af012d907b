"""``rogue-scan wifi``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from rogue_scan.cli.audit import capture_options, run, sources_argument
from rogue_scan.cli.options import Output, output_options, rules_option


@click.command("wifi", short_help="Find rogue access points in captures, or live.")
@sources_argument
@rules_option
@capture_options
@output_options
def command(sources: Sequence[str], output: Output, **options: Any) -> None:
    """Find rogue access points and what open networks give away.

    A SOURCE is a capture (pcap, pcapng, kismetdb, or these as gz, xz, zst), a folder of such files, or - for
    standard input.
    """
    from rogue_scan.source.sniff import Kind

    sys.exit(run(sources, output, Kind.CAPTURE, **options))
