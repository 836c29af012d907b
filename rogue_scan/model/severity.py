"""How bad a finding is if true, and the verdict that a score amounts to."""

import enum


class _Ranked(enum.Enum):
    """An enumeration whose members are ordered as they are written."""

    @property
    def rank(self) -> int:
        """Position in the order, 0 for the least."""
        return list(type(self)).index(self)

    def __ge__(self, other: "_Ranked") -> bool:
        return self.rank >= other.rank

    def __gt__(self, other: "_Ranked") -> bool:
        return self.rank > other.rank

    def __le__(self, other: "_Ranked") -> bool:
        return self.rank <= other.rank

    def __lt__(self, other: "_Ranked") -> bool:
        return self.rank < other.rank


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
