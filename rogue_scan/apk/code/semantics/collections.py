"""Models of arrays, lists, sets, queues and iterators."""

from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, array_of, elements, handles
from rogue_scan.apk.code.semantics.keyed import get_extra
from rogue_scan.apk.code.semantics.texts import OBJECT, STRING
from rogue_scan.apk.code.values import (
    ANY,
    HOLE,
    MAX_TEXT,
    UNKNOWN,
    Arr,
    Val,
    join,
    number,
    objects,
    taint,
    with_taint,
)


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
    if any(field.startswith("x:") for obj in found for field in site.heap.fields(obj)):
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
