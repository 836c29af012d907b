"""Live runs: builds the source, drives the run, shows it, and writes the report at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from rogue_scan.cli.baseline import read_site
from rogue_scan.cli.options import Output
from rogue_scan.errors import UsageError

if TYPE_CHECKING:
    from rogue_scan.model.report import Report
    from rogue_scan.rules.load import RuleSet
    from rogue_scan.wifi.live.follow import Follow
    from rogue_scan.wifi.live.managed import Managed
    from rogue_scan.wifi.live.monitor import Monitor
    from rogue_scan.wifi.live.run import Live


def run(
    interfaces: Sequence[str],
    output: Output,
    *,
    managed: bool,
    channels: str | None,
    hop: float,
    duration: float | None,
    write: Path | None,
    write_limit: int,
    rules: Sequence[Path],
    keys: Sequence[str],
    evidence: Path | None,
    carve: Path | None,
    exports: Sequence[str],
    follow: str | None = None,
) -> int:
    """Listen until the end, Ctrl-C or ``duration``; returns the exit status of the report."""
    from rogue_scan import audit
    from rogue_scan.cli.audit import keep, tables_of
    from rogue_scan.cli.emit import emit, show
    from rogue_scan.render.jsonl import Stream
    from rogue_scan.rules.load import load
    from rogue_scan.wifi.live.record import Recorder
    from rogue_scan.wifi.live.run import Live

    if evidence and not write:
        raise UsageError("--evidence takes frames from the recording of a live run: add --write FILE")
    loaded = load(rules)
    tables = tables_of(exports)
    with contextlib.ExitStack() as stack:
        source = _source(stack, interfaces, managed, channels, hop) if follow is None else _follow(follow)
        recorder = stack.enter_context(Recorder(write, write_limit << 20)) if write else None
        name = f"live:{','.join(interfaces) or follow or 'scan'}"
        live = Live(
            source,
            loaded,
            name=name,
            keys=keys,
            site=read_site(output.baseline),
            recorder=recorder,
            duration=duration,
        )
        lines = Stream() if output.format == "jsonl" else None
        stack.enter_context(ends_by_signal(source))
        with _view(live, output) as draw:
            for fresh in live.steps():
                if fresh and lines is not None:
                    for line in lines.update(_report(live, loaded, output)):
                        show(line)
                draw(fresh)
        scan = live.scan()
    keep([scan], carve, tables)
    report = audit.assemble([scan], [], loaded, output.language)
    if evidence and write:
        import msgspec

        from rogue_scan.wifi.evidence import write as write_evidence

        # The recording holds the same frames under the same numbers.
        recorded = msgspec.structs.replace(report.subjects[0], name=str(write))
        write_evidence(evidence, [str(write)], msgspec.structs.replace(report, subjects=(recorded,)))
    if lines is not None:
        for line in lines.end(report):
            show(line)
    return emit(report, output, printed=lines is not None)


def _report(live: Live, rules: RuleSet, output: Output) -> Report:
    from rogue_scan import audit

    return audit.assemble([live.scan()], [], rules, output.language)


def _follow(location: str) -> Follow:
    from rogue_scan.wifi.live.follow import Follow

    return Follow(location)


def _source(
    stack: contextlib.ExitStack, interfaces: Sequence[str], managed: bool, channels: str | None, hop: float
) -> Monitor | Managed:
    if managed:
        from rogue_scan.wifi.live.managed import Managed

        if len(interfaces) > 1:
            raise UsageError("--managed takes one interface")
        return Managed(interfaces[0] if interfaces else None)
    from rogue_scan.wifi.live.monitor import Monitor

    return stack.enter_context(Monitor(interfaces, frequencies(channels), hop))


def frequencies(channels: str | None) -> list[int] | None:
    """Frequencies (MHz) for ``1,6,11``, ``36-48``, ``6g:5`` and ``2437``; None for all.

    A number below 1000 is a channel: of 2.4 GHz up to 14, of 5 GHz above, of 6 GHz with ``6g:`` before.
    Raises UsageError naming the part that is wrong.
    """
    if not channels:
        return None
    from rogue_scan.wifi.dot11.channel import PRIMARY, frequency_of

    found: list[int] = []
    for part in channels.split(","):
        text = part.strip().lower()
        band = "6" if text.startswith("6g:") else None
        first, dash, last = text.removeprefix("6g:").partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise UsageError(f"--channels: {part!r} is no channel, range or frequency")
        begin, end = int(first), int(last or first)
        if begin > 1000:
            found.append(begin)
            continue
        known = [
            frequency
            for each in ([band] if band else ["2.4", "5"])
            for number in PRIMARY[each]
            if begin <= number <= end and (frequency := frequency_of(number, each))
        ]
        if not known:
            raise UsageError(f"--channels: there is no channel {part!r}")
        found += known
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def ends_by_signal(source: Monitor | Managed | Follow) -> Iterator[None]:
    """The first Ctrl-C (or end of the SSH session) ends the run in order; the second breaks off."""

    def end(number: int, frame: FrameType | None) -> None:
        source.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _view(live: Live, output: Output) -> Iterator[Callable[[bool], None]]:
    shown = output.format == "terminal" and output.progress and sys.stderr.isatty() and not output.quiet
    if shown and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown"):
        from rogue_scan.cli.live_view import LiveView

        with LiveView(live, colour=output.colour is not False) as view:
            yield view.draw
        return
    if not output.quiet:
        click.echo("rogue-scan: listening; Ctrl-C ends and writes the report", err=True)
    if shown:
        from rogue_scan.cli.live_lines import LiveLines

        yield LiveLines(live).draw
    else:
        yield lambda fresh: None
