"""The report: one for both scanners, the project's public data interface.

``decode(encode(report)) == report`` holds for every report: joining and re-rendering rest on it.
"""

import msgspec

from rogue_scan.errors import Malformed
from rogue_scan.model.finding import Finding
from rogue_scan.model.subject import Risk, Subject

SCHEMA = "rogue-scan/report/1"


class Tool(msgspec.Struct, frozen=True):
    """Who made the report."""

    name: str = "rogue-scan"
    version: str = ""
    rules: str = ""
    """Digest of the rule set that was asked."""


class Link(msgspec.Struct, frozen=True):
    """A tie between two findings or subjects."""

    source: str = msgspec.field(name="from")
    target: str = msgspec.field(name="to")
    kind: str = ""
    """``served-by``, ``talks-to``, ``same-signer``, ``same-endpoint``, ``precedes``, ``moved-to`` …"""
    value: str = ""


class ScanError(msgspec.Struct, frozen=True):
    """A source, or a part of one, that could not be analysed."""

    source: str
    kind: str
    message: str


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line in the time line of an incident."""

    says: str
    time: float | None = None
    finding: str | None = None
    subject: str | None = None


class Incident(msgspec.Struct, frozen=True, omit_defaults=True):
    """Findings that belong to one story: access point, portal, app, endpoints, victims."""

    id: str
    title: str
    story: str
    """A few plain sentences."""
    risk: Risk = Risk()
    findings: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    access_points: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    victims: tuple[str, ...] = ()
    timeline: tuple[Step, ...] = ()
    advice: tuple[str, ...] = ()


class Suppressed(msgspec.Struct, frozen=True):
    """A finding that an ignore file or baseline took out of the report."""

    finding: Finding
    reason: str
    by: str


class Report(msgspec.Struct, frozen=True):
    """Everything one run found out."""

    schema: str = SCHEMA
    tool: Tool = Tool()
    risk: Risk = Risk()
    incidents: tuple[Incident, ...] = ()
    subjects: tuple[Subject, ...] = ()
    findings: tuple[Finding, ...] = ()
    links: tuple[Link, ...] = ()
    errors: tuple[ScanError, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()


_decoder = msgspec.json.Decoder(Report)


def encode(report: Report) -> bytes:
    """JSON of a report, indented, keys in the order of the types: equal reports give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def decode(raw: bytes) -> Report:
    """The report in ``raw``.

    Raises :class:`~rogue_scan.errors.Malformed` with the path of the first wrong field, or where the
    schema is of another number than this version reads.
    """
    try:
        schema = msgspec.json.decode(raw, type=_Head).schema
        if schema != SCHEMA:
            raise Malformed(f"report has schema {schema!r}, this version reads {SCHEMA!r}; please update")
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(f"no rogue-scan report: {error}") from error


class _Head(msgspec.Struct):
    schema: str
