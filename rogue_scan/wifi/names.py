"""Names of networks and makers: which are shared by strangers, and which look alike.

The lists stand in ``signatures/wifi/_names``; nothing here decides what a likeness is worth.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rogue_scan.rules.files import builtin, read_yaml
from rogue_scan.wifi.vendors import vendor_of

_INVISIBLE = frozenset({"Cf", "Cc", "Zl", "Zp"})
"""Unicode categories without a picture: zero-width characters, controls, direction marks."""
_MOST_LENGTH = 32
_MOST_ALIKE = 32
"""Names with one thing in common that are compared with each other."""
_SHORTEST_TYPO = 6
"""Letters of a name in which one can be overlooked."""
_ALIKE = str.maketrans("I1|!05$", "llllos" + "s")


@functools.cache
def _table(name: str) -> Mapping[str, Any]:
    document, _ = read_yaml(builtin() / "wifi" / "_names" / f"{name}.yml", trusted=True)
    return document if isinstance(document, dict) else {}


def plain(name: str) -> str:
    """A name without case, spaces, ``-`` and ``_``."""
    return re.sub(r"[\s_\-]+", "", name).casefold()


@functools.cache
def _known(kind: str) -> frozenset[str]:
    return frozenset(plain(str(name)) for name in _table("networks")[kind])


@functools.cache
def _factory() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in _table("networks")["factory"]), re.IGNORECASE)


def widely_open(name: str) -> bool:
    """Whether this is a public network's name that is saved on many devices."""
    return plain(name) in _known("open")


def always_protected(name: str) -> bool:
    """Whether a network of this name is never open."""
    return plain(name) in _known("protected")


def factory(name: str) -> bool:
    """Whether a device or provider chose this name."""
    return _factory().fullmatch(name[:_MOST_LENGTH]) is not None


def generic(name: str) -> bool:
    """Whether unrelated owners share this name.

    A factory name with a number in it was made for one device; two with the same are no accident.
    """
    made_for_one = any(c.isdigit() for c in name)
    return widely_open(name) or always_protected(name) or (factory(name) and not made_for_one)


@functools.cache
def phone_elements() -> frozenset[str]:
    """OUIs of vendor elements that telephones send."""
    return frozenset(_table("makers")["phones"])


def adapter(address: str) -> bool:
    """Whether the address block belongs to a maker of plug-in radios, not of access points."""
    return _universal(address)[:8] in _table("makers")["adapters"]


def maker(address: str) -> str:
    """Maker by the address block (the local bit is left out), empty where it is in no list."""
    return vendor_of(_universal(address))


def _universal(address: str) -> str:
    return f"{int(address[:2], 16) & 0xFD:02x}{address[2:]}"


# Likeness


@functools.cache
def _confusables() -> dict[int, str]:
    return {
        ord(char): str(stands)
        for stands, characters in _table("confusables").items()
        for char in str(characters)
        if char != stands
    }


def visible(name: str) -> str:
    """A name without characters that show nothing, white space made even."""
    shown = "".join(c for c in name if unicodedata.category(c) not in _INVISIBLE)
    return " ".join(shown.split())


def skeleton(name: str) -> str:
    """What a name looks like: equal skeletons are read as equal names.

    Other scripts' letters become the Latin ones they look like, I, l, 1 and | become one character, and so
    do 0 and O, ``rn`` and ``m``, ``vv`` and ``w``; accents are dropped (UTS 39, section 4).
    """
    text = unicodedata.normalize("NFKC", visible(name)).translate(_confusables())
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    text = text.translate(_ALIKE).casefold().replace("i", "l")
    return text.replace("rn", "m").replace("vv", "w").replace("cl", "d")


@dataclass(frozen=True, slots=True)
class Likeness:
    """How one name imitates another."""

    kind: str
    """``invisible``, ``homoglyph``, ``case``, ``spacing``, ``affix`` or ``typo``."""
    says: str


