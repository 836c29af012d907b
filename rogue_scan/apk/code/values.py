"""Abstract values of the interpreter: constants, objects and what personal data they carry.

A register holds either a plain Python value (``int``, ``float``, ``str`` or None for null: a known
constant without personal data) or a :class:`Val`. Texts known in part hold :data:`HOLE` where a part is
unknown, so the constant prefix of an address survives what is appended to it.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any, Final

HOLE: Final = "\ufffc"
"""Stands in a text for a part that is not known."""
MAX_TEXT: Final = 1 << 16
MAX_ALTERNATIVES: Final = 4
MAX_REFERENCES: Final = 6
MAX_HOPS: Final = 24
MAX_LABELS: Final = 40


class _Unknown:
    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


class Alternatives(tuple[Any, ...]):
    """A few constants of which one holds."""

    __slots__ = ()


class ClassRef:
    """A ``java.lang.Class`` constant."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassRef) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


class Step:
    """One hop of a path, linked to the hop before it."""

    __slots__ = ("before", "depth", "dex", "method", "note", "offset", "root")

    def __init__(self, before: "Step | None", dex: str, method: str, offset: int, note: str) -> None:
        self.before, self.dex, self.method, self.offset, self.note = before, dex, method, offset, note
        self.depth: int = before.depth + 1 if before else 1
        self.root: Any = before.root if before else None
        """The entry point that was running when the data was taken."""

    def chain(self) -> list["Step"]:
        """All hops, the first one first."""
        steps: list[Step] = []
        step: Step | None = self
        while step is not None:
            steps.append(step)
            step = step.before
        return steps[::-1]


Label = tuple[str, str, int]
"""Category (or a provisional one that begins with ``?``), method and offset of the source."""
Taint = dict[Label, Step]
CLEAN: Final[Taint] = {}


class Obj:
    """An abstract object: all objects that one place creates in one calling context."""

    __slots__ = ("cls", "fields", "fresh", "key", "kind", "writes")

    def __init__(self, key: tuple[Any, ...], cls: str, fresh: bool) -> None:
        self.key, self.cls, self.fresh = key, cls, fresh
        self.fields: dict[str, None] = {}
        """Names of all fields ever stored, in the order of their first writes, for deep reads."""
        self.kind = ""
        """What a model made of it: ``meta-data``, ``asset`` …"""
        self.writes = 0
        """How often another value was stored in a field."""


class Val:
    """A value that is more than a plain constant."""

    __slots__ = ("c", "h", "o", "t", "y")

    def __init__(
        self,
        c: Any = UNKNOWN,
        t: Taint = CLEAN,
        o: tuple[Obj, ...] = (),
        y: str = "",
        h: frozenset[str] = frozenset(),
    ) -> None:
        self.c = c
        """The constant, :class:`Alternatives`, or UNKNOWN."""
        self.t = t
        """Personal data it carries."""
        self.o = o
        """Objects it may refer to."""
        self.y = y
        """Type descriptor where it is no object, or the declared one."""
        self.h = h
        """How the constant was computed: ``base64``, ``xor`` …"""


ANY: Final = Val()


class Arr:
    """The elements of an array, list or builder; copied when a forked heap writes to it."""

    __slots__ = ("exact", "items", "owner", "rest")

    def __init__(self, items: list[Any], owner: object, rest: Any = None, exact: bool = True) -> None:
        self.items, self.owner = items, owner
        self.rest = rest
        """Join of what was stored at unknown indices; None for nothing."""
        self.exact = exact
        """Whether the number of elements is known."""

    def copy(self, owner: object) -> "Arr":
        """A copy that another heap owns."""
        return Arr(list(self.items), owner, self.rest, self.exact)


def const(value: Any) -> Any:
    """The constant of a register, UNKNOWN where there is none."""
    return value.c if isinstance(value, Val) else value


def taint(value: Any) -> Taint:
    """The personal data that a register's own value carries (not what its objects hold)."""
    return value.t if isinstance(value, Val) else CLEAN


def how(value: Any) -> frozenset[str]:
    """How a register's constant was computed."""
    return value.h if isinstance(value, Val) else frozenset()


def objects(value: Any) -> tuple[Obj, ...]:
    """The objects that a register may refer to."""
    return value.o if isinstance(value, Val) else ()


def text(value: Any) -> str | None:
    """A register as one text if it is one (with holes), else None."""
    c = value.c if isinstance(value, Val) else value
    return c if isinstance(c, str) else None


def texts(value: Any) -> tuple[str, ...]:
    """All texts that a register may hold, with holes; empty where nothing is known."""
    c = value.c if isinstance(value, Val) else value
    if isinstance(c, str):
        return (c,)
    if isinstance(c, Alternatives):
        return tuple(item for item in c if isinstance(item, str))
    return ()


