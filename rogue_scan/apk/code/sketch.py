"""Own code as a sketch of a few hundred bytes: apps built from the same code have sketches alike.

The code is taken as runs of five instructions inside a method, told apart by opcode and, for calls of the
framework, by what is called. Names of the app's own classes and methods, registers, constants and
resources play no part, so renaming and re-signing change nothing. The set of these runs is kept as a
MinHash (Broder 1997): the share of equal places in two sketches estimates the share of common runs.
"""

import hashlib
from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import Dex, distinct, ranges

ALIKE = 0.7
"""Share of common runs from which two apps count as built from the same code."""
RUN = 5
BANDS, ROWS = 20, 5
"""Two apps at :data:`ALIKE` share a band with a probability of 0.97; at 0.4 with one of 0.19."""
LEAST_RUNS = 32
"""Below this the code is too little to say anything."""
_MOST_RUNS = 1 << 18
_BLOCK = 1 << 14
"""Runs taken at a time, so that they stay in the processor's cache."""
_PLACES = BANDS * ROWS
_FRAMEWORK = ("Landroid/", "Ljava/", "Ljavax/", "Lorg/json/", "Ldalvik/", "Lorg/w3c/", "Lorg/xml/")

U64 = npt.NDArray[np.uint64]

# Any fixed numbers do, as long as they do not depend on each other.
_numbers: U64 = np.frombuffer(hashlib.shake_256(b"sketch of own code").digest(16 * _PLACES), "<u8")
_FACTORS: U64 = _numbers[:_PLACES] | np.uint64(1)
_TERMS: U64 = _numbers[_PLACES:]


def sketch(dexes: Iterable[Dex], own: Collection[str]) -> bytes:
    """Sketch of the classes ``own`` (descriptors); empty where there is too little code."""
    found = [_runs(dex, own) for dex in dexes]
    runs = distinct(np.concatenate(found)) if found else np.zeros(0, np.uint64)
    if len(runs) < LEAST_RUNS:
        return b""
    # The smallest of well-mixed hashes are a fair sample of them all.
    runs = runs[:_MOST_RUNS]
    places = np.full(_PLACES, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(runs), _BLOCK):
        block = runs[start : start + _BLOCK]
        least = [np.min(block * factor + term) for factor, term in zip(_FACTORS, _TERMS, strict=True)]
        places = np.minimum(places, np.array(least, np.uint64))
    return (places >> np.uint64(32)).astype("<u4").tobytes()


def likeness(one: bytes, other: bytes) -> float:
    """Estimated share of common runs, 0..1; 0 where one has no sketch."""
    if len(one) != _PLACES * 4 or len(other) != _PLACES * 4:
        return 0.0
    return float(np.mean(np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")))


def bands(raw: bytes) -> list[str]:
    """Keys under which alike sketches meet."""
    if len(raw) != _PLACES * 4:
        return []
    width = ROWS * 4
    return [
        f"{band}:{hashlib.blake2b(raw[band * width : (band + 1) * width], digest_size=8).hexdigest()}"
        for band in range(BANDS)
    ]


def _runs(dex: Dex, own: Collection[str]) -> U64:
    """Hashes of all runs in the methods of the ``own`` classes of one DEX file."""
    chosen = np.fromiter(map(own.__contains__, dex.class_names()), bool, len(dex.classes))
    if not chosen.any():
        return np.zeros(0, np.uint64)
    codes = distinct(dex.def_code[chosen[dex.def_class] & (dex.def_code >= 0)])
    sizes = np.diff(dex.code_first)[codes]
    rows, method = ranges(dex.code_first[codes], sizes), np.repeat(codes, sizes)
    # An empty instruction is also how payloads show, and padding says nothing.
    told = dex.ins_op[rows] != 0
    rows, method = rows[told], method[told]
    if len(rows) < RUN:
        return np.zeros(0, np.uint64)
    tokens = dex.ins_op[rows].astype(np.uint64)
    calls = np.flatnonzero(opcodes.IS_INVOKE[dex.ins_op[rows]])
    tokens[calls] += _callees(dex, dex.operand_b(rows[calls])) << np.uint64(8)
    whole = method[: -RUN + 1] == method[RUN - 1 :]
    tokens = _mix(tokens)
    total = np.zeros(len(rows) - RUN + 1, np.uint64)
    for step in range(RUN):
        total = total * np.uint64(0x9E3779B97F4A7C15) + tokens[step : len(rows) - RUN + 1 + step]
    return _mix(total[whole])


def _callees(dex: Dex, called: npt.NDArray[np.integer]) -> U64:
    """A number for each method that is called where it is one of the framework, else 0."""
    used = np.zeros(1 << 16, bool)
    used[called] = True
    asked = np.flatnonzero(used[: len(dex.method_class)])
    asked = dex.methods_of(asked, lambda name: name.startswith(_FRAMEWORK))
    types = dex.types()
    owners, names = dex.method_class[asked].tolist(), dex.strings_at(dex.method_name[asked].tolist())
    digests = []
    begin = hashlib.blake2b(digest_size=7)
    for owner, name in zip(owners, names, strict=True):
        state = begin.copy()  # takes half the time of a new one
        state.update(f"{types[owner]}->{name}".encode("utf-8", "replace"))
        digests.append(int.from_bytes(state.digest()))
    numbers = np.zeros(len(used), np.uint64)
    numbers[asked] = digests
    found: U64 = numbers[called]
    return found


def _mix(values: U64) -> U64:
    """A fixed scrambling of 64 bits (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: U64 = values ^ (values >> np.uint64(31))
    return mixed
