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
_RANGE = np.zeros(256, bool)
_RANGE[[*range(0x74, 0x79), 0xFB]] = True


def constants(dex: Dex, rows: I64) -> list[dict[int, Any]]:
    """For each call, its constant registers by their place in the instruction.

    Values are numbers as they stand in the code (of a float its bits), texts, and descriptors of classes.
    """
    found: list[dict[int, Any]] = [{} for _ in range(len(rows))]
    if not len(rows):
        return found
    units = dex.units
    registers = _registers(dex, rows)
    first = dex.code_first[dex.code_row_of(rows)]
    calls = np.arange(len(rows))
    at = rows.astype(np.int64)
    for _ in range(MAX_BACK):
        at = at - 1
        open_ = (at >= first) & (registers != _NONE).any(axis=1)
        open_[open_] &= ~_ENDS[dex.ins_op[at[open_]]]
        if not open_.any():
            break
        calls, at, first, registers = calls[open_], at[open_], first[open_], registers[open_]
        op = dex.ins_op[at]
        unit = dex.ins_unit[at].astype(np.int64)
        word = units[unit].astype(np.int64)
        second = units.take(unit + 1, mode="clip").astype(np.int64)
        how = _SETS[op]
        target = np.where(how == _HIGH, word >> 8, np.where(how == _NIBBLE, word >> 8 & 15, second))
        hit = (registers == target[:, None]) & (how > 0)[:, None]
        if not hit.any():
            continue
        source = np.where(how == _HIGH, second, np.where(how == _NIBBLE, word >> 12, _NONE))
        moved = hit & _MOVES[op][:, None]
        registers = np.where(moved, source[:, None], np.where(hit, _NONE, registers))
        for call, place in zip(*(part.tolist() for part in np.nonzero(hit & ~moved)), strict=True):
            value = _value(dex, int(op[call]), int(unit[call]))
            if value is not None:
                found[int(calls[call])][place] = value
    return found


def _registers(dex: Dex, rows: I64) -> I64:
    """The registers that calls pass, one row for each call, -1 where there are fewer."""
    unit = dex.ins_unit[rows].astype(np.int64)
    word = dex.units[unit].astype(np.int64)
    third = dex.units.take(unit + 2, mode="clip").astype(np.int64)
    places = np.arange(MAX_REGISTERS)
    listed = np.stack(
        [third & 15, third >> 4 & 15, third >> 8 & 15, third >> 12, word >> 8 & 15]
        + [np.full(len(rows), _NONE)] * (MAX_REGISTERS - 5),
        axis=1,
    )
    ranged = _RANGE[dex.ins_op[rows]]
    count = np.where(ranged, word >> 8, np.minimum(word >> 12, 5))
    registers = np.where(ranged[:, None], third[:, None] + places, listed)
    found: npt.NDArray[np.int64] = np.where(places < count[:, None], registers, _NONE)
    # No receiver is a constant.
    found[~opcodes.IS_STATIC_CALL[dex.ins_op[rows]], 0] = _NONE
    return found


def _value(dex: Dex, op: int, unit: int) -> Any:
    """What a constant instruction sets; None for any other."""
    if not 0x12 <= op <= 0x1C:
        return None
    units = dex.units[unit : unit + 5].tolist()
    units += [0] * (5 - len(units))
    if op == 0x12:
        return _signed(units[0] >> 12, 4)
    if op in (0x13, 0x16):
        return _signed(units[1], 16)
    if op == 0x15:
        return _signed(units[1] << 16, 32)
    if op == 0x19:
        return _signed(units[1] << 48, 64)
    if op == 0x18:
        return _signed(units[1] | units[2] << 16 | units[3] << 32 | units[4] << 48, 64)
    long = units[1] | units[2] << 16
    if op in (0x14, 0x17):
        return _signed(long, 32)
    if op == 0x1C:
        return dex.type(units[1])
    return dex.string(long if op == 0x1B else units[1])


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
