"""The output formats by name, and the endings of files that stand for them.

Renderers are imported when one is used, so that ``--help`` imports none.
"""

import importlib
from pathlib import PurePath

import msgspec

from rogue_scan.errors import UsageError
from rogue_scan.model.report import Report
from rogue_scan.model.walk import change_texts
from rogue_scan.render import escape

FORMATS: dict[str, str] = {
    "terminal": "rogue_scan.render.terminal",
    "json": "rogue_scan.render.json",
    "jsonl": "rogue_scan.render.jsonl",
    "sarif": "rogue_scan.render.sarif",
    "html": "rogue_scan.render.html",
    "markdown": "rogue_scan.render.markdown",
    "csv": "rogue_scan.render.csv",
    "stix": "rogue_scan.render.stix",
    "junit": "rogue_scan.render.junit",
}
"""Format name to the module that has ``render(report, options) -> str``."""

ENDINGS: dict[str, str] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".sarif": "sarif",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".csv": "csv",
    ".txt": "terminal",
}


class Options(msgspec.Struct, frozen=True):
    """How a report is rendered; what it holds is settled before."""

    language: str = "en"
    """Of fixed texts; ``en`` or ``zh_CN``."""
    color: bool = False
    width: int = 100
    """Columns of the terminal."""
    most: int = 40
    """Findings that the terminal shows in full; the rest is counted."""
    time: float | None = None
    """Seconds since 1970 for formats that must carry a time (STIX); None for reproducible output."""
    show_suppressed: bool = False
    """Terminal: list what an ignore file or baseline took out, with the reason."""


def render(name: str, report: Report, options: Options | None = None) -> str:
    """``report`` in the format called ``name``: text without lone surrogates.

    Raises :class:`~rogue_scan.errors.UsageError` where there is no such format.
    """
    if name not in FORMATS:
        raise UsageError(f"no format {name!r}; there are {', '.join(FORMATS)}")
    module = importlib.import_module(FORMATS[name])
    text: str = module.render(_whole(report), options or Options())
    return text


def _whole(report: Report) -> Report:
    """The report without lone surrogates, which names in DEX files can have and UTF-8 cannot."""
    try:
        msgspec.json.encode(report)
    except UnicodeEncodeError:
        return change_texts(report, lambda _owner, _field, text: escape.whole(text))
    return report


def split_output(value: str) -> tuple[str, str]:
    """``FORMAT=FILE`` or ``FILE`` as (format, file).

    Raises :class:`~rogue_scan.errors.UsageError` where the ending tells no format.
    """
    name, equals, file = value.partition("=")
    if equals and name in FORMATS:
        if not file:
            raise UsageError(f"{value!r} names no file")
        return name, file
    ending = PurePath(value).suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"{value!r}: the ending tells no format; write FORMAT={value} with one of {', '.join(FORMATS)}"
        )
    return ENDINGS[ending], value
