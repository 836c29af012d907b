"""Progress on standard error, on a terminal only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from rogue_scan.cli.options import Output


@contextlib.contextmanager
def progress(output: Output) -> Iterator[Callable[[str, float | None], None]]:
    """A function that shows the source at work and the share that is done; it may do nothing."""
    if not (output.progress and not output.quiet and sys.stderr.isatty()):
        yield lambda name, share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from rogue_scan.render.escape import terminal

    console = Console(stderr=True, no_color=output.colour is False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[source]}", markup=False),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, source="")

        def show(name: str, share: float | None) -> None:
            bar.update(
                task, source=terminal(name, 50), total=None if share is None else 1.0, completed=share or 0.0
            )

        yield show
