"""HTTP/1.x read from both directions of a conversation (RFC 9110, 9112).

The readers take pieces and gaps as :mod:`rogue_scan.wifi.net.tcp` gives them and give whole messages
back. Octets lost inside a body are counted and stand as zeros; lost inside a head, the message is
given up and reading starts again at the next head.
"""

import re
import zlib
from collections.abc import Callable

import msgspec

from rogue_scan.wifi.net.tcp import Gap, Piece

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024
MAX_REQUEST = 1024 * 1024
"""Octets kept of what a client sends."""
MAX_TEXT = 4 * 1024 * 1024
"""Octets of a page that are decoded and read."""
_MAX_CODINGS = 4
_MAX_LINE = 4096
_MAX_HEADERS = 256
_MAX_HOLES = 4096
_HEAD_ONLY = 4096
"""Octets kept of a body that nobody looks at."""
_FREE_CHUNKS = 4096
_TINY_CHUNK = 16
"""After so many chunks of a body, they have to be longer than this on average: nobody sends films letter by
letter, and each chunk costs some work."""
_MEDIA_ENOUGH = 1 << 20
"""Octets of such a body after which the conversation is let go: films are most of the traffic."""

_REQUEST = re.compile(rb"([A-Z]{3,16}) (\S{1,16384}) HTTP/(1\.[01])\r?\n")
_RESPONSE = re.compile(rb"HTTP/(1\.[01]) (\d{3})[^\r\n]{0,1024}\r?\n")
_METHODS = (
    b"GET",
    b"POST",
    b"HEAD",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"PATCH",
    b"CONNECT",
    b"TRACE",
    b"PROPFIND",
)
_WORDS = (b"HTTP/1.0 ", b"HTTP/1.1 ", *(method + b" " for method in _METHODS))
_STARTS = re.compile(rb"(?:HTTP/1\.[01] |(?:" + b"|".join(_METHODS) + rb") )")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_PLAIN_MEDIA = ("image/", "video/", "audio/", "font/")


