"""What a live run shows: state, suspects first, findings, keys. Made for 80 columns and 24 lines up."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from rogue_scan.model.severity import Severity
from rogue_scan.render.escape import terminal
from rogue_scan.wifi import judge
from rogue_scan.wifi.dot11.channel import channel_of
from rogue_scan.wifi.live.monitor import Monitor

if TYPE_CHECKING:
    from rogue_scan.wifi.live.run import Live
    from rogue_scan.wifi.world import Bss

_COLOURS = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_DRAW_EVERY = 0.5
_LONGEST_NAME = 60
_MOST_TYPED = 40


class LiveView:
    """Draws a run on standard error and passes keys on; standard output stays for the report."""

    def __init__(self, live: Live, *, colour: bool) -> None:
        self._live = live
        self._console = Console(stderr=True, no_color=not colour, highlight=False)
        self._screen = Screen(console=self._console, auto_refresh=False, screen=True)
        self._keys = _Keys()
        self._drawn = 0.0
        self._frames = (time.monotonic(), 0)
        self._rate = 0.0
        self._paused = False
        self._typing: str | None = None
        self._said = ""

    def __enter__(self) -> LiveView:
        self._keys.open()
        self._screen.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._screen.__exit__(kind, error, trace)
        self._keys.close()

    def draw(self, fresh: bool) -> None:
        """Take keys, and draw when something is new or half a second has passed."""
        for key in self._keys.pressed():
            self._press(key)
            fresh = True
        now = time.monotonic()
        if fresh or now - self._drawn >= _DRAW_EVERY:
            self._drawn = now
            self._measure(now)
            self._screen.update(self.picture(self._console.width, self._console.height), refresh=True)

    def picture(self, width: int, height: int) -> Group:
        """The whole screen for so many columns and lines."""
        findings = [finding for finding in self._live.findings if finding.severity > Severity.INFO]
        shown = findings[: max(2, min(len(findings), (height - 8) // 2))]
        rows = max(3, height - 7 - max(1, len(shown)))
        return Group(
            *self._state(width),
            self._access_points(width, rows),
            self._findings(shown, len(findings), width),
            self._footer(width),
        )

    def _state(self, width: int) -> list[Text]:
        live = self._live
        world = live.session.world
        seconds = int(live.seconds)
        first = f"rogue-scan  {seconds // 60:02}:{seconds % 60:02}"
        first += f"  {world.coverage.frames} frames  {self._rate:.0f}/s"
        first += f"  {len(world.bss)} access points  {len(world.stations)} clients"
        if self._paused:
            first += "  PAUSED"
        return [Text(first[:width], style="bold"), Text(self._listening()[:width])]

    def _listening(self) -> str:
        source = self._live.source
        parts = []
        if isinstance(source, Monitor):
            for frequency, plan in zip(source.tuned, source.plans, strict=True):
                where = (
                    f"channel {channel_of(frequency) or '?'} ({frequency} MHz)" if frequency else "starting"
                )
                parts.append(where + (" locked" if plan.locked else f", {len(plan.frequencies)} in the plan"))
            if source.dropped:
                parts.append(f"{source.dropped} dropped")
            parts += [str(error) for error in source.errors]
        else:
            parts.append("the system's scan list: beacons alone, no clients")
        parts.append("position known" if self._live.position else "no position")
        if self._live.marks:
            named = [mark.name for mark in self._live.marks if mark.name]
            parts.append(f"{len(named)} marks" + (f", last {terminal(named[-1], 20)}" if named else ""))
        return " · ".join(parts)

    def _access_points(self, width: int, rows: int) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0), expand=True)
        for name, justify in (("", "left"), ("BSSID", "left"), ("ch", "right"), ("dBm", "right")):
            table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
        table.add_column("network", no_wrap=True, ratio=1, overflow="ellipsis")
        table.add_column("security", no_wrap=True, overflow="ellipsis", max_width=max(12, width // 4))
        accused: dict[str, Severity] = {}
        for finding in self._live.findings:
            for actor in finding.actors:
                accused[actor] = max(accused.get(actor, Severity.INFO), finding.severity)
        ranked = sorted(
            self._live.session.world.bss.values(),
            key=lambda bss: (-accused.get(bss.bssid, Severity.INFO).rank, -_level(bss), bss.bssid),
        )
        for bss in ranked[: rows - 2]:
            table.add_row(*self._row(bss, accused.get(bss.bssid)))
        if len(ranked) > rows - 2:
            table.add_row("", Text(f"… and {len(ranked) - rows + 2} more", style="dim"))
        return table

    def _row(self, bss: Bss, severity: Severity | None) -> list[Text]:
        main = bss.main
        suspect = severity is not None and severity >= Severity.MEDIUM
        style = _COLOURS[severity] if severity is not None and suspect else ""
        frequency = main.frequency if main else None
        names = [judge.show(ssid) for ssid in bss.ssids if ssid.strip(b"\0")]
        level = bss.signal.median
        cells = [
            "!" if suspect else "",
            bss.bssid,
            str(channel_of(frequency) or "") if frequency else "",
            "" if level is None else str(level),
            terminal(", ".join(names), _LONGEST_NAME) if names else "(hidden)",
            main.security.label if main else "",
        ]
        return [Text(cell, style=style) for cell in cells]

    def _findings(self, shown: list[Any], total: int, width: int) -> Group:
        if not total:
            return Group(Text("no finding yet: what was not watched may hide one", style="dim"))
        lines = [
            Text(
                terminal(f"{finding.severity.value:8} {finding.confidence:.0%} {finding.message}", width - 1),
                style=_COLOURS[finding.severity],
                no_wrap=True,
            )
            for finding in shown
        ]
        if total > len(shown):
            lines.append(Text(f"… and {total - len(shown)} findings more, in the report", style="dim"))
        return Group(*lines)

    def _footer(self, width: int) -> Text:
        if self._typing is not None:
            return Text(
                f"place: {terminal(self._typing)}_  (Enter keeps it, Esc does not)"[:width], style="bold"
            )
        return Text(f"q end  p pause  l lock channel  m mark place   {self._said}"[:width], style="dim")

    def _press(self, key: str) -> None:
        if self._typing is not None:
            self._type(key)
            return
        source = self._live.source
        if key == "q":
            source.stop()
            self._said = "ending …"
        elif key == "m":
            self._typing = ""
        elif key == "p" and isinstance(source, Monitor):
            self._paused = not self._paused
            source.pause(self._paused)
        elif key == "l" and isinstance(source, Monitor):
            for plan, tuned in zip(source.plans, source.tuned, strict=True):
                plan.lock(None if plan.locked else tuned or None)

    def _type(self, key: str) -> None:
        assert self._typing is not None
        if key in ("\r", "\n"):
            self._live.mark(self._typing or f"place {len(self._live.marks) + 1}")
            self._said = f"marked {terminal(self._typing, 20)}"
            self._typing = None
        elif key == "\x1b":
            self._typing = None
        elif key in ("\x7f", "\b"):
            self._typing = self._typing[:-1]
        elif key.isprintable() and len(self._typing) < _MOST_TYPED:
            self._typing += key

    def _measure(self, now: float) -> None:
        before, counted = self._frames
        frames = self._live.session.world.coverage.frames
        if now - before >= 1.0:
            self._rate = (frames - counted) / (now - before)
            self._frames = (now, frames)


class _Keys:
    """Single key presses from the terminal, without waiting; none where standard input is no terminal."""

    def __init__(self) -> None:
        self._restore: Callable[[], None] | None = None

    def open(self) -> None:
        """Let the terminal hand over each key at once, and not show it."""
        if not sys.stdin.isatty():
            return
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor)
        self._restore = lambda: termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    def close(self) -> None:
        """Put the terminal back."""
        if self._restore is not None:
            with contextlib.suppress(OSError):
                self._restore()
            self._restore = None

    def pressed(self) -> list[str]:
        """Keys since the last call."""
        if self._restore is None:
            return []
        keys = ""
        while select.select([sys.stdin], [], [], 0)[0]:
            data = os.read(sys.stdin.fileno(), 64)
            if not data:
                break
            keys += data.decode(errors="ignore")
        return list(keys)


def _level(bss: Bss) -> int:
    level = bss.signal.median
    return -200 if level is None else level
