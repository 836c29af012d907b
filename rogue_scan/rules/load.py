"""Signature files to a rule set."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.rules.files import builtin, read_yaml
from rogue_scan.rules.rule import Rule, template_fields


class RuleSet:
    """The rules of one run, by name."""

    def __init__(self, rules: Iterable[Rule], digest: str) -> None:
        self._rules = {rule.rule: rule for rule in rules}
        self.digest = digest
        """SHA-256 over the names and contents of all signature files and the tables beside them."""

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, name: str) -> bool:
        return name in self._rules

    def __getitem__(self, name: str) -> Rule:
        return self._rules[name]

    def active(self, scanner: str) -> list[Rule]:
        """Rules of ``wifi`` or ``apk`` whose logic runs."""
        return [rule for rule in self if rule.scanner == scanner and rule.active]


def load(extra: Iterable[Path] = ()) -> RuleSet:
    """The built-in rules and those of ``extra`` (files or folders), which may replace built-in ones.

    Raises :class:`~rogue_scan.errors.RuleError` at the first wrong file.
    """
    rules: dict[str, Rule] = {}
    state = hashlib.sha256()
    sources = [(builtin(), True), *((path, False) for path in extra)]
    for root, trusted in sources:
        for path in signature_files(root):
            rule, raw = load_file(path, trusted=trusted)
            rules[rule.rule] = rule
            state.update(b"%s\0%d\0" % (rule.rule.encode(), len(raw)))
            state.update(raw)
    for path in _tables(builtin()):
        raw = path.read_bytes()
        state.update(b"%s\0%d\0" % (path.name.encode(), len(raw)))
        state.update(raw)
    return RuleSet((rules[name] for name in sorted(rules)), state.hexdigest())


def _tables(root: Path) -> list[Path]:
    """Tables beside the rules (lists, kits, models, words): what they say decides findings as well."""
    return sorted(
        path
        for path in root.rglob("*")
        if any(part.startswith("_") for part in path.relative_to(root).parts[:-1]) and path.is_file()
    )


def signature_files(root: Path) -> list[Path]:
    """Signature files under a folder; names that begin with ``_`` are tables, not rules."""
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise RuleError(str(root), "", "no such file or folder")
    return sorted(
        path
        for path in root.rglob("*.yml")
        if not any(part.startswith("_") for part in path.relative_to(root).parts)
    )


def load_file(path: Path, *, trusted: bool = False) -> tuple[Rule, bytes]:
    """One rule and the bytes of its file.

    ``trusted`` files go through libyaml; those of strangers through the slower parser written in
    Python, which cannot be made to corrupt memory.
    """
    document, raw = read_yaml(path, trusted=trusted)
    name = str(path)
    try:
        rule = msgspec.convert(document, Rule)
    except msgspec.ValidationError as error:
        problem, _, field = str(error).partition(" - at ")
        raise RuleError(name, field.strip("`").removeprefix("$.") or "$", problem) from None
    _check(rule, path)
    return rule, raw


def _check(rule: Rule, path: Path) -> None:
    """What the types cannot say."""
    file = str(path)
    scanner, _, name = rule.rule.partition("/")
    if scanner not in ("wifi", "apk") or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise RuleError(
            file, "rule", f"{rule.rule!r} is not wifi/NAME or apk/NAME in lower case with hyphens"
        )
    if path.stem != name:
        raise RuleError(file, "rule", f"{rule.rule!r} has to stand in a file called {name}.yml")
    for field, template in [("message", rule.message)] + [
        (f"evidence.{key}.says", spec.says) for key, spec in rule.evidence.items()
    ]:
        try:
            template_fields(template)
        except ValueError as error:
            raise RuleError(file, field, str(error)) from None
    if rule.status == "planned":
        return
    if not any(spec.structural and spec.weight > 0 for spec in rule.evidence.values()):
        raise RuleError(
            file, "evidence", "no structural item with a positive weight: the rule could never report"
        )
