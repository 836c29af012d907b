"""Which personal data a name or a text speaks of: keys, hints, columns, paths.

Uses the words of ``signatures/wifi/_personal`` (forms, by language) and those of
``signatures/apk/_models/data.yml`` (what only apps ask for).
"""

import functools
import re
import unicodedata

from rogue_scan.apk.code.models import load_models
from rogue_scan.model.data import DataCategory
from rogue_scan.rules.load import builtin, read_yaml

_MAX = 160
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_PREFIX = frozenset(
    {"m", "et", "edit", "edt", "txt", "tv", "input", "field", "str", "s", "f", "my", "user", "your"}
)
_KNOWN = {category.value for category in DataCategory}

Terms = tuple[dict[str, list[tuple[tuple[str, ...], str]]], list[tuple[str, str]]]


def _spaced(term: str) -> bool:
    return term.isascii() or not any(
        unicodedata.name(c, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI")) for c in term
    )


@functools.cache
def _terms() -> Terms:
    """Terms of spaced scripts by their first word, and those of scripts without spaces."""
    words: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    joined: list[tuple[str, str]] = []
    tables: list[tuple[str, str]] = []
    for path in sorted((builtin() / "wifi" / "_personal").glob("*.yml")):
        document, _ = read_yaml(path, trusted=True)
        for kind, terms in document.get("terms", {}).items():
            tables += [(kind, str(term)) for term in terms]
    for category, terms in load_models().words.items():
        tables += [(category.value, term) for term in terms]
    for kind, term in tables:
        plain = unicodedata.normalize("NFKC", term).lower()
        if _spaced(plain):
            parts = tuple(_WORD.findall(plain))
            if parts:
                words.setdefault(parts[0], []).append((parts, kind))
                if len(parts) > 1:
                    words.setdefault("".join(parts), []).append((("".join(parts),), kind))
        else:
            joined.append((plain.replace(" ", ""), kind))
    return words, sorted(joined, key=lambda item: -len(item[0]))


@functools.lru_cache(maxsize=4096)
def categories(text: str) -> frozenset[str]:
    """Data categories (as their names) that a name or text speaks of; the longest terms win."""
    if not text or len(text) > _MAX:
        return frozenset()
    words, joined = _terms()
    plain = unicodedata.normalize("NFKC", _CAMEL.sub(" ", text)).lower()
    tokens = _WORD.findall(plain)
    tokens = [re.sub(r"\d+$", "", token) or token for token in tokens]
    while len(tokens) > 1 and tokens[0] in _PREFIX:
        tokens = tokens[1:]
    found: set[str] = set()
    at = 0
    while at < len(tokens):
        best = 0
        hits: set[str] = set()
        for parts, kind in words.get(tokens[at], ()):
            if len(parts) >= max(best, 1) and tuple(tokens[at : at + len(parts)]) == parts:
                if len(parts) > best:
                    hits = set()
                best = len(parts)
                hits.add(kind)
        found |= hits
        at += max(best, 1)
    tight = re.sub(r"\s+", "", plain)
    for term, kind in joined:
        if term in tight:
            found.add(kind)
            tight = tight.replace(term, " ")
    return frozenset(found & _KNOWN)


_TRAILING_KEY = re.compile(r"([\w.\-\[\]%]{2,48})[\"'\]]*\s*(?:[=:]|%3D|[\"']?>)\s*[\"'\[(]?\s*$")


def key_before(text: str) -> str:
    """The key that a text ends with, as ``phone`` in ``…&phone=``; empty where there is none."""
    match = _TRAILING_KEY.search(text[-80:])
    if match:
        return match.group(1)
    words = text[-60:].strip(" :：=\t\n\"'")
    return words if text[-60:] != words and len(words) <= 40 and "\n" not in words else ""
