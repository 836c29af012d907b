"""Code of well-known libraries told by its structure, whatever its classes and packages are called.

A method is known by what renaming leaves alone: its signature with the app's own types left blank, the
framework methods it calls and the texts it holds, as one number. A class is a library's where every method
that calls the framework or holds a text is known: whoever adds a method of his own to it makes it his own.
Classes without such methods go with those of their package. (LibScout and LibRadar tell libraries by
signatures and by calls of packages; here each method has to agree, so that nothing hides among them.)

``library_code.bin`` has the numbers of libraries under free licences; ``tools/refresh_library_code.py``
makes it.
"""

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from rogue_scan.apk.code.types import CodeFacts
from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import Dex, ranges
from rogue_scan.shipped import data_file

U64 = npt.NDArray[np.uint64]

TABLE = "library_code.bin"
BITS = 40
"""Of a method's number. Of a million methods not known, one in ten thousand is taken for one of the table."""
LEAST_TEXT, MOST_TEXT = 4, 400
TEXT_WEIGHT = 2
"""How much a text says against a call: the same calls are made in many places."""
LEAST_WEIGHT = 5
"""Texts and calls that a class has to have for its structure to say anything."""
LEAST_KNOWN, KNOWN_SHARE = 3, 0.8
"""Classes of a package that have to be known, and their share, for those without calls and texts to go
with them."""

SEVERAL = 255
"""Owner of a method that several libraries have."""

_FRAMEWORK = re.compile(r"L(?:java|dalvik|android(?!/support/|/arch/)|javax|org/(?:json|w3c/dom|xml/sax))/")
_TYPE = re.compile(r"L[^;]+;")
_SILENT = re.compile(
    r"Ljava/lang/(?:StringBuilder;|AssertionError;|Object;->(?:<init>|getClass)|Throwable;->addSuppressed"
    r"|Class;->desiredAssertionStatus)|Ljava/util/Objects;->requireNonNull"
)
"""Calls that compilers add, drop or replace by others."""
_MASK = (1 << 64) - 1
_FACTOR, _OTHER = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class Table(msgspec.Struct):
    """The known methods."""

    names: list[str]
    """Of the libraries."""
    numbers: U64
    """Of the methods, ascending."""
    owners: npt.NDArray[np.uint8]
    """Place in ``names`` of the library that each belongs to, or :data:`SEVERAL`."""


def token(kind: str, text: str) -> int:
    """A number for a call (``c``), a text (``s``) or a signature (``p``)."""
    return int.from_bytes(_digests(kind, [text]), "little")


def _digests(kind: str, texts: Iterable[str]) -> bytes:
    """The :func:`token` of each text, one after the other."""
    begin = hashlib.blake2b(kind.encode(), digest_size=8)
    found = []
    for text in texts:
        state = begin.copy()  # takes half the time of a new one
        state.update(text.encode("utf-8", "replace"))
        found.append(state.digest())
    return b"".join(found)


def called(cls: str, name: str) -> str:
    """What a call says: the framework method; empty for any other, and for what compilers put in."""
    text = f"{cls}->{name}"
    return text if _FRAMEWORK.match(cls) and not _SILENT.match(text) else ""


def signature(proto: str) -> str:
    """A signature with all types but the framework's left blank."""
    return _TYPE.sub(lambda found: found.group() if _FRAMEWORK.match(found.group()) else "L;", proto)


def number(proto: str, tokens: Iterable[int]) -> int:
    """The number of a method: of its signature and of its calls and texts, each counted once."""
    total = token("p", signature(proto)) + sum(_mix(one) for one in set(tokens))
    return _mix(total & _MASK) >> (64 - BITS)


def _mix(value: int) -> int:
    """A fixed scrambling of 64 bits (the finaliser of splitmix64)."""
    value = (value ^ value >> 30) * _FACTOR & _MASK
    value = (value ^ value >> 27) * _OTHER & _MASK
    return value ^ value >> 31


