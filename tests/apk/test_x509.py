"""Certificates, read by us and by cryptography."""

import datetime
import warnings

import pytest
from cryptography import x509 as library
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk import x509
from rogue_scan.apk.certificate import certificate_facts
from rogue_scan.apk.x509 import UNREADABLE
from rogue_scan.errors import Malformed, SourceError

FIELDS = ("subject", "issuer", "serial", "not_before", "not_after", "key", "hash")


def of_the_library(raw):
    """What cryptography tells of a certificate, as our facts say it; None where it reads nothing."""

    def text(get):
        try:
            return str(get())[:300]
        except Exception:
            return UNREADABLE

    def key():
        public = read.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            return f"EC {public.curve.name}"
        kind = {rsa.RSAPublicKey: "RSA", dsa.DSAPublicKey: "DSA"}
        return next((f"{kind[k]} {public.key_size}" for k in kind if isinstance(public, k)), "")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read = library.load_der_x509_certificate(raw)
        except Exception:
            return None
        got = {
            "subject": text(lambda: read.subject.rfc4514_string()),
            "issuer": text(lambda: read.issuer.rfc4514_string()),
            "serial": text(lambda: f"{read.serial_number:x}"),
            "not_before": text(lambda: read.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ")),
            "not_after": text(lambda: read.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")),
            "key": text(key),
            "hash": text(lambda: read.signature_hash_algorithm.name if read.signature_hash_algorithm else ""),
        }
    got["key"] = got["key"].replace(UNREADABLE, "unknown")
    return got


def of_ours(raw):
    found = certificate_facts(raw, "")
    return {name: getattr(found, name) for name in FIELDS}


def certificate(key, subject, algorithm=None, *, serial=7, until=2049, issuer=None, **how):
    """A certificate by the library."""
    when = datetime.datetime(2024, 2, 29, 23, 59, 58)
    built = library.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
    built = built.serial_number(serial).public_key(key.public_key()).not_valid_before(when)
    built = built.not_valid_after(datetime.datetime(until, 12, 31))
    built = built.add_extension(library.BasicConstraints(ca=True, path_length=None), critical=True)
    built = built.add_extension(library.SubjectKeyIdentifier(b"12"), critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else algorithm or hashes.SHA256()
    signed = built.sign(key, algorithm, **how)
    return signed.public_bytes(serialization.Encoding.DER)


def attribute(value, kind=NameOID.COMMON_NAME, form=_ASN1Type.UTF8String):
    return library.NameAttribute(kind, value, form, _validate=False)


RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
DSA = dsa.generate_private_key(1024)
PLAIN = library.Name([attribute("US", NameOID.COUNTRY_NAME), attribute("Example")])
OTHER = library.Name([attribute("Other")])
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
MADE = {
    "RSA": certificate(RSA, PLAIN),
    "another issuer": certificate(RSA, PLAIN, hashes.SHA512(), until=2050, issuer=OTHER),
    "PSS": certificate(RSA, PLAIN, rsa_padding=PSS),
    "EC": certificate(EC, PLAIN, hashes.SHA384(), serial=(1 << 159) - 1),
    "EC of another curve": certificate(ec.generate_private_key(ec.SECP521R1()), PLAIN),
    "DSA": certificate(DSA, PLAIN),
    "Ed25519": certificate(ed25519.Ed25519PrivateKey.generate(), PLAIN),
}


# --- certificates by hand, for what the library does not write


def tlv(tag, *parts):
    content = b"".join(parts)
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8 or 1)
    head = bytes([tag, 0x80 | len(length)]) + length if len(content) > 127 else bytes([tag, len(content)])
    return head + content


def sequence(*parts):
    return tlv(0x30, *parts)


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def algorithm(oid, parameters=b"\5\0"):
    return sequence(tlv(6, bytes.fromhex(oid)), parameters)


SHA256_RSA, RSA_KEY = "2a864886f70d01010b", "2a864886f70d010101"
CN = tlv(6, bytes.fromhex("550403"))


def name(*values):
    """One attribute, CN, a part."""
    return sequence(*(tlv(0x31, sequence(CN, value)) for value in values))


def rsa_key(n=(1 << 2047) + 1, e=65537, by=None):
    by = by or algorithm(RSA_KEY)
    return sequence(by, tlv(3, b"\0", sequence(integer(n), integer(e))))


USUAL = {
    "version": b"\xa0\3\2\1\2",
    "serial": integer(7),
    "by": algorithm(SHA256_RSA),
    "subject": name(tlv(12, b"x")),
    "times": [tlv(23, b"240101000000Z"), tlv(23, b"490101000000Z")],
    "key": rsa_key(),
    "more": b"",
}


def by_hand(*, outer=None, end=b"", **changes):
    version, serial, by, subject, times, key, more = (USUAL | changes).values()
    tbs = sequence(version, serial, by, subject, sequence(*times), subject, key, more)
    return sequence(tbs, outer or by, tlv(3, b"\0signature")) + end


def extensions(*parts):
    return tlv(0xA3, sequence(*parts))


EXTENSION = sequence(tlv(6, bytes.fromhex("551d0e")), tlv(4, b"x"))
PAIR = [sequence(CN, tlv(12, value)) for value in (b"a", b"b")]
ODD = by_hand(subject=sequence(tlv(0x31, *PAIR)), more=extensions(EXTENSION))


@pytest.mark.parametrize("kind", MADE)
def test_certificates_of_many_kinds(kind):
    ours = of_ours(MADE[kind])
    assert ours == of_the_library(MADE[kind])
    assert UNREADABLE not in ours.values()


@pytest.mark.parametrize(
    "text",
    ["", " ", "  ", "#", "# a ", ' a,b+c"d\\e<f>g;h=i ', "a\0b", "ä é 漢", "\n", "x" * 400, "😀"],
)
@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.parametrize("form", [_ASN1Type.UTF8String, _ASN1Type.BMPString, _ASN1Type.UniversalString])
def test_names_are_escaped_alike(text, form):
    oids = NameOID.ORGANIZATION_NAME, NameOID.EMAIL_ADDRESS, NameOID.USER_ID, NameOID.DOMAIN_COMPONENT
    parts = [library.RelativeDistinguishedName([attribute(text, form=form), attribute("b")])]
    parts += [library.RelativeDistinguishedName([attribute(text, oid, form)]) for oid in oids]
    raw = certificate(EC, library.Name(parts))
    theirs = of_the_library(raw)
    assert of_ours(raw)["subject"] == (theirs["subject"] if len(text) < 50 else theirs["subject"][:299] + "…")


@pytest.mark.parametrize(
    "field",
    [
        {"serial": integer(0)}, {"serial": integer(-1000)}, {"version": b""}, {"subject": sequence()},
        {"more": extensions()}, {"more": extensions(EXTENSION, EXTENSION)},
        {"more": tlv(0x81, b"\0a") + tlv(0x82, b"\7\x80") + extensions(EXTENSION)},
        {"times": [tlv(23, b"500101000000Z"), tlv(24, b"99991231235959Z")]},
        {"times": [tlv(24, b"09990101000000Z")] * 2},
        {"subject": sequence(tlv(0x31, *PAIR))}, {"subject": name(*(tlv(19, b"a"), tlv(20, b"b")))},
        {"subject": name(tlv(22, "ä".encode()))}, {"subject": name(tlv(26, b"\n"))},
        {"subject": sequence(tlv(0x31, sequence(tlv(6, b"\x81\0\x84\7"), tlv(4, b"a"))))},
        {"by": algorithm(SHA256_RSA, b"")}, {"by": algorithm("2a864886f70d010104")},
        {"by": algorithm("2b0e03021d")}, {"by": algorithm("2b6570", b"")},
        {"by": algorithm("2a8648ce380403", b"")}, {"by": algorithm("60864801650304030a", b"")},
        {"outer": algorithm("2a864886f70d010105")}, {"by": algorithm("2a811ccf55018375", b"")},
        {"key": rsa_key(by=algorithm(RSA_KEY, b""))},
        {"key": rsa_key(by=algorithm("2a864886f70d01010a", b""))},
        {"key": rsa_key(e=3)}, {"key": rsa_key(e=1)}, {"key": rsa_key(e=4)}, {"key": rsa_key(n=5, e=3)},
        {"key": rsa_key(n=-5)}, {"key": rsa_key(n=0)}, {"key": rsa_key(n=3, e=3)},
        {"key": rsa_key(n=(1 << 20000) + 1)}, {"key": rsa_key(by=algorithm("2a864886f70d01010c"))},
        {"key": sequence(algorithm("2b6570", b""), tlv(3, bytes(33)))},
    ],
)  # fmt: skip
def test_what_is_odd_is_told_alike(field):
    raw = by_hand(**field)
    assert of_ours(raw) == of_the_library(raw)


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ({"subject": name(tlv(22, b"\xff"))}, {"subject", "issuer"}),
        ({"subject": name(tlv(1, b"\xff"))}, {"subject", "issuer"}),
        ({"subject": name(tlv(19, b"a@b"))}, {"subject", "issuer"}),
        ({"subject": name(tlv(30, b"\xd8\0"))}, {"subject", "issuer"}),
        ({"subject": sequence(tlv(0x31))}, {"subject", "issuer"}),
        ({"subject": sequence(tlv(0x30, PAIR[0]))}, {"subject", "issuer"}),
        ({"subject": sequence(tlv(0x31, sequence(CN)))}, {"subject", "issuer"}),
        ({"subject": sequence(tlv(0x31, PAIR[1], PAIR[0]))}, {"subject", "issuer"}),
        ({"subject": sequence(tlv(0x31, PAIR[0], PAIR[0]))}, {"subject", "issuer"}),
        ({"subject": sequence(tlv(0x31, sequence(tlv(6, b"\x80"), tlv(12))))}, {"subject", "issuer"}),
        ({"times": [tlv(23, b"240230000000Z"), tlv(24, b"00000101000000Z")]}, {"not_before", "not_after"}),
        ({"times": [tlv(23, b"2401010000Z"), tlv(24, b"20240101000000.5Z")]}, {"not_before", "not_after"}),
        ({"times": [tlv(22, b"240101000000Z"), tlv(23, b"240101000060Z")]}, {"not_before", "not_after"}),
        ({"by": algorithm(SHA256_RSA, tlv(4))}, {"hash"}),
        ({"by": algorithm("2a864886f70d01010a")}, {"hash"}),
        ({"by": algorithm("2b65", b""), "outer": algorithm(SHA256_RSA)}, {"hash"}),
    ],
)
def test_what_cannot_be_read_leaves_the_rest(field, names):
    ours = of_ours(by_hand(**field))
    assert {name for name, text in ours.items() if text == UNREADABLE} == names


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x30", b"\x30\3\2\1\1", by_hand(end=b"\0"), b"\x30\x83\0" + by_hand()[2:],
        by_hand(version=b"\xa0\3\2\1\0"), by_hand(version=b"\xa0\3\2\1\1"), by_hand(serial=b"\2\2\0\1"),
        by_hand(serial=b"\2\0"), by_hand(times=[tlv(23, b"240101000000Z")]), by_hand(more=tlv(0xA4)),
        by_hand(more=tlv(0x81, b"\x08a")), by_hand(more=tlv(0x82, b"\0") + tlv(0x81, b"\0")),
        by_hand(more=tlv(0xA3, sequence(), b"\5\0")), by_hand(more=extensions(sequence(CN))),
        by_hand(more=extensions(sequence(CN, b"\1\1\0", tlv(4)))), by_hand(more=extensions(b"\5\0")),
        by_hand(more=extensions(sequence(tlv(6, b"\x80"), tlv(4)))), by_hand(subject=tlv(12)),
        by_hand(more=extensions(sequence(CN, tlv(4, bytes(x509.MAX_SIZE))))),
    ],
)  # fmt: skip
def test_what_is_no_certificate(raw):
    with pytest.raises(SourceError):
        x509.read(raw)
    assert len(raw) > x509.MAX_SIZE or of_the_library(raw) is None


