"""Ciphers with constant keys decrypt as ``javax.crypto`` does."""

import pytest
from cryptography.hazmat.decrepit.ciphers import algorithms as old
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rogue_scan.apk.code.semantics.ciphers import decrypt

KEY, IV = b"0123456789abcdef", b"fedcba9876543210"
PLAIN = b"http://drop.example/"


def encrypt(algorithm: object, mode: object, pad: int) -> bytes:
    data = PLAIN + bytes([pad - len(PLAIN) % pad]) * (pad - len(PLAIN) % pad) if pad else PLAIN
    cipher = Cipher(algorithm, mode).encryptor()  # type: ignore[arg-type]
    return cipher.update(data) + cipher.finalize()


@pytest.mark.parametrize(
    ("name", "key", "iv", "data"),
    [
        ("AES", KEY, None, encrypt(algorithms.AES(KEY), modes.ECB(), 16)),
        ("AES/CBC/PKCS5Padding", KEY, IV, encrypt(algorithms.AES(KEY), modes.CBC(IV), 16)),
        ("AES/CTR/NoPadding", KEY, IV, encrypt(algorithms.AES(KEY), modes.CTR(IV), 0)),
        ("AES/GCM/NoPadding", KEY, IV[:12], AESGCM(KEY).encrypt(IV[:12], PLAIN, None)),
        ("DES/CBC/PKCS5Padding", KEY[:8], IV[:8], encrypt(old.TripleDES(KEY[:8] * 3), modes.CBC(IV[:8]), 8)),
        ("DESede/ECB/PKCS5Padding", KEY + IV[:8], None, encrypt(old.TripleDES(KEY + IV[:8]), modes.ECB(), 8)),
    ],
)
def test_decrypts(name: str, key: bytes, iv: bytes | None, data: bytes) -> None:
    assert decrypt(name, key, iv, data) == PLAIN


def test_rc4_is_its_own_inverse() -> None:
    hidden = decrypt("RC4", KEY, None, PLAIN)
    assert hidden is not None
    assert decrypt("ARC4", KEY, None, hidden) == PLAIN


@pytest.mark.parametrize(("name", "key"), [("AES", b"short"), ("ROT13", KEY), ("AES/XYZ/NoPadding", KEY)])
def test_what_java_would_refuse_is_none(name: str, key: bytes) -> None:
    assert decrypt(name, key, None, bytes(16)) is None
