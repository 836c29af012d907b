"""What a TLS handshake says in the clear: server name, protocols, certificates (RFC 8446, 5246, 6066, 7301).

The certificate chain is visible up to version 1.2; in 1.3 it is encrypted.
"""

import struct

import msgspec

from rogue_scan.errors import Malformed, Truncated

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
_HANDSHAKE = 22
_SNI, _ALPN, _VERSIONS, _ECH = 0, 16, 43, 0xFE0D
_MAX_HELD = 128 * 1024
_MAX_CHAIN = 10
_MAX_NAMES = 64
_VERSION_NAMES = {
    0x0300: "SSL 3.0",
    0x0301: "TLS 1.0",
    0x0302: "TLS 1.1",
    0x0303: "TLS 1.2",
    0x0304: "TLS 1.3",
}


class ClientHello(msgspec.Struct, frozen=True, gc=False):
    """What the client asks for."""

    server_name: str = ""
    protocols: tuple[str, ...] = ()
    """Application protocols (ALPN)."""
    versions: tuple[str, ...] = ()
    encrypted: bool = False
    """Whether the true server name is encrypted (ECH) and ``server_name`` only the front's."""


class ServerHello(msgspec.Struct, frozen=True, gc=False):
    """What the server chose."""

    version: str = ""
    protocol: str = ""


class Certificate(msgspec.Struct, frozen=True, gc=False):
    """One certificate of a chain."""

    sha256: str
    names: tuple[str, ...] = ()
    """DNS names and addresses it is for; the common name if there are none."""
    subject: str = ""
    issuer: str = ""
    self_signed: bool = False
    not_before: float = 0.0
    """Seconds since 1970."""
    not_after: float = 0.0


class Chain(msgspec.Struct, frozen=True, gc=False):
    """The server's certificates, its own first, as DER."""

    certificates: tuple[bytes, ...]


class Reader:
    """One direction of a handshake: octets in order go in, messages come out."""

    def __init__(self) -> None:
        self._records = b""
        self._messages = b""
        self.done = False
        """Whether nothing more can be read in the clear."""

    @property
    def kept(self) -> int:
        """Octets held in memory."""
        return len(self._records) + len(self._messages)

    def feed(self, data: bytes) -> list[ClientHello | ServerHello | Chain]:
        """Reads on; raises :class:`Malformed` or :class:`Truncated` for broken messages."""
        found: list[ClientHello | ServerHello | Chain] = []
        if self.done:
            return found
        self._records += data
        if self.kept > _MAX_HELD:
            self.done = True
            raise Malformed("TLS handshake is too long")
        while len(self._records) >= 5 and not self.done:
            kind, version, size = struct.unpack_from("!BHH", self._records)
            if version >> 8 != 3 or size > 17_000:
                self.done = True
                raise Malformed("no TLS record")
            if kind != _HANDSHAKE:
                self.done = True  # change of cipher, alert or data: encrypted from here on
                break
            if len(self._records) < 5 + size:
                break
            body, self._records = self._records[5 : 5 + size], self._records[5 + size :]
            self._messages += body
            found += self._handshakes()
        return found

    def _handshakes(self) -> list[ClientHello | ServerHello | Chain]:
        found: list[ClientHello | ServerHello | Chain] = []
        while len(self._messages) >= 4:
            size = int.from_bytes(self._messages[1:4], "big")
            if size > _MAX_HELD:
                self.done = True
                raise Malformed("TLS handshake message is too long")
            if len(self._messages) < 4 + size:
                break
            kind, body = self._messages[0], self._messages[4 : 4 + size]
            self._messages = self._messages[4 + size :]
            if kind == CLIENT_HELLO:
                found.append(client_hello(body))
                self.done = True
            elif kind == SERVER_HELLO:
                found.append(server_hello(body))
            elif kind == CERTIFICATE:
                found.append(chain(body))
                self.done = True
        return found


