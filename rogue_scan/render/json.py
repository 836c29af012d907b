"""The report as JSON: the project's data interface (contract, "JSON report")."""

from rogue_scan.model.report import Report, encode
from rogue_scan.render import escape
from rogue_scan.render.formats import Options


def render(report: Report, options: Options) -> str:
    """The whole report; ``options`` change nothing, so that equal reports give equal bytes."""
    return escape.json(encode(report).decode())
