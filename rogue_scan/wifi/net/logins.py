"""Accounts exposed by mail and file protocols without encryption: FTP, SMTP, POP3, IMAP.

Only that a login was sent, by which protocol and how long name and secret are, is kept; neither is.
RFC 959, 4954, 1939, 9051.
"""

import base64
import binascii
import re

import msgspec

PORTS = {21: "ftp", 25: "smtp", 587: "smtp", 2525: "smtp", 110: "pop3", 143: "imap"}
_MAX_LINE = 2048
_MAX_LINES = 64
"""A login comes early: after that many lines nobody looks any more."""
_IMAP_LOGIN = re.compile(rb'\S+ LOGIN (?:"([^"]*)"|(\S+)) (?:"([^"]*)"|(\S+))\s*$', re.IGNORECASE)


class Login(msgspec.Struct, frozen=True, gc=False):
    """One login sent in the clear."""

    protocol: str
    name_length: int
    """Characters of the account name."""
    secret_length: int
    """Characters of the password; 0 where only the name was sent."""


class Reader:
    """The client's side of a conversation, line by line."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._rest = b""
        self._lines = 0
        self._name = 0
        self._expect = ""
        """What the next bare line is: ``name`` or ``secret`` of SMTP's AUTH LOGIN, ``both`` of PLAIN."""
        self.done = False

    @property
    def kept(self) -> int:
        """Octets held in memory."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Login]:
        """Reads on; gives the logins that were sent."""
        found: list[Login] = []
        if self.done:
            return found
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines += 1
            login = self._line(line.rstrip(b"\r"))
            if login:
                found.append(login)
        if self._lines > _MAX_LINES or len(self._rest) > _MAX_LINE:
            self.done = True
            self._rest = b""
        return found

    def gap(self) -> None:
        """Octets are missing: the line they were in is not judged."""
        self._rest = b""
        self._expect = ""

    def _line(self, line: bytes) -> Login | None:
        verb, _, argument = line.partition(b" ")
        command = verb.upper()
        if self._protocol in ("ftp", "pop3"):
            if command == b"USER":
                self._name = len(argument)
            elif command == b"PASS" and not _anonymous(argument, self._name):
                return Login(self._protocol, self._name, len(argument))
            return None
        if self._protocol == "imap":
            found = _IMAP_LOGIN.match(line)
            if found:
                return Login("imap", len(found[1] or found[2] or b""), len(found[3] or found[4] or b""))
            if b" AUTHENTICATE PLAIN" in line.upper():
                self._expect = "both"
                return self._both(line.split(b" ")[3]) if line.count(b" ") >= 3 else None
        return self._smtp(line, command, argument)

    def _smtp(self, line: bytes, command: bytes, argument: bytes) -> Login | None:
        if command == b"AUTH":
            words = argument.split()
            mechanism = words[0].upper() if words else b""
            if mechanism == b"PLAIN":
                self._expect = "both"
                return self._both(words[1]) if len(words) > 1 else None
            if mechanism == b"LOGIN":
                self._expect = "name"
                if len(words) > 1:
                    self._name, self._expect = len(_decoded(words[1])), "secret"
            return None
        if self._expect == "both":
            return self._both(line)
        if self._expect == "name":
            self._name, self._expect = len(_decoded(line)), "secret"
            return None
        if self._expect == "secret":
            self._expect = ""
            return Login(self._protocol, self._name, len(_decoded(line)))
        return None

    def _both(self, word: bytes) -> Login | None:
        self._expect = ""
        parts = _decoded(word).split(b"\0")
        return Login(self._protocol, len(parts[1]), len(parts[2])) if len(parts) == 3 else None


def basic(authorization: str) -> Login | None:
    """The login in an HTTP ``Authorization`` header with the Basic scheme (RFC 7617)."""
    scheme, _, word = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    name, colon, secret = _decoded(word.encode("latin-1", "replace")).partition(b":")
    return Login("http", len(name), len(secret)) if colon else None


def _decoded(word: bytes) -> bytes:
    try:
        return base64.b64decode(word.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _anonymous(secret: bytes, name_length: int) -> bool:
    """FTP's public account: by convention the "password" is a mail address or empty."""
    return not secret or (name_length == len(b"anonymous") and (b"@" in secret or secret == b"anonymous"))