def client_hello(body: bytes) -> ClientHello:
    """The ClientHello message ``body``."""
    at = _skip(body, 34, 1)
    at = _skip(body, at, 2)
    at = _skip(body, at, 1)
    version = struct.unpack_from("!H", body)[0]
    extensions = _extensions(body, at)
    versions = extensions.get(_VERSIONS, b"\0")
    offered = [versions[i] << 8 | versions[i + 1] for i in range(1, len(versions) - 1, 2)] or [version]
    return ClientHello(
        _server_name(extensions.get(_SNI, b"")),
        _protocols(extensions.get(_ALPN, b"")),
        tuple(_VERSION_NAMES[v] for v in offered if v in _VERSION_NAMES),
        _ECH in extensions,
    )


def server_hello(body: bytes) -> ServerHello:
    """The ServerHello message ``body``."""
    at = _skip(body, 34, 1) + 3
    if at > len(body):
        raise Truncated("TLS ServerHello is cut off")
    extensions = _extensions(body, at)
    chosen = extensions.get(_VERSIONS, b"")
    version = struct.unpack("!H", chosen)[0] if len(chosen) == 2 else struct.unpack_from("!H", body)[0]
    protocols = _protocols(extensions.get(_ALPN, b""))
    return ServerHello(_VERSION_NAMES.get(version, ""), protocols[0] if protocols else "")


def chain(body: bytes) -> Chain:
    """The Certificate message ``body`` of version 1.2 or earlier."""
    if len(body) < 3:
        raise Truncated("TLS certificate list is cut off")
    found: list[bytes] = []
    at = 3
    while at + 3 <= len(body) and len(found) < _MAX_CHAIN:
        size = int.from_bytes(body[at : at + 3], "big")
        if at + 3 + size > len(body):
            raise Truncated("TLS certificate is cut off")
        found.append(body[at + 3 : at + 3 + size])
        at += 3 + size
    return Chain(tuple(found))


def certificate(der: bytes) -> Certificate:
    """The names and dates of a certificate; raises :class:`Malformed`."""
    import hashlib
    import warnings

    from cryptography import x509
    from cryptography.x509.oid import ExtensionOID, NameOID

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated encodings are the sender's, not ours
            parsed = x509.load_der_x509_certificate(der)
            subject, issuer = parsed.subject, parsed.issuer
            names: list[str] = []
            try:
                extension = parsed.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
                names.extend(str(name.value) for name in extension.value)  # type: ignore[attr-defined]
            except x509.ExtensionNotFound:
                names = [str(a.value) for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
            return Certificate(
                hashlib.sha256(der).hexdigest(),
                tuple(n.lower() for n in names[:_MAX_NAMES]),
                subject.rfc4514_string()[:512],
                issuer.rfc4514_string()[:512],
                subject == issuer,
                parsed.not_valid_before_utc.timestamp(),
                parsed.not_valid_after_utc.timestamp(),
            )
    except (ValueError, TypeError, OverflowError, x509.UnsupportedGeneralNameType) as error:
        raise Malformed(f"certificate cannot be read: {error}") from error


def _skip(body: bytes, at: int, width: int) -> int:
    """Behind a vector whose length has ``width`` octets."""
    if at + width > len(body):
        raise Truncated("TLS message is cut off")
    end = at + width + int.from_bytes(body[at : at + width], "big")
    if end > len(body):
        raise Truncated("TLS message is cut off")
    return end


def _extensions(body: bytes, at: int) -> dict[int, bytes]:
    if len(body) < at + 2:
        return {}
    found: dict[int, bytes] = {}
    at += 2
    while at + 4 <= len(body) and len(found) < 128:
        kind, size = struct.unpack_from("!HH", body, at)
        if at + 4 + size > len(body):
            raise Truncated("TLS extension is cut off")
        found.setdefault(kind, body[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def _server_name(value: bytes) -> str:
    if len(value) < 5 or value[2] != 0:
        return ""
    size = value[3] << 8 | value[4]
    return value[5 : 5 + size].decode("ascii", "replace").lower()


def _protocols(value: bytes) -> tuple[str, ...]:
    found: list[str] = []
    at = 2
    while at < len(value) and len(found) < 16:
        size = value[at]
        found.append(value[at + 1 : at + 1 + size].decode("ascii", "replace"))
        at += 1 + size
    return tuple(found)