def _mixed(values: U64) -> U64:
    """:func:`_mix` of many."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(_FACTOR)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(_OTHER)
    mixed: U64 = values ^ (values >> np.uint64(31))
    return mixed


@functools.cache
def table() -> Table:
    """The table that comes with the package; read once."""
    return unpack(data_file(TABLE).read_bytes())


def pack(names: Sequence[str], methods: dict[int, int], source: str) -> bytes:
    """A table as bytes: a line of JSON, then the numbers, then the owners.

    ``methods``: number to place in ``names``, or :data:`SEVERAL`.
    """
    head = {"source": source, "libraries": list(names), "methods": len(methods)}
    numbers = sorted(methods)
    body = b"".join(one.to_bytes(BITS // 8, "little") for one in numbers)
    return msgspec.json.encode(head) + b"\n" + body + bytes(methods[one] for one in numbers)


def unpack(raw: bytes) -> Table:
    """The table in :func:`pack`'s form."""
    line, _, body = raw.partition(b"\n")
    head = msgspec.json.decode(line)
    count, width = head["methods"], BITS // 8
    columns = np.frombuffer(body, np.uint8, count * width).reshape(count, width)
    numbers = np.zeros((count, 8), np.uint8)
    numbers[:, :width] = columns
    return Table(
        head["libraries"], numbers.view("<u8").ravel(), np.frombuffer(body, np.uint8, count, count * width)
    )


def known(dexes: Iterable[Dex], own: Collection[str], use: Table | None = None) -> dict[str, str]:
    """Those of the classes ``own`` (descriptors) that are code of a library, and its name."""
    use = use or table()
    found: dict[str, str] = {}
    silent: list[str] = []
    packages: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    names: dict[str, Counter[str]] = {}
    for dex in dexes:
        every = dex.class_names()
        chosen = np.fromiter(map(own.__contains__, every), bool, len(every))
        if not chosen.any():
            continue
        classes, numbers, weights = marks(dex, chosen)
        place = np.minimum(np.searchsorted(use.numbers, numbers), max(0, len(use.numbers) - 1))
        hit = use.numbers[place] == numbers if len(use.numbers) else np.zeros(len(numbers), bool)
        total = np.bincount(classes, weights, len(dex.classes))
        missed = np.bincount(classes, ~hit, len(dex.classes))
        begin = np.searchsorted(classes, np.arange(len(dex.classes) + 1)).tolist()
        for row in np.flatnonzero(chosen).tolist():
            name = every[row]
            package = name.rpartition("/")[0]
            if not total[row]:
                silent.append(name)
            elif missed[row]:
                unknown[package] += 1
            elif total[row] >= LEAST_WEIGHT:
                here = slice(begin[row], begin[row + 1])
                votes = np.bincount(use.owners[place[here]], weights[here], SEVERAL + 1)[:SEVERAL]
                if not votes.any():
                    silent.append(name)
                    continue
                found[name] = use.names[int(votes.argmax())]
                packages[package] += 1
                names.setdefault(package, Counter())[found[name]] += 1
            else:
                silent.append(name)
    for name in silent:
        package = name.rpartition("/")[0]
        count = packages[package]
        if count >= LEAST_KNOWN and count >= KNOWN_SHARE * (count + unknown[package]):
            found[name] = names[package].most_common(1)[0][0]
    return found


