"""Models of Java: texts, numbers, collections, encodings, ciphers, reflection, streams, sockets, URLs."""

import base64
import binascii
import hashlib
import re
import string
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any

from rogue_scan.apk.code import personal
from rogue_scan.apk.code.library import NOTHING, Site, array_of, elements, handles
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    MAX_TEXT,
    UNKNOWN,
    Alternatives,
    Arr,
    ClassRef,
    Obj,
    Taint,
    Val,
    common_text,
    const,
    how,
    join,
    make,
    map_texts,
    merge_taint,
    number,
    objects,
    taint,
    text,
    texts,
    union,
    with_taint,
)
from rogue_scan.apk.dex.reader import Member
from rogue_scan.model.data import Sink

STRING = "Ljava/lang/String;"
BUILDER = "Ljava/lang/StringBuilder;"
OBJECT = "Ljava/lang/Object;"

_XOR = frozenset((0x97, 0xB7, 0xA2, 0xC2, 0xD7, 0xDF))
_ADD = frozenset((0x90, 0x91, 0xB0, 0xB1, 0xD0, 0xD1, 0xD8, 0xD9, 0x94, 0xB4, 0xDC, 0xE0, 0xE1, 0xE2))


def _arithmetic(site: Site) -> frozenset[str]:
    """How a method that makes a text from numbers computes them."""
    ops = {ins[0] for ins in site.frame.body.code.values()}
    caller = site.frame.parent
    if ops & _XOR:
        return frozenset({"xor"})
    if caller is not None and {ins[0] for ins in caller.body.code.values()} & _XOR:
        return frozenset({"xor"})
    if ops & _ADD:
        return frozenset({"shifted characters"})
    return frozenset({"character array"})


def shown(site: Site, value: Any, kind: str) -> Any:
    """A value as the text that ``append`` or ``valueOf`` makes of it."""
    c = const(value)
    t = taint(value)
    if kind == "C":
        if isinstance(c, int):
            return make(chr(c & 0xFFFF), t, STRING, how(value) | _arithmetic(site))
        return Val(HOLE, t)
    if kind == "Z":
        return make(("false", "true")[c & 1], t) if isinstance(c, int) else Val(HOLE, t)
    if kind in ("I", "J", "S", "B") and isinstance(c, int):
        return make(str(c), t, STRING, how(value))
    if kind in ("F", "D") and isinstance(c, int | float):
        return make(str(float(c)), t)
    if texts(value):
        return value
    if kind == "[C":
        return _from_numbers(site, value, wide=True)
    for obj in objects(value):
        held = site.heap.get(obj, "s")
        if held is not UNKNOWN:
            return held
        boxed = site.heap.get(obj, "box")
        if boxed is not UNKNOWN:
            return shown(site, boxed, site.m.type_of(boxed) or "I")
    if c is None or (c == 0 and kind[0] == "L"):
        return Val(HOLE, t)
    if isinstance(c, int | float) and kind[0] == "L":
        return make(str(c), t)
    return Val(HOLE, site.deep(value), (), STRING)


def concat(site: Site, left: Any, right: Any) -> Any:
    """Two texts, one behind the other; what the first says may name what the second is."""
    t = taint(right)
    if t and any(label[0][0] == "?" for label in t):
        for before in texts(left):
            key = personal.key_before(before)
            if key and personal.categories(key):
                right = site.lib.named(right, key)
                t = taint(right)
                break
    merged = map_texts(
        lambda x, y: x + y if not (x.endswith(HOLE) and y == HOLE) else x,
        left if texts(left) else HOLE,
        right if texts(right) else HOLE,
    )
    return make(merged, merge_taint(taint(left), t), STRING, how(left) | how(right))


def content(site: Site, value: Any) -> Any:
    """What a builder, buffer or writer holds as text."""
    found: Any = UNKNOWN
    for obj in objects(value):
        held = site.heap.get(obj, "s")
        if held is not UNKNOWN:
            found = held if found is UNKNOWN else join(found, held)
    return Val(HOLE, site.deep(value), (), STRING) if found is UNKNOWN else found


def _set_content(site: Site, value: Any, new: Any) -> None:
    targets = objects(value)
    t = taint(new)
    if isinstance(new, Val) and isinstance(new.c, Alternatives) and len(new.c) > 3:
        new = Val(common_text(list(new.c)), t, (), STRING, new.h)
    for obj in targets:
        if len(targets) == 1:
            site.heap.set(obj, "s", new)
        else:
            site.heap.add(obj, "s", new)


# -- texts ---------------------------------------------------------------------------------------


@handles(BUILDER, "<init>")
def _builder_init(site: Site) -> Any:
    kind = site.kinds[0] if site.kinds else ""
    start = shown(site, site.arg(0), kind) if kind[:1] == "L" else ""
    for obj in objects(site.this):
        site.heap.set(obj, "s", start)
    return None


@handles(BUILDER, "append")
def _builder_append(site: Site) -> Any:
    kind = site.kinds[0] if site.kinds else OBJECT
    piece = shown(site, site.arg(0), kind)
    _set_content(site, site.this, concat(site, content(site, site.this), piece))
    return site.this


@handles(BUILDER, "insert")
def _builder_insert(site: Site) -> Any:
    at = number(site.arg(0))
    kind = site.kinds[1] if len(site.kinds) > 1 else OBJECT
    piece = shown(site, site.arg(1), kind)
    old = content(site, site.this)
    if at == 0:
        new = concat(site, piece, old)
    else:
        whole, part = text(old), text(piece)
        known = whole is not None and part is not None and at is not None and HOLE not in whole
        c = whole[:at] + part + whole[at:] if known and whole is not None and part is not None else HOLE
        new = make(c, merge_taint(taint(old), taint(piece)), STRING, how(old) | how(piece))
    _set_content(site, site.this, new)
    return site.this


@handles(BUILDER, "reverse")
def _builder_reverse(site: Site) -> Any:
    old = content(site, site.this)
    c = map_texts(lambda x: x[::-1], old)
    _set_content(site, site.this, make(c, taint(old), STRING, how(old) | {"reversed"}))
    return site.this


def _edit(site: Site, function: Callable[..., str | None], *tags: str) -> Any:
    old = content(site, site.this)
    whole = text(old)
    new: Any = HOLE
    if whole is not None and HOLE not in whole:
        result = function(whole)
        new = HOLE if result is None else result
    _set_content(
        site,
        site.this,
        make(new, merge_taint(taint(old), union(map(taint, site.params))), STRING, how(old) | set(tags)),
    )
    return site.this


@handles(BUILDER, "deleteCharAt")
def _delete_char(site: Site) -> Any:
    at = number(site.arg(0))
    return _edit(site, lambda x: None if at is None else x[:at] + x[at + 1 :])


@handles(BUILDER, "delete")
def _delete(site: Site) -> Any:
    a, b = number(site.arg(0)), number(site.arg(1))
    return _edit(site, lambda x: None if a is None or b is None else x[:a] + x[b:])


@handles(BUILDER, "setCharAt")
def _set_char(site: Site) -> Any:
    at, char = number(site.arg(0)), number(site.arg(1))
    tags = _arithmetic(site)
    return _edit(
        site,
        lambda x: None if at is None or char is None else x[:at] + chr(char & 0xFFFF) + x[at + 1 :],
        *tags,
    )


@handles(BUILDER, "setLength")
def _set_length(site: Site) -> Any:
    size = number(site.arg(0))
    if size == 0:
        _set_content(site, site.this, "")
    else:
        _edit(site, lambda x: None if size is None else x[:size])
    return None


@handles(BUILDER, "toString", "substring", "subSequence")
def _builder_text(site: Site) -> Any:
    whole = content(site, site.this)
    if site.ref.name != "toString":
        return _substring(site, whole)
    site.m.new_text(site.frame, site.unit, whole)
    return whole


@handles(BUILDER, "length", "charAt", "indexOf")
def _builder_ask(site: Site) -> Any:
    return _ask(site, content(site, site.this))


def _ask(site: Site, whole: Any) -> Any:
    known = text(whole)
    if known is None or HOLE in known:
        return Val(UNKNOWN, taint(whole), (), "C") if site.ref.name == "charAt" and taint(whole) else ANY
    if site.ref.name == "length":
        return len(known)
    if site.ref.name == "charAt":
        at = number(site.arg(0))
        if at is None:
            return Val(UNKNOWN, taint(whole)) if taint(whole) else ANY
        if not 0 <= at < len(known):
            raise IndexError
        return make(ord(known[at]), taint(whole))
    sought = text(shown(site, site.arg(0), site.kinds[0]))
    if site.kinds[0] in ("I", "C"):
        code = number(site.arg(0))
        sought = None if code is None else chr(code & 0xFFFF)
    if sought is None or HOLE in sought:
        return ANY
    return (
        known.rfind(sought)
        if site.ref.name == "lastIndexOf"
        else known.find(sought, number(site.arg(1)) or 0)
    )


def _substring(site: Site, whole: Any) -> Any:
    a = number(site.arg(0))
    b = number(site.arg(1)) if len(site.params) > 1 else None
    t = taint(whole)

    def cut(x: str) -> str | None:
        if HOLE in x:
            hole = x.index(HOLE)
            if a is not None and a <= hole:
                return x[a:] if b is None else x[a:b] if b <= hole else HOLE
            return HOLE
        if a is None or (len(site.params) > 1 and b is None):
            return HOLE
        if not 0 <= a <= len(x):
            raise IndexError
        return x[a:] if b is None else x[a:b]

    result = make(map_texts(cut, whole), t, STRING, how(whole) | {"part of a text"})
    return result if texts(result) else Val(HOLE, t, (), STRING)


@handles(STRING, "<init>")
def _string_init(site: Site) -> Any:
    kind = site.kinds[0] if site.kinds else ""
    if kind == "[B":
        charset = text(site.arg(len(site.params) - 1)) or "utf-8"
        a, n = 0, None
        if len(site.kinds) >= 3 and site.kinds[1] == "I":
            a, n = number(site.arg(1)) or 0, number(site.arg(2))
        return _from_numbers(site, site.arg(0), wide=False, charset=charset, start=a, size=n)
    if kind in ("[C", "[I"):
        a, n = (number(site.arg(1)) or 0, number(site.arg(2))) if len(site.kinds) == 3 else (0, None)
        return _from_numbers(site, site.arg(0), wide=True, start=a, size=n)
    if kind:
        return shown(site, site.arg(0), kind)
    return ""


