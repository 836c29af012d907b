"""YAML to plain values, strictly, by the rules of YAML 1.2's core schema.

A MAC address is never a base-60 number, ``NO`` is a country and not False; a key that stands twice, an
alias and a tag are errors.
"""

import functools
import re
from pathlib import Path
from typing import Any

import yaml

from rogue_scan.errors import RuleError

_TEXT = "tag:yaml.org,2002:str"
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def parse(raw: bytes, path: Path, *, fast: bool) -> Any:
    """The document of a file's bytes, by libyaml where ``fast``. Raises RuleError that names ``path``."""
    try:
        return yaml.load(raw, Loader=_loader(fast=fast))  # noqa: S506 (a SafeLoader subclass)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        raise RuleError(str(path), place, getattr(error, "problem", None) or str(error)) from None


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
