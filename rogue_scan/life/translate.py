"""Texts of signature files in the reader's language.

Findings carry English, filled from the templates of their rule. Here the templates are recognised
again, and the same values are filled into their translation. A text that was made by another version
of its rule, or by a rule of the user's own, stays as it is.
"""

import functools
import string
from collections.abc import Iterable

import msgspec

from rogue_scan.life.retell import retell
from rogue_scan.model.evidence import Evidence
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.subject import Coverage, NotAssessed
from rogue_scan.rules.load import RuleSet, load
from rogue_scan.rules.rule import Rule, fill
from rogue_scan.texts import N_, SIGNATURES, languages, translator

_LONGEST = 4000
"""Characters of a text in which a template is looked for."""
_formatter = string.Formatter()

SENTENCES = (
    # Reasons and notes of the analysers, as templates.
    N_("the rule failed; see errors"),
)
VALUES = (
    # What fills templates, alone or in a list.
    N_("an unknown transmitter"),
    N_("unknown"),
    N_("(hidden)"),
)


def localise(report: Report, language: str, rules: RuleSet | None = None) -> Report:
    """``report`` in ``language``, with its stories told anew in it.

    English, and a language without catalogue, come back as they are.
    """
    code = language.replace("-", "_").partition("_")[0]
    if code not in {name.partition("_")[0] for name in languages()[1:]}:
        return report
    return retell(_Change(language, rules or load()).report(report), language)


def flat(text: str) -> str:
    """Prose of a signature file without its line breaks: the key of its translation."""
    return " ".join(text.split())


def texts_of(rule: Rule) -> Iterable[str]:
    """All texts of a rule that a report can show."""
    yield from (rule.title, rule.message, flat(rule.explanation), flat(rule.remediation))
    yield from (flat(cause) for cause in rule.benign_causes)
    yield from (spec.says for spec in rule.evidence.values())


def parse(template: str, text: str) -> dict[str, str] | None:
    """The values that make ``text`` of ``template``, or None where it was not made of it.

    Each literal is looked for from where the last one ended, the last one at the end: linear in the
    length of the text, whatever the values are.
    """
    if len(text) > _LONGEST:
        return None
    pieces = _pieces(template)
    if len(pieces) == 1:
        return {} if text == pieces[0][0] else None
    values: dict[str, str] = {}
    at = 0
    for index, (literal, name) in enumerate(pieces):
        if index == 0:
            found = 0 if text.startswith(literal) else -1
        elif index == len(pieces) - 1:
            found = len(text) - len(literal) if text.endswith(literal) else -1
        else:
            found = text.find(literal, at)
        if found < at:
            return None
        if index:
            values[pieces[index - 1][1]] = text[at:found]
        at = found + len(literal)
        if not name and index < len(pieces) - 1:
            return None
    return values


@functools.cache
def _pieces(template: str) -> list[tuple[str, str]]:
    """Literals with the field that follows each; the last has none."""
    pieces: list[tuple[str, str]] = []
    for literal, name, _, _ in _formatter.parse(template):
        pieces.append((literal, name or ""))
    if not pieces or pieces[-1][1]:
        pieces.append(("", ""))
    return pieces


class _Change:
    def __init__(self, language: str, rules: RuleSet) -> None:
        self.t = translator(language, SIGNATURES)
        self.by_name = {rule.rule: rule for rule in rules}

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
            notes=tuple(self.template(note, SENTENCES) for note in coverage.notes),
            not_assessed=tuple(
                NotAssessed(item.rule, self.template(item.reason, SENTENCES))
                for item in coverage.not_assessed
            ),
        )

    def finding(self, finding: Finding) -> Finding:
        rule = self.by_name.get(finding.rule)
        return msgspec.structs.replace(
            finding,
            title=self.fixed(finding.title),
            message=self.template(finding.message, [rule.message] if rule else []),
            explanation=self.fixed(finding.explanation),
            remediation=self.fixed(finding.remediation),
            benign_causes=tuple(self.fixed(cause) for cause in finding.benign_causes),
            evidence=tuple(self.evidence(item, rule) for item in finding.evidence),
        )

    def fixed(self, text: str) -> str:
        key = flat(text)
        found = self.t(key) if key else ""
        return text if found == key else found

    def evidence(self, item: Evidence, rule: Rule | None) -> Evidence:
        templates = [spec.says for spec in rule.evidence.values()] if rule else []
        return msgspec.structs.replace(item, says=self.template(item.says, templates))

    def template(self, text: str, templates: Iterable[str]) -> str:
        """``text`` by the translation of the template that explains most of it."""
        for english in sorted(templates, key=_literals, reverse=True):
            values = parse(english, text)
            translated = self.t(english) if values is not None else english
            if values is not None and translated != english:
                return fill(translated, {name: self.value(value) for name, value in values.items()})
        return text

    def value(self, text: str) -> str:
        """A value: itself, or, where words of ours stand in it alone or in a list, those in the language."""
        if text in VALUES:
            return self.t(text)
        parts = text.split(", ")
        if len(parts) > 1 and all(part in VALUES for part in parts):
            return "、".join(self.t(part) for part in parts)
        return text


@functools.cache
def _literals(template: str) -> int:
    return sum(len(literal) for literal, _ in _pieces(template))