def likeness(name: str, other: str) -> Likeness | None:
    """How ``name`` looks like ``other``; None where it does not, or where they are equal."""
    if name == other or not visible(name).strip() or not visible(other).strip():
        return None
    if visible(name) == visible(other):
        hidden = [f"U+{ord(c):04X}" for c in name if unicodedata.category(c) in _INVISIBLE]
        if hidden:
            return Likeness("invisible", f"it holds {', '.join(sorted(set(hidden)))}, which shows nothing")
        return Likeness("spacing", "only spaces differ")
    if name.casefold() == other.casefold():
        return Likeness("case", "only upper and lower case differ")
    if plain(visible(name)) == plain(visible(other)):
        return Likeness("spacing", "only spaces, hyphens or case differ")
    if skeleton(name) == skeleton(other):
        return Likeness("homoglyph", _strange(name, other))
    added = _affix(name, other)
    if added:
        return Likeness("affix", f"it is the other name with “{added}” added")
    if _one_typo(plain(name), plain(other)):
        return Likeness("typo", "one character differs")
    return None


def alike(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of names that may look alike, each once, in order: :func:`likeness` has the last word.

    Names are looked up by what they have in common, so that many of them cost little.
    """
    every = sorted(set(texts))
    index: dict[tuple[str, str], list[str]] = {}
    for text in every:
        shown = plain(visible(text))
        keys = {("skeleton", skeleton(text)), ("plain", shown), ("whole", visible(text).casefold())}
        if len(shown) >= _SHORTEST_TYPO:
            keys |= {("typo", shown[:i] + shown[i + 1 :]) for i in range(len(shown))} | {("typo", shown)}
        for key in keys:
            index.setdefault(key, []).append(text)
    found: set[tuple[str, str]] = set()
    for group in index.values():
        few = group[:_MOST_ALIKE]
        found.update((a, b) for i, a in enumerate(few) for b in few[i + 1 :])
    for text in every:
        whole = visible(text).casefold()
        for at in range(1, len(whole)):
            for part in (whole[:at], whole[at:]):
                for other in index.get(("whole", part), ())[:_MOST_ALIKE]:
                    found.add((min(text, other), max(text, other)))
    yield from sorted(pair for pair in found if pair[0] != pair[1])


def _strange(name: str, other: str) -> str:
    pairs = [(a, b) for a, b in zip(name, other, strict=False) if a != b]
    if pairs and len(name) == len(other):
        a, b = pairs[0]
        return f"{_name(a)} stands for {_name(b)}"
    return "its characters look like the other's"


def _name(char: str) -> str:
    return f"“{char}” (U+{ord(char):04X} {unicodedata.name(char, 'unnamed').lower()})"


def _affix(name: str, other: str) -> str:
    """What ``name`` adds to ``other``, if it is only words of the list and separators."""
    whole, part = visible(name).casefold(), visible(other).casefold()
    if len(part) < 4 or len(whole) <= len(part):
        return ""
    if whole.startswith(part):
        rest = whole[len(part) :]
    elif whole.endswith(part):
        rest = whole[: -len(part)]
    else:
        return ""
    words = [w for w in re.split(r"[\s_\-.+@()\[\]]+", rest) if w]
    known = {str(word).casefold() for word in _table("networks")["affixes"]}
    if not words or any(word not in known and not _compound(word, known) for word in words):
        return ""
    return rest.strip(" _-.")


def _compound(word: str, known: set[str]) -> bool:
    """Whether a word is two of the known ones run together (``freewifi``)."""
    return any(word[:i] in known and word[i:] in known for i in range(2, len(word) - 1))


def _one_typo(a: str, b: str) -> bool:
    """Whether one letter was put in, left out, changed or swapped, in names long enough to be mistaken.

    Changed digits do not count: numbered names differ in them on purpose.
    """
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < _SHORTEST_TYPO or a == b:
        return False
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) == len(b):
        same = a[at + 1 :] == b[at + 1 :]
        swapped = a[at : at + 2] == b[at : at + 2][::-1] and a[at + 2 :] == b[at + 2 :]
        return (same or swapped) and not (a[at].isdigit() or b[at].isdigit())
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return longer[at + 1 :] == shorter[at:] and not longer[at].isdigit()