def numbers(site: Site, value: Any) -> list[int] | None:
    """The elements of an array if all are known numbers."""
    found = objects(value)
    if len(found) != 1:
        return None
    array = site.heap.array(found[0])
    if array is None or not array.exact or array.rest is not None:
        return None
    site.m.charge(len(array.items))
    items = [item.c if isinstance(item, Val) else item for item in array.items]
    return items if all(isinstance(item, int) for item in items) else None


def known_bytes(site: Site, value: Any) -> bytes | None:
    """The bytes of an array if all are known."""
    found = numbers(site, value)
    return bytes(item & 0xFF for item in found) if found is not None else None


def _tags_of(site: Site, value: Any) -> frozenset[str]:
    tags = how(value)
    for obj in objects(value):
        held = site.heap.get(obj, "how", None)
        if isinstance(held, Val):
            tags |= held.h
    return tags


def _from_numbers(
    site: Site, value: Any, *, wide: bool, charset: str = "utf-8", start: int = 0, size: int | None = None
) -> Any:
    t = site.deep(value)
    items = numbers(site, value)
    tags = _tags_of(site, value)
    if items is None:
        return Val(HOLE, t, (), STRING, tags & {"native"})
    items = items[start:] if size is None else items[start : start + size]
    if wide:
        known = "".join(chr(item & 0xFFFF) for item in items)
    else:
        try:
            known = bytes(item & 0xFF for item in items).decode(charset, "replace")
        except LookupError:
            known = bytes(item & 0xFF for item in items).decode("utf-8", "replace")
    result = make(known, t, STRING, tags or _arithmetic(site))
    site.m.new_text(site.frame, site.unit, result)
    return result


@handles(STRING, "valueOf", "copyValueOf")
def _value_of(site: Site) -> Any:
    return shown(site, site.arg(0), site.kinds[0] if site.kinds else OBJECT)


@handles(
    STRING,
    "toString",
    "intern",
    "strip",
    "trim",
    "toLowerCase",
    "toUpperCase",
    "stripLeading",
    "stripTrailing",
)
def _string_same(site: Site) -> Any:
    name = site.ref.name
    functions: dict[str, Callable[[str], str]] = {
        "trim": str.strip,
        "strip": str.strip,
        "toLowerCase": str.lower,
        "toUpperCase": str.upper,
        "stripLeading": str.lstrip,
        "stripTrailing": str.rstrip,
    }
    if name not in functions:
        return site.this
    if not texts(site.this):
        return Val(HOLE, site.deep(site.this), (), STRING)
    return make(map_texts(functions[name], site.this), taint(site.this), STRING, how(site.this))


@handles("*", "toString")
def _any_to_string(site: Site) -> Any:
    if site.static:
        return NOTHING
    if texts(site.this):
        return site.this
    for obj in objects(site.this):
        for field in ("s", "path", "url"):
            held = site.heap.get(obj, field)
            if held is not UNKNOWN and texts(held):
                return with_taint(held, site.deep(site.this))
        boxed = site.heap.get(obj, "box")
        if boxed is not UNKNOWN:
            return shown(site, boxed, "I" if isinstance(const(boxed), int) else OBJECT)
    return Val(HOLE, site.deep(site.this), (), STRING)


@handles(STRING, "concat")
def _string_concat(site: Site) -> Any:
    result = concat(site, site.this, shown(site, site.arg(0), STRING))
    site.m.new_text(site.frame, site.unit, result)
    return result


@handles(STRING, "substring", "subSequence")
def _string_substring(site: Site) -> Any:
    return _substring(site, site.this)


@handles(STRING, "length", "charAt", "indexOf", "lastIndexOf", "codePointAt")
def _string_ask(site: Site) -> Any:
    return _ask(site, site.this)


@handles(STRING, "replace", "replaceAll", "replaceFirst")
def _replace(site: Site) -> Any:
    old = shown(site, site.arg(0), site.kinds[0])
    new = shown(site, site.arg(1), site.kinds[1])
    t = merge_taint(taint(site.this), taint(new))
    name = site.ref.name

    def change(x: str, a: str, b: str) -> str | None:
        if HOLE in a:
            return HOLE
        if name == "replace":
            return x.replace(a, b)[:MAX_TEXT]
        plain = re.fullmatch(r"(?:[^\\.\[\](){}*+?^$|]|\\[^a-zA-Z0-9])+", a)
        if plain:
            sought = re.sub(r"\\(.)", r"\1", a)
            return x.replace(sought, b, -1 if name == "replaceAll" else 1)[:MAX_TEXT]
        simple = re.fullmatch(r"\[[^\[\]]{1,40}\]\+?|\\[sdwSDW]\+?", a)
        if simple and len(x) < 4096:
            return re.sub(a, lambda _: b, x)
        return HOLE

    c = map_texts(change, site.this if texts(site.this) else HOLE, old, new)
    changed = texts(site.this) and c is not UNKNOWN and c != const(site.this)
    result = make(
        c if c is not UNKNOWN else HOLE, t, STRING, how(site.this) | ({"junk removed"} if changed else set())
    )
    site.m.new_text(site.frame, site.unit, result)
    return result


@handles(STRING, "format")
@handles("Ljava/util/Formatter;", "format")
def _format(site: Site) -> Any:
    at = 1 if site.kinds and site.kinds[0] == "Ljava/util/Locale;" else 0
    if not site.static and texts(site.this):  # "…".formatted(…)
        return format_text(site, site.this, site.arg(0))
    result = format_text(site, site.arg(at), site.arg(at + 1))
    if site.static:
        return result
    for obj in objects(site.this):
        for up in list(site.lib.linked(obj, site.heap)):
            this = Val(UNKNOWN, CLEAN, (up,))
            if up is obj or site.heap.get(up, "s") is not UNKNOWN:
                _set_content(
                    site,
                    this,
                    concat(
                        site, content(site, this) if site.heap.get(up, "s") is not UNKNOWN else "", result
                    ),
                )
    return site.this


@handles("Ljava/lang/reflect/Array;", "newInstance")
def _new_arrays(site: Site) -> Any:
    element = const(site.arg(0))
    name = element.name if isinstance(element, ClassRef) else OBJECT
    sizes = [number(site.arg(1))]
    for obj in objects(site.arg(1)):
        held = site.heap.array(obj)
        sizes = [number(item) for item in held.items] if held is not None else [None]
    return _nested(site, name, sizes, ())


def _nested(site: Site, name: str, sizes: list[int | None], at: tuple[int, ...]) -> Any:
    kind = "[" * len(sizes) + name
    obj = site.m.obj((site.frame.context, site.unit, *at), kind, True)
    size = sizes[0]
    if size is None or not 0 <= size <= 256:
        site.heap.set(obj, "#", Arr([], site.heap.token, None, False))
    elif len(sizes) == 1 or len(at) > 3:
        site.heap.set(obj, "#", Arr([0] * size, site.heap.token))
    else:
        inner = [_nested(site, name, sizes[1:], (*at, i)) for i in range(size)]
        site.heap.set(obj, "#", Arr(inner, site.heap.token))
    return Val(UNKNOWN, CLEAN, (obj,), kind)


def format_text(site: Site, pattern: Any, array: Any) -> Any:
    """``String.format`` of a pattern and an argument array."""
    known = text(pattern)
    items: list[Any] | None = None
    for obj in objects(array):
        found = site.heap.array(obj)
        if found is not None and found.exact:
            items = [join(item, found.rest) if found.rest is not None else item for item in found.items]
    t = site.deep(array)
    if known is None or HOLE in known or len(known) > 4096:
        return Val(HOLE, t, (), STRING)
    if items is None:
        return Val(re.sub(r"%[^%n]*?[a-zA-Z]", HOLE, known), t, (), STRING)
    out: Any = ""
    position = 0
    at = 0
    for match in re.finditer(r"%(?:(\d+)\$)?[-#+ 0,(]*\d*(?:\.\d+)?([a-zA-Z%])", known):
        out = concat(site, out, known[at : match.start()])
        at = match.end()
        kind = match.group(2)
        if kind in "%n":
            out = concat(site, out, "%" if kind == "%" else "\n")
            continue
        index = int(match.group(1)) - 1 if match.group(1) else position
        position += not match.group(1)
        item = items[index] if index < len(items) else ANY
        piece = shown(site, item, "C" if kind == "c" and isinstance(const(item), int) else OBJECT)
        value = const(item)
        for obj in objects(item):
            value = const(site.heap.get(obj, "box", value))
        if kind in "xX" and isinstance(value, int):
            piece = make(
                match.group(0).replace(f"{match.group(1)}$" if match.group(1) else "", "")
                % (value & 0xFFFFFFFF),
                t,
            )
        elif kind == "c" and isinstance(value, int):
            piece = make(chr(value & 0xFFFF), taint(item))
        out = concat(site, out, piece)
    out = concat(site, out, known[at:])
    result = make(const(out), merge_taint(taint(out), t), STRING, how(out) | {"format"})
    site.m.new_text(site.frame, site.unit, result)
    return result


@handles(STRING, "join")
@handles("Landroid/text/TextUtils;", "join")
def _join(site: Site) -> Any:
    separator = site.arg(0)
    out: Any = UNKNOWN
    for obj in objects(site.arg(1)):
        array = site.heap.array(obj)
        if array is not None and array.exact and array.rest is None and len(array.items) <= 512:
            for item in array.items:
                piece = shown(site, item, OBJECT)
                out = piece if out is UNKNOWN else concat(site, concat(site, out, separator), piece)
    t = site.deep(site.arg(1))
    if out is UNKNOWN:
        return Val(HOLE, t, (), STRING)
    result = make(const(out), merge_taint(taint(out), t), STRING, how(out) | {"joined"})
    site.m.new_text(site.frame, site.unit, result)
    return result


@handles("Landroid/text/TextUtils;", "concat")
def _text_concat(site: Site) -> Any:
    out: Any = ""
    for obj in objects(site.arg(0)):
        array = site.heap.array(obj)
        for item in array.items[:64] if array is not None else ():
            out = concat(site, out, shown(site, item, OBJECT))
    return with_taint(out, site.deep(site.arg(0)))


@handles(STRING, "split")
def _split(site: Site) -> Any:
    whole, pattern = text(site.this), text(site.arg(0))
    t = taint(site.this)
    if whole is None or pattern is None or HOLE in whole or HOLE in pattern:
        return array_of(site, [], "[Ljava/lang/String;", t, exact=False)
    plain = re.sub(r"\\([^a-zA-Z0-9])", r"\1", pattern)
    if len(pattern) > 1 and re.search(r"(?<!\\)[.\[\](){}*+?^$|]|\\[a-zA-Z]", pattern):
        if not re.fullmatch(r"\\s\+?|\[[^\[\]]{1,20}\]\+?", pattern):
            return array_of(site, [], "[Ljava/lang/String;", t, exact=False)
        parts = re.split(pattern, whole)
    else:
        parts = whole.split(plain) if plain else list(whole)
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return array_of(
        site,
        [make(part, t, STRING, how(site.this) | {"split"}) for part in parts[:4096]],
        "[Ljava/lang/String;",
        t,
    )


