"""Findings and their stable identity."""

import hashlib
from collections.abc import Iterable
from typing import Annotated

import msgspec

from rogue_scan.model.data import DataCategory
from rogue_scan.model.evidence import Evidence
from rogue_scan.model.severity import Severity

FINGERPRINT_VERSION = 1
"""Raised when the parts of a fingerprint change, so that old baselines are told apart."""


class Finding(msgspec.Struct, frozen=True):
    """One thing found by one rule in one subject (contract, "findings")."""

    id: str
    """Unique in a report; the same for the same finding in the same source."""
    fingerprint: str
    """As ``id``, but without the subject: the same finding on another visit or in a new version."""
    rule: str
    title: str
    severity: Severity
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)]
    """How likely the finding is true, 0..1, calibrated on labelled captures and apps."""
    subject: str
    message: str
    """One sentence about this case, from the rule's template."""
    actors: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    ssids: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    data: tuple[DataCategory, ...] = ()
    first_seen: float | None = None
    """Seconds since the capture's first frame; None where time means nothing."""
    last_seen: float | None = None
    evidence: tuple[Evidence, ...] = ()
    explanation: str = ""
    benign_causes: tuple[str, ...] = ()
    remediation: str = ""
    references: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()


def digest(parts: Iterable[str]) -> str:
    """Sixteen hex digits over a list of strings, each with its length in front.

    The length keeps ``["ab", "c"]`` apart from ``["a", "bc"]``.
    """
    state = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(raw))
        state.update(raw)
    return state.hexdigest()[:16]


def fingerprint(rule: str, actors: Iterable[str], targets: Iterable[str], key: Iterable[str]) -> str:
    """Identity of a finding without its subject: no text, severity, path or time goes in.

    ``key`` is what the rule adds where actors and targets do not tell two findings apart,
    for example the SSID.
    """
    return digest([
        str(FINGERPRINT_VERSION), rule,
        "actors", *sorted(actors), "targets", *sorted(targets), "key", *sorted(key),
    ])  # fmt: skip
