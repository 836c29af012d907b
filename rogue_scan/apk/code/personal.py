"""Which personal data a name or a text speaks of: keys, hints, columns, paths.

Uses the words of :mod:`rogue_scan.rules.personal` (forms, by language) and those of
``signatures/apk/_models/data.yml`` (what only apps ask for).
"""

import functools
import re
from typing import TYPE_CHECKING

from rogue_scan.apk.code.models import load_models
from rogue_scan.model.data import DataCategory

if TYPE_CHECKING:
    from rogue_scan.rules.personal import Terms

_MAX = 160
_PREFIX = frozenset(
    {"m", "et", "edit", "edt", "txt", "tv", "input", "field", "str", "s", "f", "my", "user", "your"}
)
_KNOWN = frozenset(category.value for category in DataCategory)


@functools.cache
def _terms() -> "Terms":
    """The words of forms, and those of what only apps ask for."""
    from rogue_scan.rules.personal import Terms, pairs

    own = ((category.value, term) for category, terms in load_models().words.items() for term in terms)
    return Terms([*pairs(), *own], glued=True)


@functools.lru_cache(maxsize=4096)
def categories(text: str) -> frozenset[str]:
    """Data categories (as their names) that a name or text speaks of; the longest terms win."""
    if not text or len(text) > _MAX:
        return frozenset()
    from rogue_scan.rules.personal import words_of

    words = [word.rstrip("0123456789") or word for word in words_of(text)]
    while len(words) > 1 and words[0] in _PREFIX:
        words = words[1:]
    return _terms().kinds(words) & _KNOWN


_TRAILING_KEY = re.compile(r"([\w.\-\[\]%]{2,48})[\"'\]]*\s*(?:[=:]|%3D|[\"']?>)\s*[\"'\[(]?\s*$")


def key_before(text: str) -> str:
    """The key that a text ends with, as ``phone`` in ``…&phone=``; empty where there is none."""
    match = _TRAILING_KEY.search(text[-80:])
    if match:
        return match.group(1)
    words = text[-60:].strip(" :：=\t\n\"'")
    return words if text[-60:] != words and len(words) <= 40 and "\n" not in words else ""
