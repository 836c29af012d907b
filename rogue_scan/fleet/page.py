"""The fleet report as one HTML page that loads nothing and needs no script."""

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

import rogue_scan.render
from rogue_scan.fleet.overview import Overview
from rogue_scan.render import escape

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = Path(rogue_scan.render.__path__[0]) / "templates" / "report.css"
"""The fleet report looks like every other report."""


def render(picture: Overview) -> str:
    """The page; every value from an app passes the escaping of the HTML report."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _STYLE.read_text("utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("overview.html").render(
        picture=picture,
        style=Markup(style),  # noqa: S704 (our own file)
        digest=digest,
    )


def _finalize(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return escape.html(value)
    return "" if value is None else value
