"""Evidence: one checkable statement, with the place where a reviewer can check it."""

import msgspec


class Where(msgspec.Struct, frozen=True, omit_defaults=True):
    """The place of a piece of evidence; only the fields that apply are set.

    A capture has ``frame`` and ``time``, an app has ``file`` and ``offset``, code has ``dex``,
    ``method`` and ``offset``.
    """

    frame: int | None = None
    """Number of the frame in its capture, from 1 as Wireshark counts."""
    time: float | None = None
    """Seconds since the capture's first frame."""
    file: str | None = None
    """Name of the entry inside a package, or of the file itself."""
    dex: str | None = None
    """Name of the DEX file, ``classes.dex`` for the first."""
    method: str | None = None
    """``Lpackage/Class;->name(arguments)return``."""
    offset: int | None = None
    """Offset in bytes: in the DEX file for code, else in ``file``."""


class Evidence(msgspec.Struct, frozen=True):
    """One statement for or against a finding."""

    says: str
    supports: bool = msgspec.field(name="for", default=True)
    """False for counter-evidence."""
    where: Where = Where()
    value: str | None = None
    """The raw fact, short; never a personal value."""
    weight: float = 0.0
    """Log-likelihood that this statement adds (or takes) from the finding's confidence."""
