"""Sources and clocks that tests drive by hand."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest


class Clock:
    """Time that goes on by a step whenever it is asked for."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 1000.0
        self.step = step

    def monotonic(self) -> float:
        self.now += self.step
        return self.now

    def time_ns(self) -> int:
        return int((1_700_000_000 + self.now) * 1e9)


class Batches:
    """A source that hands on what it is given."""

    def __init__(self, batches: Iterable[bytes]) -> None:
        self._batches = batches
        self.notes: list[str] = []
        self.errors: list[Any] = []
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    def stream(self) -> Iterator[bytes]:
        for batch in self._batches:
            if self.stopped:
                return
            yield batch


class NoGps:
    """No receiver."""

    fix = None

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def clock() -> Callable[[float], Clock]:
    """Makes a clock with a step in seconds."""
    return Clock


@pytest.fixture
def batches() -> Callable[[Iterable[bytes]], Batches]:
    """Makes a source of batches."""
    return Batches


@pytest.fixture
def no_gps() -> NoGps:
    """A position that is never known."""
    return NoGps()
