"""Constant arguments of calls in methods that were not interpreted, found by looking back from each call.

A register is followed back over the instructions that run right before the call, through moves, to the
instruction that set it. What is found is passed on at least one way to the call; what lies behind a jump,
or too far off, is not known. All calls are looked at side by side.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import I64, Dex, distinct

MAX_BACK = 24
"""Instructions looked at before a call."""
_AT_ONCE = 8
"""Of these, as many as most calls need."""
MAX_REGISTERS = 8
"""Registers of one call that are followed."""

Files = Sequence[tuple[Dex, I64]]
"""Instruction rows, by DEX file."""

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
_MOVES[[0x01, 0x02, 0x04, 0x05, 0x07, 0x08]] = True
"""Those that name their source in the first two code units."""
_ENDS = np.zeros(256, bool)
_ENDS[[*range(0x0E, 0x12), *range(0x27, 0x2D)]] = True
"""Returns, throws, jumps and switches: what stands behind them does not run right after them."""
_BITS, _SHIFT = np.zeros((2, 256), np.int64)
"""Of a constant: how wide it stands in the instruction, and how far to the left it belongs."""
_BITS[0x12:0x1D] = 4, 16, 32, 16, 16, 32, 64, 16, 16, 32, 16
_SHIFT[[0x15, 0x19]] = 16, 48
_RANGE = np.zeros(256, bool)
_RANGE[[*range(0x74, 0x79), 0xFB]] = True


def constants(files: Files, longest: int) -> dict[int, dict[int, Any]]:
    """Constant arguments of those calls that have any, by the register that each begins in.

    The calls are counted through all files; the first register after the receiver is 0. Values are numbers
    as they stand in the code (of a float its bits), texts (their first ``longest`` characters), and
    descriptors of classes.
    """
    found: dict[int, dict[int, Any]] = {}
    if not files:
        return found
    call, place, back = _setters(files)
    first = 0
    for dex, rows in files:
        mine = slice(*call.searchsorted([first, first + len(rows)]).tolist())
        values = _values(dex, rows[call[mine] - first] - back[mine], longest)
        for one, at, value in zip(call[mine].tolist(), place[mine].tolist(), values, strict=True):
            found.setdefault(one, {})[at] = value
        first += len(rows)
    return found


def _read(files: Files, count: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    """The opcodes of instructions, and so many code units of each, one column for each instruction."""
    more = np.arange(count, dtype=np.uint32)[:, None]
    units = [dex.units.take(dex.ins_unit[rows] + more, mode="clip") for dex, rows in files]
    return np.concatenate([dex.ins_op[rows] for dex, rows in files]), np.concatenate(units, axis=1)


def _setters(files: Files) -> I64:
    """The constants that calls pass, by call: a row of calls, of places, of instructions to go back."""
    call, place, register = _registers(*_read(files, 3))
    starts = np.cumsum([0, *(len(rows) for _, rows in files)])
    found = [np.zeros((3, 0), np.int64)]
    for done in range(0, MAX_BACK, _AT_ONCE):
        calls = distinct(call)
        cuts = itertools.pairwise(calls.searchsorted(starts).tolist())
        left = [
            (dex, rows[calls[first:end] - start])
            for (dex, rows), start, (first, end) in zip(files, starts.tolist(), cuts, strict=False)
        ]
        op, target, source, ended = _before(left, np.arange(done + 1, done + _AT_ONCE + 1))
        row = calls.searchsorted(call)
        passed = np.zeros(len(call), np.int64)
        unmet = []
        while len(call):
            hit = (target[row] == register[:, None]) & (np.arange(_AT_ONCE) >= passed[:, None])
            at = hit.argmax(axis=1)
            there = hit[np.arange(len(call)), at]
            open_ = ~there & ~ended[row]
            unmet.append((call[open_], place[open_], register[open_]))
            call, place, row, at = call[there], place[there], row[there], at[there]
            setter = op[row, at]
            found.append(np.stack([call, place, at + done + 1])[:, _BITS[setter] > 0])
            moved = _MOVES[setter].nonzero()[0]
            call, place, row, at = call[moved], place[moved], row[moved], at[moved]
            register, passed = source[row, at], at + 1
        if not unmet:
            break
        call, place, register = (np.concatenate(parts) for parts in zip(*unmet, strict=True))
    setters = np.concatenate(found, axis=1)
    return setters[:, setters[0].argsort(kind="stable")]


def _before(
    files: Files, back: I64
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """The instructions so far back from each call, one row for each.

    Opcodes; the register that each sets, -1 for none and where none runs right before the call; the register
    that it moves there; and of each call, whether none further back runs right before it.
    """
    room = [rows - dex.code_first[dex.code_row_of(rows)] for dex, rows in files]
    flat, units = _read(
        [
            (dex, (rows[:, None] - np.minimum(back, most[:, None])).ravel())
            for (dex, rows), most in zip(files, room, strict=True)
        ],
        2,
    )
    op, (word, second) = flat.reshape(-1, len(back)), units.astype(np.int32).reshape(2, -1, len(back))
    how = _SETS[op]
    target = np.where(how == _HIGH, word >> 8, np.where(how == _NIBBLE, word >> 8 & 15, second))
    ended = np.logical_or.accumulate((back > np.concatenate(room)[:, None]) | _ENDS[op], axis=1)
    target[ended | (how == 0)] = -1
    return op, target, np.where(how == _HIGH, second, word >> 12), ended[:, -1]


def _registers(op: npt.NDArray[np.uint8], words: npt.NDArray[np.uint16]) -> tuple[I64, I64, npt.NDArray[Any]]:
    """The registers that calls pass: position of the call, place among its arguments, register."""
    word, _, third = words
    ranged = _RANGE[op]
    places = np.arange(MAX_REGISTERS)
    count = np.where(ranged, word >> 8, np.minimum(word >> 12, 5))
    # No receiver is a constant.
    first = np.where(opcodes.IS_STATIC_CALL[op], 0, 1)
    call, place = np.nonzero((places < count[:, None]) & (places >= first[:, None]))
    listed = np.where(place == 4, word[call] >> 8, third[call] >> 4 * np.minimum(place, 3)) & 15
    register = np.where(ranged[call], third[call] + place, listed)
    return call, place - first[call], register


def _values(dex: Dex, rows: I64, longest: int) -> list[Any]:
    """What constant instructions set."""
    op, units = _read([(dex, rows)], 5)
    words = units.astype(np.int64)
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
