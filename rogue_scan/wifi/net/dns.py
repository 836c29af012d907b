"""Domain names asked and answered: DNS over UDP and TCP, multicast DNS (RFC 1035, 6762)."""

import struct

import msgspec

from rogue_scan.errors import Malformed, Truncated

A, CNAME, PTR, TXT, AAAA, SRV, HTTPS = 1, 5, 12, 16, 28, 33, 65
_MAX_QUESTIONS = 16
_MAX_RECORDS = 256
_MAX_NAME = 255
_MAX_JUMPS = 64


class Question(msgspec.Struct, frozen=True, gc=False):
    """One name asked for."""

    name: str
    """Lower case, without the final dot."""
    type: int


class Record(msgspec.Struct, frozen=True, gc=False):
    """One resource record."""

    name: str
    type: int
    ttl: int
    address: bytes = b""
    """Of A and AAAA records."""
    target: str = ""
    """Of CNAME, PTR and SRV records."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One DNS message."""

    identification: int
    response: bool
    authoritative: bool
    recursion: bool
    """Whether the server offers recursion."""
    code: int
    """0 for success, 3 for "no such name", 5 for "refused"."""
    questions: tuple[Question, ...]
    answers: tuple[Record, ...]
    additional: tuple[Record, ...] = ()

    def addresses(self) -> tuple[bytes, ...]:
        """All addresses in the answer section, in order, each once."""
        return tuple(dict.fromkeys(r.address for r in self.answers if r.address))


def decode(raw: bytes) -> Message:
    """The DNS message ``raw``.

    A message cut off inside its records keeps what came before the cut: a truncated answer is normal
    DNS. Raises :class:`Truncated` or :class:`Malformed` if the header or a question is broken.
    """
    if len(raw) < 12:
        raise Truncated("DNS header is cut off")
    identification, flags, asked, answered, authorities, extra = struct.unpack_from("!6H", raw)
    if flags >> 11 & 15 not in (0, 2, 4, 5):
        raise Malformed("unknown DNS operation")
    at = 12
    questions = []
    if asked > _MAX_QUESTIONS and flags & 0x8000:
        raise Malformed("too many DNS questions")
    for _ in range(min(asked, _MAX_QUESTIONS)):
        name, at = _name(raw, at)
        if len(raw) < at + 4:
            raise Truncated("DNS question is cut off")
        questions.append(Question(name, struct.unpack_from("!H", raw, at)[0]))
        at += 4
    sections: list[list[Record]] = [[], [], []]
    left = _MAX_RECORDS
    known: dict[int, str] = {}
    try:
        for section, count in zip(sections, (answered, authorities, extra), strict=True):
            for _ in range(min(count, left)):
                record, at = _record(raw, at, known)
                section.append(record)
                left -= 1
    except Truncated:
        pass
    return Message(
        identification, bool(flags & 0x8000), bool(flags & 0x0400), bool(flags & 0x0080), flags & 15,
        tuple(questions), tuple(sections[0]), tuple(sections[2]),
    )  # fmt: skip


def _name(raw: bytes, at: int) -> tuple[str, int]:
    """A name, following compression pointers (which may only lead backwards), and where it ends."""
    labels: list[str] = []
    end = None
    length = jumps = 0
    while True:
        if at >= len(raw):
            raise Truncated("DNS name is cut off")
        size = raw[at]
        if size & 0xC0 == 0xC0:
            if at + 1 >= len(raw):
                raise Truncated("DNS pointer is cut off")
            end = end if end is not None else at + 2
            target = (size & 0x3F) << 8 | raw[at + 1]
            jumps += 1
            if target >= at or jumps > _MAX_JUMPS:
                raise Malformed("DNS pointer leads in circles")
            at = target
            continue
        if size & 0xC0:
            raise Malformed("unknown kind of DNS label")
        at += 1
        if not size:
            break
        label = raw[at : at + size]
        if len(label) < size:
            raise Truncated("DNS name is cut off")
        length += size + 1
        if length > _MAX_NAME:
            raise Malformed("DNS name is too long")
        labels.append(label.decode("utf-8", "replace").lower())
        at += size
    return ".".join(labels), end if end is not None else at


def _record(raw: bytes, at: int, known: dict[int, str]) -> tuple[Record, int]:
    """The record at ``at`` and where it ends; ``known`` keeps names that owners point to."""
    pointer = raw[at] << 8 | raw[at + 1] if len(raw) > at + 1 and raw[at] & 0xC0 == 0xC0 else None
    if pointer in known:
        name, at = known[pointer], at + 2
    else:
        name, at = _name(raw, at)
        if pointer is not None:
            known[pointer] = name
    if len(raw) < at + 10:
        raise Truncated("DNS record is cut off")
    kind, _, ttl, size = struct.unpack_from("!HHIH", raw, at)
    at += 10
    value = raw[at : at + size]
    if len(value) < size:
        raise Truncated("DNS record is cut off")
    end = at + size
    if (kind == A and size == 4) or (kind == AAAA and size == 16):
        return Record(name, kind, ttl, address=value), end
    if kind in (CNAME, PTR):
        return Record(name, kind, ttl, target=_name(raw, at)[0]), end
    if kind == SRV and size > 6:
        return Record(name, kind, ttl, target=_name(raw, at + 6)[0]), end
    return Record(name, kind, ttl), end
