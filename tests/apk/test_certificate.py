import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.x509.oid import NameOID

from rogue_scan.apk.certificate import Certificate, certificate_facts, public_key_of, signature_holds


def make(*parts):
    """A certificate with serial 7 and this name, as DER, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])
    when = datetime.datetime(2024, 1, 1)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(7)
    built = built.public_key(key.public_key()).not_valid_before(when).not_valid_after(when.replace(2050))
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER), key


DER, KEY = make((NameOID.COMMON_NAME, "Example"))


def test_facts():
    found = certificate_facts(DER, "ab")
    assert (found.subject, found.key, found.hash, found.serial) == (
        "CN=Example",
        "EC secp256r1",
        "sha256",
        "7",
    )
    assert (found.not_before, found.self_signed, found.known) == ("2024-01-01T00:00:00Z", True, "")


def test_known_names():
    debug, _ = make(
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.ORGANIZATION_NAME, "Android"),
        (NameOID.COMMON_NAME, "Android Debug"),
    )
    assert certificate_facts(debug, "ab").known == "debug"


def test_an_unreadable_certificate_is_kept_by_its_digest():
    found = certificate_facts(b"\x30\x03\x02\x01\x01", "ab" * 32)
    assert found == Certificate("ab" * 32, subject="(unreadable certificate)")


def test_a_certificate_with_a_serial_that_is_not_allowed_gives_no_warning():
    """Found by fuzzing: cryptography warns when such a serial is read."""
    at = DER.index(b"\x02\x01\x07")
    der = DER[:at] + b"\x02\x01\x80" + DER[at + 3 :]
    assert certificate_facts(der, "ab").serial == "-80"


@pytest.mark.parametrize("kind", ["ec", "any", "rsa"])
def test_signatures(kind):
    key = public_key_of(DER)
    signature = KEY.sign(b"data", ec.ECDSA(hashes.SHA256()))
    wanted = (True, False) if kind != "rsa" else (None, None)
    assert (
        signature_holds(key, kind, "sha256", signature, b"data"),
        signature_holds(key, kind, "sha256", signature, b"other"),
    ) == wanted


def test_other_keys():
    plain = serialization.PublicFormat.SubjectPublicKeyInfo
    one = rsa.generate_private_key(65537, 2048)
    raw = one.public_key().public_bytes(serialization.Encoding.DER, plain)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    assert signature_holds(raw, "pss", "sha256", one.sign(b"x", pss, hashes.SHA256()), b"x")
    two = dsa.generate_private_key(1024)
    raw = two.public_key().public_bytes(serialization.Encoding.DER, plain)
    assert signature_holds(raw, "dsa", "sha1", two.sign(b"x", hashes.SHA1()), b"x")
    assert signature_holds(b"no key", "any", "sha256", b"", b"") is None
