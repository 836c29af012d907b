"""How bad a finding is if true, and the verdict that a score amounts to."""

import enum
import functools


class _Ranked(enum.Enum):
    """An enumeration whose members are ordered as they are written."""

    @property
    def rank(self) -> int:
        """Position in the order, 0 for the least."""
        return _ranks(type(self))[self]

    def __ge__(self, other: "_Ranked") -> bool:
        return self.rank >= other.rank

    def __gt__(self, other: "_Ranked") -> bool:
        return self.rank > other.rank

    def __le__(self, other: "_Ranked") -> bool:
        return self.rank <= other.rank

    def __lt__(self, other: "_Ranked") -> bool:
        return self.rank < other.rank


@functools.cache
def _ranks(kind: type[_Ranked]) -> dict[_Ranked, int]:
    return {member: position for position, member in enumerate(kind)}


class Severity(_Ranked):
    """How bad a finding is if it is true; confidence says apart how likely that is."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Verdict(_Ranked):
    """What a risk score amounts to."""

    CLEAN = "clean"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
