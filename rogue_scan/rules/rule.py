"""What a signature file says, as types, and how a rule turns evidence into a finding.

Code holds no title, text, severity, weight or threshold: all of them are here.
"""

import math
import string
from collections.abc import Iterator, Sequence
from typing import Any, Generic, Literal, TypeVar

import msgspec

from rogue_scan.model.data import DataCategory
from rogue_scan.model.evidence import Evidence, Where
from rogue_scan.model.finding import Finding, digest, fingerprint
from rogue_scan.model.severity import Severity

Status = Literal["planned", "experimental", "test", "stable", "deprecated"]
Kind = Literal["fingerprint", "stateful", "composite", "note"]

P = TypeVar("P")

_MOST_EVIDENCE = 40
"""Items of evidence kept in one finding; more of the same convinces nobody and fills reports."""
_NOWHERE = Where()
_formatter = string.Formatter()


class EvidenceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One statement that can speak for or against a finding."""

    says: str
    """Template; ``{name}`` fields only."""
    weight: float
    """Log-likelihood ratio: positive for, negative against."""
    structural: bool = False
    """Whether this alone may carry a finding; each finding needs one of these that speaks for it."""
    provenance: str = ""
    """For marks of known tools: which version or capture shows it."""


class Unsure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Below this confidence the finding is a question, not an alarm."""

    below: float
    severity: Severity


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A test of the rule that stands in its signature."""

    name: str
    capture: str | None = None
    """File under tests/data."""
    frames: str | None = None
    """Text listing of frames (see docs)."""
    app: str | None = None
    """File under tests/data."""
    facts: dict[str, Any] | None = None
    """Facts of an app as a mapping."""
    expect: list[dict[str, Any]] = []
    """Findings by some of their fields; an empty list means that the rule stays silent."""
    todo: str | None = None
    """A known gap: reported, not failing."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature file."""

    rule: str
    revision: int
    title: str
    status: Status
    kind: Kind
    severity: Severity
    explanation: str
    benign_causes: tuple[str, ...]
    remediation: str
    references: tuple[str, ...]
    attack: tuple[str, ...]
    message: str
    """Template for the sentence about one case."""
    prior: float = 0.0
    """Log-odds before any evidence."""
    evidence: dict[str, EvidenceSpec] = {}
    params: dict[str, Any] = {}
    """Thresholds; converted into the detector's own type when the rule is bound to it."""
    when: dict[str, Any] | None = None
    """Condition of a declarative rule."""
    unsure: Unsure | None = None
    tests: tuple[Example, ...] = ()

    @property
    def scanner(self) -> str:
        """``wifi`` or ``apk``."""
        return self.rule.partition("/")[0]

    @property
    def active(self) -> bool:
        """Whether the rule has logic that runs by default."""
        return self.status in ("test", "stable")


class Bound(Generic[P]):
    """A rule as its detector sees it: with typed parameters, for one subject."""

    def __init__(self, rule: Rule, params: P, subject: str) -> None:
        self.rule, self.params, self.subject = rule, params, subject

    def case(self) -> "Case":
        """A new, empty case to collect evidence in."""
        return Case(self.rule, self.subject)


class Case:
    """Evidence on one suspicion, weighed by the rule.

    An evidence name may be added several times (each with its own place); its weight counts once.
    """

    def __init__(self, rule: Rule, subject: str) -> None:
        self._rule, self._subject = rule, subject
        self._items: list[Evidence] = []
        self._weights: dict[str, float] = {}

    def add(
        self, name: str, /, where: Where = _NOWHERE, value: str | None = None, **fields: object
    ) -> "Case":
        """State that the evidence called ``name`` in the signature holds.

        ``fields`` fill the template. Raises KeyError where the signature has no such evidence or the
        template wants another field: a contract test finds both.
        """
        spec = self._rule.evidence[name]
        first = name not in self._weights
        self._weights[name] = spec.weight
        if len(self._items) < _MOST_EVIDENCE:
            self._items.append(
                Evidence(
                    says=fill(spec.says, fields),
                    supports=spec.weight >= 0,
                    where=where,
                    value=value,
                    weight=spec.weight if first else 0.0,
                )
            )
        return self

    def __contains__(self, name: str) -> bool:
        return name in self._weights

    @property
    def confidence(self) -> float:
        """Logistic function of prior plus weights, kept off certainty."""
        odds = self._rule.prior + sum(self._weights.values())
        return round(min(0.99, max(0.01, 1 / (1 + math.exp(-odds)))), 3)

    def conclude(
        self,
        *,
        actors: Sequence[str] = (),
        targets: Sequence[str] = (),
        ssids: Sequence[str] = (),
        endpoints: Sequence[str] = (),
        data: Sequence[DataCategory] = (),
        first_seen: float | None = None,
        last_seen: float | None = None,
        key: Sequence[str] = (),
        **fields: object,
    ) -> Iterator[Finding]:
        """The finding, if at least one structural item speaks for it; else nothing.

        ``key`` goes into the finding's identity where actors and targets do not tell two apart;
        ``fields`` fill the rule's message, which can also use ``actor``, ``target`` and ``ssid``.
        """
        rule = self._rule
        if not any(rule.evidence[name].structural and weight > 0 for name, weight in self._weights.items()):
            return
        actors, targets, ssids = _ordered(actors), _ordered(targets), _ordered(ssids)
        identity = fingerprint(rule.rule, actors, targets, [*ssids, *key])
        severity = rule.severity
        if rule.unsure and self.confidence < rule.unsure.below:
            severity = min(severity, rule.unsure.severity)
        yield Finding(
            id=digest([identity, self._subject]),
            fingerprint=identity,
            rule=rule.rule,
            title=rule.title,
            severity=severity,
            confidence=self.confidence,
            subject=self._subject,
            message=fill(
                rule.message,
                {
                    "actor": ", ".join(actors) or "an unknown transmitter",
                    "target": ", ".join(targets) or "unknown",
                    "ssid": ", ".join(ssids) or "(hidden)",
                }
                | fields,
            ),
            actors=actors,
            targets=targets,
            ssids=ssids,
            endpoints=_ordered(endpoints),
            data=tuple(sorted(set(data), key=lambda category: category.value)),
            first_seen=first_seen,
            last_seen=last_seen,
            evidence=tuple(self._items),
            explanation=rule.explanation,
            benign_causes=rule.benign_causes,
            remediation=rule.remediation,
            references=rule.references,
            attack=rule.attack,
        )


def fill(template: str, fields: dict[str, object]) -> str:
    """``template`` with its ``{name}`` fields replaced.

    Templates come from signature files, so no attribute, index, conversion or format is followed: the
    loader refuses them (:func:`template_fields`).
    """
    return "".join(
        literal + ("" if name is None else str(fields[name]))
        for literal, name, _, _ in _formatter.parse(template)
    )


def template_fields(template: str) -> set[str]:
    """Names of the fields of a template; raises ValueError where it holds anything but plain names."""
    names = set()
    for _, name, spec, conversion in _formatter.parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"only plain {{name}} fields are allowed, not {{{name}}}")
        names.add(name)
    return names


def _ordered(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
