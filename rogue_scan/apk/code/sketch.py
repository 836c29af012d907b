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
from rogue_scan.apk.dex.reader import Dex

ALIKE = 0.7
"""Share of common runs from which two apps count as built from the same code."""
RUN = 5
BANDS, ROWS = 20, 5
"""Two apps at :data:`ALIKE` share a band with a probability of 0.97; at 0.4 with one of 0.19."""
LEAST_RUNS = 32
"""Below this the code is too little to say anything."""
_MOST_RUNS = 1 << 18
_PLACES = BANDS * ROWS
_FRAMEWORK = ("Landroid/", "Ljava/", "Ljavax/", "Lorg/json/", "Ldalvik/", "Lorg/w3c/", "Lorg/xml/")

U64 = npt.NDArray[np.uint64]

_random = np.random.Generator(np.random.PCG64(20240229))
_FACTORS: U64 = _random.integers(1, 1 << 63, _PLACES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_TERMS: U64 = _random.integers(0, 1 << 63, _PLACES, dtype=np.uint64)


def sketch(dexes: Iterable[Dex], own: Collection[str]) -> bytes:
    """Sketch of the classes ``own`` (descriptors); empty where there is too little code."""
    found = [_runs(dex, own) for dex in dexes]
    runs = np.unique(np.concatenate(found)) if found else np.zeros(0, np.uint64)
    if len(runs) < LEAST_RUNS:
        return b""
    # The smallest of well-mixed hashes are a fair sample of them all.
    runs = runs[:_MOST_RUNS]
    places = [
        np.min((runs * factor + term) >> np.uint64(32)) for factor, term in zip(_FACTORS, _TERMS, strict=True)
    ]
    return np.array(places, dtype="<u4").tobytes()


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
    chosen = np.array([name in own for name in dex.class_names()], dtype=bool)
    if not chosen.any():
        return np.zeros(0, np.uint64)
    codes = dex.def_code[chosen[dex.def_class] & (dex.def_code >= 0)]
    mine = np.zeros(len(dex.code_offset), dtype=bool)
    mine[codes] = True
    method = np.repeat(np.arange(len(dex.code_offset)), np.diff(dex.code_first))
    if len(method) != len(dex.ins_op):
        return np.zeros(0, np.uint64)
    # An empty instruction is also how payloads show, and padding says nothing.
    keep = mine[method] & (dex.ins_op != 0)
    rows = np.flatnonzero(keep)
    if len(rows) < RUN:
        return np.zeros(0, np.uint64)
    tokens = dex.ins_op[rows].astype(np.uint64)
    calls = np.flatnonzero(opcodes.IS_INVOKE[dex.ins_op[rows]])
    called = dex.operand_b(rows[calls])
    names, back = np.unique(called, return_inverse=True)
    hashes = np.array([_callee(dex, int(index)) for index in names], dtype=np.uint64)
    if len(calls):
        tokens[calls] += hashes[back] << np.uint64(8)
    where = method[rows]
    whole = where[: -RUN + 1] == where[RUN - 1 :]
    total = np.zeros(len(rows) - RUN + 1, np.uint64)
    for step in range(RUN):
        total = total * np.uint64(0x9E3779B97F4A7C15) + _mix(tokens[step : len(rows) - RUN + 1 + step])
    return np.unique(_mix(total[whole]))


def _callee(dex: Dex, index: int) -> int:
    """A number for a method of the framework; 0 for any other."""
    member = dex.method_id(index)
    if not member.cls.startswith(_FRAMEWORK):
        return 0
    text = f"{member.cls}->{member.name}"
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=7).digest())


def _mix(values: U64) -> U64:
    """A fixed scrambling of 64 bits (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: U64 = values ^ (values >> np.uint64(31))
    return mixed
