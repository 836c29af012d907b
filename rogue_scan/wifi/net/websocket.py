"""What a client says through a WebSocket without encryption: its text messages (RFC 6455, 7692)."""

import zlib

from rogue_scan.errors import Malformed

MAX_MESSAGE = 64 * 1024
"""Octets of a message that are kept; what is longer is no form."""
_MAX_MESSAGES = 4096
"""After that many nobody looks any more."""
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PONG = 0, 1, 2, 8, 10
_CONTROL = 8
_FLUSHED = b"\0\0\xff\xff"
"""What a packed message ends with, left out on the wire."""


class Reader:
    """The client's side behind the upgrade: octets in order go in, text messages come out."""

    def __init__(self) -> None:
        self._rest = b""
        self._skip = 0
        """Octets of a long frame that are still to be passed over."""
        self._message = b""
        self._text = self._packed = self._long = False
        self._engine = zlib.decompressobj(-15)
        self._count = 0
        self.done = False

    @property
    def kept(self) -> int:
        """Octets held in memory."""
        return len(self._rest) + len(self._message)

    def gap(self) -> None:
        """Octets are missing: where the next frame begins cannot be told."""
        self.done = True
        self._rest = self._message = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Reads on; raises :class:`Malformed` for what is no WebSocket."""
        found: list[bytes] = []
        self._rest += data
        while self._rest and not self.done:
            if self._skip:
                passed = min(self._skip, len(self._rest))
                self._skip -= passed
                self._rest = self._rest[passed:]
                continue
            frame = self._frame()
            if frame is None:
                break
            message = self._take(*frame)
            if message is not None:
                found.append(message)
        if self.done:
            self._rest = self._message = b""
        return found

    def _frame(self) -> tuple[int, bytes] | None:
        """First octet and payload of the next frame; None where it is not whole yet."""
        raw = self._rest
        if len(raw) < 2:
            return None
        first, second = raw[0], raw[1]
        kind = first & 15
        if first & 0x30 or not second & 0x80 or _BINARY < kind < _CLOSE or kind > _PONG:
            self.done = True  # clients must mask, and nobody has found a use for these bits and kinds
            raise Malformed("no WebSocket frame of a client")
        size, at = second & 0x7F, 2
        if size > 125:
            at += 2 if size == 126 else 8
            size = int.from_bytes(raw[2:at], "big")
        if len(raw) < at + 4:
            return None
        if size > MAX_MESSAGE:
            self._rest, self._skip, self._long = raw[at + 4 :], size, True
            return first, b""
        end = at + 4 + size
        if len(raw) < end:
            return None
        self._rest = raw[end:]
        mask = raw[at : at + 4] * (size // 4 + 1)
        masked = int.from_bytes(raw[at + 4 : end], "big") ^ int.from_bytes(mask[:size], "big")
        return first, masked.to_bytes(size, "big")

    def _take(self, first: int, payload: bytes) -> bytes | None:
        kind = first & 15
        if kind >= _CONTROL:
            self.done = self.done or kind == _CLOSE
            return None
        if kind != _CONTINUED:
            self._message, self._text, self._packed = b"", kind == _TEXT, bool(first & 0x40)
        self._long = self._long or len(self._message) + len(payload) > MAX_MESSAGE
        if not self._long:
            self._message += payload
        if not first & 0x80:
            return None
        self._count += 1
        message, text, whole = self._message, self._text, not self._long
        self._message, self._long = b"", False
        self.done = self._count >= _MAX_MESSAGES or (self._packed and not whole)
        if self._packed and whole:
            message = self._unpacked(message)
        return message if text and whole else None

    def _unpacked(self, message: bytes) -> bytes:
        """A packed message; one goes on from the last, so after one that is too long nothing can be read."""
        try:
            found = self._engine.decompress(message + _FLUSHED, MAX_MESSAGE + 1)
        except zlib.error:
            self.done = True
            return b""
        self.done = self.done or len(found) > MAX_MESSAGE or bool(self._engine.unconsumed_tail)
        return b"" if len(found) > MAX_MESSAGE else found
