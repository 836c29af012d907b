"""Constant arguments of calls in methods that were not interpreted, found by looking back from each call.

A register is followed back over the instructions that run right before the call, through moves, to the
instruction that set it. What is found is passed on at least one way to the call; what lies behind a jump,
or too far off, is not known. All calls of a file are looked at side by side.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import I64, Dex

MAX_BACK = 24
"""Instructions looked at before a call."""
MAX_REGISTERS = 8
"""Registers of one call that are followed."""
_NONE = -1

# Where an instruction names the register that it sets: bits 8-15, bits 8-11, or the second code unit.
_HIGH, _NIBBLE, _SECOND = 1, 2, 3
_SETS = np.zeros(256, np.int8)
for _first, _last, _how in (
    (0x01, 0x01, _NIBBLE), (0x02, 0x02, _HIGH), (0x03, 0x03, _SECOND), (0x04, 0x04, _NIBBLE),
    (0x05, 0x05, _HIGH), (0x06, 0x06, _SECOND), (0x07, 0x07, _NIBBLE), (0x08, 0x08, _HIGH),
    (0x09, 0x09, _SECOND), (0x0A, 0x0D, _HIGH), (0x12, 0x12, _NIBBLE), (0x13, 0x1C, _HIGH),
    (0x20, 0x21, _NIBBLE), (0x22, 0x22, _HIGH), (0x23, 0x23, _NIBBLE), (0x2D, 0x31, _HIGH),
    (0x44, 0x4A, _HIGH), (0x52, 0x58, _NIBBLE), (0x60, 0x66, _HIGH), (0x7B, 0x8F, _NIBBLE),
    (0x90, 0xAF, _HIGH), (0xB0, 0xCF, _NIBBLE), (0xD0, 0xD7, _NIBBLE), (0xD8, 0xE2, _HIGH),
    (0xFE, 0xFF, _HIGH),
):  # fmt: skip
    _SETS[_first : _last + 1] = _how
_MOVES = np.zeros(256, bool)
_MOVES[0x01:0x0A] = True
_ENDS = np.zeros(256, bool)
_ENDS[[*range(0x0E, 0x12), *range(0x27, 0x2D)]] = True
"""Returns, throws, jumps and switches: what stands behind them does not run right after them."""
_BITS, _SHIFT = np.zeros((2, 256), np.int64)
"""Of a constant: how wide it stands in the instruction, and how far to the left it belongs."""
_BITS[0x12:0x1D] = 4, 16, 32, 16, 16, 32, 64, 16, 16, 32, 16
_SHIFT[[0x15, 0x19]] = 16, 48
_RANGE = np.zeros(256, bool)
_RANGE[[*range(0x74, 0x79), 0xFB]] = True


def constants(dex: Dex, rows: I64, longest: int) -> dict[int, dict[int, Any]]:
    """Constant arguments of those calls that have any, by the register that each begins in.

    The first register after the receiver is 0. Values are numbers as they stand in the code (of a float its
    bits), texts (their first ``longest`` characters), and descriptors of classes.
    """
    units = dex.units
    call, place, register = _registers(dex, rows)
    at, first = rows[call], dex.code_first[dex.code_row_of(rows)][call]
    found: dict[int, dict[int, Any]] = {}
    for _ in range(MAX_BACK):
        at = at - 1
        left = np.flatnonzero((at >= first) & (register != _NONE) & ~_ENDS[dex.ins_op[at]])
        if not len(left):
            break
        call, place, register, at, first = (part[left] for part in (call, place, register, at, first))
        op = dex.ins_op[at]
        unit = dex.ins_unit[at].astype(np.int64)
        word = units[unit].astype(np.int64)
        second = units.take(unit + 1, mode="clip").astype(np.int64)
        how = _SETS[op]
        target = np.where(how == _HIGH, word >> 8, np.where(how == _NIBBLE, word >> 8 & 15, second))
        hit = (register == target) & (how > 0)
        source = np.where(how == _HIGH, second, np.where(how == _NIBBLE, word >> 12, _NONE))
        register = np.where(hit, np.where(_MOVES[op], source, _NONE), register)
        constant = np.flatnonzero(hit & (_BITS[op] > 0))
        values = _values(dex, op[constant], unit[constant], longest)
        for one, where, value in zip(call[constant].tolist(), place[constant].tolist(), values, strict=True):
            found.setdefault(one, {})[where] = value
    return found


def _registers(dex: Dex, rows: I64) -> tuple[I64, I64, I64]:
    """The registers that calls pass: position of the call, place among its arguments, register."""
    unit = dex.ins_unit[rows].astype(np.int64)
    word = dex.units[unit].astype(np.int64)
    third = dex.units.take(unit + 2, mode="clip").astype(np.int64)
    op = dex.ins_op[rows]
    ranged = _RANGE[op]
    places = np.arange(MAX_REGISTERS)
    count = np.where(ranged, word >> 8, np.minimum(word >> 12, 5))
    # No receiver is a constant.
    first = np.where(opcodes.IS_STATIC_CALL[op], 0, 1)
    call, place = np.nonzero((places < count[:, None]) & (places >= first[:, None]))
    listed = np.where(place == 4, word[call] >> 8, third[call] >> 4 * np.minimum(place, 3)) & 15
    return call, place - first[call], np.where(ranged[call], third[call] + place, listed)


def _values(dex: Dex, op: npt.NDArray[np.uint8], unit: I64, longest: int) -> list[Any]:
    """What constant instructions set."""
    words = [dex.units.take(unit + k, mode="clip").astype(np.int64) for k in range(5)]
    raw = words[1] | words[2] << 16 | words[3] << 32 | words[4] << 48
    unused = 64 - _BITS[op]
    numbers = (np.where(op == 0x12, words[0] >> 12, raw) << unused >> unused) << _SHIFT[op]
    found: list[Any] = numbers.tolist()
    jumbo, types = op == opcodes.CONST_STRING_JUMBO, dex.types()
    index = numbers & np.where(jumbo, 0xFFFFFFFF, 0xFFFF)
    text = (op == opcodes.CONST_STRING) | jumbo
    text = np.flatnonzero(text & (index < len(dex.string_offsets)))
    for i, value in zip(text.tolist(), dex.strings_at(index[text].tolist()), strict=True):
        found[i] = value[:longest]
    named = np.flatnonzero((op == opcodes.CONST_CLASS) & (index < len(types)))
    for i, kind in zip(named.tolist(), index[named].tolist(), strict=True):
        found[i] = types[kind][:longest]
    return found