@handles(STRING, "toCharArray")
def _to_chars(site: Site) -> Any:
    whole = text(site.this)
    t = taint(site.this)
    if whole is None or HOLE in whole:
        return array_of(site, [], "[C", t, exact=False)
    return array_of(site, [ord(c) for c in whole[:MAX_TEXT]], "[C", t)


@handles(STRING, "getChars")
def _get_chars(site: Site) -> Any:
    whole, a, b, at = text(site.this), number(site.arg(0)), number(site.arg(1)), number(site.arg(3))
    for obj in objects(site.arg(2)):
        array = site.heap.own_array(obj)
        if array is not None and whole is not None and HOLE not in whole and None not in (a, b, at):
            part = [ord(c) for c in whole[a:b]]
            array.items[at : (at or 0) + len(part)] = part
        site.m.mark(site.heap, obj, taint(site.this))
    return None


@handles(STRING, "getBytes")
@handles("Ljava/nio/charset/Charset;", "encode")
@handles("Lkotlin/text/StringsKt;", "encodeToByteArray")
def _get_bytes(site: Site) -> Any:
    source = site.this if not site.static and site.ref.cls == STRING else site.arg(0)
    whole = text(source)
    t = taint(source)
    if whole is None or HOLE in whole:
        value = array_of(site, [], "[B", t, exact=False)
        for obj in objects(value):
            site.heap.set(obj, "s", source)
        return value
    value = array_of(site, [b - 256 if b > 127 else b for b in whole.encode("utf-8", "replace")], "[B", t)
    for obj in objects(value):
        site.heap.set(obj, "s", source)
        if how(source):
            site.heap.set(obj, "how", Val(UNKNOWN, h=how(source)))
    return value


@handles(
    STRING,
    "equals",
    "equalsIgnoreCase",
    "startsWith",
    "endsWith",
    "contains",
    "isEmpty",
    "matches",
    "contentEquals",
    "isBlank",
)
def _compare(site: Site) -> Any:
    a = text(site.this)
    if a is None or HOLE in a or how(site.this) & {"native"}:
        return ANY
    name = site.ref.name
    if name in ("isEmpty", "isBlank"):
        return int(not a.strip() if name == "isBlank" else not a)
    b = text(shown(site, site.arg(0), OBJECT))
    if b is None or HOLE in b:
        return ANY
    tests: dict[str, Callable[[], bool]] = {
        "equals": lambda: a == b,
        "contentEquals": lambda: a == b,
        "equalsIgnoreCase": lambda: a.lower() == b.lower(),
        "startsWith": lambda: a.startswith(b, number(site.arg(1)) or 0),
        "endsWith": lambda: a.endswith(b),
        "contains": lambda: b in a,
    }
    return int(tests[name]()) if name in tests else ANY


@handles(STRING, "hashCode")
def _hash_code(site: Site) -> Any:
    known = text(site.this)
    if known is None or HOLE in known:
        return ANY
    value = 0
    for c in known:
        value = (value * 31 + ord(c)) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


@handles("Landroid/text/TextUtils;", "isEmpty")
def _text_empty(site: Site) -> Any:
    known = text(site.arg(0))
    return ANY if known is None or HOLE in known else int(not known)


# -- numbers -------------------------------------------------------------------------------------


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
        return NOTHING
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
            return make(char, t, STRING, _arithmetic(site))
        case "digit" | "getNumericValue":
            digits = string.digits + string.ascii_lowercase
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


# -- arrays and collections ----------------------------------------------------------------------


@handles("Ljava/lang/System;", "arraycopy")
def _arraycopy(site: Site) -> Any:
    a, b, n = number(site.arg(1)), number(site.arg(3)), number(site.arg(4))
    t = site.deep(site.arg(0))
    site.m.charge(n or 0)
    for target in objects(site.arg(2)):
        array = site.heap.own_array(target)
        done = False
        if array is not None and a is not None and b is not None and n is not None:
            for source in objects(site.arg(0)):
                items = site.heap.array(source)
                if items is not None and items.exact:
                    array.items[b : b + n] = items.items[a : a + n][: max(0, len(array.items) - b)]
                    done = True
        if array is not None and not done:
            array.rest = join(array.rest, ANY) if array.rest is not None else ANY
        site.m.mark(site.heap, target, t)
    return None


@handles("Ljava/util/Arrays;", "copyOf", "copyOfRange")
@handles("Lkotlin/collections/ArraysKt;", "copyOfRange")
def _copy_of(site: Site) -> Any:
    a, b = (
        (0, number(site.arg(1))) if site.ref.name == "copyOf" else (number(site.arg(1)), number(site.arg(2)))
    )
    kind = site.returns if site.returns[0] == "[" else "[B"
    t = site.deep(site.arg(0))
    for obj in objects(site.arg(0)):
        array = site.heap.array(obj)
        if array is not None and array.exact and a is not None and b is not None and 0 <= a <= b <= MAX_TEXT:
            items = array.items[a:b]
            return array_of(site, items + [0] * (b - a - len(items)), kind, t)
    return array_of(site, [], kind, t, exact=False)


@handles("Ljava/lang/Object;", "clone")
@handles("*", "clone")
def _clone(site: Site) -> Any:
    for obj in objects(site.this):
        array = site.heap.array(obj)
        if array is not None:
            value, copy = site.new(obj.cls, taint(site.this))
            site.heap.set(copy, "#", array.copy(site.heap.token))
            return value
    return NOTHING if not objects(site.this) else site.this


@handles("Ljava/util/Arrays;", "asList")
@handles(
    "Ljava/util/Collections;",
    "unmodifiableList",
    "synchronizedList",
    "unmodifiableCollection",
    "singletonList",
)
@handles("Lkotlin/collections/CollectionsKt;", "listOf", "arrayListOf", "mutableListOf")
def _as_list(site: Site) -> Any:
    argument = site.arg(0)
    if any(site.heap.array(obj) is not None for obj in objects(argument)):
        value, obj = site.new("Ljava/util/List;", taint(argument))
        for source in objects(argument):
            array = site.heap.array(source)
            if array is not None:
                site.heap.add(obj, "#", array.copy(site.heap.token))
        return value
    return array_of(site, [argument], "Ljava/util/List;") if argument is not ANY else NOTHING


@handles("Ljava/util/Arrays;", "toString")
def _array_text(site: Site) -> Any:
    return Val(HOLE, site.deep(site.arg(0)), (), STRING)


@handles("Ljava/util/List;", "<init>")
def _list_init(site: Site) -> Any:
    for obj in objects(site.this):
        site.heap.set(obj, "#", Arr([], site.heap.token))
        for source in objects(site.arg(0)):
            array = site.heap.array(source)
            if array is not None:
                site.heap.set(obj, "#", array.copy(site.heap.token))
    t = site.deep(site.arg(0))
    for obj in objects(site.this):
        site.m.mark(site.heap, obj, t)
    return None


@handles("Ljava/util/Collection;", "add", "addLast", "offer", "push", "addElement", "put", "addFirst", "set")
def _list_add(site: Site) -> Any:
    value = site.arg(len(site.params) - 1)
    targets = objects(site.this)
    for obj in targets:
        array = site.heap.own_array(obj)
        if array is None:
            site.heap.add(obj, "[]", value)
        elif site.ref.name == "set":
            at = number(site.arg(0))
            if at is not None and array.exact and 0 <= at < len(array.items):
                array.items[at] = value if len(targets) == 1 else join(array.items[at], value)
            else:
                array.rest = value if array.rest is None else join(array.rest, value)
        elif array.exact and len(array.items) < 512 and len(site.params) == 1 and len(targets) == 1:
            array.items.insert(0 if site.ref.name in ("push", "addFirst") else len(array.items), value)
        else:
            array.exact = False
            array.rest = value if array.rest is None else join(array.rest, value)
    return ANY


@handles("Ljava/util/Collection;", "addAll")
def _list_add_all(site: Site) -> Any:
    value = elements(site, site.arg(len(site.params) - 1))
    for obj in objects(site.this):
        array = site.heap.own_array(obj)
        if array is None:
            site.heap.add(obj, "[]", value)
            continue
        for source in objects(site.arg(0)):
            other = site.heap.array(source)
            if (
                other is not None
                and other.exact
                and array.exact
                and len(array.items) + len(other.items) < 1024
            ):
                array.items += other.items
                break
        else:
            array.exact = False
            array.rest = value if array.rest is None else join(array.rest, value)
    return ANY


@handles(
    "Ljava/util/Collection;",
    "get",
    "remove",
    "poll",
    "pop",
    "peek",
    "element",
    "take",
    "getFirst",
    "getLast",
    "first",
    "last",
    "firstElement",
    "lastElement",
    "elementAt",
    "pollFirst",
    "pollLast",
    "removeFirst",
)
def _list_get(site: Site) -> Any:
    at = number(site.arg(0))
    if site.kinds and site.kinds[0] == "I" and at is not None:
        found: Any = UNKNOWN
        for obj in objects(site.this):
            array = site.heap.array(obj)
            if array is None or not array.exact or array.rest is not None or not 0 <= at < len(array.items):
                found = UNKNOWN
                break
            found = array.items[at] if found is UNKNOWN else join(found, array.items[at])
        if found is not UNKNOWN:
            return with_taint(found, taint(site.this))
    if site.returns == "Z":
        return ANY
    return elements(site, site.this)


@handles("Ljava/util/Collection;", "size")
def _list_size(site: Site) -> Any:
    found = objects(site.this)
    if len(found) == 1:
        array = site.heap.array(found[0])
        if array is not None and array.exact and array.rest is None:
            return len(array.items)
    return ANY


@handles(
    "*",
    "iterator",
    "listIterator",
    "descendingIterator",
    "entrySet",
    "keySet",
    "values",
    "elements",
    "keys",
    "stream",
    "parallelStream",
    "enumeration",
    "asSequence",
)
def _view_of(site: Site) -> Any:
    found = objects(site.this)
    if not found:
        return NOTHING
    if site.ref.name in ("iterator", "listIterator", "elements", "enumeration") and len(found) == 1:
        array = site.heap.array(found[0])
        if array is not None and array.exact and array.rest is None:
            # The elements are known one by one: the loop over them runs as written.
            value, obj = site.new(site.returns, taint(site.this))
            obj.fresh = True
            site.heap.set(obj, "over", site.this)
            site.heap.set(obj, "at", 0)
            return value
    return Val(UNKNOWN, taint(site.this), found, site.returns)


