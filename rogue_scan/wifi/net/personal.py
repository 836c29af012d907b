"""Personal data by kind: what a field asks for by its name, and what a value is by its shape.

The words people use are those of :mod:`rogue_scan.rules.personal`. Values are looked at and forgotten: only
their kind and length ever leave this module.
"""

import functools
import re
from collections.abc import Iterable

import msgspec

from rogue_scan.model.data import DataCategory
from rogue_scan.rules.personal import PLAIN, Terms, pairs, tables, words_of
from rogue_scan.wifi.net.html import Field

_MAX_VALUE = 4096
_MAX_LABEL = 120
"""A label longer than this is a paragraph, not a label."""


class _Index(msgspec.Struct, frozen=True):
    terms: Terms
    autocomplete: dict[str, str]
    types: dict[str, str]


@functools.cache
def _index() -> _Index:
    autocomplete: dict[str, str] = {}
    types: dict[str, str] = {}
    for table in tables():
        autocomplete |= {token: kind for kind, tokens in table.autocomplete.items() for token in tokens}
        types |= {token: kind for kind, tokens in table.types.items() for token in tokens}
    return _Index(Terms(pairs()), autocomplete, types)


def of_text(text: str) -> frozenset[str]:
    """Kinds that a field name, label or placeholder speaks of."""
    if not text or len(text) > _MAX_LABEL:
        return frozenset()
    return _index().terms.kinds(words_of(text))


@functools.lru_cache(maxsize=2048)
def of_field(field: Field) -> frozenset[str]:
    """Kinds that a form field asks for; empty for fields that no person fills in."""
    if not field.asks:
        return frozenset()
    index = _index()
    for token in field.autocomplete.split():
        if token in index.autocomplete:
            return frozenset({index.autocomplete[token]})
    found = of_text(field.name) or of_text(field.label) | of_text(field.placeholder)
    by_type = index.types.get(field.type)
    return found if found or by_type is None else frozenset({by_type})


def of_parameter(name: str, value: str) -> frozenset[str]:
    """Kinds of a submitted parameter: by its name, else by the shape of its value. Empty values are none."""
    if not value.strip():
        return frozenset()
    return of_name(name) or of_value(value)


def of_name(name: str) -> frozenset[str]:
    """Kinds that the name of a parameter speaks of; ``user[phone]`` is a phone."""
    return of_text(name.rsplit("[", 1)[-1].rstrip("]") if "[" in name else name)


def categories(kinds: Iterable[str]) -> tuple[DataCategory, ...]:
    """The data categories among the kinds, ordered."""
    return tuple(DataCategory(kind) for kind in sorted(set(kinds) - PLAIN))


def of_value(value: str) -> frozenset[str]:
    """Kinds of a value by its shape.

    Numbers count only where their check digits hold, and those with short checks only as people write
    them, in groups: else one session number in ten would be somebody's identity.
    """
    text = value.strip()
    if not 4 <= len(text) <= _MAX_VALUE:
        return frozenset()
    if "@" not in text and (len(text) < _SHORTEST or not _DIGIT.search(text)):
        return frozenset()  # no shape is without both: most values end here
    if _MAIL.fullmatch(text):
        return frozenset({"e-mail"})
    if _PHONE.fullmatch(text) and 9 <= sum(c.isdigit() for c in text) <= 15:
        return frozenset({"phone-number"})
    compact = re.sub(r"[ -]", "", text).upper()
    if is_card(compact) or is_iban(compact):
        return frozenset({"bank-account"})
    if any(check(compact) for check in _IDENTITIES):
        return frozenset({"identity-number"})
    digits = re.sub(r"[ .-]", "", text)
    if any(written.fullmatch(text) and check(digits) for written, check in _GROUPED):
        return frozenset({"identity-number"})
    if _CN_MOBILE.fullmatch(compact):
        return frozenset({"phone-number"})
    return frozenset()