class Head(msgspec.Struct, frozen=True, gc=False):
    """Start line and header fields of a message."""

    method: str = ""
    target: str = ""
    """Request target as sent."""
    status: int = 0
    """0 for a request."""
    version: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    """Names in lower case."""

    def get(self, name: str) -> str:
        """The first value of a field; empty if it is not there."""
        for key, value in self.fields:
            if key == name:
                return value
        return ""

    @property
    def content_type(self) -> str:
        """Media type without parameters, lower case."""
        return self.get("content-type").split(";")[0].strip().lower()


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message with its body as far as it was heard."""

    head: Head | None
    """None for a message that was lost in a gap but must have been there."""
    body: bytes = b""
    """Transfer coding removed, content coding not."""
    size: int = 0
    """Octets of the body, lost ones and those that were not kept included."""
    missing: int = 0
    holes: tuple[tuple[int, int], ...] = ()
    """(begin, end) of the lost octets in ``body``."""
    complete: bool = False
    frame: int = 0
    time: float = 0.0
    last_frame: int = 0
    last_time: float = 0.0


class Body:
    """A body being collected. Media that nobody reads is counted, not kept."""

    __slots__ = ("chunks", "data", "holes", "keep", "missing", "size")

    def __init__(self, head: Head) -> None:
        self.data = bytearray()
        self.size = 0
        self.missing = 0
        self.chunks = 0
        self.holes: list[tuple[int, int]] = []
        self.keep = MAX_REQUEST if head.method else MAX_BODY
        if head.content_type.startswith(_PLAIN_MEDIA):
            self.keep = _HEAD_ONLY

    @property
    def tedious(self) -> bool:
        """Whether there is a lot of it that nobody will look at, or only crumbs."""
        if self.chunks > _FREE_CHUNKS and self.size < self.chunks * _TINY_CHUNK:
            return True
        return self.keep <= _HEAD_ONLY and self.size > _MEDIA_ENOUGH

    def add(self, data: bytes) -> None:
        """The next octets."""
        room = self.keep - len(self.data)
        if room > 0 and self.size == len(self.data):
            self.data += data[:room]
        self.size += len(data)

    def skip(self, length: int) -> None:
        """Octets that were lost."""
        self.missing += length
        self.holes.append((self.size, self.size + length))
        if len(self.holes) > _MAX_HOLES:
            self.keep = 0
        room = min(self.keep - len(self.data), length)
        if room > 0 and self.size == len(self.data) and length <= MAX_BODY:
            self.data += bytes(room)
        self.size += length


class Reader:
    """One direction of an HTTP conversation.

    ``method_of(n)`` tells the request method of the n-th exchange where it is known: the answer to HEAD
    has no body, whatever its head says.
    """

    def __init__(self, method_of: Callable[[int], str] = lambda _: "") -> None:
        self._method_of = method_of
        # States are plain functions: bound ones would tie each reader to itself, for the collector to untie.
        self._state: Callable[[Reader, Piece], list[Message]] = Reader._heading
        self._searched = 0
        """Octets of an unfinished head in which its end was looked for."""
        self._rest = b""
        """Octets not yet used, all from the last piece or of an unfinished line or head."""
        self._head: Head | None = None
        self._body: Body | None = None
        self._left = 0
        self._frame = self._last_frame = 0
        self._time = self._last_time = 0.0
        self._count = 0
        self.dead = False
        """Whether this is no HTTP, or no longer (upgrade, tunnel, endless head)."""

    @property
    def kept(self) -> int:
        """Octets held in memory."""
        return len(self._rest) + (len(self._body.data) if self._body else 0)

    def feed(self, event: Piece | Gap) -> list[Message]:
        """Reads on; gives the messages that ended."""
        if self.dead:
            return []
        if isinstance(event, Gap):
            return self._gap(event)
        found: list[Message] = []
        data = self._rest + event.data
        if not self._rest:
            self._note(event)
        self._rest = b""
        self._last_frame, self._last_time = event.frame, event.time
        while data and not self.dead:
            ready = self._state(self, Piece(data, event.frame, event.time))
            if self._rest == data and not ready:
                break  # needs more
            data, self._rest = self._rest, b""
            if ready:
                found += ready
                self._frame, self._time = event.frame, event.time
        self._rest = b"" if self.dead else data
        return found

    def finish(self, closed: bool) -> list[Message]:
        """Nothing more will come: what was begun is given as it is.

        ``closed`` says whether the sender ended the conversation: that is how a body without a length ends.
        """
        if self._body is None or self.dead:
            return []
        return self._end(complete=closed and self._state is Reader._until_close and not self._body.missing)

    def _note(self, event: Piece) -> None:
        if self._head is None:
            self._frame, self._time = event.frame, event.time

    # States. Each takes what is there, leaves the unused octets in self._rest.

    def _heading(self, piece: Piece) -> list[Message]:
        data = piece.data.lstrip(b"\r\n")
        if not data:
            return []
        end = _HEAD_END.search(data, self._searched)
        self._searched = 0
        if end is None:
            if len(data) > MAX_HEAD or (len(data) >= 20 and not _STARTS.match(data)):
                self.dead = True
            self._searched = max(0, len(data) - len(b"\r\n\r\n") + 1)
            self._rest = data
            return []
        head = parse_head(data[: end.end()])
        if head is None or end.end() > MAX_HEAD:
            self.dead = True
            return []
        self._rest = data[end.end() :]
        self._head = head
        return self._begin_body(head)

    def _begin_body(self, head: Head) -> list[Message]:
        method = head.method or self._method_of(self._count)
        self._body = Body(head)
        length = head.get("content-length").split(",")[0].strip()
        if head.status and (head.status in (204, 304) or head.status < 200 or method == "HEAD"):
            upgraded = head.status == 101
            if 100 <= head.status < 200 and not upgraded:
                self._head = self._body = None  # an interim answer: the real one follows
                return []
            ended = self._end(complete=True)
            self.dead = upgraded
            return ended
        if "chunked" in head.get("transfer-encoding").lower():
            self._state = Reader._chunk_size
            return []
        if length.isdecimal() and len(length) < 16:
            self._left = int(length)
            if not self._left:
                return self._end(complete=True)
            self._state = Reader._counted
            return []
        if head.status == 200 and method == "CONNECT":
            ended = self._end(complete=True)
            self.dead = True
            return ended
        if not head.status:
            return self._end(complete=True)
        self._state = Reader._until_close
        return []

    def _counted(self, piece: Piece) -> list[Message]:
        assert self._body is not None
        taken = piece.data[: self._left]
        self._body.add(taken)
        self._left -= len(taken)
        self._rest = piece.data[len(taken) :]
        if not self._left:
            return self._end(complete=not self._body.missing)
        return self._broken() if self._body.tedious else []

    def _until_close(self, piece: Piece) -> list[Message]:
        assert self._body is not None
        self._body.add(piece.data)
        return self._broken() if self._body.tedious else []

    def _chunk_size(self, piece: Piece) -> list[Message]:
        line, found, rest = piece.data.partition(b"\n")
        if not found:
            self._rest = piece.data
            if len(line) > _MAX_LINE:
                return self._broken()
            return []
        digits = line.split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,12}", digits):
            return self._broken()
        self._left = int(digits, 16)
        self._rest = rest
        if self._body:
            self._body.chunks += 1
            if self._body.tedious:
                return self._broken()
        self._state = Reader._chunk_data if self._left else Reader._trailer
        return []

    def _chunk_data(self, piece: Piece) -> list[Message]:
        assert self._body is not None
        taken = piece.data[: self._left]
        self._body.add(taken)
        self._left -= len(taken)
        self._rest = piece.data[len(taken) :]
        if not self._left:
            self._state = Reader._chunk_end
        return []

    def _chunk_end(self, piece: Piece) -> list[Message]:
        _, found, rest = piece.data.partition(b"\n")
        if not found:
            self._rest = piece.data
            return self._broken() if len(piece.data) > 2 else []
        self._rest = rest
        self._state = Reader._chunk_size
        return []

    def _trailer(self, piece: Piece) -> list[Message]:
        line, found, rest = piece.data.partition(b"\n")
        if not found:
            self._rest = piece.data
            return self._broken() if len(line) > _MAX_LINE else []
        self._rest = rest
        if line.strip():
            return []
        assert self._body is not None
        return self._end(complete=not self._body.missing)

    def _resync(self, piece: Piece) -> list[Message]:
        if _STARTS.match(piece.data):
            self._state = Reader._heading
            self._frame, self._time = piece.frame, piece.time
            return self._heading(piece)
        return []

    # Ends.

    def _gap(self, gap: Gap) -> list[Message]:
        if self._body is None or self._head is None:
            lost = self._state is Reader._heading
            self._rest = b""
            self._searched = 0
            self._state = Reader._resync
            if lost:
                self._count += 1
                return [Message(None, time=gap.time, last_time=gap.time)]
            return []
        if self._state is Reader._until_close:
            self._body.skip(gap.length)
            return []
        if self._state in (Reader._counted, Reader._chunk_data) and gap.length <= self._left:
            self._body.skip(gap.length)
            self._left -= gap.length
            if not self._left:
                if self._state is Reader._counted:
                    return self._end(complete=False)
                self._state = Reader._chunk_end
            return []
        if self._state is Reader._counted:
            self._body.skip(self._left)
        self._rest = b""
        ended = self._end(complete=False)
        self._state = Reader._resync
        return ended

    def _broken(self) -> list[Message]:
        ended = self._end(complete=False)
        self.dead = True
        return ended

    def _end(self, complete: bool) -> list[Message]:
        assert self._head is not None
        assert self._body is not None
        message = Message(
            self._head, bytes(self._body.data), self._body.size, self._body.missing,
            tuple(self._body.holes), complete,
            self._frame, self._time, self._last_frame, self._last_time,
        )  # fmt: skip
        self._head = self._body = None
        self._state = Reader._heading
        self._count += 1
        return [message]


def starts(data: bytes) -> bool:
    """Whether octets look like the beginning of an HTTP/1.x message."""
    return _STARTS.match(data) is not None


def may_start(data: bytes) -> bool:
    """Whether a few octets can still become the beginning of a message."""
    return any(word.startswith(data) for word in _WORDS)


def parse_head(raw: bytes) -> Head | None:
    """The head in ``raw`` (up to and with the empty line); None if it is no HTTP/1.x."""
    request = _REQUEST.match(raw)
    response = None if request else _RESPONSE.match(raw)
    found = request or response
    if found is None:
        return None
    fields: list[tuple[str, str]] = []
    for line in raw[found.end() :].split(b"\n"):
        text = line.rstrip(b"\r").decode("latin-1")
        if text[:1] in (" ", "\t") and fields:  # obsolete folding
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {text.strip()}")
            continue
        name, colon, value = text.partition(":")
        if colon and len(fields) < _MAX_HEADERS:
            fields.append((name.strip().lower(), value.strip()))
    if request:
        return Head(
            method=request[1].decode(), target=request[2].decode("latin-1"), version=request[3].decode(),
            fields=tuple(fields),
        )  # fmt: skip
    assert response is not None
    return Head(status=int(response[2]), version=response[1].decode(), fields=tuple(fields))


def content(message: Message, limit: int = MAX_TEXT) -> tuple[bytes, bool]:
    """The body with its content coding removed, at most ``limit`` octets; and whether that is all of it.

    A body cut off or damaged gives what could be decoded.
    """
    if message.head is None:
        return b"", False
    data = message.body
    whole = message.complete and len(data) == message.size
    codings = message.head.get("content-encoding").lower().split(",", _MAX_CODINGS)
    if len(codings) > _MAX_CODINGS:
        return b"", False
    for coding in reversed(codings):
        name = coding.strip()
        if name in ("", "identity"):
            continue
        decode = _CODINGS.get(name)
        if decode is None:
            return b"", False
        data, ended = decode(data, limit)
        whole = whole and ended
    return data[:limit], whole and len(data) <= limit


def _inflate(data: bytes, limit: int) -> tuple[bytes, bool]:
    for bits in (47, -15):  # zlib or gzip by its header; else raw, as some servers send "deflate"
        engine = zlib.decompressobj(bits)
        try:
            found = engine.decompress(data, limit + 1)
        except zlib.error:
            continue
        return found, engine.eof
    return b"", False


def _brotli(data: bytes, limit: int) -> tuple[bytes, bool]:
    import brotli

    engine = brotli.Decompressor()
    found = bytearray()
    try:
        piece = engine.process(data, output_buffer_limit=limit + 1)
        while piece and len(found) <= limit:
            found += piece
            piece = b"" if engine.is_finished() else engine.process(b"", output_buffer_limit=limit + 1)
    except brotli.error:
        return bytes(found[: limit + 1]), False
    return bytes(found[: limit + 1]), engine.is_finished()


def _zstd(data: bytes, limit: int) -> tuple[bytes, bool]:
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 23).stream_reader(data) as reader:
            found = reader.read(limit + 1)
            return found, len(found) <= limit and not reader.read(1)
    except zstandard.ZstdError:
        return b"", False


_CODINGS: dict[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate,
    "br": _brotli,
    "zstd": _zstd,
}
