"""RSA public keys and whether signatures by them hold (RFC 8017): the public operation only, on numbers."""

import hashlib
from typing import NamedTuple

from rogue_scan.apk import der
from rogue_scan.errors import Malformed

MAX_MODULUS, MAX_EXPONENT = 16384, 33
"""Bits; what Android checks signatures with (BoringSSL) takes no larger ones: by such a key, none holds."""

_RSA, _PSS = bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06092a864886f70d01010a")
_ALGORITHMS = _RSA, _RSA + b"\x05\x00", _PSS
"""Content of AlgorithmIdentifier: rsaEncryption, and id-RSASSA-PSS without bounds on what it may sign."""
_DIGEST_INFO = {
    "md5": bytes.fromhex("3020300c06082a864886f70d020505000410"),
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha224": bytes.fromhex("302d300d06096086480165030402040500041c"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
"""DER of DigestInfo in front of the digest (section 9.2, note 1)."""


class PublicKey(NamedTuple):
    """Modulus and exponent."""

    n: int
    e: int


def public_key(info: bytes) -> PublicKey | None:
    """Key of a SubjectPublicKeyInfo (RFC 3279, section 2.3.1); None if it is of another kind.

    :raises Malformed: not DER, or numbers that no key has.
    :raises Truncated: it ends inside a value.
    """
    (content,) = der.exactly(info, der.SEQUENCE)
    algorithm, key = der.exactly(content, der.SEQUENCE, der.BIT_STRING)
    if algorithm not in _ALGORITHMS:
        if algorithm.startswith((_RSA, _PSS)):
            raise Malformed("RSA key with parameters")
        return None
    (numbers,) = der.exactly(der.bits(key), der.SEQUENCE)
    n, e = map(der.integer, der.exactly(numbers, der.INTEGER, der.INTEGER))
    if not 3 <= e < n or not e & 1:
        raise Malformed("numbers that no RSA key has")
    return PublicKey(n, e)


def holds(key: PublicKey, hash_name: str, signature: bytes, signed: bytes, *, pss: bool) -> bool:
    """Whether a signature by RSASSA-PKCS1-v1_5 (section 8.2.2) or RSASSA-PSS (8.1.2) holds.

    PSS is taken with one hash for all and a salt as long as it.
    """
    bits = key.n.bit_length()
    size = (bits + 7) // 8
    if bits > MAX_MODULUS or key.e.bit_length() > MAX_EXPONENT or not key.n & 1 or len(signature) != size:
        return False
    number = int.from_bytes(signature)
    if number >= key.n:
        return False
    message = pow(number, key.e, key.n)
    digest = hashlib.new(hash_name, signed).digest()
    if pss:
        return _is_pss(message, bits - 1, hash_name, digest)
    info = _DIGEST_INFO[hash_name] + digest
    padding = size - 3 - len(info)
    return padding >= 8 and message.to_bytes(size) == b"\0\1" + b"\xff" * padding + b"\0" + info


def _is_pss(message: int, bits: int, hash_name: str, digest: bytes) -> bool:
    """Whether a message of so many bits is the digest encoded by EMSA-PSS (section 9.1.2)."""
    size, length = (bits + 7) // 8, len(digest)
    if message.bit_length() > bits or size < 2 * length + 2:
        return False
    encoded = message.to_bytes(size)
    masked, found, trailer = encoded[: -length - 1], encoded[-length - 1 : -1], encoded[-1:]
    unused = 8 * size - bits
    block = int.from_bytes(masked) ^ int.from_bytes(_mask(found, len(masked), hash_name))
    block &= (1 << 8 * len(masked) - unused) - 1
    salt = (block & ((1 << 8 * length) - 1)).to_bytes(length)
    return (
        trailer == b"\xbc"
        and block >> 8 * length == 1
        and hashlib.new(hash_name, bytes(8) + digest + salt).digest() == found
    )


def _mask(seed: bytes, size: int, hash_name: str) -> bytes:
    """MGF1 (section B.2.1)."""
    out, count = b"", 0
    while len(out) < size:
        out += hashlib.new(hash_name, seed + count.to_bytes(4)).digest()
        count += 1
    return out[:size]
