"""Every error the project raises on purpose.

::

    RogueScanError
    ├── UsageError            wrong options, policy or configuration      → exit status 2
    │   └── RuleError         a signature file is wrong (file, field)
    └── SourceError           one source could not be analysed            → exit status 3
        ├── Unsupported       not a format that is read
        ├── Malformed         the format is broken
        ├── Truncated         the data ends too early
        ├── Unreadable        missing, no permission, I/O error
        └── LimitExceeded     a cap on size, time, memory or nesting was hit

Decoders raise only :class:`Malformed` and :class:`Truncated`; ``kind`` of a :class:`SourceError`
is what the report shows in ``errors[].kind``.
"""


class RogueScanError(Exception):
    """Base of all errors with a message meant for the user."""


class UsageError(RogueScanError):
    """What the user asked for cannot be done as asked."""


class RuleError(UsageError):
    """A signature file is wrong; the message names the file and the field."""

    def __init__(self, file: str, field: str, problem: str) -> None:
        self.file, self.field, self.problem = file, field, problem
        super().__init__(f"{file}: {field}: {problem}" if field else f"{file}: {problem}")


class SourceError(RogueScanError):
    """One source could not be analysed, wholly or from some point on."""

    kind = "error"


class Unsupported(SourceError):
    """The content is of no format that is read."""

    kind = "unsupported"


class Malformed(SourceError):
    """The content breaks the rules of its format."""

    kind = "malformed"


class Truncated(SourceError):
    """The content ends before its format says it may."""

    kind = "truncated"


class Unreadable(SourceError):
    """The source cannot be opened or read."""

    kind = "unreadable"


class LimitExceeded(SourceError):
    """A cap on size, time, memory, count or nesting was hit."""

    kind = "limit"
