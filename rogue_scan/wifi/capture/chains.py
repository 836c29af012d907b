"""Records of a capture found without walking from one to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WORTH_BYTES = 65_536
"""Bytes from which it pays to look for all records at once."""


class Chains:
    """Places that look like records of known length, linked where one ends exactly at the next.

    A reader finds the places for a whole buffer at once. A walk that comes to one of them can go along all
    its links in one step. Only places that a walk from the first record reaches are ever used, so what looks
    like a record inside a frame does no harm.
    """

    def __init__(self, places: NDArray[np.int64], after: NDArray[np.int64]) -> None:
        self._places, self._after = places, after
        self._ends = np.flatnonzero(after[:-1] != places[1:])
        """Places whose record does not end at the next place."""

    def run(self, at: int) -> tuple[NDArray[np.int64], int] | None:
        """(records that follow each other from ``at`` on, offset behind the last); None if none is there."""
        index = int(np.searchsorted(self._places, at))
        if index >= len(self._places) or self._places[index] != at:
            return None
        end = int(np.searchsorted(self._ends, index))
        stop = int(self._ends[end]) if end < len(self._ends) else len(self._places) - 1
        return self._places[index : stop + 1], int(self._after[stop])