@handles("Ljava/util/Iterator;", "hasNext")
@handles("Ljava/util/Enumeration;", "hasMoreElements")
def _has_next(site: Site) -> Any:
    found = objects(site.this)
    if len(found) == 1:
        at = site.heap.get(found[0], "at", None)
        for source in objects(site.heap.get(found[0], "over", None)):
            array = site.heap.array(source)
            if isinstance(at, int) and array is not None and array.exact and array.rest is None:
                return int(at < len(array.items))
    return ANY


def _known_next(site: Site) -> Any:
    """The next element of an iterator whose place is known, UNKNOWN where it is not."""
    found = objects(site.this)
    if len(found) != 1:
        return UNKNOWN
    at = site.heap.get(found[0], "at", None)
    over = site.heap.get(found[0], "over", None)
    for source in objects(over):
        array = site.heap.array(source)
        if array is None:
            continue
        if isinstance(at, int) and array.exact and array.rest is None:
            if at >= len(array.items):
                raise IndexError
            site.heap.set(found[0], "at", at + 1)
            return with_taint(array.items[at], taint(site.this))
    return elements(site, over) if objects(over) else UNKNOWN


@handles("Ljava/util/Iterator;", "next", "nextElement", "previous")
@handles("Ljava/util/ListIterator;", "next", "previous")
@handles("Ljava/util/Enumeration;", "nextElement")
def _next(site: Site) -> Any:
    known = _known_next(site)
    if known is not UNKNOWN:
        return known
    found = objects(site.this)
    if any(field.startswith("x:") for obj in found for field in obj.fields):
        # An entry of a map: the map stands for it.
        return Val(HOLE, site.deep(site.this), found, OBJECT)
    return elements(site, site.this)


@handles("Ljava/util/Map$Entry;", "getValue", "getKey")
def _entry(site: Site) -> Any:
    if site.ref.name == "getKey":
        return Val(HOLE, taint(site.this), (), OBJECT)
    return get_extra(site, site.this, None)


@handles("*", "toArray")
def _to_array(site: Site) -> Any:
    for obj in objects(site.this):
        array = site.heap.array(obj)
        if array is not None:
            value, copy = site.new("[Ljava/lang/Object;", taint(site.this))
            site.heap.set(copy, "#", array.copy(site.heap.token))
            return value
    return array_of(site, [], "[Ljava/lang/Object;", site.deep(site.this), exact=False)


# -- keyed stores: maps, bundles, intents, preferences, JSON objects ---------------------------------

KEYED = (
    "Ljava/util/Map;",
    "Landroid/os/BaseBundle;",
    "Landroid/content/Intent;",
    "Landroid/content/SharedPreferences;",
    "Landroid/content/SharedPreferences$Editor;",
    "Lorg/json/JSONObject;",
    "Landroidx/work/Data;",
    "Landroidx/work/Data$Builder;",
    "Landroidx/lifecycle/SavedStateHandle;",
    "Landroid/util/SparseArray;",
)
_PUTTERS = [
    "put",
    "putString",
    "putInt",
    "putLong",
    "putFloat",
    "putBoolean",
    "putDouble",
    "putExtra",
    "putStringArrayListExtra",
    "putStringSet",
    "putParcelable",
    "putSerializable",
    "putCharSequence",
    "putStringArrayList",
    "putByteArray",
    "putStringArray",
    "putBundle",
    "putParcelableArrayList",
    "putChar",
    "putByte",
    "putShort",
    "putIntArray",
    "putParcelableArrayListExtra",
    "setProperty",
    "opt_",
    "putOpt",
    "accumulate",
    "append",
    "putIfAbsent",
    "replace",
    "set",
    "putIntegerArrayListExtra",
    "putParcelableArray",
]
_GETTERS = [
    "get",
    "getString",
    "getInt",
    "getLong",
    "getFloat",
    "getBoolean",
    "getDouble",
    "getStringExtra",
    "getIntExtra",
    "getLongExtra",
    "getBooleanExtra",
    "getFloatExtra",
    "getDoubleExtra",
    "getStringArrayExtra",
    "getStringArrayListExtra",
    "getStringSet",
    "getParcelable",
    "getSerializable",
    "getCharSequence",
    "getStringArrayList",
    "getByteArray",
    "getStringArray",
    "getBundle",
    "getParcelableExtra",
    "getSerializableExtra",
    "getCharSequenceExtra",
    "getBundleExtra",
    "getByteArrayExtra",
    "getProperty",
    "getOrDefault",
    "optString",
    "opt",
    "optJSONObject",
    "getJSONObject",
    "optJSONArray",
    "getJSONArray",
    "getParcelableArrayList",
    "getAsString",
    "optInt",
    "getParcelableArrayListExtra",
    "getParcelableArray",
    "getAsInteger",
    "remove",
    "valueAt",
]


def put_extra(site: Site, target: Any, key: Any, value: Any) -> None:
    """Store under a key; unknown keys share one place."""
    keys = texts(key)
    if not keys and number(key) is not None:
        keys = (str(number(key)),)
    value = next((site.lib.named(value, k) for k in keys), value)
    for obj in objects(target):
        for name in keys or (HOLE,):
            if obj.fresh and len(objects(target)) == 1 and len(keys) == 1 and HOLE not in name:
                site.heap.set(obj, "x:" + name, value)
            else:
                site.heap.add(obj, "x:" + (HOLE if HOLE in name else name), value)


def get_extra(site: Site, source: Any, key: Any) -> Any:
    """What is stored under a key, or under any key where the key is not known."""
    keys = texts(key)
    if not keys and number(key) is not None:
        keys = (str(number(key)),)
    found: Any = UNKNOWN
    unclear = not keys or any(HOLE in k for k in keys)
    for obj in objects(source):
        for field in sorted(obj.fields):
            if field.startswith("x:") and (unclear or field[2:] in keys or field == "x:" + HOLE):
                value = site.heap.get(obj, field)
                if value is not UNKNOWN:
                    found = value if found is UNKNOWN else join(found, value)
        held = site.heap.get(obj, "t", None)
        if isinstance(held, Val) and held.t:
            found = Val(HOLE, held.t) if found is UNKNOWN else with_taint(found, held.t)
        if obj.kind == "meta-data":
            for name in keys:
                given = site.m.app.meta_data.get(name)
                if given is not None:
                    found = make(given, CLEAN, STRING, frozenset({"manifest meta-data"}))
        for up in objects(site.heap.get(obj, "from", None)):
            value = get_extra(site, Val(UNKNOWN, CLEAN, (up,)), key)
            if value is not ANY and not (
                isinstance(value, Val) and value.c is UNKNOWN and not value.t and not value.o
            ):
                found = value if found is UNKNOWN else join(found, value)
    return ANY if found is UNKNOWN else found


def _register_keyed() -> None:
    for cls in KEYED:
        for method in _PUTTERS:
            handles(cls, method)(_put)
        for method in _GETTERS:
            handles(cls, method)(_get)
        for method in ("putAll", "putExtras", "replaceExtras"):
            handles(cls, method)(_put_all)


def _put(site: Site) -> Any:
    if len(site.params) < 2:
        return NOTHING
    put_extra(site, site.this, site.arg(0), site.arg(1))
    if site.returns == "V":
        return None
    return site.this if site.returns[0] == "L" and site.returns != OBJECT else ANY


def _get(site: Site) -> Any:
    if not site.params:
        return NOTHING
    value = get_extra(site, site.this, site.arg(0))
    t = taint(site.this)
    kind = site.returns
    if value is ANY or (isinstance(value, Val) and value.c is UNKNOWN and not value.o and not value.t):
        default = site.arg(1) if len(site.params) > 1 else None
        if kind in (STRING, "Ljava/lang/CharSequence;") and default is not None and texts(default):
            return with_taint(join(Val(HOLE, t, (), STRING), default), t)
        if kind == OBJECT or kind[0] not in "L[":
            return Val(UNKNOWN, t) if t else ANY
        if kind in (STRING, "Ljava/lang/CharSequence;"):
            return Val(HOLE, t, (), kind)
        made, obj = site.new(kind, t)
        if objects(site.this):
            site.heap.add(obj, "from", Val(UNKNOWN, CLEAN, site.this.o))
        return made
    return with_taint(value, t)


def _put_all(site: Site) -> Any:
    for obj in objects(site.this):
        for source in objects(site.arg(0)):
            for field in sorted(source.fields):
                if field.startswith("x:"):
                    value = site.heap.get(source, field)
                    if value is not UNKNOWN:
                        site.heap.add(obj, field, value)
            held = site.heap.get(source, "t", None)
            if isinstance(held, Val):
                site.m.mark(site.heap, obj, held.t)
    return site.this if site.returns[0] == "L" else None


_register_keyed()


@handles("Lorg/json/JSONObject;", "<init>")
@handles("Lorg/json/JSONArray;", "<init>")
def _json_init(site: Site) -> Any:
    t = site.deep(site.arg(0))
    for obj in objects(site.this):
        site.m.mark(site.heap, obj, t)
        for source in objects(site.arg(0)):
            for field in sorted(source.fields):
                if field.startswith("x:"):
                    site.heap.add(obj, field, site.heap.get(source, field))
        known = text(site.arg(0))
        if known is not None and HOLE not in known:
            for key, value in re.findall(r'"([\w.\-]{1,64})"\s*:\s*"([^"\\]{1,2048})"', known[:MAX_TEXT]):
                site.heap.add(obj, "x:" + key, make(value, CLEAN, STRING, how(site.arg(0)) | {"JSON text"}))
    return None


# -- encodings and ciphers -----------------------------------------------------------------------


def _decoded(site: Site, source: Any, data: bytes | None, tag: str) -> Any:
    t = site.deep(source)
    tags = _tags_of(site, source) | {tag}
    if data is None:
        return array_of(site, [], "[B", t, exact=False)
    value = array_of(site, [b - 256 if b > 127 else b for b in data[:MAX_TEXT]], "[B", t)
    for obj in objects(value):
        site.heap.set(obj, "how", Val(UNKNOWN, h=frozenset(tags)))
    return value


def _unbase64(raw: str | bytes) -> bytes | None:
    data = raw.encode("ascii", "ignore") if isinstance(raw, str) else raw
    data = re.sub(rb"\s", b"", data).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return None