def number(value: Any) -> int | None:
    """A register as a known integer, else None."""
    c = value.c if isinstance(value, Val) else value
    return c if isinstance(c, int) else None


def merge_taint(a: Taint, b: Taint) -> Taint:
    """Union; the same object as ``a`` where ``b`` adds nothing."""
    if not b or a is b:
        return a
    if not a:
        return b
    fresh = [label for label in b if label not in a]
    if not fresh or len(a) >= MAX_LABELS:
        return a
    merged = dict(a)
    for label in fresh:
        merged[label] = b[label]
    return merged


def make(c: Any, t: Taint = CLEAN, y: str = "", h: frozenset[str] = frozenset()) -> Any:
    """A register value: plain where it can be."""
    if isinstance(c, str) and len(c) > MAX_TEXT:
        c = c[:MAX_TEXT]
    if not t and not h and c is not UNKNOWN and not isinstance(c, Alternatives | ClassRef):
        return c
    return Val(c, t, (), y, h)


def with_taint(value: Any, t: Taint) -> Any:
    """The value, carrying more personal data."""
    if not t:
        return value
    if not isinstance(value, Val):
        return Val(value, t)
    merged = merge_taint(value.t, t)
    return value if merged is value.t else Val(value.c, merged, value.o, value.y, value.h)


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if a is UNKNOWN or b is UNKNOWN:
        return False
    return type(a) is type(b) and bool(a == b)


def _join_const(a: Any, b: Any) -> Any:
    if _same(a, b):
        return a
    if a is UNKNOWN or b is UNKNOWN:
        return UNKNOWN
    left = a if isinstance(a, Alternatives) else (a,)
    right = b if isinstance(b, Alternatives) else (b,)
    if not all(isinstance(item, str) or item is None for item in (*left, *right)):
        return UNKNOWN
    fresh = [item for item in right if not any(_same(item, other) for other in left)]
    if not fresh:
        return a
    if len(left) + len(fresh) > MAX_ALTERNATIVES:
        return a if HOLE in left else common_text([x for x in (*left, *fresh) if isinstance(x, str)])
    return Alternatives((*left, *fresh))


def common_text(items: list[str]) -> str:
    """What texts have in common at their start, with a hole behind it."""
    if not items:
        return HOLE
    low, high = min(items), max(items)
    same = 0
    for x, y in zip(low, high, strict=False):
        if x != y:
            break
        same += 1
    return low[:same].rstrip(HOLE) + HOLE


def _is_null(c: Any) -> bool:
    return c is None or (type(c) is int and c == 0)


def join(a: Any, b: Any) -> Any:
    """The least value that covers both; the same object as ``a`` where ``b`` adds nothing."""
    if a is b:
        return a
    if not isinstance(a, Val):
        if not isinstance(b, Val):
            if type(a) is type(b):
                if a == b:
                    return a
                if type(a) is int:
                    return ANY
            # The constant 0 is also null: it adds nothing to a text.
            if b is None or (b == 0 and isinstance(a, str)):
                return a
            if a is None or (a == 0 and isinstance(b, str)):
                return b
            c = _join_const(a, b)
            return ANY if c is UNKNOWN else Val(c) if isinstance(c, Alternatives) else c
        if b is ANY:
            return ANY
        a = Val(a)
        changed = True
    else:
        changed = False
        if not isinstance(b, Val):
            if a is ANY or b is None or (b == 0 and (a.o or isinstance(a.c, str | Alternatives | ClassRef))):
                return a
            b = Val(b)
    # References keep what null adds to them out of the constant.
    if _is_null(b.c) and (a.o or isinstance(a.c, str | Alternatives)):
        c = a.c
    elif _is_null(a.c) and (b.o or isinstance(b.c, str | Alternatives)):
        c = b.c
    else:
        c = _join_const(a.c, b.c)
    t = merge_taint(a.t, b.t)
    o = a.o
    if b.o and b.o is not a.o:
        extra = tuple(item for item in b.o if item not in a.o)
        if extra and len(a.o) < MAX_REFERENCES:
            o = (a.o + extra)[:MAX_REFERENCES]
    h = a.h if b.h <= a.h else a.h | b.h
    if not changed and (c is a.c or _same(c, a.c)) and t is a.t and o is a.o and h is a.h:
        return a
    y = a.y or b.y
    return Val(c, t, o, y, h) if c is not UNKNOWN or t or o or y or h else ANY


def map_texts(function: Callable[..., str | None], *values: Any) -> Any:
    """Apply a text function to all alternatives of its arguments; UNKNOWN where one is unknown."""
    choices: list[tuple[str, ...]] = []
    for value in values:
        found = texts(value)
        if not found:
            return UNKNOWN
        choices.append(found)
    results: list[str] = []
    for combination in itertools.product(*choices):
        result = function(*combination)
        if result is None:
            return UNKNOWN
        if result not in results:
            results.append(result[:MAX_TEXT])
        if len(results) >= MAX_ALTERNATIVES:
            break
    return results[0] if len(results) == 1 else Alternatives(results)


