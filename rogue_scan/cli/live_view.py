"""What a live run shows: state, suspects, incidents, findings, keys. For 80 columns and 24 lines up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from rogue_scan import incident
from rogue_scan.cli.keys import Keys
from rogue_scan.errors import UsageError
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Incident
from rogue_scan.model.severity import Severity
from rogue_scan.render.escape import terminal
from rogue_scan.wifi import judge
from rogue_scan.wifi.dot11.channel import channel_of
from rogue_scan.wifi.live.follow import Follow
from rogue_scan.wifi.live.monitor import Monitor
from rogue_scan.wifi.vendors import vendor

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
_FRESH = 15.0
"""Seconds for which a finding counts as new or changed."""
_WIDE = 120
"""Columns from which access points are shown with more about them."""
_MOST_INCIDENTS = 2
_LEAST_POINTS = 4
_MOST_TYPED = 40


class LiveView:
    """Draws a run on standard error and passes keys on; standard output stays for the report."""

    def __init__(self, live: Live, *, colour: bool) -> None:
        self._live = live
        self._console = Console(stderr=True, no_color=not colour, highlight=False)
        self._screen = Screen(console=self._console, auto_refresh=False, screen=True)
        self._keys = Keys()
        self._drawn = 0.0
        self._frames = (time.monotonic(), 0)
        self._rate = 0.0
        self._paused = False
        self._asking = ""
        """What is being typed: ``place``, ``channel``, or nothing."""
        self._typed = ""
        self._said = ""
        self._incidents: Sequence[Incident] = ()
        self._known: dict[str, tuple[float, Finding]] = {}
        """Finding → when it opened or changed last, and as what."""
        self._opened: dict[str, float] = {}

    def __enter__(self) -> LiveView:
        self._keys.__enter__()
        self._screen.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._screen.__exit__(kind, error, trace)
        self._keys.__exit__(kind, error, trace)

    def draw(self, fresh: bool) -> None:
        """Take keys, and draw when something is new or half a second has passed."""
        if fresh:
            self.learn()
        for key in self._keys.pressed():
            self.press(key)
            fresh = True
        now = time.monotonic()
        if fresh or now - self._drawn >= _DRAW_EVERY:
            self._drawn = now
            self._measure(now)
            self._screen.update(self.picture(self._console.width, self._console.height), refresh=True)

    def learn(self) -> None:
        """Take what was worked out anew: which findings opened or changed, and what stories they tell."""
        now = self._live.seconds
        for finding in self._live.findings:
            before = self._known.get(finding.id)
            if before is None:
                self._opened[finding.id] = now
            if before is None or _changed(before[1], finding):
                self._known[finding.id] = (now, finding)
        self._incidents = incident.join([self._live.scan()])[0]

    # The picture

    def picture(self, width: int, height: int) -> Group:
        """The whole screen for so many columns and lines."""
        state = [*self._state(width)]
        findings = [finding for finding in self._live.findings if finding.severity > Severity.INFO]
        room = max(2, height - len(state) - 3)  # without headings and keys
        stories = [] if room < 8 else self._stories(width)
        room -= len(stories)
        points = self._ranked()
        wanted = max(_LEAST_POINTS, room - 2 * max(1, len(findings)), room // 2)
        rows = min(len(points) or 1, wanted, room - min(2, len(findings)))
        lines = self._findings(findings, width, room - rows)
        rows = min(len(points) or 1, room - len(lines))
        blank = room - rows - len(lines)
        return Group(
            *state,
            self._access_points(points, width, rows),
            *(Text() for _ in range(blank)),
            self._heading(findings, width),
            *stories,
            *lines,
            self._footer(width),
        )

    def _state(self, width: int) -> Iterable[Text]:
        live = self._live
        world = live.session.world
        seconds = int(live.seconds)
        first = f"rogue-scan  {_clock(seconds)}"
        first += f"  {live.session.frames} frames  {self._rate:.0f}/s"
        first += f"  {len(world.bss)} access points  {len(world.stations)} clients"
        if self._paused:
            first += "  PAUSED"
        yield _line(first, width, "bold")
        yield _line(" · ".join(self._listening()), width)
        if isinstance(live.source, Monitor):
            yield _line("listened: " + " · ".join(self._dwell(live.source)), width, "dim")

    def _listening(self) -> Iterable[str]:
        source = self._live.source
        if isinstance(source, Monitor):
            for radio, frequency, plan in zip(source.radios, source.tuned, source.plans, strict=True):
                where = f"ch {channel_of(frequency) or '?'}" if frequency else "starting"
                how = " locked" if plan.locked else f" of {len(plan.frequencies)}"
                yield f"{radio.name} lost" if radio.lost is not None else f"{radio.name} {where}{how}"
            if source.dropped:
                yield f"{source.dropped} dropped"
        elif isinstance(source, Follow):
            yield "following a capture"
        else:
            yield "the system's scan list: beacons alone, no clients"
        yield "position known" if self._live.position else "no position"
        named = [mark.name for mark in self._live.marks if mark.name]
        if named:
            places = "1 place" if len(named) == 1 else f"{len(named)} places"
            yield f"{places} marked, last {terminal(named[-1], 20)}"

    @staticmethod
    def _dwell(source: Monitor) -> Iterable[str]:
        radios = zip(source.radios, source.tuned, strict=True)
        tuned = {frequency for radio, frequency in radios if radio.lost is None}
        longest = sorted(source.dwell.items(), key=lambda item: (item[0] not in tuned, -item[1].seconds))
        for frequency, dwell in longest:
            here = ">" if frequency in tuned else ""
            yield f"{here}ch {channel_of(frequency) or '?'} {dwell.seconds:.0f} s"

    def _ranked(self) -> list[tuple[Bss, Severity | None]]:
        """Access points, the suspects first, then the loudest."""
        accused: dict[str, Severity] = {}
        for finding in self._live.findings:
            for actor in finding.actors:
                accused[actor] = max(accused.get(actor, Severity.INFO), finding.severity)
        ranked = sorted(
            self._live.session.world.bss.values(),
            key=lambda bss: (-accused.get(bss.bssid, Severity.INFO).rank, -_level(bss), bss.bssid),
        )
        return [(bss, accused.get(bss.bssid)) for bss in ranked]

    def _access_points(
        self, points: Sequence[tuple[Bss, Severity | None]], width: int, rows: int
    ) -> RenderableType:
        table = Table(box=None, padding=(0, 1, 0, 0), expand=True)
        for name, justify in (("", "left"), ("BSSID", "left"), ("ch", "right"), ("dBm", "right")):
            table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
        table.add_column("network", no_wrap=True, ratio=1, overflow="ellipsis")
        table.add_column("security", no_wrap=True, overflow="ellipsis", max_width=max(18, width // 5))
        clients: Counter[str] | None = None
        if width >= _WIDE:
            links = self._live.session.world.links
            clients = Counter(bssid for (_, bssid), link in links.items() if link.up or link.null_up)
            for name in ("heard", "frames", "clients"):
                table.add_column(name, justify="right", no_wrap=True)
            table.add_column("maker", no_wrap=True, overflow="ellipsis", max_width=width // 6)
        shown = rows if len(points) <= rows else rows - 1
        for bss, severity in points[:shown]:
            table.add_row(*self._row(bss, severity, clients))
        if len(points) > shown:
            table.add_row("", _line(f"… and {len(points) - shown} more", 17, "dim"))
        if not points:
            table.add_row("", Text("none heard yet", style="dim"))
        return table

    def _row(self, bss: Bss, severity: Severity | None, clients: Counter[str] | None) -> list[Text]:
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
            terminal(", ".join(names)) if names else "(hidden)",
            main.security.label if main else "",
        ]
        if clients is not None:
            silent = max(0.0, self._live.session.world.coverage.last.time - bss.seen.last.time)
            count = clients[bss.bssid]
            cells += [
                f"{silent:.0f} s ago",
                str(bss.seen.count),
                str(count or ""),
                terminal(vendor(bss.bssid)),
            ]
        return [Text(cell, style=style) for cell in cells]

    def _heading(self, findings: Sequence[Finding], width: int) -> Text:
        if not findings:
            return _line("no finding yet: what was not watched may hide one", width, "dim")
        counts: dict[Severity, int] = {}
        for finding in findings:
            counts[finding.severity] = counts.get(finding.severity, 0) + 1
        words = ", ".join(
            f"{count} {severity.value}" for severity, count in sorted(counts.items(), reverse=True)
        )
        stories = (
            f"{len(self._incidents)} incident{'s' if len(self._incidents) != 1 else ''}: "
            if self._incidents
            else ""
        )
        return _line(f"{stories}{len(findings)} findings ({words})", width, "bold")

    def _stories(self, width: int) -> list[Text]:
        """Incidents that join several findings; of the others the finding itself tells."""
        joined = [one for one in self._incidents if len(one.findings) > 1]
        lines = [
            _line(f"incident of {len(one.findings)} findings: {terminal(one.title)}", width, "bold")
            for one in joined[:_MOST_INCIDENTS]
        ]
        if len(joined) > _MOST_INCIDENTS:
            left = len(joined) - _MOST_INCIDENTS + 1
            lines[-1] = _line(f"… and {left} incidents more, in the report", width, "dim")
        return lines

    def _findings(self, findings: Sequence[Finding], width: int, room: int) -> list[Text]:
        """One line for each finding, or two where there is room for two of all."""
        tall = 2 * len(findings) <= room
        shown = findings if tall or len(findings) <= room else findings[: max(0, room - 1)]
        lines: list[Text] = []
        for finding in shown:
            lines += self._finding(finding, width, 2 if tall else 1)
        if len(findings) > len(shown):
            lines.append(
                _line(f"… and {len(findings) - len(shown)} findings more, in the report", width, "dim")
            )
        return lines[:room]

    def _finding(self, finding: Finding, width: int, most: int) -> list[Text]:
        now = self._live.seconds
        changed = self._known.get(finding.id, (now, finding))[0]
        opened = self._opened.get(finding.id, now)
        sign = " "
        if now - changed <= _FRESH:
            sign = "+" if changed == opened else "~"
        head = f"{sign} {_clock(int(opened))} {finding.severity.value:8} {finding.confidence:4.0%} "
        style = _COLOURS[finding.severity]
        text = Text(terminal(finding.message), style)
        wrapped = text.wrap(self._console, max(10, width - len(head))) if most > 1 else [text]
        if len(wrapped) > most:
            rest = Text(" ", style).join([wrapped[most - 1], *wrapped[most:]])
            wrapped = [*wrapped[: most - 1], rest]
        lines = []
        for number, part in enumerate(wrapped):
            line = Text(head if not number else " " * len(head), style)
            line.append_text(part)
            lines.append(_cut(line, width))
        return lines

    def _footer(self, width: int) -> Text:
        if self._asking == "place":
            return _line(f"place: {terminal(self._typed)}_  (Enter keeps it, Esc does not)", width, "bold")
        if self._asking == "channel":
            return _line(
                f"stay on channel: {terminal(self._typed)}_  (Enter; with nothing, all radios go on hopping)",
                width,
                "bold",
            )
        if not self._keys.known:
            return _line(f"Ctrl-C ends and writes the report   {self._said}", width, "dim")
        keys = "q end  m mark place"
        if isinstance(self._live.source, Monitor):
            keys = f"q end  p {'go on' if self._paused else 'pause'}  l lock channel  m mark place"
        return _line(f"{keys}   {self._said}", width, "dim")

    # Keys

    def press(self, key: str) -> None:
        """Do what a key stands for."""
        if self._asking:
            self._type(key)
            return
        source = self._live.source
        if key == "q":
            source.stop()
            self._said = "ending …"
        elif key == "m":
            self._asking, self._typed = "place", ""
        elif key == "p" and isinstance(source, Monitor):
            self._paused = not self._paused
            source.pause(self._paused)
        elif key == "l" and isinstance(source, Monitor):
            locked = any(plan.locked for plan in source.plans)
            self._asking, self._typed = "channel", "" if locked else self._suspect_channel(source)

    def _type(self, key: str) -> None:
        if key in ("\r", "\n"):
            if self._asking == "place":
                name = self._typed.strip() or f"place {len(self._live.marks) + 1}"
                self._live.mark(name)
                self._said = f"marked {terminal(name, 20)}"
            else:
                self._said = self._lock(self._typed.strip())
            self._asking = ""
        elif key == "\x1b":
            self._asking = ""
        elif key in ("\x7f", "\b"):
            self._typed = self._typed[:-1]
        elif key == "\x15":  # as terminals do
            self._typed = ""
        elif key.isprintable() and len(self._typed) < _MOST_TYPED:
            self._typed += key

    def _lock(self, text: str) -> str:
        """Keep the radio that can on a channel; returns what happened."""
        from rogue_scan.cli.live import frequencies

        source = self._live.source
        assert isinstance(source, Monitor)
        if not text:
            for plan in source.plans:
                plan.lock(None)
            return "hopping"
        try:
            wanted = frequencies(text) or []
        except UsageError:
            return f"no channel {terminal(text, 10)}"
        for radio, plan in zip(source.radios, source.plans, strict=True):
            if radio.lost is None and len(wanted) == 1 and wanted[0] in plan.frequencies:
                plan.lock(wanted[0])
                return f"{radio.name} stays on channel {channel_of(wanted[0])}"
        return f"channel {terminal(text, 10)} is in no radio's plan"

    def _suspect_channel(self, source: Monitor) -> str:
        """What is most likely wanted: the channel of the gravest suspect, else the one tuned to now."""
        for bss, severity in self._ranked()[:1]:
            frequency = bss.main.frequency if bss.main else None
            if severity is not None and severity >= Severity.MEDIUM and frequency:
                return str(frequency if frequency > 5950 else channel_of(frequency))
        return str(next((channel_of(frequency) for frequency in source.tuned if frequency), ""))

    def _measure(self, now: float) -> None:
        before, counted = self._frames
        frames = self._live.session.frames
        if now - before >= 1.0:
            self._rate = (frames - counted) / (now - before)
            self._frames = (now, frames)


def _changed(before: Finding, now: Finding) -> bool:
    """Whether a reader would want to look again: not for one more frame of the same."""
    return (before.severity, before.actors, before.targets, before.ssids, round(before.confidence, 1)) != (
        now.severity, now.actors, now.targets, now.ssids, round(now.confidence, 1)
    )  # fmt: skip


def _line(text: str, width: int, style: str = "") -> Text:
    """One line of at most ``width`` columns: wide characters take two, so they are counted by cells."""
    return _cut(Text(text, style), width)


def _cut(line: Text, width: int) -> Text:
    line.no_wrap = True
    line.truncate(width, overflow="ellipsis")
    return line


def _clock(seconds: int) -> str:
    return f"{seconds // 60:02}:{seconds % 60:02}"


def _level(bss: Bss) -> int:
    level = bss.signal.median
    return -200 if level is None else level