@handles("Landroid/util/Base64;", "decode")
@handles("Ljava/util/Base64$Decoder;", "decode")
@handles("Lorg/apache/commons/codec/binary/Base64;", "decodeBase64")
@handles("Ljavax/xml/bind/DatatypeConverter;", "parseBase64Binary")
def _base64_decode(site: Site) -> Any:
    known = text(site.arg(0))
    raw: str | bytes | None = (
        known if known is not None and HOLE not in known else known_bytes(site, site.arg(0))
    )
    return _decoded(site, site.arg(0), None if raw is None else _unbase64(raw), "base64")


@handles("Landroid/util/Base64;", "encodeToString", "encode")
@handles("Ljava/util/Base64$Encoder;", "encodeToString", "encode")
@handles("Lorg/apache/commons/codec/binary/Base64;", "encodeBase64String", "encodeBase64")
def _base64_encode(site: Site) -> Any:
    t = site.deep(site.arg(0))
    raw = known_bytes(site, site.arg(0))
    if site.returns != STRING:
        return _decoded(
            site, site.arg(0), base64.b64encode(raw) if raw is not None and not t else None, "base64"
        )
    return make(base64.b64encode(raw).decode(), t) if raw is not None and not t else Val(HOLE, t, (), STRING)


@handles("Lorg/apache/commons/codec/binary/Hex;", "decodeHex")
@handles("Ljavax/xml/bind/DatatypeConverter;", "parseHexBinary")
@handles("Ljava/util/HexFormat;", "parseHex")
def _hex_decode(site: Site) -> Any:
    known = text(site.arg(0))
    try:
        data = bytes.fromhex(known) if known is not None else None
    except ValueError:
        data = None
    return _decoded(site, site.arg(0), data, "hex")


@handles("Ljava/math/BigInteger;", "<init>")
def _big_init(site: Site) -> Any:
    known, radix = text(site.arg(0)), number(site.arg(1)) if len(site.params) > 1 else 10
    for obj in objects(site.this):
        if (
            known is not None
            and radix is not None
            and HOLE not in known
            and len(known) < 20_000
            and 2 <= radix <= 36
        ):
            try:
                site.heap.set(obj, "box", int(known, radix))
            except ValueError:
                raise IndexError from None
        site.m.mark(site.heap, obj, taint(site.arg(0)))
    return None


@handles("Ljava/math/BigInteger;", "toByteArray")
def _big_bytes(site: Site) -> Any:
    for obj in objects(site.this):
        value = site.heap.get(obj, "box")
        if isinstance(value, int):
            return _decoded(
                site, site.this, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True), "hex"
            )
    return NOTHING


@handles("Ljava/net/URLDecoder;", "decode")
@handles("Landroid/net/Uri;", "decode")
def _url_decode(site: Site) -> Any:
    plus = site.ref.cls == "Ljava/net/URLDecoder;"
    known = map_texts(
        lambda x: urllib.parse.unquote_plus(x) if plus else urllib.parse.unquote(x), site.arg(0)
    )
    changed = known is not UNKNOWN and known != const(site.arg(0))
    return make(
        known if known is not UNKNOWN else HOLE,
        taint(site.arg(0)),
        STRING,
        how(site.arg(0)) | ({"percent-encoded"} if changed else set()),
    )


@handles("Ljava/net/URLEncoder;", "encode")
@handles("Landroid/net/Uri;", "encode")
def _url_encode(site: Site) -> Any:
    known = map_texts(lambda x: urllib.parse.quote_plus(x) if HOLE not in x else HOLE, site.arg(0))
    return make(known if known is not UNKNOWN else HOLE, site.deep(site.arg(0)), STRING, how(site.arg(0)))


@handles("Ljava/security/MessageDigest;", "getInstance")
@handles("Ljavax/crypto/Cipher;", "getInstance")
@handles("Ljavax/crypto/Mac;", "getInstance")
@handles("Ljavax/crypto/SecretKeyFactory;", "getInstance")
def _get_instance(site: Site) -> Any:
    value, obj = site.new(site.returns)
    site.heap.set(obj, "algorithm", site.arg(0))
    site.heap.set(obj, "data", b"")
    return value


@handles("Ljava/security/MessageDigest;", "update", "reset")
def _digest_update(site: Site) -> Any:
    for obj in objects(site.this):
        old = site.heap.get(obj, "data", None)
        more = known_bytes(site, site.arg(0)) if site.params else b""
        new = (
            None if site.params and more is None else b"" if not site.params else (old or b"") + (more or b"")
        )
        site.heap.set(obj, "data", new if isinstance(old, bytes) or new == b"" else None)
        site.m.mark(site.heap, obj, site.deep(site.arg(0)))
    return None


@handles("Ljava/security/MessageDigest;", "digest")
def _digest(site: Site) -> Any:
    t = union((site.deep(site.this), site.deep(site.arg(0))))
    for obj in objects(site.this):
        algorithm = text(site.heap.get(obj, "algorithm", None))
        old = site.heap.get(obj, "data", None)
        more = known_bytes(site, site.arg(0)) if site.params else b""
        if algorithm and isinstance(old, bytes) and more is not None and not t:
            try:
                made = hashlib.new(
                    algorithm.replace("-", "").lower(), old + more, usedforsecurity=False
                ).digest()
            except ValueError:
                break
            return _decoded(site, ANY, made, "digest")
    return array_of(site, [], "[B", t, exact=False)


@handles("Ljavax/crypto/spec/SecretKeySpec;", "<init>")
@handles("Ljavax/crypto/spec/IvParameterSpec;", "<init>")
@handles("Ljavax/crypto/spec/DESKeySpec;", "<init>")
@handles("Ljavax/crypto/spec/GCMParameterSpec;", "<init>")
def _key_spec(site: Site) -> Any:
    at = 1 if site.kinds and site.kinds[0] == "I" else 0
    data = known_bytes(site, site.arg(at))
    if data is not None and len(site.kinds) == 4 and site.kinds[1] == "I":
        a, n = number(site.arg(1)), number(site.arg(2))
        data = data[a : (a or 0) + n] if a is not None and n is not None else None
    for obj in objects(site.this):
        site.heap.set(obj, "data", data)
    return None


@handles("Ljavax/crypto/SecretKeyFactory;", "generateSecret")
def _generate_secret(site: Site) -> Any:
    value, obj = site.new(site.returns)
    for source in objects(site.arg(0)):
        site.heap.set(obj, "data", site.heap.get(source, "data", None))
    return value


@handles("Ljavax/crypto/SecretKey;", "getEncoded")
@handles("Ljava/security/Key;", "getEncoded")
@handles("Ljavax/crypto/spec/IvParameterSpec;", "getIV")
@handles("Ljavax/crypto/spec/SecretKeySpec;", "getEncoded")
def _encoded_key(site: Site) -> Any:
    for source in objects(site.this):
        data = site.heap.get(source, "data", None)
        if isinstance(data, bytes):
            return _decoded(site, ANY, data, "key")
    return NOTHING


@handles("Ljavax/crypto/Cipher;", "init")
def _cipher_init(site: Site) -> Any:
    for obj in objects(site.this):
        site.heap.set(obj, "mode", const(site.arg(0)))
        for field, arg in (("key", site.arg(1)), ("iv", site.arg(2))):
            data = next((site.heap.get(o, "data", None) for o in objects(arg)), None)
            site.heap.set(obj, field, data)
    return None


@handles("Ljavax/crypto/Cipher;", "doFinal", "update")
def _cipher_final(site: Site) -> Any:
    t = site.deep(site.arg(0))
    data = known_bytes(site, site.arg(0))
    if data is not None and len(site.kinds) >= 3 and site.kinds[1] == "I":
        a, n = number(site.arg(1)), number(site.arg(2))
        data = data[a : (a or 0) + n] if a is not None and n is not None else None
    for obj in objects(site.this):
        algorithm = text(site.heap.get(obj, "algorithm", None))
        key, iv = site.heap.get(obj, "key", None), site.heap.get(obj, "iv", None)
        if (
            data is not None
            and algorithm
            and isinstance(key, bytes)
            and site.heap.get(obj, "mode", None) == 2
        ):
            plain = decrypt(algorithm, key, iv if isinstance(iv, bytes) else None, data)
            if plain is not None:
                return _decoded(site, site.arg(0), plain, algorithm.split("/")[0].upper())
    return array_of(site, [], "[B", t, exact=False)


def decrypt(algorithm: str, key: bytes, iv: bytes | None, data: bytes) -> bytes | None:
    """Decrypt as ``javax.crypto`` would; None where it would throw or the cipher is not supported."""
    if len(data) > MAX_TEXT:
        return None
    name, mode, padding = (
        ([*algorithm.upper().split("/"), "ECB", "PKCS5PADDING"])[:3]
        if "/" in algorithm
        else (
            algorithm.upper(),
            "ECB",
            "PKCS5PADDING",
        )
    )
    if name in ("RC4", "ARC4", "ARCFOUR"):
        return _rc4(key, data)
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.decrepit.ciphers import algorithms as old
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        cipher: Any
        if name == "AES":
            cipher = algorithms.AES(key)
        elif name == "DES":
            cipher = old.TripleDES(key * 3)
        elif name in ("DESEDE", "TRIPLEDES"):
            cipher = old.TripleDES(key)
        elif name == "BLOWFISH":
            cipher = old.Blowfish(key)
        else:
            return None
        block = cipher.block_size // 8
        if mode == "GCM" and iv is not None and len(data) >= 16:
            opener = Cipher(cipher, modes.GCM(iv, data[-16:])).decryptor()
            return opener.update(data[:-16]) + opener.finalize()
        ways: dict[str, Callable[[], Any]] = {
            "ECB": modes.ECB,
            "CBC": lambda: modes.CBC(iv or bytes(block)),
            "CTR": lambda: modes.CTR(iv or bytes(block)),
        }
        if mode not in ways:
            return None
        opener = Cipher(cipher, ways[mode]()).decryptor()
        plain = opener.update(data) + opener.finalize()
    except (ValueError, InvalidTag, TypeError):
        return None
    if mode != "CTR" and padding != "NOPADDING" and plain and 0 < plain[-1] <= block:
        plain = plain[: -plain[-1]]
    return plain


def _rc4(key: bytes, data: bytes) -> bytes | None:
    if not key:
        return None
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


# -- classes and reflection ----------------------------------------------------------------------


