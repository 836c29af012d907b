"""Models of Java texts: String, StringBuilder, formatting, joining."""

import re
from collections.abc import Callable
from typing import Any

from rogue_scan.apk.code import personal
from rogue_scan.apk.code.library import NOTHING, Site, array_of, handles
from rogue_scan.apk.code.values import (
    ANY,
    CLEAN,
    HOLE,
    MAX_TEXT,
    UNKNOWN,
    Alternatives,
    Arr,
    ClassRef,
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

STRING = "Ljava/lang/String;"
BUILDER = "Ljava/lang/StringBuilder;"
OBJECT = "Ljava/lang/Object;"

_XOR = frozenset((0x97, 0xB7, 0xA2, 0xC2, 0xD7, 0xDF))
_ADD = frozenset((0x90, 0x91, 0xB0, 0xB1, 0xD0, 0xD1, 0xD8, 0xD9, 0x94, 0xB4, 0xDC, 0xE0, 0xE1, 0xE2))


def arithmetic(site: Site) -> frozenset[str]:
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
            return make(chr(c & 0xFFFF), t, STRING, how(value) | arithmetic(site))
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
        return from_numbers(site, value, wide=True)
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
    tags = arithmetic(site)
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
        return from_numbers(site, site.arg(0), wide=False, charset=charset, start=a, size=n)
    if kind in ("[C", "[I"):
        a, n = (number(site.arg(1)) or 0, number(site.arg(2))) if len(site.kinds) == 3 else (0, None)
        return from_numbers(site, site.arg(0), wide=True, start=a, size=n)
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


def tags_of(site: Site, value: Any) -> frozenset[str]:
    """How a value, or the content of its arrays, was computed."""
    tags = how(value)
    for obj in objects(value):
        held = site.heap.get(obj, "how", None)
        if isinstance(held, Val):
            tags |= held.h
    return tags


def from_numbers(
    site: Site, value: Any, *, wide: bool, charset: str = "utf-8", start: int = 0, size: int | None = None
) -> Any:
    """The text that an array of bytes or characters spells, with how it was hidden."""
    t = site.deep(value)
    items = numbers(site, value)
    tags = tags_of(site, value)
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
    result = make(known, t, STRING, tags or arithmetic(site))
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


@handles(STRING, "format", "formatted")
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
