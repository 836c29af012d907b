"""Signature files of scheme v1: CMS SignedData (RFC 5652, section 5), its first signer."""

import msgspec

from rogue_scan.apk import der
from rogue_scan.errors import Malformed

MAX_CERTIFICATES = 40


class Signer(msgspec.Struct):
    """One signer of a CMS message."""

    certificate: bytes
    """DER of the certificate that the signer names."""
    others: list[bytes]
    """All certificates in the message."""
    hash: str
    """Name for ``hashlib``."""
    attributes: bytes | None
    """Signed attributes as they are signed; None: the content itself is signed."""
    message_digest: bytes
    """Digest of the content by the signed attributes."""
    signature: bytes


_HASH_OIDS = {
    bytes.fromhex("2b0e03021a"): "sha1", bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384", bytes.fromhex("608648016503040203"): "sha512",
    bytes.fromhex("608648016503040204"): "sha224", bytes.fromhex("2a864886f70d0205"): "md5",
}  # fmt: skip
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")


def first_signer(raw: bytes) -> Signer:
    """The first signer of a CMS SignedData, with its certificate.

    :raises Malformed: broken structure, unknown hash, no certificate or no signer.
    :raises Truncated: it ends inside a value.
    """
    try:
        return _first_signer(raw)
    except IndexError:
        raise Malformed("a value is missing") from None


def _first_signer(raw: bytes) -> Signer:
    content = [part for _, part, _ in der.values(der.inside(raw))]
    signed = list(der.values(der.inside(content[1])))
    certificates: list[bytes] = []
    for tag, body, _ in signed:
        if tag == 0xA0:
            certificates = [whole for _, _, whole in der.values(body)][:MAX_CERTIFICATES]
    infos = next(der.values(signed[-1][1]), None) if signed else None
    if infos is None or signed[-1][0] != 0x31:
        raise Malformed("no signer")
    parts = list(der.values(infos[1]))
    issuer_serial = parts[1][1]
    digest_oid = der.inside(parts[2][1])
    attributes = None
    message_digest = b""
    at = 3
    if parts[at][0] == 0xA0:
        attributes = b"\x31" + parts[at][2][1:]  # signed as a SET OF (RFC 5652, 5.4)
        for _, attribute, _ in der.values(parts[at][1]):
            pair = list(der.values(attribute))
            if pair[0][1] == _MESSAGE_DIGEST:
                message_digest = der.inside(pair[1][1])
        at += 1
    signature = parts[at + 1][1]
    name = _HASH_OIDS.get(digest_oid)
    if name is None:
        raise Malformed(f"unknown hash {digest_oid.hex()}")
    if not certificates:
        raise Malformed("no certificate")
    # issuer and serial stand in the certificate as the same bytes
    chosen = next(
        (c for c in certificates if issuer_serial and _has_serial(c, issuer_serial)), certificates[0]
    )
    return Signer(chosen, certificates, name, attributes, message_digest, signature)


def _has_serial(certificate: bytes, issuer_serial: bytes) -> bool:
    serial = [whole for _, _, whole in der.values(issuer_serial)][-1]
    body = list(der.values(der.inside(der.inside(certificate))))
    return any(whole == serial for tag, _, whole in body[:2] if tag == 2)
