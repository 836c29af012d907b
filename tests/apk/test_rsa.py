"""RSA keys and signatures, checked by us and by cryptography."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric import rsa as library
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk import rsa
from rogue_scan.errors import Malformed, SourceError

HASHES = {
    "md5": hashes.MD5(), "sha1": hashes.SHA1(), "sha224": hashes.SHA224(), "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(), "sha512": hashes.SHA512(),
}  # fmt: skip
PRIVATE = {bits: library.generate_private_key(65537, bits) for bits in (1064, 1065, 2048)}
DATA = b"what is signed"


def info(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def way(pss, algorithm):
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size) if pss else padding.PKCS1v15()


def holds_for_the_library(key, name, signature, *, pss):
    try:
        key.public_key().verify(signature, DATA, way(pss, HASHES[name]), HASHES[name])
    except InvalidSignature:
        return False
    return True


def holds(key, name, signature, *, pss):
    return rsa.holds(rsa.public_key(info(key)), name, signature, DATA, pss=pss)


@pytest.mark.parametrize("bits", PRIVATE)
@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("pss", [False, True])
def test_signatures_of_the_library(bits, name, pss):
    key = PRIVATE[bits]
    signature = key.sign(DATA, way(pss, HASHES[name]), HASHES[name])
    public = rsa.public_key(info(key))
    assert public == (key.public_key().public_numbers().n, 65537)
    assert rsa.holds(public, name, signature, DATA, pss=pss)
    assert not rsa.holds(public, name, signature, DATA + b"!", pss=pss)
    assert not rsa.holds(public, name, signature, DATA, pss=not pss)
    assert not rsa.holds(public, name, signature + b"\0", DATA, pss=pss)


def test_a_salt_of_another_length():
    key, algorithm = PRIVATE[2048], HASHES["sha256"]
    signature = key.sign(DATA, padding.PSS(padding.MGF1(algorithm), 20), algorithm)
    assert holds(key, "sha256", signature, pss=True) is False
    assert holds_for_the_library(key, "sha256", signature, pss=True) is False


def signed(key, encoded):
    """The private operation on any encoding, so also on wrong ones."""
    numbers = key.private_numbers()
    return pow(int.from_bytes(encoded), numbers.d, numbers.public_numbers.n).to_bytes(key.key_size // 8)


@given(st.binary(max_size=4), st.integers(0, 132), st.integers(0, 255), st.booleans())
def test_damaged_encodings(end, at, value, pss):
    key = PRIVATE[1064]
    signature = key.sign(DATA, way(pss, HASHES["sha1"]), HASHES["sha1"])
    encoded = bytearray(
        pow(int.from_bytes(signature), 65537, key.public_key().public_numbers().n).to_bytes(133)
    )
    encoded[at] = value if at else value & 0x7F
    encoded[133 - len(end) :] = end
    broken = signed(key, encoded)
    assert holds(key, "sha1", broken, pss=pss) is holds_for_the_library(key, "sha1", broken, pss=pss)


@given(st.binary(max_size=140), st.booleans())
def test_any_signature(signature, pss):
    assert holds(PRIVATE[1064], "sha256", signature, pss=pss) is False


def test_a_signature_larger_than_the_modulus():
    key = PRIVATE[1064]
    number = int.from_bytes(key.sign(DATA, way(False, HASHES["sha1"]), HASHES["sha1"]))
    larger = number + key.public_key().public_numbers().n
    if larger < 1 << 1064:
        assert holds(key, "sha1", larger.to_bytes(133), pss=False) is False


def test_a_key_too_short_for_the_digest():
    public = rsa.PublicKey((1 << 511) + 1, 3)
    assert not rsa.holds(public, "sha512", bytes(64), DATA, pss=False)
    assert not rsa.holds(public, "sha512", bytes(64), DATA, pss=True)


@pytest.mark.parametrize(
    "public",
    [
        rsa.PublicKey((1 << rsa.MAX_MODULUS) + 1, 3),
        rsa.PublicKey((1 << 2047) + 1, 1 << rsa.MAX_EXPONENT | 1),
        rsa.PublicKey(1 << 2047, 3),
    ],
)
def test_keys_that_cost_too_much_or_are_none(public):
    """A signature of zeros is 0, and so is its power: only the key keeps it from being computed."""
    size = (public.n.bit_length() + 7) // 8
    assert not rsa.holds(public, "sha256", bytes(size), DATA, pss=False)


def test_keys_of_other_kinds():
    assert rsa.public_key(info(ec.generate_private_key(ec.SECP256R1()))) is None


def test_a_key_with_parameters():
    raw = info(PRIVATE[1064])
    at = raw.index(b"\x05\x00")
    with pytest.raises(Malformed):
        rsa.public_key(raw[:at] + b"\x04" + raw[at + 1 :])


@given(st.integers(0, 200), st.integers(0, 255))
def test_damaged_keys(at, value):
    raw = bytearray(info(PRIVATE[1064]))
    raw[at % len(raw)] = value
    try:
        theirs = serialization.load_der_public_key(bytes(raw))
    except Exception:
        theirs = None
    try:
        ours = rsa.public_key(bytes(raw))
    except SourceError:
        ours = None
    if isinstance(theirs, library.RSAPublicKey):
        assert ours in (None, (theirs.public_numbers().n, theirs.public_numbers().e))
    else:
        assert ours is None
