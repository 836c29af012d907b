"""Words by which people name personal data: the lists of ``signatures/wifi/_personal``, one a language.

Both scanners read names with them: forms and parameters on the air, fields and keys in apps. A name becomes
words without case and accents (:func:`words_of`); :class:`Terms` tells the kinds that they speak of.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.model.data import DataCategory
from rogue_scan.rules.files import builtin, read_yaml

PLAIN = frozenset({"e-mail", "account-name", "person-name", "birth-date"})
"""Kinds that belong to a person but to no data category: networks ask for them in good faith."""
_KINDS = frozenset(category.value for category in DataCategory) | PLAIN
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ACCENTS = re.compile("[\u0300-\u036f\u064b-\u0655]")
"""Of Latin, Greek, Cyrillic and Arabic; the combining marks of other scripts are letters."""
_BETWEEN = re.compile(r"[^\w\u0900-\u097f]+|_")
_UNSPACED = (("\u0e00", "\u0eff"), ("\u2e80", "\u9fff"), ("\uac00", "\ud7a3"), ("\uf900", "\ufaff"))
"""Characters of scripts written without spaces, or with endings that stick to the word, each first to last
(a pattern of them takes milliseconds to compile).
"""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one language."""

    language: str
    terms: dict[str, tuple[str, ...]]
    """Kind → terms."""
    autocomplete: dict[str, tuple[str, ...]] = {}
    """Tokens of HTML's autocomplete attribute, exact."""
    types: dict[str, tuple[str, ...]] = {}
    """Input types, exact."""


@functools.cache
def tables() -> tuple[Table, ...]:
    """All lists; raises RuleError for one that is not as it should be."""
    found = []
    for path in sorted((builtin() / "wifi" / "_personal").glob("*.yml")):
        document, _ = read_yaml(path, trusted=True)
        try:
            table = msgspec.convert(document, Table)
        except msgspec.ValidationError as error:
            raise RuleError(str(path), "", str(error)) from None
        for kind in table.terms:
            if kind not in _KINDS:
                raise RuleError(str(path), f"terms.{kind}", "is no kind of personal data")
        found.append(table)
    return tuple(found)


def pairs() -> Iterator[tuple[str, str]]:
    """(kind, term) of all languages."""
    for table in tables():
        for kind, terms in table.terms.items():
            for term in terms:
                yield kind, term


def words_of(text: str) -> list[str]:
    """The words of a name in lower case, without accents; ``camelCase`` and ``snake_case`` taken apart."""
    if not text.islower():
        text = _CAMEL.sub(" ", text)
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    return _BETWEEN.sub(" ", text).split()


def _is_unspaced(text: str) -> bool:
    """Whether any of it is in a script written without spaces."""
    if text.isascii() or max(text) < _UNSPACED[0][0]:
        return False
    return any(first <= char <= last for char in text for first, last in _UNSPACED)


class Terms:
    """An index of terms. The longest term wins: "card password" is not a password of an account."""

    def __init__(self, members: Iterable[tuple[str, str]], *, glued: bool = False) -> None:
        """``members`` are (kind, term); ``glued``: terms of several words count when written as one, too."""
        self._words: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        """First word → (the words of a term, kind)."""
        self._joined: dict[str, list[str]] = {}
        """Kind → terms of scripts without spaces."""
        for kind, term in members:
            words = tuple(words_of(term))
            if _is_unspaced(term):
                self._joined.setdefault(kind, []).append("".join(words))
            elif words:
                self._words.setdefault(words[0], []).append((words, kind))
                if glued and len(words) > 1:
                    self._words.setdefault("".join(words), []).append((("".join(words),), kind))

    def kinds(self, words: Sequence[str]) -> frozenset[str]:
        """Kinds that the words speak of, given in order."""
        hits = [
            (at, at + len(term), kind)
            for at, word in enumerate(words)
            for term, kind in self._words.get(word, ())
            if tuple(words[at : at + len(term)]) == term
        ]
        found = _outermost(hits)
        tight = "".join(words)
        if _is_unspaced(tight):
            found |= _outermost([
                (at, at + len(term), kind)
                for kind, terms in self._joined.items()
                for term in terms
                for at in _places(tight, term)
            ])  # fmt: skip
        return frozenset(found)


def _outermost(hits: list[tuple[int, int, str]]) -> set[str]:
    """Kinds of the hits that no longer hit of another kind contains."""
    if len(hits) < 2:
        return {kind for _, _, kind in hits}
    return {
        kind
        for start, end, kind in hits
        if not any(s <= start and end <= e and e - s > end - start and k != kind for s, e, k in hits)
    }


def _places(text: str, term: str) -> Iterator[int]:
    at = text.find(term)
    while at >= 0:
        yield at
        at = text.find(term, at + 1)
