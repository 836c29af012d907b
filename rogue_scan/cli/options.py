"""Options that several commands share, and what becomes of them."""

import functools
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from rogue_scan.model.severity import Severity

C = TypeVar("C", bound=Callable[..., Any])

FORMATS = ["terminal", "json", "jsonl", "sarif", "html", "markdown", "csv", "stix", "junit"]
LEVELS = [severity.value for severity in Severity]


class Output(msgspec.Struct, frozen=True):
    """What to do with a report once it stands."""

    format: str = "terminal"
    output: tuple[str, ...] = ()
    fail_on: str = "none"
    min_severity: str = "info"
    min_confidence: float = 0.0
    baseline: Path | None = None
    ignore: Path | None = None
    show_suppressed: bool = False
    anonymise: bool = False
    reproducible: bool = False
    lang: str = "en"
    color: str = "auto"
    quiet: bool = False
    verbose: int = 0
    progress: bool = True

    @property
    def language(self) -> str:
        """Name of the catalogue."""
        return {"zh": "zh_CN"}.get(self.lang, self.lang)

    @property
    def colour(self) -> bool | None:
        """True and False force it; None leaves it to the terminal."""
        if self.color == "auto" and os.environ.get("NO_COLOR"):
            return False
        return {"always": True, "never": False}.get(self.color)


def _option(*names: str, **settings: Any) -> Callable[[C], C]:
    return click.option(*names, **settings)


_OUTPUT = [
    _option(
        "-f", "--format", type=click.Choice(FORMATS), default="terminal", help="What goes to standard output."
    ),
    _option(
        "-o",
        "--output",
        multiple=True,
        metavar="[FORMAT=]FILE",
        help="Write a report to FILE too; the format follows its ending. Repeatable.",
    ),
    _option(
        "--fail-on",
        type=click.Choice(["none", *LEVELS[1:]]),
        default="none",
        help="Exit 1 from this severity on.",
    ),
    _option(
        "--min-severity",
        type=click.Choice(LEVELS),
        default="info",
        help="Show findings from this severity on.",
    ),
    _option(
        "--min-confidence",
        type=click.FloatRange(0, 1),
        default=0.0,
        help="Show findings at least this likely.",
    ),
    _option(
        "--baseline",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Earlier JSON report, or a learnt site: what is known is set aside.",
    ),
    _option(
        "--ignore",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File of findings to set aside, each with a reason.",
    ),
    _option("--show-suppressed", is_flag=True, help="Show what was set aside, too."),
    _option(
        "--anonymise", is_flag=True, help="Replace addresses and names by pseudonyms, the same everywhere."
    ),
    _option("--reproducible", is_flag=True, help="Leave out what differs between machines (paths)."),
    _option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of the report."),
    _option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colour in the terminal.",
    ),
    _option("--no-color", "color", flag_value="never", help="No colour; NO_COLOR does the same."),
    _option("-q", "--quiet", is_flag=True, help="Say only errors on standard error."),
    _option("-v", "--verbose", count=True, help="Say more on standard error."),
    _option("--no-progress", "progress", flag_value=False, default=True, help="Draw no progress bars."),
]


def output_options(function: C) -> C:
    """Add the options of :class:`Output`; the command receives one argument ``output``."""

    @functools.wraps(function)
    def command(*args: Any, **values: Any) -> Any:
        output = Output(**{name: values.pop(name) for name in Output.__struct_fields__})
        _log(output)
        return function(*args, output=output, **values)

    for option in reversed(_OUTPUT):
        command = option(command)
    return command  # type: ignore[return-value]


def rules_option(function: C) -> C:
    """Add ``--rules``."""
    return _option(
        "--rules",
        multiple=True,
        type=click.Path(exists=True, path_type=Path),
        help="Signature file or folder beside the built-in ones. Repeatable.",
    )(function)


def _log(output: Output) -> None:
    level = (
        logging.ERROR
        if output.quiet
        else [logging.WARNING, logging.INFO, logging.DEBUG][min(output.verbose, 2)]
    )
    logging.basicConfig(level=level, format="rogue-scan: %(message)s", stream=sys.stderr, force=True)
