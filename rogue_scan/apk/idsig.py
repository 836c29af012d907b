"""Signature scheme v4: a file beside the package (``.idsig``) for installing while it is still coming in.

Source: source.android.com/docs/security/features/apksigning/v4, AOSP ``tools/apksig`` (``V4Signature``,
layout of what is signed).
"""

import hashlib
import struct

import msgspec

from rogue_scan.apk.certificate import public_key_of, signature_holds
from rogue_scan.apk.signing import ALGORITHMS, Scheme
from rogue_scan.errors import Malformed, SourceError, Truncated
from rogue_scan.model.scan import Scan

ENDING = ".idsig"
VERSION = 2
BLOCK = 4096
MAX_SIZE = 256 << 20


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self, form: str = "I") -> int:
        size = struct.calcsize("<" + form)
        if self.at + size > len(self.data):
            raise Truncated("a number is cut")
        value: int = struct.unpack_from("<" + form, self.data, self.at)[0]
        self.at += size
        return value

    def bytes(self) -> bytes:
        size = self.number()
        if size > len(self.data) - self.at:
            raise Truncated(f"{size} bytes told, {len(self.data) - self.at} there")
        self.at += size
        return self.data[self.at - size : self.at]


def check(raw: bytes, package: bytes) -> Scheme:
    """The scheme as it stands in the file, with what does not hold about the package it lies beside."""
    try:
        return _check(raw, package)
    except SourceError as error:
        return Scheme("v4", False, problems=(f"broken structure: {error}",))


def with_scheme(scan: Scan, raw: bytes, package: bytes) -> Scan:
    """The scan of a package with the scheme of the file that lies beside it."""
    app = scan.subject.apk
    if app is None:
        return scan
    scheme = check(raw, package)
    signing = msgspec.structs.replace(
        app.signing,
        schemes=(*app.signing.schemes, scheme.name),
        problems=(*app.signing.problems, *(f"{scheme.name}: {problem}" for problem in scheme.problems)),
    )
    return msgspec.structs.replace(
        scan, subject=msgspec.structs.replace(scan.subject, apk=msgspec.structs.replace(app, signing=signing))
    )


def _check(raw: bytes, package: bytes) -> Scheme:
    reader = _Reader(raw)
    version = reader.number()
    if version != VERSION:
        raise Malformed(f"version {version}")
    hashing, signing = _Reader(reader.bytes()), _Reader(reader.bytes())
    algorithm, power = hashing.number(), hashing.number("B")
    salt, root = hashing.bytes(), hashing.bytes()
    digest, certificate, more, key = signing.bytes(), signing.bytes(), signing.bytes(), signing.bytes()
    kind, signature = signing.number(), signing.bytes()
    body = struct.pack("<QIB", len(package), algorithm, power) + b"".join(
        struct.pack("<I", len(part)) + part for part in (salt, root, digest, certificate, more)
    )
    problems: list[str] = []
    known = ALGORITHMS.get(kind)
    result: bool | None = None
    if known is not None:
        signed = struct.pack("<I", len(body) + 4) + body
        result = signature_holds(key, known[0], known[1], signature, signed)
    if result is False:
        problems.append("the signature does not fit the signed data")
    elif result is None:
        problems.append("the signature could not be checked")
    if public_key_of(certificate) != key:
        problems.append("the public key is not that of the certificate")
        result = False
    if (algorithm, power) != (1, 12) or salt:
        problems.append("the content could not be checked: another kind of tree")
        result = result and None
    elif _root(package) != root:
        problems.append("the content does not fit its digest: changed after signing")
        result = False
    return Scheme("v4", result, (hashlib.sha256(certificate).hexdigest(),), problems=tuple(problems))


def _root(data: bytes) -> bytes:
    """Root of the Merkle tree over blocks of 4 KiB, the last ones filled with zeros."""
    state = hashlib.sha256
    while True:
        blocks = (data[at : at + BLOCK].ljust(BLOCK, b"\0") for at in range(0, len(data), BLOCK))
        level = [state(block).digest() for block in blocks]
        if len(level) <= 1:
            return level[0] if level else state(bytes(BLOCK)).digest()
        data = b"".join(level)