@handles("Ljava/lang/Class;", "forName")
@handles("Ljava/lang/ClassLoader;", "loadClass", "findClass")
@handles("Ldalvik/system/DexClassLoader;", "loadClass")
@handles("Ldalvik/system/PathClassLoader;", "loadClass")
@handles("Ldalvik/system/InMemoryDexClassLoader;", "loadClass")
def _for_name(site: Site) -> Any:
    known = text(site.arg(0))
    if known is None or HOLE in known:
        return NOTHING
    site.m.new_text(site.frame, site.unit, site.arg(0))
    return Val(ClassRef("L" + known.replace(".", "/") + ";"), taint(site.arg(0)), (), "Ljava/lang/Class;")


@handles("Ljava/lang/Object;", "getClass")
@handles("*", "getClass")
def _get_class(site: Site) -> Any:
    kind = site.m.type_of(site.this)
    return Val(ClassRef(kind)) if kind.startswith("L") else NOTHING


@handles("Ljava/lang/Class;", "getName", "getSimpleName", "getCanonicalName", "getTypeName")
def _class_name(site: Site) -> Any:
    c = const(site.this)
    if not isinstance(c, ClassRef):
        return NOTHING
    dotted = c.name[1:-1].replace("/", ".")
    return dotted.rsplit(".", 1)[-1] if site.ref.name == "getSimpleName" else dotted


@handles(
    "Ljava/lang/Class;",
    "getMethod",
    "getDeclaredMethod",
    "getField",
    "getDeclaredField",
    "getConstructor",
    "getDeclaredConstructor",
)
def _get_member(site: Site) -> Any:
    value, obj = site.new(site.returns)
    site.heap.set(obj, "owner", site.this)
    site.heap.set(obj, "name", site.arg(0))
    count = next(
        (
            len(a.items)
            for o in objects(site.arg(len(site.params) - 1))
            if (a := site.heap.array(o)) is not None
        ),
        0,
    )
    site.heap.set(obj, "count", count)
    site.m.new_text(site.frame, site.unit, site.arg(0))
    return value


@handles("Ljava/lang/reflect/Method;", "invoke")
def _invoke(site: Site) -> Any:
    for obj in objects(site.this):
        owner = const(site.heap.get(obj, "owner", None))
        names = texts(site.heap.get(obj, "name", None))
        if isinstance(owner, ClassRef) and names and HOLE not in names[0]:
            return call_by_name(site, owner.name, names[0], site.arg(0), _unpack(site, site.arg(1)))
    return NOTHING


def _unpack(site: Site, array: Any) -> list[Any]:
    for obj in objects(array):
        found = site.heap.array(obj)
        if found is not None:
            return list(found.items)
    return []


def call_by_name(site: Site, cls: str, name: str, receiver: Any, args: list[Any]) -> Any:
    """A call through reflection as if it were written plainly."""
    program = site.m.program
    lineage = program.supers(cls) if cls in program.classes else []
    for owner in lineage:
        found = program.classes.get(owner)
        for (method, proto), target in found.methods.items() if found is not None else ():
            if method == name and len(program.params(proto)) == len(args):
                actual = args if target.is_static else [receiver, *args]
                op = 0x71 if target.is_static else 0x6E
                return _plain_call(site, op, Member(owner, name, proto), actual)
    kinds = []
    for arg in args:
        kind = site.m.type_of(arg)
        kinds.append(kind if kind[:1] in ("L", "[") else OBJECT)
    proto = f"({''.join(kinds)}){STRING if name.startswith('get') and not args else OBJECT}"
    static = receiver is None or (type(receiver) is int and receiver == 0)
    return _plain_call(
        site, 0x71 if static else 0x6E, Member(cls, name, proto), args if static else [receiver, *args]
    )


def _plain_call(site: Site, op: int, ref: Member, args: list[Any]) -> Any:
    result, after = site.m.call(site.frame, site.unit, op, ref, args, site.heap)
    if after is not site.heap:
        site.heap.delta = after.delta
        site.heap.token = object()
    return result


@handles("Ljava/lang/Class;", "newInstance")
@handles("Ljava/lang/reflect/Constructor;", "newInstance")
def _new_instance(site: Site) -> Any:
    owner = const(site.this)
    args: list[Any] = []
    if site.ref.cls != "Ljava/lang/Class;":
        args = _unpack(site, site.arg(0))
        for obj in objects(site.this):
            owner = const(site.heap.get(obj, "owner", None))
    if not isinstance(owner, ClassRef):
        return NOTHING
    value, obj = site.new(owner.name)
    obj.fresh = True
    program = site.m.program
    cls = program.classes.get(owner.name)
    for (method, proto), _ in cls.methods.items() if cls is not None else ():
        if method == "<init>" and len(program.params(proto)) == len(args):
            _plain_call(site, 0x70, Member(owner.name, "<init>", proto), [value, *args])
            break
    return value


@handles("Ljava/lang/reflect/Field;", "get", "set")
def _field(site: Site) -> Any:
    for obj in objects(site.this):
        owner = const(site.heap.get(obj, "owner", None))
        name = text(site.heap.get(obj, "name", None))
        if not isinstance(owner, ClassRef) or name is None or HOLE in name:
            continue
        if site.ref.name == "set":
            for target in objects(site.arg(0)):
                site.heap.add(target, name, site.arg(1))
            if not objects(site.arg(0)):
                site.heap.add(("S", owner.name), name, site.arg(1))
            return None
        for target in objects(site.arg(0)):
            held = site.heap.get(target, name)
            if held is not UNKNOWN:
                return held
        held = site.heap.get(("S", owner.name), name)
        if held is not UNKNOWN:
            return held
        cls = site.m.program.classes.get(owner.name)
        first = site.m.program.statics(cls).get(name) if cls is not None else None
        return (
            first
            if isinstance(first, str | int)
            else site.lib.framework_static(site.frame, site.unit, Member(owner.name, name, OBJECT))
        )
    return NOTHING


# -- streams -------------------------------------------------------------------------------------


def source_bytes(site: Site, value: Any) -> tuple[bytes, int, Obj] | None:
    """The known content that an input stream reads, its position, and the object that keeps it."""
    for obj in objects(value):
        for up in site.lib.linked(obj, site.heap):
            data = site.heap.get(up, "bytes", None)
            if isinstance(data, bytes):
                at = site.heap.get(up, "at", 0)
                return data, at if isinstance(at, int) else 0, up
    return None


@handles("Ljava/io/ByteArrayInputStream;", "<init>")
def _bytes_in(site: Site) -> Any:
    data = known_bytes(site, site.arg(0))
    t = site.deep(site.arg(0))
    for obj in objects(site.this):
        if data is not None:
            site.heap.set(obj, "bytes", data)
            site.heap.set(obj, "at", 0)
        site.m.mark(site.heap, obj, t)
    return None


@handles("Ljava/util/zip/GZIPInputStream;", "<init>")
@handles("Ljava/util/zip/InflaterInputStream;", "<init>")
@handles("Landroid/util/Base64InputStream;", "<init>")
def _unpacking_in(site: Site) -> Any:
    found = source_bytes(site, site.arg(0))
    for obj in objects(site.this):
        if found is not None:
            try:
                if "Base64" in site.ref.cls:
                    data = _unbase64(found[0])
                else:
                    data = zlib.decompressobj(47).decompress(found[0], MAX_TEXT)
            except zlib.error:
                data = None
            if data is not None:
                site.heap.set(obj, "bytes", data)
                site.heap.set(obj, "at", 0)
    return NOTHING


@handles("Ljava/io/InputStream;", "read", "readFully")
@handles("Ljava/io/Reader;", "read")
def _read(site: Site) -> Any:
    t = site.deep(site.this)
    found = source_bytes(site, site.this)
    if not site.params:
        if found is not None:
            data, at, keeper = found
            site.heap.set(keeper, "at", at + 1)
            return data[at] if at < len(data) else -1
        return Val(UNKNOWN, t) if t else ANY
    for obj in objects(site.arg(0)):
        site.m.mark(site.heap, obj, t)
        array = site.heap.own_array(obj)
        if array is None:
            continue
        if found is None:
            array.rest = ANY if array.rest is None else array.rest
            continue
        data, at, keeper = found
        start = (number(site.arg(1)) or 0) if len(site.params) > 1 else 0
        size = number(site.arg(2)) if len(site.params) > 1 else None
        if at >= len(data):
            return -1
        size = min(len(array.items) - start if size is None else size, len(data) - at)
        array.items[start : start + size] = [b - 256 if b > 127 else b for b in data[at : at + size]]
        site.heap.set(keeper, "at", at + size)
        site.heap.set(obj, "how", Val(UNKNOWN, h=_stream_tags(site, site.this)))
        return size
    return ANY


def _stream_tags(site: Site, value: Any) -> frozenset[str]:
    for obj in objects(value):
        for up in site.lib.linked(obj, site.heap):
            held = site.heap.get(up, "how", None)
            if isinstance(held, Val):
                return held.h
    return frozenset({"file in the package"}) if source_bytes(site, value) is not None else frozenset()


@handles("Ljava/io/InputStream;", "available")
def _available(site: Site) -> Any:
    found = source_bytes(site, site.this)
    return ANY if found is None else len(found[0]) - found[1]


@handles("Ljava/io/InputStream;", "readAllBytes")
@handles("Lkotlin/io/ByteStreamsKt;", "readBytes")
@handles("Lorg/apache/commons/io/IOUtils;", "toByteArray")
def _read_all(site: Site) -> Any:
    stream = site.arg(0) if site.static else site.this
    found = source_bytes(site, stream)
    if found is None:
        return array_of(site, [], "[B", site.deep(stream), exact=False)
    value = _decoded(site, stream, found[0][found[1] :], "file in the package")
    site.heap.set(found[2], "at", len(found[0]))
    return value


@handles("Ljava/io/BufferedReader;", "readLine")
@handles("Ljava/io/DataInputStream;", "readLine", "readUTF")
@handles("Ljava/util/Scanner;", "nextLine", "next")
@handles("Lkotlin/io/TextStreamsKt;", "readText")
@handles("Lorg/apache/commons/io/IOUtils;", "toString")
def _read_line(site: Site) -> Any:
    stream = site.arg(0) if site.static else site.this
    found = source_bytes(site, stream)
    if found is None:
        return Val(HOLE, site.deep(stream), (), STRING)
    data, at, keeper = found
    if at >= len(data):
        return None
    end = (
        len(data)
        if site.static or ("Scanner" in site.ref.cls and site.ref.name == "next")
        else data.find(b"\n", at)
    )
    end = len(data) if end < 0 else end
    site.heap.set(keeper, "at", end + 1)
    result = make(
        data[at:end].decode("utf-8", "replace").rstrip("\r"),
        site.deep(stream),
        STRING,
        _stream_tags(site, stream),
    )
    site.m.new_text(site.frame, site.unit, result)
    return result


