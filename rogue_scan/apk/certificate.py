"""Signing certificates: their facts, known public ones, and checks of signatures by their keys."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from rogue_scan.apk import der, rsa, x509
from rogue_scan.apk.difference import short
from rogue_scan.errors import SourceError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

KNOWN = {
    "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc": "AOSP test key (testkey)",
    "c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8": "AOSP test key (platform)",
    "28bbfe4a7b97e74681dc55c2fbb6ccb8d6c74963733f6af6ae74d8c3a6e879fd": "AOSP test key (shared)",
    "465983f7791f2abeb43ea2cbdc7f21a8260b72bc08a55c839fc1a43bc741a81e": "AOSP test key (media)",
    "e1dbadce60dc080d15b58a014b0dcf9400e24de23fa00b287a5a982bfebda2ee": "AOSP test key (networkstack)",
    "fae9122a8721d6e2a196d2224dffcf773c9127e2bb956cbddb40b009192ffdfd": "AOSP test key (nfc)",
    "a6ccc500ff0e7421200eb66a7fe174ef1b00e52ca91727070cbedf061ff76c35": "AOSP test key (bluetooth)",
    "abf21f9e2af1d881cc673fddcefa6ed9c269a437bd64b279cf45844cfd589126": "AOSP test key (sdk_sandbox)",
    "ce7b2b47ae2b7552c8f92cc29124279883041fb623a5f194a82c9bf15d492aa0": "AOSP test key (cts_uicc_2021)",
}
"""SHA-256 of certificates whose private keys are public (AOSP ``build/target/product/security``)."""


class Certificate(msgspec.Struct, frozen=True, omit_defaults=True):
    """Facts of one signing certificate."""

    sha256: str
    subject: str = ""
    issuer: str = ""
    serial: str = ""
    not_before: str = ""
    not_after: str = ""
    key: str = ""
    """``RSA 2048``, ``EC secp256r1`` …"""
    hash: str = ""
    """Hash of the certificate's own signature."""
    self_signed: bool = False
    known: str = ""
    """What public key pair it is: ``debug``, ``AOSP test key …``; empty for a private one."""


def certificate_facts(raw: bytes, sha: str) -> Certificate:
    """Facts of a certificate; what it breaks (serial 0, odd names) is a fact here and no error."""
    try:
        read = x509.read(raw)
    except SourceError:
        return Certificate(sha, subject="(unreadable certificate)")
    subject, issuer = short(read.subject), short(read.issuer)
    return Certificate(
        sha256=sha,
        subject=subject,
        issuer=issuer,
        serial=short(f"{read.serial:x}"),
        not_before=read.not_before,
        not_after=read.not_after,
        key=_key_text(read.key),
        hash=read.hash,
        self_signed=subject == issuer,
        known=KNOWN.get(sha) or _known_subject(subject),
    )


def _key_text(info: bytes) -> str:
    try:
        known = rsa.public_key(info)
        public = None if known else _other_key(info)
    except Exception:  # cryptography raises many kinds on hostile keys
        return "unknown"
    if known:
        return f"RSA {known.n.bit_length()}"
    from cryptography.hazmat.primitives.asymmetric import dsa, ec

    if isinstance(public, ec.EllipticCurvePublicKey):
        return f"EC {public.curve.name}"
    return f"DSA {public.key_size}" if isinstance(public, dsa.DSAPublicKey) else ""


def _other_key(info: bytes) -> "PublicKeyTypes":
    """Key of a SubjectPublicKeyInfo; most apps have RSA keys and do without loading this library."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_der_public_key(info)


def _known_subject(subject: str) -> str:
    """Public keys that are recognised by their name: each development machine makes its own debug key."""
    parts = {part.strip() for part in subject.split(",")}
    if {"CN=Android Debug", "O=Android"} <= parts:
        return "debug"
    if {
        "CN=Android",
        "OU=Android",
        "O=Android",
        "L=Mountain View",
    } <= parts and "android@android.com" in subject:
        return "AOSP test key (by its name)"
    return ""


def public_key_of(raw: bytes) -> bytes | None:
    """The SubjectPublicKeyInfo of a certificate as it stands there."""
    try:
        fields = list(der.values(der.inside(der.inside(raw))))
        first = 1 if fields[0][0] == 0xA0 else 0
        return fields[first + 5][2]
    except (SourceError, IndexError):
        return None


def signature_holds(key: bytes, kind: str, hash_name: str, signature: bytes, signed: bytes) -> bool | None:
    """Whether a signature holds; None where key or algorithm is not one that can be checked."""
    try:
        public = rsa.public_key(key)
    except SourceError:
        return None
    if public is None:
        return _other_holds(key, kind, hash_name, signature, signed)
    if kind not in ("rsa", "pss", "any"):
        return None
    return rsa.holds(public, hash_name, signature, signed, pss=kind == "pss")


def _other_holds(key: bytes, kind: str, hash_name: str, signature: bytes, signed: bytes) -> bool | None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import dsa, ec

    algorithms: dict[str, Callable[[], hashes.HashAlgorithm]] = {
        "sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256, "sha384": hashes.SHA384,
        "sha512": hashes.SHA512, "md5": hashes.MD5,
    }  # fmt: skip
    algorithm = algorithms[hash_name]()
    try:
        public = _other_key(key)
        if isinstance(public, ec.EllipticCurvePublicKey) and kind in ("ec", "any"):
            public.verify(signature, signed, ec.ECDSA(algorithm))
        elif isinstance(public, dsa.DSAPublicKey) and kind in ("dsa", "any"):
            public.verify(signature, signed, algorithm)
        else:
            return None
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return True
