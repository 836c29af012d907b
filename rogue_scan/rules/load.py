"""Signature files to a rule set.

YAML is read strictly, by the rules of YAML 1.2's core schema: a MAC address is never a base-60 number,
``NO`` is a country and not False, and a key that stands twice is an error.
"""

import functools
import hashlib
import importlib.resources
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from rogue_scan.errors import RuleError
from rogue_scan.rules.rule import Rule, template_fields

_MOST_BYTES = 1 << 20
"""Of one signature file."""


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


def builtin() -> Path:
    """Folder of the signatures that come with the package, installed or in a source tree."""
    installed = Path(str(importlib.resources.files("rogue_scan"))) / "signatures"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "signatures"


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


def read_yaml(path: Path, *, trusted: bool = False) -> tuple[Any, bytes]:
    """A YAML document of plain values, and the file's bytes. Raises RuleError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RuleError(str(path), "", error.strerror or str(error)) from error
    if len(raw) > _MOST_BYTES:
        raise RuleError(str(path), "", f"larger than {_MOST_BYTES} bytes")
    try:
        return yaml.load(raw, Loader=_loader(fast=trusted)), raw  # noqa: S506 (a SafeLoader subclass)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        raise RuleError(str(path), place, getattr(error, "problem", None) or str(error)) from None


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


_TEXT = "tag:yaml.org,2002:str"
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


@functools.cache
def _loader(*, fast: bool) -> Any:
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader) if fast else yaml.SafeLoader

    class Loader(base):  # type: ignore[misc]
        """Documents as :func:`_value` reads them."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            # Aliases let a few lines expand to gigabytes, and no signature needs them.
            if self.check_event(yaml.AliasEvent):
                event = self.peek_event()
                raise yaml.composer.ComposerError(None, None, "aliases are not allowed", event.start_mark)
            return super().compose_node(parent, index)

        def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
            return _TEXT if kind is yaml.ScalarNode and not implicit[0] else ""

        def construct_document(self, node: Any) -> Any:
            return _value(node)

    return Loader


def _value(node: Any) -> Any:
    """What a node says by YAML 1.2's core schema; equal keys and tags are errors."""
    if node.tag not in ("", _TEXT):
        raise yaml.constructor.ConstructorError(None, None, "tags are not allowed", node.start_mark)
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.tag else _scalar(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    seen, found = set(), {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key is a list or a table", key.start_mark)
        if key.value in seen:
            problem = f"the key {key.value!r} stands twice"
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        seen.add(key.value)
        found[_value(key)] = _value(value)
    return found


def _scalar(text: str) -> Any:
    """The value of a scalar without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "-+.0123456789":
        if _INT.fullmatch(text):
            return int(text, 16 if "x" in text else 10)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
