"""Models of boxed numbers and characters."""

from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.semantics.texts import OBJECT, STRING, arithmetic, shown
from rogue_scan.apk.code.values import (
    ANY,
    HOLE,
    UNKNOWN,
    Val,
    how,
    make,
    number,
    objects,
    taint,
    text,
    with_taint,
)


@handles("Ljava/lang/Integer;", "parseInt", "parseUnsignedInt", "decode")
@handles("Ljava/lang/Long;", "parseLong", "decode")
@handles("Ljava/lang/Short;", "parseShort")
@handles("Ljava/lang/Byte;", "parseByte")
def _parse(site: Site) -> Any:
    known = text(site.arg(0))
    t = taint(site.arg(0))
    radix = number(site.arg(1)) if len(site.params) > 1 else 10
    if known is None or HOLE in known or radix is None or not 2 <= radix <= 36:
        return Val(UNKNOWN, t) if t else ANY
    try:
        return make(
            int(known, 0 if site.ref.name == "decode" else radix),
            t,
            "I",
            how(site.arg(0)) | {"hex" if radix == 16 else "digits"},
        )
    except ValueError:
        raise IndexError from None


def _box(site: Site, value: Any) -> Any:
    boxed, obj = site.new(site.returns, taint(value))
    site.heap.set(obj, "box", value)
    return boxed


@handles("Ljava/lang/Integer;", "valueOf")
@handles("Ljava/lang/Long;", "valueOf")
@handles("Ljava/lang/Character;", "valueOf")
@handles("Ljava/lang/Byte;", "valueOf")
@handles("Ljava/lang/Short;", "valueOf")
@handles("Ljava/lang/Boolean;", "valueOf")
@handles("Ljava/lang/Double;", "valueOf")
@handles("Ljava/lang/Float;", "valueOf")
def _valued(site: Site) -> Any:
    if site.kinds and site.kinds[0] == STRING:
        return _box(
            site,
            _parse(site)
            if "Integer" in site.ref.cls or "Long" in site.ref.cls
            else Val(UNKNOWN, taint(site.arg(0))),
        )
    return _box(site, site.arg(0))


@handles(
    "*",
    "intValue",
    "longValue",
    "charValue",
    "byteValue",
    "shortValue",
    "booleanValue",
    "doubleValue",
    "floatValue",
)
def _unbox(site: Site) -> Any:
    for obj in objects(site.this):
        held = site.heap.get(obj, "box")
        if held is not UNKNOWN:
            return with_taint(held, taint(site.this))
    t = site.deep(site.this)
    return Val(UNKNOWN, t) if t and site.returns != "Z" else ANY


@handles("Ljava/lang/Integer;", "toString", "toHexString", "toBinaryString", "toOctalString")
@handles("Ljava/lang/Long;", "toString", "toHexString")
def _number_text(site: Site) -> Any:
    if not site.static:
        return shown(site, site.this, OBJECT)
    value = number(site.arg(0))
    t = taint(site.arg(0))
    if value is None:
        return Val(HOLE, t, (), STRING)
    if site.ref.name == "toHexString":
        return make(format(value & (0xFFFFFFFF if "Integer" in site.ref.cls else (1 << 64) - 1), "x"), t)
    return (
        make(str(value), t)
        if site.ref.name == "toString" and len(site.params) == 1
        else Val(HOLE, t, (), STRING)
    )


@handles(
    "Ljava/lang/Character;",
    "toString",
    "getNumericValue",
    "digit",
    "isDigit",
    "isLetter",
    "isUpperCase",
    "isLowerCase",
    "toUpperCase",
    "toLowerCase",
    "toChars",
)
def _character(site: Site) -> Any:
    value = number(site.arg(0))
    t = taint(site.arg(0))
    if value is None or not site.static:
        return NOTHING
    char = chr(value & 0xFFFF)
    match site.ref.name:
        case "toString":
            return make(char, t, STRING, arithmetic(site))
        case "digit" | "getNumericValue":
            digits = "0123456789abcdefghijklmnopqrstuvwxyz"
            found = digits.find(char.lower())
            return make(found if found < (number(site.arg(1)) or 36) else -1, t)
        case "isDigit":
            return int(char.isdigit())
        case "isLetter":
            return int(char.isalpha())
        case "isUpperCase":
            return int(char.isupper())
        case "isLowerCase":
            return int(char.islower())
        case "toUpperCase":
            return make(ord(char.upper()[:1]), t)
        case "toLowerCase":
            return make(ord(char.lower()[:1]), t)
    return NOTHING


@handles("Ljava/lang/Math;", "min", "max", "abs", "floorMod")
def _math(site: Site) -> Any:
    values = [number(arg) for arg in site.params]
    if any(value is None for value in values):
        return NOTHING
    known = [value for value in values if value is not None]
    match site.ref.name:
        case "min":
            return min(known)
        case "max":
            return max(known)
        case "abs":
            return abs(known[0])
    return known[0] % known[1] if known[1] else 0