def marks(
    dex: Dex, chosen: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], U64, npt.NDArray[np.float64]]:
    """Class row, number and weight of each method with a weight, in the classes ``chosen``; by class row."""
    rows = np.flatnonzero(chosen[dex.def_class] & (dex.def_code >= 0))
    mine = np.full(len(dex.code_offset), -1, np.int64)
    mine[dex.def_code[rows]] = rows
    codes = np.flatnonzero(mine >= 0)
    sizes = np.diff(dex.code_first)[codes]
    instructions, within = ranges(dex.code_first[codes], sizes), np.repeat(mine[codes], sizes)
    kinds = dex.ins_op[instructions]
    calls, texts = np.flatnonzero(opcodes.IS_INVOKE[kinds]), np.flatnonzero(opcodes.IS_CONST_STRING[kinds])
    value = np.concatenate(
        (
            _call_values(dex, dex.operand_b(instructions[calls])),
            _text_values(dex, dex.string_operand(instructions[texts])),
        )
    )
    method = np.concatenate((within[calls], within[texts]))
    weight = np.repeat((1.0, TEXT_WEIGHT), (len(calls), len(texts)))
    order = np.lexsort((value, method))
    order = order[value[order] > 0]
    method, value, weight = method[order], value[order], weight[order]
    if not len(method):
        return np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0)
    begins = np.append(True, method[1:] != method[:-1])
    once = np.flatnonzero(begins | np.append(True, value[1:] != value[:-1]))
    groups = np.flatnonzero(begins[once])
    method = method[once][groups]
    protos = dex.method_proto[dex.def_method[method]].astype(np.int64)
    signatures = {i: signature(dex.proto(i)) for i in _used(protos, len(dex.protos)).tolist()}
    total = np.add.reduceat(_mixed(value[once]), groups) + _spread(protos, "p", signatures)
    numbers: U64 = _mixed(total) >> np.uint64(64 - BITS)
    return dex.def_class[method], numbers, np.add.reduceat(weight[once], groups)


def _call_values(dex: Dex, indices: npt.NDArray[np.integer]) -> U64:
    """The number of each call; 0 for one that says nothing."""
    types = dex.types()
    asked = dex.methods_of(_used(indices, len(dex.method_class)), _FRAMEWORK.match)
    owners, names = dex.method_class[asked].tolist(), dex.strings_at(dex.method_name[asked].tolist())
    texts = {
        index: text
        for index, owner, name in zip(asked.tolist(), owners, names, strict=True)
        if (text := called(types[owner], name))
    }
    return _spread(indices, "c", texts)


def _text_values(dex: Dex, indices: npt.NDArray[np.integer]) -> U64:
    """The number of each text; 0 for one that says nothing."""
    asked = _used(indices, len(dex.string_offsets)).tolist()
    texts = zip(asked, dex.strings_at(asked), strict=True)
    return _spread(indices, "s", {i: text for i, text in texts if LEAST_TEXT <= len(text) <= MOST_TEXT})


def _used(indices: npt.NDArray[np.integer], limit: int) -> npt.NDArray[np.int64]:
    """The different ones of indices, below a limit."""
    used = np.zeros(limit, bool)
    used[indices[indices < limit]] = True
    return np.flatnonzero(used)


def _spread(indices: npt.NDArray[np.integer], kind: str, texts: dict[int, str]) -> U64:
    """The :func:`token` of the text of each index, 0 where there is none."""
    none = max(texts, default=-1) + 1  # code may name what no table has, and far beyond its end
    values = np.zeros(none + 1, np.uint64)
    values[list(texts)] = np.frombuffer(_digests(kind, texts.values()), "<u8")
    found: U64 = values[np.minimum(indices, none)]
    return found


def told(facts: CodeFacts, classes: Collection[str]) -> CodeFacts:
    """Facts in which all that lies in these classes counts as library code."""
    if not classes:
        return facts
    replace = msgspec.structs.replace

    @functools.cache
    def inside(method: str | None) -> bool:
        return (method or "").partition("->")[0] in classes

    return replace(
        facts,
        classes=tuple(replace(c, library=True) if c.name in classes else c for c in facts.classes),
        calls=tuple(replace(c, library=True) if inside(c.at.method) else c for c in facts.calls),
        strings=tuple(replace(s, library=True) if inside(s.at.method) else s for s in facts.strings),
        sources=tuple(replace(s, library=True) if inside(s.at.method) else s for s in facts.sources),
        flows=tuple(
            replace(f, library=True) if f.path and inside(f.path[0].method) else f for f in facts.flows
        ),
        endpoints=tuple(
            replace(e, library=True) if e.where and all(inside(w.method) for w in e.where) else e
            for e in facts.endpoints
        ),
    )