def is_card(digits: str) -> bool:
    """Whether a number is a payment card's: issuer, length and check digit (ISO/IEC 7812)."""
    return _ISSUERS.fullmatch(digits) is not None and len(set(digits)) > 1 and _luhn(digits)


def is_iban(text: str) -> bool:
    """Whether a text is an IBAN with right check digits (ISO 13616)."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", text, re.ASCII):
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def is_chinese_identity(text: str) -> bool:
    """Resident identity number of China: date of birth and check character (GB 11643-1999)."""
    if not re.fullmatch(r"[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]", text):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(c) * w for c, w in zip(text, weights, strict=False)) % 11] == text[17]


def is_spanish_identity(text: str) -> bool:
    """DNI or NIE of Spain: control letter over the number modulo 23."""
    if not re.fullmatch(r"[XYZ\d]\d{7}[A-Z]", text):
        return False
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(text[:8].translate(str.maketrans("XYZ", "012"))) % 23] == text[8]


def is_brazilian_identity(text: str) -> bool:
    """CPF of Brazil: two check digits modulo 11."""
    if not re.fullmatch(r"\d{11}", text) or len(set(text)) == 1:
        return False
    for size in (9, 10):
        total = sum(int(text[i]) * (size + 1 - i) for i in range(size))
        if total * 10 % 11 % 10 != int(text[size]):
            return False
    return True


def is_french_identity(text: str) -> bool:
    """Social security number of France (NIR) with its key modulo 97."""
    if not re.fullmatch(r"[1-478]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[AB])\d{8}", text):
        return False
    number = text[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(number) % 97 == int(text[13:])


def is_german_identity(text: str) -> bool:
    """Tax identification number of Germany: ISO 7064 MOD 11,10, one digit repeated."""
    if not re.fullmatch(r"[1-9]\d{10}", text):
        return False
    counts = sorted(text[:10].count(d) for d in set(text[:10]))
    if counts[-1] not in (2, 3) or counts.count(1) < 7:
        return False
    product = 10
    for digit in text[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(text[10])


def is_indian_identity(text: str) -> bool:
    """Aadhaar number of India: Verhoeff check digit."""
    if not re.fullmatch(r"[2-9]\d{11}", text):
        return False
    check = 0
    for position, digit in enumerate(reversed(text)):
        check = _VERHOEFF_D[check][_VERHOEFF_P[position % 8][int(digit)]]
    return check == 0


def is_russian_identity(text: str) -> bool:
    """SNILS of Russia by its check digits."""
    if not re.fullmatch(r"\d{11}", text) or len(set(text)) == 1:
        return False
    total = sum(int(text[i]) * (9 - i) for i in range(9))
    return total % 101 % 100 == int(text[9:])


_IDENTITIES = (is_chinese_identity, is_spanish_identity, is_french_identity)
_GROUPED = (
    (re.compile(r"\d{3}\.\d{3}\.\d{3}-\d{2}", re.ASCII), is_brazilian_identity),
    (re.compile(r"\d{2} \d{3} \d{3} \d{3}", re.ASCII), is_german_identity),
    (re.compile(r"\d{4}[ -]\d{4}[ -]\d{4}", re.ASCII), is_indian_identity),
    (re.compile(r"\d{3}-\d{3}-\d{3}[ -]\d{2}", re.ASCII), is_russian_identity),
)
_ISSUERS = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"62\d{14,17}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|220[0-4]\d{12}|60\d{14}|3[068]\d{12}",
    re.ASCII,
)
"""Visa, Mastercard, American Express, UnionPay, Discover, JCB, Mir, RuPay, Diners Club."""
_DIGIT = re.compile(r"\d")
_SHORTEST = 9
"""Characters of the shortest number of any kind."""
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_PHONE = re.compile(r"\+[1-9][\d ()./-]{7,20}", re.ASCII)
_CN_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_VERHOEFF_D = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_VERHOEFF_P = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7), (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
