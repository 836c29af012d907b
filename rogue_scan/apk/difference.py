"""What a strict reader would see otherwise than Android does, as a value."""

import msgspec

MAX_TEXT = 300
"""Characters of a foreign string that facts keep: enough to recognise it, too few to flood a report."""


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place where a package departs from its format, or where readers would disagree.

    Differences are facts, not judgements: signatures decide which of them count as evidence and
    how much. ``refused`` says that Android itself would not install or load the thing, so a package
    with it is damaged or aimed at a scanner rather than at a phone.
    """

    kind: str
    """Machine name, ``part:what``, for example ``zip:unknown-method``."""
    offset: int = -1
    """Byte offset in the part (the package for ``zip:`` and ``sig:``, else the decoded entry); -1: nowhere
    in particular."""
    entry: str = ""
    """Entry of the package it concerns."""
    value: str = ""
    """What was found there, shortened."""
    count: int = 1
    """How many alike were seen; only the first is described."""
    refused: bool = False
    """Android would refuse the package, or this part of it, because of it."""


class Differences:
    """Collects differences, counting those alike instead of keeping thousands.

    Two are alike when kind and entry are the same, or, past ``distinct`` entries, when the kind is.
    """

    def __init__(self, distinct: int = 8) -> None:
        self._seen: dict[tuple[str, str], Difference] = {}
        self._kinds: dict[str, int] = {}
        self._distinct = distinct

    def add(
        self, kind: str, offset: int = -1, entry: str = "", value: object = "", *, refused: bool = False
    ) -> None:
        """Note one difference."""
        entry = short(entry)
        key = (kind, entry)
        if key not in self._seen and self._kinds.get(kind, 0) >= self._distinct:
            key = next(k for k in self._seen if k[0] == kind)
        old = self._seen.get(key)
        if old is None:
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            self._seen[key] = Difference(kind, offset, entry, short(str(value)), 1, refused)
        else:
            self._seen[key] = msgspec.structs.replace(
                old, count=old.count + 1, refused=old.refused or refused
            )

    def extend(self, others: "tuple[Difference, ...]") -> None:
        """Take over differences that another reader noted."""
        for item in others:
            self._seen.setdefault((item.kind, item.entry), item)

    def __contains__(self, kind: str) -> bool:
        return any(k[0] == kind for k in self._seen)

    def __bool__(self) -> bool:
        return bool(self._seen)

    def done(self) -> tuple[Difference, ...]:
        """All differences in a fixed order: by kind, then offset, then entry."""
        return tuple(sorted(self._seen.values(), key=lambda d: (d.kind, d.offset, d.entry)))


def short(text: str, most: int = MAX_TEXT) -> str:
    """Cut a foreign string to what a report can bear; lone surrogates become escapes."""
    if len(text) > most:
        text = f"{text[: most - 1]}…"
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
