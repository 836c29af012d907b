"""A live run for terminals that cannot move the cursor: a line for each finding that opens or changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rogue_scan.model.severity import Severity
from rogue_scan.render.escape import terminal

if TYPE_CHECKING:
    from rogue_scan.wifi.live.run import Live

_SAY_EVERY = 30.0
"""Seconds between two lines on how far the run is."""


class LiveLines:
    """Writes lines on standard error."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._known: dict[str, str] = {}
        self._said = 0.0

    def draw(self, fresh: bool) -> None:
        """Say what is new."""
        live = self._live
        if fresh:
            for finding in live.findings:
                text = f"{finding.severity.value:8} {finding.confidence:4.0%} {terminal(finding.message)}"
                if finding.severity > Severity.INFO and self._known.get(finding.id, "") != finding.message:
                    sign = "~" if finding.id in self._known else "+"
                    self._known[finding.id] = finding.message
                    self._say(f"{sign} {text}")
        if live.seconds - self._said >= _SAY_EVERY:
            self._said = live.seconds
            world = live.session.world
            self._say(f"  {live.session.frames} frames, {len(world.bss)} access points")

    def _say(self, text: str) -> None:
        seconds = int(self._live.seconds)
        click.echo(f"{seconds // 60:02}:{seconds % 60:02} {text}", err=True)
