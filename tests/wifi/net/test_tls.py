import contextlib
import datetime
import ssl
import struct

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.net import tls


def self_signed(name: str) -> tuple[bytes, bytes]:
    """Certificate as DER, and the private key as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(5).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.DER), pem


def handshake(tmp_path, version: ssl.TLSVersion) -> tuple[bytes, bytes]:
    """What both sides of a real handshake send."""
    der, key = self_signed("portal.example")
    (tmp_path / "pair.pem").write_text(ssl.DER_cert_to_PEM_cert(der) + key.decode())
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(tmp_path / "pair.pem")
    server_context.set_alpn_protocols(["h2"])
    server_context.maximum_version = version
    client_context = ssl.create_default_context()
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    client_context.set_alpn_protocols(["h2", "http/1.1"])
    pipes = [ssl.MemoryBIO() for _ in range(4)]
    client = client_context.wrap_bio(pipes[0], pipes[1], server_hostname="portal.example")
    server = server_context.wrap_bio(pipes[2], pipes[3], server_side=True)
    sent = [b"", b""]
    for _ in range(4):
        for side, into, out, number in ((client, pipes[2], pipes[1], 0), (server, pipes[0], pipes[3], 1)):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
            data = out.read()
            sent[number] += data
            into.write(data)
    return sent[0], sent[1]


def test_a_handshake_of_version_1_2_shows_the_certificate(tmp_path) -> None:
    client, server = handshake(tmp_path, ssl.TLSVersion.TLSv1_2)
    [hello] = tls.Reader().feed(client)
    assert isinstance(hello, tls.ClientHello)
    assert (hello.server_name, hello.protocols) == ("portal.example", ("h2", "http/1.1"))
    answer, chain = tls.Reader().feed(server)
    assert isinstance(answer, tls.ServerHello)
    assert isinstance(chain, tls.Chain)
    assert (answer.version, answer.protocol) == ("TLS 1.2", "h2")
    found = tls.certificate(chain.certificates[0])
    assert found.names == ("portal.example",)
    assert found.self_signed
    assert round((found.not_after - found.not_before) / 86400) == 7


def test_a_handshake_of_version_1_3_shows_names_only(tmp_path) -> None:
    client, server = handshake(tmp_path, ssl.TLSVersion.TLSv1_3)
    [hello] = tls.Reader().feed(client)
    assert isinstance(hello, tls.ClientHello)
    assert hello.server_name == "portal.example"
    assert "TLS 1.3" in hello.versions
    [answer] = tls.Reader().feed(server)
    assert isinstance(answer, tls.ServerHello)
    assert answer.version == "TLS 1.3"


def test_octets_may_come_one_by_one(tmp_path) -> None:
    client, _ = handshake(tmp_path, ssl.TLSVersion.TLSv1_2)
    reader = tls.Reader()
    found = [message for i in range(len(client)) for message in reader.feed(client[i : i + 1])]
    assert len(found) == 1


def test_an_endless_handshake_is_given_up() -> None:
    reader = tls.Reader()
    record = struct.pack("!BHH", 22, 0x0301, 16_000) + b"\x0b\x01\xff\xf0" + bytes(15_996)
    with pytest.raises(Malformed):
        for _ in range(20):
            reader.feed(record)
    assert reader.done


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(body: bytes) -> None:
    record = struct.pack("!BHH", 22, 0x0303, len(body)) + body
    for data in (body, record):
        with contextlib.suppress(Malformed, Truncated):
            tls.Reader().feed(data)
    for decode in (tls.client_hello, tls.server_hello, tls.chain, tls.certificate):
        with contextlib.suppress(Malformed, Truncated):
            decode(body)