@handles("Ljava/io/ByteArrayOutputStream;", "<init>")
@handles("Ljava/io/StringWriter;", "<init>")
@handles("Ljava/io/CharArrayWriter;", "<init>")
def _memory_out(site: Site) -> Any:
    for obj in objects(site.this):
        obj.kind = ""
        site.heap.set(obj, "sink", "memory")
        site.heap.set(obj, "#", Arr([], site.heap.token))
        site.heap.set(obj, "s", "")
    return None


@handles("Ljava/io/ByteArrayOutputStream;", "toByteArray")
def _memory_bytes(site: Site) -> Any:
    for obj in objects(site.this):
        array = site.heap.array(obj)
        if array is not None and array.exact and array.rest is None:
            value = array_of(site, list(array.items), "[B", site.deep(site.this))
            for made in objects(value):
                site.heap.set(made, "how", site.heap.get(obj, "how", Val(UNKNOWN)))
            return value
    return array_of(site, [], "[B", site.deep(site.this), exact=False)


@handles("Ljava/io/ByteArrayOutputStream;", "toString")
def _memory_text(site: Site) -> Any:
    result = _from_numbers(site, site.this, wide=False)
    return with_taint(result, site.deep(site.this))


@handles("Ljava/io/StringWriter;", "toString")
def _writer_text(site: Site) -> Any:
    return with_taint(content(site, site.this), site.deep(site.this))


@handles(
    "Ljava/io/OutputStream;",
    "write",
    "print",
    "println",
    "writeBytes",
    "writeUTF",
    "writeChars",
    "writeObject",
    "writeInt",
    "writeLong",
    "writeDouble",
    "writeByte",
    "append",
    "printf",
    "format",
    "writeFloat",
    "putNextEntry",
)
@handles("Ljava/io/Writer;", "write", "print", "println", "append", "printf", "format")
@handles("Ljava/io/RandomAccessFile;", "write", "writeBytes", "writeUTF", "writeChars")
@handles("Ljava/nio/channels/SocketChannel;", "write")
@handles("Ljava/nio/channels/WritableByteChannel;", "write")
@handles("Ljava/nio/channels/FileChannel;", "write")
@handles("Lokio/BufferedSink;", "write", "writeUtf8", "writeString", "writeAll")
@handles("Ljava/util/zip/ZipOutputStream;", "write")
def _write(site: Site) -> Any:
    t = union(site.deep(arg) for arg in site.params)
    fluent = site.this if site.returns[0] == "L" else None
    for obj in objects(site.this):
        for up in list(site.lib.linked(obj, site.heap)):
            what = site.heap.get(up, "sink", None)
            if what is None:
                continue
            _write_to(site, up, str(what), t)
            break
        else:
            site.m.mark(site.heap, obj, t)
    return fluent


def _write_to(site: Site, obj: Obj, what: str, t: Taint) -> None:
    this = Val(UNKNOWN, CLEAN, (obj,))
    if what == "memory":
        site.m.mark(site.heap, obj, t)
        array = site.heap.own_array(obj)
        data = known_bytes(site, site.arg(0)) if objects(site.arg(0)) else None
        if array is not None:
            if data is not None and len(site.params) == 3:
                a, n = number(site.arg(1)) or 0, number(site.arg(2))
                data = data[a : a + n] if n is not None else None
            if data is None and number(site.arg(0)) is not None and site.kinds[:1] == ["I"]:
                data = bytes([(number(site.arg(0)) or 0) & 0xFF])
            if data is not None and array.exact and len(array.items) < MAX_TEXT:
                array.items += [b - 256 if b > 127 else b for b in data]
                tags = _tags_of(site, site.arg(0))
                if tags:
                    site.heap.set(obj, "how", Val(UNKNOWN, h=tags))
            else:
                array.exact = False
        if texts(site.arg(0)):
            site.heap.set(obj, "s", concat(site, content(site, this), site.arg(0)))
        return
    if what == "file":
        store_to_file(site, site.heap.get(obj, "path", None), t)
        return
    address = site.lib.addresses(this, site.heap)
    sink = Sink(what)
    if sink is Sink.SOCKET:
        sink = spoken(site, obj, address)
    site.lib.emit(site, sink, t, address)


def spoken(site: Site, obj: Obj, address: Any) -> Sink:
    """The protocol that is spoken by hand over a socket, by its port or by what is said."""
    models = site.m.models
    said = site.heap.get(obj, "said", "")
    said = said if isinstance(said, str) else ""
    for arg in site.params:
        for value in (*texts(arg), *(x for o in objects(arg) for x in texts(site.heap.get(o, "s", None)))):
            said = (said + " " + value)[-2000:]
    site.heap.set(obj, "said", said)
    for end in texts(address):
        port = end.rsplit(":", 1)[-1]
        if port.isdigit() and int(port) in models.ports:
            return models.ports[int(port)]
    for sink, words in models.dialogues.items():
        if any(word in said.upper() for word in words):
            return sink
    known = site.heap.get(obj, "protocol", None)
    return Sink(known) if isinstance(known, str) else Sink.SOCKET


def path_of(site: Site, value: Any) -> Any:
    """The path of a file, as a text value."""
    if texts(value):
        return value
    for obj in objects(value):
        for up in site.lib.linked(obj, site.heap):
            found = site.heap.get(up, "path", None)
            if texts(found):
                return found
    return Val(HOLE)


def _file_stores(site: Site, path: Any) -> list[Obj]:
    return [
        site.m.obj(("shared", "file", known.strip("/") or "/"), "Ljava/io/File;")
        for known in texts(path) or (HOLE,)
    ]


PUBLIC = ("/sdcard", "/storage/", "/mnt/sdcard")


def store_to_file(site: Site, path: Any, t: Taint) -> None:
    """Data is written to a file: it may be read again, and is public on external storage."""
    for store in _file_stores(site, path):
        site.m.mark(site.heap, store, t)
    if any(known.startswith(PUBLIC) or "world-readable" in known for known in texts(path)) and t:
        site.lib.emit(site, Sink.FILE_PUBLIC, t, None, "written to a public file")


def file_taint(site: Site, path: Any) -> Taint:
    """Data that the app wrote to a file before."""
    return union(site.deep(Val(UNKNOWN, CLEAN, (store,))) for store in _file_stores(site, path))


@handles("Ljava/io/File;", "<init>")
def _file_init(site: Site) -> Any:
    if len(site.params) == 2:
        path = concat(site, concat(site, path_of(site, site.arg(0)), "/"), path_of(site, site.arg(1)))
    else:
        path = path_of(site, site.arg(0))
    for obj in objects(site.this):
        site.heap.set(obj, "path", path)
        site.m.mark(site.heap, obj, taint(path))
    return None


@handles("Ljava/io/File;", "getAbsolutePath", "getPath", "getCanonicalPath", "toString")
def _file_path(site: Site) -> Any:
    return with_taint(path_of(site, site.this), taint(site.this))


@handles("Ljava/io/File;", "getName")
def _file_name(site: Site) -> Any:
    t = site.deep(site.this)
    return make(map_texts(lambda x: x.rsplit("/", 1)[-1] or HOLE, path_of(site, site.this)), t, STRING)


@handles("Ljava/io/File;", "listFiles", "list")
def _list_files(site: Site) -> Any:
    path = path_of(site, site.this)
    if any(known.startswith(PUBLIC) for known in texts(path)):
        t = site.lib.source(site, "files", next(iter(texts(path))))
        value, obj = site.new("Ljava/io/File;", t, "element")
        site.heap.set(obj, "path", Val("/sdcard/" + HOLE, t))
        site.heap.set(obj, "foreign", 1)
        return array_of(site, [value], site.returns, t, exact=False)
    return NOTHING


@handles("Ljava/io/FileOutputStream;", "<init>")
@handles("Ljava/io/FileWriter;", "<init>")
@handles("Ljava/io/RandomAccessFile;", "<init>")
@handles("Ljava/io/PrintWriter;", "<init>")
def _file_out(site: Site) -> Any:
    if site.ref.cls == "Ljava/io/PrintWriter;" and site.kinds[:1] not in (["Ljava/io/File;"], [STRING]):
        return NOTHING
    for obj in objects(site.this):
        site.heap.set(obj, "sink", "file")
        site.heap.set(obj, "path", path_of(site, site.arg(0)))
    return None


@handles("Ljava/nio/file/Files;", "write", "writeString", "newOutputStream")
@handles("Lkotlin/io/FilesKt;", "writeText", "appendText", "writeBytes", "appendBytes")
@handles("Lkotlin/io/FilesKt__FileReadWriteKt;", "writeText", "appendText", "writeBytes", "appendBytes")
def _files_write(site: Site) -> Any:
    store_to_file(site, path_of(site, site.arg(0)), union(site.deep(arg) for arg in site.params[1:]))
    return NOTHING


@handles("Ljava/io/FileInputStream;", "<init>")
@handles("Ljava/io/FileReader;", "<init>")
@handles("Ljava/nio/file/Files;", "readAllBytes", "readString", "newInputStream", "readAllLines", "lines")
@handles("Lkotlin/io/FilesKt;", "readText", "readBytes", "readLines")
@handles("Lkotlin/io/FilesKt__FileReadWriteKt;", "readText", "readBytes", "readLines")
@handles("Lokhttp3/RequestBody;", "create")
@handles("Lokhttp3/RequestBody$Companion;", "create")
@handles("Ljava/util/Scanner;", "<init>")
def _file_in(site: Site) -> Any:
    at = site.arg(0)
    for arg in site.params:
        if any(o.cls == "Ljava/io/File;" or site.heap.get(o, "path", None) is not None for o in objects(arg)):
            at = arg
    if (
        not objects(at)
        and "Files" not in site.ref.cls
        and "FileInputStream" not in site.ref.cls
        and "FileReader" not in site.ref.cls
    ):
        return NOTHING
    path = path_of(site, at)
    t = merge_taint(file_taint(site, path), taint(at))
    if any(known.startswith("/sys/class/net/") for known in texts(path)):
        t = merge_taint(t, site.lib.source(site, "device-id", next(iter(texts(path)))))
    foreign = any(known.startswith(PUBLIC) for known in texts(path)) and not t
    if foreign:
        t = merge_taint(t, site.lib.source(site, "files", next(iter(texts(path)))))
    if site.ref.name == "<init>":
        for obj in objects(site.this):
            site.m.mark(site.heap, obj, t)
            site.heap.set(obj, "path", path)
        return NOTHING if "Scanner" in site.ref.cls else None
    return with_taint(site.m.unknown(site.returns, t), t)


