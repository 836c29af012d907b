"""``rogue-scan wifi locate``: walk up to one transmitter."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from rogue_scan.cli.exit import Exit
from rogue_scan.errors import UsageError

if TYPE_CHECKING:
    from rogue_scan.wifi.analyse import Session
    from rogue_scan.wifi.live.locate import Finder, Transmitter
    from rogue_scan.wifi.live.monitor import Monitor

_WEAKEST, _STRONGEST = -95.0, -25.0
"""dBm at the ends of the needle's scale."""
_BARS = "▁▂▃▄▅▆▇█"
_STEP = 0.5
_STEP_OF_LINES = 2.0
"""Seconds between two readings."""
_SILENT = 10.0
"""Seconds after which a transmitter is no longer where it was heard."""


@click.command("wifi locate", short_help="Show the signal of one transmitter, to walk up to it.")
@click.argument("bssid")
@click.option(
    "--interface", "interfaces", multiple=True, required=True, metavar="IFACE", help="Radio to use."
)
@click.option("--channels", metavar="LIST", help="Where to look for it first; default everywhere.")
@click.option("--duration", type=click.FloatRange(1), help="Seconds after which it ends.")
@click.option("--no-color", is_flag=True, help="No colour.")
def command(
    bssid: str, interfaces: Sequence[str], channels: str | None, duration: float | None, no_color: bool
) -> None:
    """Show the signal of BSSID as a needle and a trace.

    A cloned address has one line for each transmitter, told apart by its clock. Nothing is transmitted.
    """
    if not re.fullmatch(r"(?i)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", bssid):
        raise UsageError(f"{bssid!r} is no BSSID (aa:bb:cc:dd:ee:ff)")
    from rich.console import Console
    from rich.live import Live as Screen
    from rich.text import Text

    from rogue_scan.cli.live import ends_by_signal, frequencies
    from rogue_scan.render.escape import terminal
    from rogue_scan.rules.load import load
    from rogue_scan.wifi.analyse import Session
    from rogue_scan.wifi.live.locate import Finder
    from rogue_scan.wifi.live.monitor import Monitor

    finder = Finder(bssid)
    session = Session(load(), name="locate")
    console = Console(no_color=no_color, highlight=False)
    drawing = console.is_terminal and not console.is_dumb_terminal
    screen = Screen(console=console, auto_refresh=False, screen=True) if drawing else None
    with (
        Monitor(interfaces, frequencies(channels), 0.25) as monitor,
        ends_by_signal(monitor),
        screen or contextlib.nullcontext(),
    ):
        click.echo("rogue-scan: listening; Ctrl-C ends", err=True)
        begin = drawn = time.monotonic()
        for batch in monitor.stream():
            if batch:
                session.feed(batch)
            now = time.monotonic()
            if now - drawn >= (_STEP if screen else _STEP_OF_LINES):
                drawn = now
                _look(finder, session, monitor, now - begin)
                if screen:
                    screen.update(Text(picture(finder, console.width, now - begin)), refresh=True)
                else:
                    for line in readings(finder, now - begin):
                        click.echo(line)
            if duration is not None and now - begin >= duration:
                monitor.stop()
        ended = time.monotonic() - begin
    click.echo(picture(finder, shutil.get_terminal_size().columns, ended))
    for error in monitor.errors:
        click.echo(f"rogue-scan: {terminal(str(error))}", err=True)
    sys.exit(Exit.SOURCE if monitor.errors else Exit.OK)


def _look(finder: Finder, session: Session, monitor: Monitor, now: float) -> None:
    """Take new readings, and listen where they can be had."""
    session.settle()
    finder.take(session.world, now)
    # What fell silent may have moved to another channel: then all are searched again.
    heard = finder.frequencies(now - _SILENT)
    watched = set(monitor.dwell)
    for plan in monitor.plans:
        # With one transmitter, or all on one channel, there is nothing to be gained elsewhere, once every
        # channel was listened to: a clone may be on any.
        settled = len(heard) == 1 and heard[0] in plan.frequencies and watched.issuperset(plan.frequencies)
        plan.lock(heard[0] if settled else None)
        plan.learn(heard, heard)


def readings(finder: Finder, now: float) -> Iterator[str]:
    """One line for each transmitter that is heard now: what a pipe or a plain terminal can take."""
    from rogue_scan.wifi.dot11.channel import channel_of

    for number, one in enumerate(finder.transmitters.values(), 1):
        if one.now is not None and now - one.now.time <= _SILENT:
            channel = f"ch {channel_of(one.frequency)}" if one.frequency else ""
            yield f"{now:6.1f} s  #{number} {channel:6} {one.now.dbm:6.1f} dBm"


def picture(finder: Finder, width: int, now: float) -> str:
    """Needles and traces as text of at most ``width`` columns; ``now`` as :meth:`Finder.take` counts."""
    lines = [f"{finder.bssid}"]
    if not finder.transmitters:
        return "\n".join([*lines, "not heard yet"])
    if len(finder.transmitters) > 1:
        lines.append(f"{len(finder.transmitters)} transmitters use this address, told apart by their clocks")
    for number, one in enumerate(finder.transmitters.values(), 1):
        lines += _needle(number, one, width, now)
    return "\n".join(line[:width] for line in lines)


def _needle(number: int, one: Transmitter, width: int, clock: float) -> list[str]:
    from rogue_scan.wifi.dot11.channel import channel_of

    now = one.now
    if now is None or one.strongest is None:
        return []
    room = max(10, width - 45)
    filled = round(_share(now.dbm) * room)
    best = min(room - 1, round(_share(one.strongest) * room))
    bar = "".join("█" if place < filled else "|" if place == best else "·" for place in range(room))
    channel = f"ch {channel_of(one.frequency)}" if one.frequency else ""
    silent = clock - now.time
    heard = "" if silent < _SILENT else f"  last heard {silent:.0f} s ago"
    shown = list(one.trace)[-max(1, room - len(heard)) :]
    trace = "".join(_BARS[min(7, int(_share(each.dbm) * 8))] for each in shown)
    return [
        f"  #{number} {channel:6} {now.dbm:6.1f} dBm  {bar}  best {one.strongest:.0f} dBm",
        f"  {'':23}{trace}{heard}",
    ]


def _share(dbm: float) -> float:
    return min(1.0, max(0.0, (dbm - _WEAKEST) / (_STRONGEST - _WEAKEST)))
