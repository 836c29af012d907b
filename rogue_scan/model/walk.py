"""Rebuilds a report with its texts changed, whatever types it holds."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
Change = Callable[[str, str, str], str]
"""(type, field, text) → text."""


def change_texts(value: T, change: Change) -> T:
    """``value`` with every string replaced by ``change(type, field, text)``; enumerations stay."""
    result: T = _walk(value, change, "", "")
    return result


def _walk(value: Any, change: Change, owner: str, field: str) -> Any:
    if isinstance(value, str):
        return change(owner, field, value)
    if isinstance(value, tuple):
        return tuple([_walk(item, change, owner, field) for item in value])
    if isinstance(value, msgspec.Struct):
        kind = type(value)
        fields = {
            name: _walk(getattr(value, name), change, kind.__name__, name) for name in kind.__struct_fields__
        }
        return kind(**fields)
    return value
