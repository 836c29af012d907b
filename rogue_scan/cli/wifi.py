"""``rogue-scan wifi``: captures, or a live radio."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from rogue_scan.cli.audit import capture_options, key_lines, run
from rogue_scan.cli.options import Output, output_options, rules_option
from rogue_scan.errors import UsageError

_LIVE = [
    click.option(
        "--interface", "interfaces", multiple=True, metavar="IFACE", help="Listen live. Repeatable."
    ),
    click.option("--managed", is_flag=True, help="Live without monitor mode: the system's own scan."),
    click.option(
        "--channels", metavar="LIST", help="Channels to watch: 1,6,11 or 36-48 or 6g:5 or 2437 (MHz)."
    ),
    click.option("--hop", type=click.FloatRange(0.05, 60), default=0.25, help="Seconds on each channel."),
    click.option(
        "--follow", is_flag=True, help="Report while SOURCE grows: a file being written, a pipe, or -."
    ),
    click.option("--duration", type=click.FloatRange(1), help="Seconds after which a live run ends."),
    click.option(
        "--write", type=click.Path(dir_okay=False, path_type=Path), help="Record what is received (pcapng)."
    ),
    click.option("--write-limit", type=click.IntRange(1), default=4096, help="MiB that recordings may take."),
]


def _live_options(function: Any) -> Any:
    for option in reversed(_LIVE):
        function = option(function)
    return function


@click.command("wifi", short_help="Find rogue access points in captures, or live.")
@click.argument("sources", nargs=-1, metavar="[SOURCE...]")
@_live_options
@rules_option
@capture_options
@output_options
def command(
    sources: Sequence[str],
    output: Output,
    interfaces: Sequence[str],
    managed: bool,
    channels: str | None,
    hop: float,
    follow: bool,
    duration: float | None,
    write: Path | None,
    write_limit: int,
    **options: Any,
) -> None:
    """Find rogue access points and what open networks give away.

    A SOURCE is a capture (pcap, pcapng, kismetdb, or these as gz, xz, zst), a folder of such files, or - for
    standard input. With --interface or --managed it listens instead; nothing is ever transmitted.

    To walk up to a transmitter: rogue-scan wifi locate BSSID --interface IFACE
    """
    if bool(sources) == bool(interfaces or managed):
        raise UsageError("name captures, or a live source by --interface IFACE or --managed (one of both)")
    if follow and len(sources) != 1:
        raise UsageError("--follow reads one capture while it is written")
    if write and sources:
        raise UsageError("--write records what radios receive; a capture is a file already")
    if sources and not follow:
        from rogue_scan.source.sniff import Kind

        sys.exit(run(sources, output, Kind.CAPTURE, **options))
    from rogue_scan.cli import live

    sys.exit(
        live.run(
            interfaces,
            output,
            managed=managed,
            channels=channels,
            hop=hop,
            duration=duration,
            write=write,
            write_limit=write_limit,
            rules=options["rules"],
            keys=(*options["keys"], *key_lines(options["key_file"])),
            evidence=options["evidence"],
            carve=options["carve"],
            exports=options["exports"],
            follow=sources[0] if follow else None,
        )
    )
