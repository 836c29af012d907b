"""X.509 certificates (RFC 5280, section 4.1), read as strictly as DER demands.

Names, times and the hash of the signature are text, as reports show them. One of these that cannot be read
says so (:data:`UNREADABLE`), and the rest stands.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

import msgspec

from rogue_scan.apk import der
from rogue_scan.errors import Malformed, SourceError

UNREADABLE = "(unreadable)"
MAX_SIZE = 64 << 10
"""Bytes of a certificate; those that sign packages have about 1000."""

_VERSION, _ISSUER_ID, _SUBJECT_ID, _EXTENSIONS = 0xA0, 0x81, 0x82, 0xA3
_V3 = b"\x02\x01\x02"
_FIELDS = (der.INTEGER, *[der.SEQUENCE] * 5)
"""Serial, algorithm, issuer, validity, subject, key."""
_T = TypeVar("_T")


class X509(msgspec.Struct, frozen=True):
    """Fields of a certificate."""

    serial: int
    issuer: str
    """As in RFC 4514."""
    subject: str
    not_before: str
    """In UTC, as in RFC 3339."""
    not_after: str
    key: bytes
    """SubjectPublicKeyInfo."""
    hash: str
    """Of the signature; empty where the algorithm has none to choose (Ed25519)."""


def read(raw: bytes) -> X509:
    """Fields of a certificate.

    :raises Malformed: not DER, not a certificate, or larger than ``MAX_SIZE``.
    :raises Truncated: it ends inside a value.
    """
    if len(raw) > MAX_SIZE:
        raise Malformed(f"certificate of {len(raw)} bytes")
    (whole,) = der.exactly(raw, der.SEQUENCE)
    tbs, algorithm, signature = der.exactly(whole, der.SEQUENCE, der.SEQUENCE, der.BIT_STRING)
    der.bits(signature)
    fields = list(der.values(tbs, strict=True))
    if fields and fields[0][0] == _VERSION and fields.pop(0)[1] != _V3:
        raise Malformed("unknown version")
    if tuple(tag for tag, _, _ in fields[:6]) != _FIELDS:
        raise Malformed("other fields than a certificate has")
    serial, inner, issuer, validity, subject, _ = (content for _, content, _ in fields[:6])
    _check_optional(fields[6:])
    times = list(der.values(validity, strict=True))
    if len(times) != 2:
        raise Malformed("no time of begin and end")
    return X509(
        der.integer(serial), _told(_name, issuer), _told(_name, subject), _told(_time, times[0]),
        _told(_time, times[1]), fields[5][2], _hash(algorithm, inner),
    )  # fmt: skip


def _told(read_text: Callable[[_T], str], value: _T) -> str:
    try:
        return read_text(value)
    except SourceError:
        return UNREADABLE


def _check_optional(fields: list[tuple[int, bytes, bytes]]) -> None:
    """Check the form of what may follow the key; none of it is told."""
    tags = [tag for tag, _, _ in fields]
    if tags != sorted({_ISSUER_ID, _SUBJECT_ID, _EXTENSIONS}.intersection(tags)):
        raise Malformed("other fields than a certificate has")
    for tag, content, _ in fields:
        if tag != _EXTENSIONS:
            der.bits(content)
            continue
        (extensions,) = der.exactly(content, der.SEQUENCE)
        for extension in _all(der.SEQUENCE, extensions):
            parts = list(der.values(extension, strict=True))
            if len(parts) == 3 and parts[1][:2] == (der.BOOLEAN, b"\xff"):
                del parts[1]  # critical
            if [tag for tag, _, _ in parts] != [der.OID, der.OCTET_STRING]:
                raise Malformed("an extension of another form")
            der.object_identifier(parts[0][1])


def _all(tag: int, data: bytes) -> Iterator[bytes]:
    """Contents of values that all have one tag."""
    for found, content, _ in der.values(data, strict=True):
        if found != tag:
            raise Malformed("a value of another kind")
        yield content


_SHORT_NAMES = {
    bytes.fromhex(oid): name for oid, name in (
        ("550403", "CN"), ("550406", "C"), ("550407", "L"), ("550408", "ST"), ("550409", "STREET"),
        ("55040a", "O"), ("55040b", "OU"), ("0992268993f22c640101", "UID"), ("0992268993f22c640119", "DC"),
    )
}  # fmt: skip
_PRINTABLE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?"
_PRINTABLE_STRING, _UNIVERSAL_STRING, _BMP_STRING = 19, 28, 30
_CHARSETS = dict.fromkeys((4, 12, 18, 19, 20, 22, 23, 24, 26), "utf-8") | {
    _UNIVERSAL_STRING: "utf-32-be", _BMP_STRING: "utf-16-be",
}  # fmt: skip
"""Kinds of strings, with how their bytes are read whatever they may be by their standard."""
_ESCAPES = {ord(char): f"\\{char}" for char in '\\"+,;<>'} | {0: "\\00"}


def _name(body: bytes) -> str:
    """A distinguished name, its last part first."""
    return ",".join(reversed(["+".join(_attributes(part)) for part in _all(der.SET, body)]))


def _attributes(part: bytes) -> list[str]:
    attributes = list(der.values(part, strict=True))
    wholes = [whole for _, _, whole in attributes]
    if not wholes or wholes != sorted(wholes):
        raise Malformed("a set that is empty or not in order")
    texts = [_attribute(content) for content in _all(der.SEQUENCE, part)]
    if len(set(texts)) < len(texts):
        raise Malformed("an attribute is there twice")
    return texts


def _attribute(body: bytes) -> str:
    pair = list(der.values(body, strict=True))
    if len(pair) != 2 or pair[0][0] != der.OID:
        raise Malformed("an attribute of another form")
    (_, oid, _), (tag, value, _) = pair
    charset = _CHARSETS.get(tag)
    if charset is None or (tag == _PRINTABLE_STRING and value.translate(None, _PRINTABLE)):
        raise Malformed("a value that is no string")
    try:
        text = value.decode(charset).translate(_ESCAPES)
    except UnicodeDecodeError:
        raise Malformed("a string with bytes that are no characters") from None
    if text.endswith(" "):
        text = f"{text[:-1]}\\ "
    if text.startswith(("#", " ")):
        text = f"\\{text}"
    return f"{_SHORT_NAMES.get(oid) or der.object_identifier(oid)}={text}"


def _time(value: tuple[int, bytes, bytes]) -> str:
    tag, content, _ = value
    if tag == 0x17 and len(content) == 13:  # UTCTime, of 1950 to 2049
        content = (b"19" if content[:2] >= b"50" else b"20") + content
    elif tag != 0x18:
        raise Malformed("no time")
    if len(content) != 15 or not content[:14].isdigit() or content[14:] != b"Z":
        raise Malformed("a time of another form")
    month, day, hour, minute, second = (int(content[at : at + 2]) for at in range(4, 14, 2))
    try:
        time = datetime(int(content[:4]), month, day, hour, minute, second)
    except ValueError:
        raise Malformed("no such time") from None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


_NULL = b"\x05\x00"
_HASHES = {
    bytes.fromhex(f"06{len(oid) // 2:02x}{oid}"): name for oid, name in (
        ("2a864886f70d010104", "md5"), ("2a864886f70d010105", "sha1"), ("2b0e03021d", "sha1"),
        ("2a864886f70d01010e", "sha224"), ("2a864886f70d01010b", "sha256"), ("2a864886f70d01010c", "sha384"),
        ("2a864886f70d01010d", "sha512"), ("60864801650304030d", "sha3-224"),
        ("60864801650304030e", "sha3-256"), ("60864801650304030f", "sha3-384"),
        ("608648016503040310", "sha3-512"),
        ("2a8648ce3d0401", "sha1"), ("2a8648ce3d040301", "sha224"), ("2a8648ce3d040302", "sha256"),
        ("2a8648ce3d040303", "sha384"), ("2a8648ce3d040304", "sha512"), ("608648016503040309", "sha3-224"),
        ("60864801650304030a", "sha3-256"), ("60864801650304030b", "sha3-384"),
        ("60864801650304030c", "sha3-512"),
        ("2a8648ce380403", "sha1"), ("608648016503040301", "sha224"), ("608648016503040302", "sha256"),
        ("2b6570", ""), ("2b6571", ""), ("608648016503040311", ""), ("608648016503040312", ""),
        ("608648016503040313", ""),
    )
} | {
    bytes.fromhex(
        f"06092a864886f70d01010a3034a00f300d06096086480165030402{number:02x}0500a11c301a06092a864886f70d010108"
        f"300d06096086480165030402{number:02x}0500a2030201{size:02x}"
    ): name
    for number, name, size in ((1, "sha256", 32), (2, "sha384", 48), (3, "sha512", 64))
}  # fmt: skip
"""Content of AlgorithmIdentifier without NULL: RSA, ECDSA, DSA, then Ed25519, Ed448 and ML-DSA, and at last
RSASSA-PSS with the parameters that are in use (one hash for all, salt as long as it)."""


def _hash(algorithm: bytes, inner: bytes) -> str:
    """Of the algorithm outside the signed part, where that inside is a known one too."""
    # NULL may stand where no parameters belong: Java 11 writes it so for ECDSA
    outside, inside = (_HASHES.get(value.removesuffix(_NULL), UNREADABLE) for value in (algorithm, inner))
    return UNREADABLE if inside == UNREADABLE else outside
