"""Dalvik arithmetic on known numbers: 32- and 64-bit integers, floats, comparisons, conversions."""

import math
import operator
from collections.abc import Callable
from typing import Any

Binary = Callable[[Any, Any], Any]


def i32(value: int) -> int:
    """Wrap to a signed 32-bit integer."""
    value &= 0xFFFFFFFF
    return value - 0x100000000 if value & 0x80000000 else value


def i64(value: int) -> int:
    """Wrap to a signed 64-bit integer."""
    value &= 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >> 63 else value


def _div(a: int, b: int) -> int:
    """Division that rounds towards zero; ZeroDivisionError as Java's ArithmeticException."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _rem(a: int, b: int) -> int:
    return a - _div(a, b) * b


_INT: tuple[Binary, ...] = (
    lambda a, b: i32(a + b),
    lambda a, b: i32(a - b),
    lambda a, b: i32(a * b),
    lambda a, b: i32(_div(a, b)),
    lambda a, b: i32(_rem(a, b)),
    operator.and_,
    operator.or_,
    operator.xor,
    lambda a, b: i32(a << (b & 31)),
    lambda a, b: a >> (b & 31),
    lambda a, b: i32((a & 0xFFFFFFFF) >> (b & 31)),
)
_LONG: tuple[Binary, ...] = (
    lambda a, b: i64(a + b),
    lambda a, b: i64(a - b),
    lambda a, b: i64(a * b),
    lambda a, b: i64(_div(a, b)),
    lambda a, b: i64(_rem(a, b)),
    operator.and_,
    operator.or_,
    operator.xor,
    lambda a, b: i64(a << (b & 63)),
    lambda a, b: a >> (b & 63),
    lambda a, b: i64((a & 0xFFFFFFFFFFFFFFFF) >> (b & 63)),
)
_FLOAT: tuple[Binary, ...] = (operator.add, operator.sub, operator.mul, operator.truediv, math.fmod)

BINARY: tuple[Binary, ...] = (*_INT, *_LONG, *_FLOAT, *_FLOAT)
"""Operations of opcodes 0x90-0xaf and 0xb0-0xcf, in order."""

LITERAL: tuple[Binary, ...] = (
    _INT[0],
    lambda a, b: i32(b - a),
    *_INT[2:8],
)
"""Operations of opcodes 0xd0-0xd7 and 0xd8-0xdf, in order."""

SHIFTS: tuple[Binary, ...] = _INT[8:11]
"""Operations of opcodes 0xe0-0xe2."""


def _to_int(value: Any) -> int:
    if isinstance(value, float):
        if math.isnan(value):
            return 0
        return max(-(1 << 31), min((1 << 31) - 1, int(value)) if not math.isinf(value) else (1 << 31) - 1)
    return i32(value)


def _to_long(value: Any) -> int:
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return 0
        return max(-(1 << 63), min((1 << 63) - 1, int(value)))
    return i64(value)


def _byte(value: int) -> int:
    value &= 0xFF
    return value - 0x100 if value & 0x80 else value


def _short(value: int) -> int:
    value &= 0xFFFF
    return value - 0x10000 if value & 0x8000 else value


UNARY: tuple[Callable[[Any], Any], ...] = (
    lambda a: i32(-a),
    lambda a: ~a,
    lambda a: i64(-a),
    lambda a: ~a,
    operator.neg,
    operator.neg,
    lambda a: a,
    float,
    float,
    _to_int,
    float,
    float,
    _to_int,
    _to_long,
    float,
    _to_int,
    _to_long,
    float,
    _byte,
    lambda a: a & 0xFFFF,
    _short,
)
"""Operations of opcodes 0x7b-0x8f, in order."""

TESTS: tuple[Binary, ...] = (operator.eq, operator.ne, operator.lt, operator.ge, operator.gt, operator.le)
"""Conditions of opcodes 0x32-0x37 and 0x38-0x3d, in order."""


def compare(a: Any, b: Any) -> int:
    """-1, 0 or 1, as ``cmp-long`` and its kin."""
    return int(a > b) - int(a < b)