# -- network -------------------------------------------------------------------------------------


@handles("Ljava/net/URL;", "<init>")
@handles("Ljava/net/URI;", "<init>")
def _url_init(site: Site) -> Any:
    kinds = site.kinds
    if len(kinds) >= 3 and kinds[0] == STRING:
        address = concat(
            site, concat(site, shown(site, site.arg(0), STRING), "://"), shown(site, site.arg(1), STRING)
        )
        if len(kinds) >= 4 and kinds[2] == "I":
            address = concat(site, concat(site, address, ":"), shown(site, site.arg(2), "I"))
        last = shown(site, site.arg(len(kinds) - 1), STRING)
        address = concat(site, address, last)
    elif len(kinds) == 2 and kinds[0] == "Ljava/net/URL;":
        base = site.lib.addresses(site.arg(0), site.heap)
        c = map_texts(
            lambda x, y: urllib.parse.urljoin(x, y) if HOLE not in x else x + y,
            base if base is not None else HOLE,
            site.arg(1),
        )
        address = make(c, merge_taint(taint(base), taint(site.arg(1))), STRING, how(base) | how(site.arg(1)))
    else:
        address = shown(site, site.arg(0), STRING)
    for obj in objects(site.this):
        site.heap.set(obj, "url", address)
        site.m.mark(site.heap, obj, taint(address))
    return None


@handles("Ljava/net/URI;", "create", "toURL")
@handles("Ljava/net/URL;", "toURI")
def _uri_same(site: Site) -> Any:
    value, obj = site.new(site.returns)
    address = site.arg(0) if site.static else site.lib.addresses(site.this, site.heap)
    if address is not None:
        site.heap.set(obj, "url", address)
        site.m.mark(site.heap, obj, taint(address))
    return value


@handles("Ljava/net/URL;", "getHost")
@handles("Landroid/net/Uri;", "getHost")
def _host(site: Site) -> Any:
    address = site.lib.addresses(site.this, site.heap)
    c = map_texts(
        lambda x: (
            urllib.parse.urlsplit(x).hostname or HOLE
            if HOLE not in x.split("/")[0] and "[" not in x
            else HOLE
        ),
        address,
    )
    return make(c if c is not UNKNOWN else HOLE, CLEAN, STRING, how(address))


@handles("Ljava/net/URL;", "openConnection", "openStream", "getContent")
def _open(site: Site) -> Any:
    address = site.lib.addresses(site.this, site.heap)
    t = merge_taint(site.deep(site.this), taint(address))
    value, obj = site.new(site.returns)
    if address is not None:
        site.heap.set(obj, "url", Val(const(address), CLEAN, (), STRING, how(address)))
        ftp = any(x.startswith("ftp") for x in texts(address))
        site.lib.emit(site, Sink.FTP if ftp else Sink.HTTP, t, address)
        site.heap.set(obj, "protocol", "ftp" if ftp else "http")
    return value


@handles("Ljava/net/URLConnection;", "getOutputStream")
def _connection_out(site: Site) -> Any:
    value, obj = site.new(site.returns)
    site.heap.set(obj, "sink", "http")
    for source in objects(site.this):
        if site.heap.get(source, "protocol", None) == "ftp":
            site.heap.set(obj, "sink", "ftp")
    if objects(site.this):
        site.heap.set(obj, "link", Val(UNKNOWN, CLEAN, site.this.o))
    return value


@handles(
    "Ljava/net/URLConnection;",
    "getInputStream",
    "getErrorStream",
    "getContent",
    "getHeaderField",
    "getResponseMessage",
    "getContentType",
    "getURL",
)
def _connection_in(site: Site) -> Any:
    address = site.lib.addresses(site.this, site.heap)
    if address is not None:
        site.lib.used(site, address)
    if site.ref.name == "getURL":
        return NOTHING
    return Val(HOLE, CLEAN, (), STRING) if site.returns == STRING else site.new(site.returns)[0]


@handles("Ljava/net/Socket;", "<init>")
@handles("Ljavax/net/SocketFactory;", "createSocket")
@handles("Ljavax/net/ssl/SSLSocketFactory;", "createSocket")
@handles("Ljava/net/InetSocketAddress;", "<init>", "createUnresolved")
def _socket_init(site: Site) -> Any:
    if site.ref.name != "<init>":
        value, made = site.new(site.returns)
        targets: tuple[Obj, ...] = (made,)
    else:
        value, targets = None, objects(site.this)
    if len(site.params) >= 2:
        host, port = site.arg(0), site.arg(1)
        if site.kinds and site.kinds[0] == "Ljava/net/Socket;":
            host, port = site.arg(1), site.arg(2)
        named = host if texts(host) else site.lib.addresses(host, site.heap)
        address = concat(
            site, concat(site, named if named is not None else Val(HOLE), ":"), shown(site, port, "I")
        )
        for obj in targets:
            site.heap.set(obj, "url", address)
        if site.ref.cls != "Ljava/net/InetSocketAddress;":
            site.lib.used(site, address)
    return value


@handles("Ljava/net/Socket;", "connect")
@handles("Ljava/net/DatagramSocket;", "connect")
@handles("Ljava/nio/channels/SocketChannel;", "connect", "open")
@handles("Ljava/nio/channels/DatagramChannel;", "connect")
@handles("Landroid/bluetooth/BluetoothSocket;", "connect")
def _connect(site: Site) -> Any:
    address = site.lib.addresses(site.arg(0), site.heap)
    if address is not None and len(site.params) == 2 and ":" not in (text(address) or ""):
        address = concat(site, concat(site, address, ":"), shown(site, site.arg(1), "I"))
    value = None
    targets = objects(site.this)
    if site.static:
        value, made = site.new(site.returns)
        targets = (made,)
        site.heap.set(made, "sink", "socket")
    for obj in targets:
        if address is not None:
            site.heap.set(obj, "url", address)
        site.heap.set(obj, "sink", "socket")
    if address is not None:
        site.lib.used(site, address)
    return value if site.static else ANY


@handles("Ljava/net/Socket;", "getOutputStream")
@handles("Landroid/bluetooth/BluetoothSocket;", "getOutputStream")
@handles("Landroid/net/LocalSocket;", "getOutputStream")
def _socket_out(site: Site) -> Any:
    value, obj = site.new(site.returns)
    site.heap.set(obj, "sink", "ipc" if "Local" in site.ref.cls else "socket")
    if objects(site.this):
        site.heap.set(obj, "link", Val(UNKNOWN, CLEAN, site.this.o))
    return value


@handles("Ljava/net/Socket;", "getInputStream")
def _socket_in(site: Site) -> Any:
    return site.new(site.returns)[0]


@handles("Ljava/net/InetAddress;", "getByName", "getAllByName")
@handles("Landroid/net/DnsResolver;", "query", "rawQuery")
@handles("Landroid/net/Network;", "getByName", "getAllByName")
def _by_name(site: Site) -> Any:
    at = next((arg for arg in site.params if texts(arg)), site.arg(0))
    t = taint(at)
    value, obj = site.new("Ljava/net/InetAddress;")
    site.heap.set(obj, "url", Val(const(at), CLEAN, (), STRING, how(at)) if texts(at) else Val(HOLE))
    zones = [_zone(known) for known in texts(at) if HOLE in known]
    if t:
        zone = next((z for z in zones if z), None)
        site.lib.emit(site, Sink.DNS, t, make(zone, CLEAN, STRING, how(at)) if zone else None)
    elif any(zones):
        for zone in filter(None, zones):
            site.lib.used(site, make(zone, CLEAN, STRING, how(at)))
    elif texts(at):
        site.lib.used(site, at)
    return array_of(site, [value], site.returns) if site.returns[:1] == "[" else value


def _zone(name: str) -> str:
    """The constant end of a host name whose first labels are data."""
    tail = name.rsplit(HOLE, 1)[-1]
    tail = tail.lstrip(".") if tail.startswith(".") else tail.partition(".")[2]
    return tail if "." in tail else ""


@handles("Ljava/net/DatagramPacket;", "<init>")
def _packet(site: Site) -> Any:
    t = site.deep(site.arg(0))
    for obj in objects(site.this):
        site.m.mark(site.heap, obj, t)
        for i, kind in enumerate(site.kinds):
            if kind in ("Ljava/net/InetAddress;", "Ljava/net/SocketAddress;"):
                address = site.lib.addresses(site.arg(i), site.heap)
                if address is None:
                    continue
                if kind == "Ljava/net/InetAddress;" and i + 1 < len(site.kinds):
                    address = concat(site, concat(site, address, ":"), shown(site, site.arg(i + 1), "I"))
                site.heap.set(obj, "url", address)
    return None


@handles("Ljava/net/DatagramPacket;", "setData", "setAddress", "setPort", "setSocketAddress")
def _packet_set(site: Site) -> Any:
    for obj in objects(site.this):
        if site.ref.name == "setData":
            site.m.mark(site.heap, obj, site.deep(site.arg(0)))
        else:
            old = site.lib.addresses(site.this, site.heap)
            new = site.lib.addresses(site.arg(0), site.heap)
            if site.ref.name == "setPort" and old is not None:
                new = concat(site, concat(site, old, ":"), shown(site, site.arg(0), "I"))
            if new is not None:
                site.heap.set(obj, "url", new)
    return None


@handles("Ljava/net/DatagramSocket;", "send")
def _datagram(site: Site) -> Any:
    address = site.lib.addresses(site.arg(0), site.heap)
    if address is None:
        address = site.lib.addresses(site.this, site.heap)
    port = next((x.rsplit(":", 1)[-1] for x in texts(address)), "")
    sink = Sink.DNS if port == "53" else Sink.SOCKET
    site.lib.emit(site, sink, site.deep(site.arg(0)), address)
    return None


# -- concurrency ---------------------------------------------------------------------------------


@handles("Ljava/lang/Thread;", "<init>", "start")
@handles("Landroid/os/Handler;", "<init>")
def _thread(site: Site) -> Any:
    return None


@handles("Ljava/util/concurrent/Future;", "get")
@handles("Ljava/util/concurrent/FutureTask;", "get")
@handles("Ljava/util/concurrent/CompletableFuture;", "get", "join")
def _future(site: Site) -> Any:
    found: Any = UNKNOWN
    for obj in objects(site.this):
        for function in objects(site.heap.get(obj, "fn", None)):
            held = site.heap.get(function, "ret")
            if held is not UNKNOWN:
                found = held if found is UNKNOWN else join(found, held)
    return NOTHING if found is UNKNOWN else with_taint(found, taint(site.this))
