"""What the parts of the fold share: grouping, keyed hashing, capped tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.observe import Batch
from rogue_scan.wifi.world import Ref, Span, World

K = TypeVar("K")


class _Seen(Protocol):
    seen: Span


V = TypeVar("V", bound=_Seen)

# Drawn anew in each process: a sender who knew them could make two contents look the same.
_RANDOM = np.random.default_rng()
_ODD = _RANDOM.integers(1 << 62, (1 << 63) - 1, size=512, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SALT = _RANDOM.integers(0, (1 << 63) - 1, size=512, dtype=np.uint64)
_FINISH = np.uint64(0x9E37_79B9_7F4A_7C15)


def mix(*columns: NDArray[Any]) -> NDArray[np.uint64]:
    """One 64-bit key for each row of several columns of whole numbers."""
    key = np.zeros(len(columns[0]), np.uint64)
    for number, column in enumerate(columns):
        part = (column.astype(np.uint64) ^ _SALT[number]) * _ODD[number]
        key = (key ^ (key >> np.uint64(29))) * _FINISH + (part ^ (part >> np.uint64(32)))
    return key


def content_hash(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A 64-bit hash for each row of a matrix of words (at most 512 columns); changes ``words``."""
    width = words.shape[1]
    words ^= _SALT[:width]
    words *= _ODD[:width]
    words ^= words >> np.uint64(31)
    words *= _FINISH
    total: NDArray[np.uint64] = words.sum(axis=1, dtype=np.uint64)
    return total


@dataclass(slots=True, frozen=True)
class Groups:
    """Rows sorted by a key, each group in the order received."""

    order: NDArray[np.int64]
    """Positions in the original columns."""
    starts: NDArray[np.int64]
    """Of the groups, within ``order``."""

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def first(self) -> NDArray[np.int64]:
        """Position of each group's first row."""
        found: NDArray[np.int64] = self.order[self.starts]
        return found

    @property
    def last(self) -> NDArray[np.int64]:
        """Position of each group's last row."""
        found: NDArray[np.int64] = self.order[np.append(self.starts[1:], len(self.order)) - 1]
        return found

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each group."""
        return np.diff(np.append(self.starts, len(self.order)))

    @property
    def number(self) -> NDArray[np.int64]:
        """Group of each row of ``order``."""
        return np.repeat(np.arange(len(self.starts)), self.counts)

    def rows(self) -> Iterator[NDArray[np.int64]]:
        """The rows of each group."""
        ends = np.append(self.starts[1:], len(self.order))
        for start, end in zip(self.starts.tolist(), ends.tolist(), strict=True):
            yield self.order[start:end]

    def total(self, column: NDArray[Any]) -> list[int]:
        """Sum of a column over each group."""
        found: list[int] = np.add.reduceat(column[self.order].astype(np.int64), self.starts).tolist()
        return found

    def lowest(self, column: NDArray[Any]) -> list[int]:
        """Minimum of a column over each group."""
        found: list[int] = np.minimum.reduceat(column[self.order], self.starts).tolist()
        return found

    def highest(self, column: NDArray[Any]) -> list[int]:
        """Maximum of a column over each group."""
        found: list[int] = np.maximum.reduceat(column[self.order], self.starts).tolist()
        return found


def group(key: NDArray[Any]) -> Groups:
    """Group rows by a key. Groups come by their first row, so that work follows the order received."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    edge = np.empty(len(key), np.bool_)
    edge[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=edge[1:])
    starts = np.flatnonzero(edge)
    rank = np.argsort(order[starts], kind="stable")
    if np.array_equal(rank, np.arange(len(rank))):
        return Groups(order, starts)
    counts = np.diff(np.append(starts, len(order)))
    parts = [order[s : s + c] for s, c in zip(starts[rank].tolist(), counts[rank].tolist(), strict=True)]
    moved = counts[rank]
    return Groups(np.concatenate(parts), np.concatenate(([0], np.cumsum(moved)[:-1])).astype(np.int64))


def cells(groups: Groups, column: NDArray[Any]) -> Iterator[tuple[int, int, int]]:
    """(group, value, rows) for each distinct value of a column within each group, values ascending.

    Values beyond ±2^31 count as that: seconds of damaged records can be.
    """
    value = np.clip(column[groups.order].astype(np.int64), -(1 << 31), (1 << 31) - 1)
    key = (groups.number << 32) + (value + (1 << 31))
    values, counts = np.unique(key, return_counts=True)
    numbers = (values >> 32).tolist()
    inner = ((values & 0xFFFF_FFFF) - (1 << 31)).tolist()
    yield from zip(numbers, inner, counts.tolist(), strict=True)


def bump(counts: dict[int, int], key: int, by: int) -> None:
    """Add to a histogram."""
    counts[key] = counts.get(key, 0) + by


@dataclass(slots=True)
class Allowance:
    """How many new entries a table may get before the next place where tables are trimmed."""

    world: World
    table: str
    limit: int
    used: int = 0

    def take(self) -> bool:
        """Whether one more may be added; counts the refusal."""
        if self.used >= self.limit:
            self.world.evicted[self.table] = self.world.evicted.get(self.table, 0) + 1
            return False
        self.used += 1
        return True


def trim(world: World, table: str, entries: dict[K, V], cap: int) -> list[K]:
    """Give up the least-seen entries of a table that is over its cap; returns their keys.

    A flood of made-up addresses (seen once each) must never push out a real one.
    """
    if len(entries) <= cap:
        return []
    order = sorted(entries, key=lambda k: (entries[k].seen.count, entries[k].seen.last.frame))
    gone = order[: len(entries) - cap * 3 // 4]
    for key in gone:
        del entries[key]
    world.evicted[table] = world.evicted.get(table, 0) + len(gone)
    return gone


class Refs:
    """Makes :class:`Ref` values of a batch's rows.

    Frames of a batch are consecutive, so a row's number is that of the first row plus its place.
    """

    __slots__ = ("_base", "_times")

    def __init__(self, batch: Batch) -> None:
        self._base = int(batch.frame[0])
        self._times: list[float] = batch.time.tolist()

    def at(self, row: int) -> Ref:
        """The reference of one row."""
        return Ref(self._base + row, self._times[row])

    def extend(self, span: Span, count: int, first: int, last: int) -> None:
        """Add the sightings of some rows, from ``first`` to ``last``, to a span."""
        if not span.count:
            span.first = Ref(self._base + first, self._times[first])
            span.last = Ref(self._base + last, self._times[last])
        elif self._base + last > span.last.frame:
            span.last = Ref(self._base + last, self._times[last])
        span.count += count