Cell = tuple[Any, str]
"""An object (or a class) and the name of a field."""
ALL: Final = "*"
"""Stands for the list of an object's fields."""


class Heap:
    """Fields of objects along one trace: writes of its own over a base that all traces share."""

    __slots__ = ("base", "delta", "reads", "token")

    def __init__(
        self,
        base: dict[Cell, Any],
        delta: dict[Cell, Any] | None = None,
        reads: set[Cell] | None = None,
    ) -> None:
        self.base = base
        self.delta: dict[Cell, Any] = {} if delta is None else delta
        self.reads: set[Cell] = set() if reads is None else reads
        """Cells that were looked at, by this heap and by all that were forked from it."""
        self.token: object = object()

    def get(self, obj: Any, field: str, default: Any = UNKNOWN) -> Any:
        """What a field holds."""
        key = (obj, field)
        self.reads.add(key)
        found = self.delta.get(key, UNKNOWN)
        if found is UNKNOWN:
            found = self.base.get(key, default)
        return found

    def fields(self, obj: Obj) -> list[str]:
        """The names of all fields of an object that hold something."""
        self.reads.add((obj, ALL))
        return list(obj.fields)

    def set(self, obj: Any, field: str, value: Any) -> None:
        """Overwrite a field."""
        key = (obj, field)
        if isinstance(obj, Obj) and self.delta.get(key, UNKNOWN) is not value:
            obj.fields[field] = None
            obj.writes += 1
        self.delta[key] = value

    def add(self, obj: Any, field: str, value: Any) -> None:
        """Let a field hold this value too."""
        key = (obj, field)
        old = self.delta.get(key, UNKNOWN)
        if old is UNKNOWN:
            old = self.base.get(key, UNKNOWN)
        if old is UNKNOWN:
            self.set(obj, field, value)
            return
        merged = join_cells(old, value, self.token)
        if merged is not old:
            self.delta[key] = merged
            if isinstance(obj, Obj):
                obj.writes += 1

    def array(self, obj: Obj) -> Arr | None:
        """The elements of an object, to be read only."""
        found = self.get(obj, "#")
        return found if isinstance(found, Arr) else None

    def own_array(self, obj: Obj) -> Arr | None:
        """The elements of an object, to be written to."""
        found = self.get(obj, "#")
        if not isinstance(found, Arr):
            return None
        if found.owner is not self.token:
            found = found.copy(self.token)
            self.delta[obj, "#"] = found
        return found

    def fork(self) -> "Heap":
        """A heap that begins as a copy; both copy arrays before they write to them."""
        self.token = object()
        return Heap(self.base, dict(self.delta), self.reads)

    def absorb(self, other: "Heap") -> bool:
        """Join another heap of the same base into this one; tells whether anything changed."""
        changed = False
        delta, base = self.delta, self.base
        for key, value in other.delta.items():
            old = delta.get(key, UNKNOWN)
            if old is value:
                continue
            if old is UNKNOWN:
                old = base.get(key, UNKNOWN)
                if old is UNKNOWN:
                    delta[key] = value
                    changed = True
                    continue
                if old is value:
                    continue
            merged = join_cells(old, value, self.token)
            if merged is not old:
                delta[key] = merged
                changed = True
        return changed


def join_cells(a: Any, b: Any, token: object = None) -> Any:
    """Join two field contents, which may be arrays."""
    if isinstance(a, Arr):
        return _join_arrays(a, b, token) if isinstance(b, Arr) else a
    if isinstance(b, Arr):
        return b
    return join(a, b)


def _join_arrays(a: Arr, b: Arr, token: object) -> Arr:
    if a is b:
        return a
    same_length = len(a.items) == len(b.items)
    rest = a.rest if b.rest is None else b.rest if a.rest is None else join(a.rest, b.rest)
    if same_length and (a.items is b.items or a.items == b.items):
        exact = a.exact and b.exact
        return a if rest is a.rest and exact == a.exact else Arr(a.items, None, rest, exact)
    items: list[Any] | None = None
    for i, (held, item) in enumerate(zip(a.items, b.items, strict=False)):
        if held is item or (held is ANY and type(item) is int):
            continue
        merged = join(held, item)
        if merged is not held:
            if items is None:
                items = list(a.items)
            items[i] = merged
    if len(b.items) > len(a.items):
        items = (a.items if items is None else items) + b.items[len(a.items) :]
    exact = a.exact and b.exact and same_length
    if items is None and rest is a.rest and exact == a.exact:
        return a
    return Arr(a.items if items is None else items, token, rest, exact)


def union(parts: Iterable[Taint]) -> Taint:
    """All personal data of several values."""
    total: Taint = CLEAN
    for part in parts:
        total = merge_taint(total, part)
    return total
