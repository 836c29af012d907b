"""The report as one HTML page that loads nothing and can be read without JavaScript."""

import base64
import functools
import hashlib
import itertools
import re
from pathlib import Path

import jinja2
import msgspec
from markupsafe import Markup

from rogue_scan.model.data import DataCategory
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import Subject
from rogue_scan.render import escape, svg
from rogue_scan.render import view as words
from rogue_scan.render.formats import Options
from rogue_scan.render.view import SEVERITIES, View

_TEMPLATES = Path(__file__).parent / "templates"
_OPEN_CASES = 40
"""Up to so many findings are unfolded from the start."""
_ALL_EVIDENCE = 40_000
"""Items of evidence on one page; with more findings each shows fewer."""
_ROWS = 400
"""Rows of one table."""


class Group(msgspec.Struct, frozen=True):
    """All findings of one rule and severity: the rule's prose stands once."""

    rule: str
    severity: Severity
    cases: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding whose texts speak for the rule."""
        return self.cases[0]


class Cell(msgspec.Struct, frozen=True):
    """One field of the matrix: who touches a kind of data, and how."""

    level: str = ""
    """Class of the style sheet: ``asked``, ``read`` or ``leaves``."""
    says: str = ""


def render(report: Report, options: Options) -> str:
    """The page, with a content security policy that allows nothing but its own style and script."""
    view = View(report, options.language)
    style, script = _asset("report.css"), _asset("report.js")
    numbers = {finding.id: f"f{number}" for number, finding in enumerate(view.findings, 1)}
    evidence = max(3, min(40, _ALL_EVIDENCE // max(1, len(view.findings))))
    columns = [subject for subject in report.subjects if subject.wifi or subject.apk][:12]
    return (
        _environment()
        .get_template("report.html")
        .render(
            view=view,
            report=report,
            t=view.t,
            svg=svg,
            words=words,
            language=options.language.replace("_", "-"),
            style=Markup(style),  # noqa: S704 (our own file)
            script=Markup(script),  # noqa: S704 (our own file)
            policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
            "base-uri 'none'; form-action 'none'",
            groups=_groups(view),
            severities=SEVERITIES,
            anchor=numbers,
            places={subject.id: f"s{number}" for number, subject in enumerate(report.subjects, 1)},
            most_evidence=evidence,
            rows=_ROWS,
            unfold=len(view.findings) <= _OPEN_CASES,
            matrix=_matrix(view, columns),
            columns=columns,
            score_terms=[
                (finding.title, adds, finding.severity.value) for finding, adds in view.terms(report.risk)
            ],
            stake=_stake(view),
            labels=_labels(view),
        )
    )


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(long=_long, paragraphs=_paragraphs, link=_link)
    return environment


def _finalize(value: object) -> object:
    """Every value that a template prints comes through here, before the engine's own escaping."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return escape.html(value)
    return "" if value is None else value


def _long(text: str) -> Markup:
    """A sentence that may be longer than a name."""
    return Markup.escape(escape.html(text, prose=True))


def _paragraphs(text: str) -> list[Markup]:
    """Prose from a signature file as paragraphs, its line breaks undone."""
    return [_long(" ".join(part.split())) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _link(address: str) -> Markup:
    """A link where the address is a web address, else its text: never another scheme."""
    shown = Markup.escape(escape.html(address))
    if not re.fullmatch(r"https?://[!-~]{1,1000}", address):
        return shown
    return Markup('<a href="{}" rel="noreferrer noopener">{}</a>').format(address, shown)


@functools.cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8").strip()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _groups(view: View) -> list[Group]:
    best: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in view.findings:
        best.setdefault((finding.severity, finding.rule), []).append(finding)
    return [Group(rule, severity, tuple(cases)) for (severity, rule), cases in best.items()]


def _labels(view: View) -> str:
    """Texts that the filter's script needs, as JSON."""
    t = view.t
    return msgspec.json.encode({
        "severities": [[level.value, view.severity(level)] for level in SEVERITIES],
        "search": t("Search"),
        "confidence": t("Confidence from"),
        "fold": t("Fold all"),
        "unfold": t("Unfold all"),
        "shown": t("{shown} of {all} shown"),
    }).decode()  # fmt: skip


def _stake(view: View) -> list[str]:
    """Kinds of personal data that findings of weight name."""
    kinds = {
        kind for finding in view.findings if finding.severity >= Severity.MEDIUM for kind in finding.data
    }
    return [view.data(kind) for kind in DataCategory if kind in kinds]


def _matrix(view: View, columns: list[Subject]) -> list[tuple[str, list[Cell]]]:
    rows = []
    for kind in DataCategory:
        cells = [_cell(view, subject, kind) for subject in columns]
        if any(cell.level for cell in cells):
            rows.append((view.data(kind), cells))
    return rows


def _cell(view: View, subject: Subject, kind: DataCategory) -> Cell:
    t = view.t
    for use in subject.apk.data if subject.apk else ():
        if use.category is kind:
            if use.leaves_device:
                return Cell("leaves", t("leaves the device"))
            if use.collected:
                return Cell("read", t("is read"))
            if use.requested:
                return Cell("asked", t("may be read"))
    events = (
        itertools.chain.from_iterable(client.events for client in subject.wifi.clients)
        if subject.wifi
        else ()
    )
    if any(kind in event.data and event.kind == "sent" for event in events):
        return Cell("leaves", t("was sent in the clear"))
    if subject.wifi and any(kind in finding.data for finding in view.of_subject[subject.id]):
        return Cell("read", t("is asked for"))
    return Cell()
