"""Texts of signature files in the reader's language.

Findings carry English, filled from the templates of their rule. Here the templates are recognised
again, and the same values are filled into their translation. A text that was made by another version
of its rule, or by a rule of the user's own, stays as it is.

Translations stand in ``signatures/_i18n/LANGUAGE/{wifi,apk}.yml``, by rule; ``words.yml`` beside them has
sentences on coverage and values that fill templates.
"""

import functools
import string
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from rogue_scan.life.retell import retell
from rogue_scan.model.evidence import Evidence
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.subject import Coverage, NotAssessed
from rogue_scan.rules.load import RuleSet, builtin, load, read_yaml
from rogue_scan.rules.rule import Rule, fill

_LONGEST = 4000
"""Characters of a text in which a template is looked for."""
_formatter = string.Formatter()


class Prose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule's texts in another language; the fields of :class:`~rogue_scan.rules.rule.Rule`."""

    title: str
    message: str
    explanation: str
    benign_causes: tuple[str, ...]
    remediation: str
    evidence: dict[str, str]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not of one rule."""

    sentences: dict[str, str] = {}
    """Template to template: notes on coverage and reasons for what was not assessed."""
    values: dict[str, str] = {}
    """What fills templates, wherever it stands alone or in a list."""


def folder(language: str) -> Path | None:
    """Folder with the translations into ``language``, if there is one."""
    root = builtin() / "_i18n"
    code = language.replace("-", "_")
    names = [
        code,
        *(path.name for path in sorted(root.glob("*")) if path.name.startswith(code.partition("_")[0])),
    ]
    return next((root / name for name in names if name and (root / name).is_dir()), None)


@functools.cache
def prose(language: str) -> Mapping[str, Prose]:
    """Translations by rule; empty for English."""
    where = folder(language)
    table: dict[str, Prose] = {}
    for path in sorted(where.glob("*.yml")) if where else ():
        if path.name != "words.yml":
            document, _ = read_yaml(path, trusted=True)
            table |= msgspec.convert(document, dict[str, Prose])
    return table


@functools.cache
def words(language: str) -> Words:
    """Sentences and values; empty for English."""
    where = folder(language)
    if where is None:
        return Words()
    document, _ = read_yaml(where / "words.yml", trusted=True)
    return msgspec.convert(document, Words)


def localise(report: Report, language: str, rules: RuleSet | None = None) -> Report:
    """``report`` in ``language``, with its stories told anew in it; English comes back as it is."""
    if not prose(language):
        return report
    rules = rules or load()
    change = _Change(language, rules)
    return retell(change.report(report), language)


def parse(template: str, text: str) -> dict[str, str] | None:
    """The values that make ``text`` of ``template``, or None where it was not made of it.

    Each literal is looked for from where the last one ended, so the time is linear whatever the values.
    """
    if len(text) > _LONGEST:
        return None
    pieces = list(_formatter.parse(template))
    values: dict[str, str] = {}
    at, waiting = 0, ""
    for literal, name, _, _ in pieces:
        if literal:
            found = text.find(literal, at) if waiting else (at if text.startswith(literal, at) else -1)
            if found < 0:
                return None
            if waiting:
                values[waiting] = text[at:found]
            at = found + len(literal)
            waiting = ""
        if name is not None:
            if waiting:
                return None
            waiting = name
    if waiting:
        values[waiting] = text[at:]
    elif at != len(text):
        last = pieces[-1][0] if pieces else ""
        if not last or not values or not text.endswith(last):
            return None
        return _from_the_end(pieces, text)
    return values


def _from_the_end(pieces: list[Any], text: str) -> dict[str, str] | None:
    """As :func:`parse`, where the last literal also stands inside the last value."""
    *front, (last, name, _, _) = pieces
    if name is not None or not front:
        return None
    head = "".join(literal + (f"{{{field}}}" if field else "") for literal, field, _, _ in front)
    return parse(head, text[: len(text) - len(last)])


class _Change:
    def __init__(self, language: str, rules: RuleSet) -> None:
        self.prose, self.words, self.rules = prose(language), words(language), rules

    def report(self, report: Report) -> Report:
        return msgspec.structs.replace(
            report,
            findings=tuple(self.finding(finding) for finding in report.findings),
            suppressed=tuple(
                msgspec.structs.replace(item, finding=self.finding(item.finding))
                for item in report.suppressed
            ),
            subjects=tuple(
                msgspec.structs.replace(subject, coverage=self.coverage(subject.coverage))
                for subject in report.subjects
            ),
        )

    def coverage(self, coverage: Coverage) -> Coverage:
        return msgspec.structs.replace(
            coverage,
            notes=tuple(self.sentence(note) for note in coverage.notes),
            not_assessed=tuple(
                NotAssessed(item.rule, self.sentence(item.reason)) for item in coverage.not_assessed
            ),
        )

    def sentence(self, text: str) -> str:
        if text in self.words.sentences:
            return self.words.sentences[text]
        return self.template(text, self.words.sentences.items())

    def finding(self, finding: Finding) -> Finding:
        if finding.rule not in self.prose or finding.rule not in self.rules:
            return finding
        ours, theirs = self.rules[finding.rule], self.prose[finding.rule]
        return msgspec.structs.replace(
            finding,
            title=theirs.title if finding.title == ours.title else finding.title,
            message=self.template(finding.message, [(ours.message, theirs.message)]),
            explanation=theirs.explanation
            if finding.explanation == ours.explanation
            else finding.explanation,
            remediation=theirs.remediation
            if finding.remediation == ours.remediation
            else finding.remediation,
            benign_causes=theirs.benign_causes
            if finding.benign_causes == ours.benign_causes
            else finding.benign_causes,
            evidence=tuple(self.evidence(item, ours, theirs) for item in finding.evidence),
        )

    def evidence(self, item: Evidence, ours: Rule, theirs: Prose) -> Evidence:
        pairs = [
            (spec.says, theirs.evidence[name])
            for name, spec in ours.evidence.items()
            if name in theirs.evidence
        ]
        return msgspec.structs.replace(item, says=self.template(item.says, pairs))

    def template(self, text: str, pairs: Iterable[tuple[str, str]]) -> str:
        """``text`` by the translation of the template that explains most of it."""
        for english, translated in sorted(pairs, key=lambda pair: -_literals(pair[0])):
            values = parse(english, text)
            if values is not None:
                return fill(translated, {name: self.value(value) for name, value in values.items()})
        return text

    def value(self, text: str) -> str:
        """A value: itself, or, where words of ours stand in it alone or in a list, those in the language."""
        known = self.words.values
        if text in known:
            return known[text]
        parts = text.split(", ")
        if len(parts) > 1 and all(part in known for part in parts):
            return "、".join(known[part] for part in parts)
        return text


@functools.cache
def _literals(template: str) -> int:
    return sum(len(literal) for literal, *_ in _formatter.parse(template))
