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
from rogue_scan.rules.files import builtin, read_yaml
from rogue_scan.rules.load import RuleSet, load
from rogue_scan.rules.rule import Rule, fill
from rogue_scan.texts import DATA, N_, SIGNATURES, languages, translator

_LONGEST = 4000
"""Characters of a text in which a template is looked for."""
_formatter = string.Formatter()

SENTENCES = (
    # Notes and reasons of the analysers.
    N_("the rule failed; see errors"),
    N_("the capture holds no frames"),
    N_("the capture does not say on which channel frames were heard"),
    N_("the capture has no signal levels"),
    N_("the capture has no radio time stamps: clocks are compared by the host's time only"),
    N_("frames come without check sum: damaged ones cannot be told with certainty"),
    N_("{count} of {all} frames were damaged on the way and left out"),
    N_("{count} frames were cut by the capture's length limit"),
    N_("the receiver changed channels: what happened on one while it was on another was not heard"),
    N_("table of {table}: {count} entries were given up to keep memory bounded"),
    N_("the same content was also given as {name}"),
    N_("The manifest could not be read: components, permissions and entry points are unknown."),
    N_("There is no readable Java code: what the app does can only be seen in part."),
    N_(
        "{count} components of the manifest have no class in any DEX file: "
        "code is loaded later, so what was seen is not all."
    ),
    N_("{name} cannot be searched: {reason}."),
    N_("Code analysis stopped early: {limit}"),
)
NOBODY = (
    # What stands where a name is not known.
    N_("an unknown transmitter"),
    N_("unknown"),
    N_("(hidden)"),
)
NAMES = frozenset({
    "actor", "target", "ssid", "name", "original", "imitation", "real", "client", "host", "site", "sites",
    "file", "page", "text", "package", "component",
})  # fmt: skip
"""Fields with names and texts of others, which stay even where they look like a word of ours."""
VALUES = (
    # What fills templates, alone or in a list.
    N_("identity number"),
    N_("telephone number"),
    N_("home address"),
    N_("password"),
    N_("card or bank details"),
    N_("one-time code"),
    N_("e-mail address"),
    N_("account name"),
    N_("name"),
    N_("date of birth"),
    N_("device identifier"),
    N_("data"),
    N_("the app"),
    N_("security"),
    N_("maker's elements"),
    N_("country"),
    N_("rates"),
    N_("basic rates"),
    N_("HT capabilities"),
    N_("Wi-Fi generation"),
    N_("extended capabilities"),
    N_("router and name server"),
    N_("router"),
    N_("name server"),
    N_("an answer without a name"),
    N_("forged encryption"),
    N_("unknown certificate authority"),
    N_("start"),
    N_("logoff"),
    N_("open"),
    N_("cleartext"),
    N_("character array"),
    N_("junk removed"),
    N_("native library"),
    N_("string in native library"),
    N_("string resource"),
    N_("manifest meta-data"),
    N_("reversed"),
    N_("shifted characters"),
    N_("text put together from pieces"),
    N_("scheme v1 only"),
    N_("Android app"),
)
PARTS = (
    # Values that hold values.
    N_(" with a PIN"),
    N_(", which is {name}"),
    N_(" beside {other}"),
    N_(" to {name}"),
    N_("{client} was thrown off and joined again"),
    N_("{values} and {count} more"),
    N_("changed after signing: {names}"),
    N_("removed after signing: {names}"),
    N_("{count} entries are not covered: {names}"),
    N_("given by the page to {name}"),
    N_("{packed} bytes claim to decode to {size}"),
    N_("imitates {name}"),
    N_("it is the other name with “{word}” added"),
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


@functools.cache
def _marks() -> frozenset[str]:
    """What the marks of attack programs say."""
    says = set()
    for path in sorted((builtin() / "wifi" / "_tools").glob("*.yml")):
        document, _ = read_yaml(path, trusted=True)
        says |= {mark["says"] for mark in document["marks"]}
    return frozenset(says)


def values() -> Iterable[str]:
    """All words and sentences beside those of rules."""
    yield from (*SENTENCES, *NOBODY, *VALUES, *PARTS, *sorted(_marks()))


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
        words = translator(language)
        self.kinds = {name: words(name) for name in DATA.values()}
        self.list_mark = words(", ")

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
                return fill(translated, {name: self.value(name, value) for name, value in values.items()})
        return text

    def value(self, field: str, text: str) -> str:
        """A value: itself, or, where words of ours stand in it alone or in a list, those in the language."""
        if text in NOBODY:
            return self.t(text)
        if field in NAMES:
            return self.template(text, PARTS)
        names = [self.word(part) for part in text.split(", ")]
        if all(name is not None for name in names):
            return self.list_mark.join(name for name in names if name)
        return self.template(text, PARTS)

    def word(self, text: str) -> str | None:
        if text in self.kinds:
            return self.kinds[text]
        if text in VALUES or text in _marks():
            return self.t(text)
        return None


@functools.cache
def _literals(template: str) -> int:
    return sum(len(literal) for literal, _ in _pieces(template))