def test_null_where_no_parameters_belong():
    """So Java 11 signs by ECDSA; cryptography takes it or not, as its version is."""
    raw = by_hand(by=algorithm("2a8648ce3d040302"))
    assert of_ours(raw)["hash"] == "sha256"


@given(
    st.sampled_from([*MADE.values(), by_hand(), ODD]),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=3),
    st.sampled_from([0, 0, 0, 1, 40]),
)
def test_damage_is_told_or_read_alike(raw, changes, cut):
    broken = bytearray(raw[: len(raw) - cut])
    for at, value in changes:
        broken[at % len(broken)] = value
    ours, theirs = of_ours(bytes(broken)), of_the_library(bytes(broken))
    told = {name for name, text in ours.items() if text.startswith("(unreadable") or text == "unknown"}
    if theirs is None:
        assert told
    else:
        whole = ours["subject"] == "(unreadable certificate)"
        assert whole or all(ours[name] == theirs[name] for name in FIELDS if name not in told)


@given(st.binary(max_size=300))
def test_any_bytes(raw):
    try:
        x509.read(raw)
    except SourceError:
        return
    assert of_the_library(raw) is not None


def test_a_large_one():
    with pytest.raises(Malformed, match="certificate of"):
        x509.read(bytes(x509.MAX_SIZE + 1))
