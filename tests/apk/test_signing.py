import datetime
import hashlib
import struct
import sys
from base64 import b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from rogue_scan.apk import match, signing
from rogue_scan.apk.container import open_container
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.index import Index
from rogue_scan.rules.load import load


def verify(data):
    return signing.verify(open_container(data))


def kinds(facts):
    return {d.kind.removeprefix("sig:") for d in facts.differences}


class Signer:
    """A key with a certificate of its own."""

    def __init__(self, name="Example", key=None):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        when = datetime.datetime(2024, 1, 1)
        built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(7)
        built = built.public_key(self.key.public_key()).not_valid_before(when)
        built = built.not_valid_after(when + datetime.timedelta(days=9000))
        self.der = built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        self.spki = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.sha256 = hashlib.sha256(self.der).hexdigest()

    @property
    def algorithm(self):
        return 0x0201 if isinstance(self.key, ec.EllipticCurvePrivateKey) else 0x0103

    def sign(self, data):
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def prefixed(*parts):
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def content_digest(body, central, end):
    pieces = []
    for section in (body, central, end):
        for at in range(0, len(section), 1 << 20):
            piece = section[at : at + (1 << 20)]
            pieces.append(hashlib.sha256(b"\xa5" + struct.pack("<I", len(piece)) + piece).digest())
    return hashlib.sha256(b"\x5a" + struct.pack("<I", len(pieces)) + b"".join(pieces)).digest()


def sign(data, *signers, ids=(signing.V2,), attributes=b"", extra=b"", change=None):
    """Put an APK signing block into an archive; ``change`` bends the signed data of each signer."""
    box = open_container(data)
    body, central, end = data[: box.central], data[box.central : box.end], data[box.end :]
    digest = content_digest(body, central, end)
    parts = b""
    for number in ids:
        blocks = []
        for one in signers:
            item = prefixed(struct.pack("<I", one.algorithm) + prefixed(digest))
            span = b"" if number == signing.V2 else struct.pack("<II", 24, 0x7FFFFFFF)
            signed = prefixed(item, prefixed(one.der)) + span + prefixed(attributes)
            signature = prefixed(struct.pack("<I", one.algorithm) + prefixed(one.sign(signed)))
            signed = change(signed) if change else signed
            blocks.append(prefixed(signed) + span + prefixed(signature, one.spki))
        value = prefixed(prefixed(*blocks))
        parts += struct.pack("<QI", len(value) + 4, number) + value
    parts += extra
    size = len(parts) + 24
    block = struct.pack("<Q", size) + parts + struct.pack("<Q", size) + signing.MAGIC
    moved = bytearray(end)
    struct.pack_into("<I", moved, 16, len(body) + len(block))
    return body + block + central + bytes(moved)


@pytest.fixture
def plain(zip_writer):
    return (
        zip_writer.add("AndroidManifest.xml", b"x" * 5000)
        .add("classes.dex", b"y" * 3_000_000, method=0)
        .done()
    )


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.mark.parametrize("ids", [(signing.V2,), (signing.V2, signing.V3), (signing.V31, signing.V3)])
def test_schemes_over_the_whole_file(plain, signer, ids):
    facts = verify(sign(plain, signer, ids=ids))
    assert {s.name for s in facts.schemes} == {signing.SCHEMES[i] for i in ids}
    assert all(s.verified for s in facts.schemes) and facts.verified
    assert [c.sha256 for c in facts.certificates] == [signer.sha256]
    assert not facts.differences


def test_rsa(plain):
    facts = verify(sign(plain, Signer(key=rsa.generate_private_key(65537, 2048))))
    assert facts.verified
    assert facts.certificates[0].key == "RSA 2048"


def test_an_app_with_an_rsa_key_is_checked_without_cryptography(labelled, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
    facts = verify(labelled("calculator"))
    assert [s.verified for s in facts.schemes] == [True, True]
    assert {c.key.split()[0] for c in facts.certificates} == {"RSA"}


def test_one_changed_byte_is_found(plain, signer):
    data = bytearray(sign(plain, signer))
    data[2_000_000] ^= 1
    facts = verify(bytes(data))
    assert facts.verified is False
    assert "v2-broken" in kinds(facts)


def test_a_signature_over_other_data(plain, signer):
    facts = verify(sign(plain, signer, change=lambda signed: signed + b"\0"))
    assert facts.verified is False
    assert "the signature does not fit the signed data" in facts.schemes[0].problems


def test_a_key_that_is_not_the_certificate_s(plain, signer):
    other = Signer()
    other.der = signer.der
    facts = verify(sign(plain, other))
    assert facts.verified is False
    assert "the public key is not that of the certificate" in facts.schemes[0].problems


def test_two_schemes_of_two_signers(plain, signer):
    data = sign(plain, signer, ids=(signing.V2,))
    other = sign(plain, Signer(), ids=(signing.V3,))
    box = open_container(other)
    at = other.rindex(signing.MAGIC)
    size = struct.unpack_from("<Q", other, at - 8)[0]
    extra = other[at + 16 - size : at - 8]
    facts = verify(sign(plain, signer, ids=(signing.V2,), extra=extra))
    assert "signers-differ" in kinds(facts)
    assert box and data


def lineage(*signers, break_at=None):
    """A proof of rotation: each certificate signed by the key before it."""
    levels, before = b"", None
    for number, one in enumerate(signers):
        signed = prefixed(one.der) + struct.pack("<I", before.algorithm if before else 0)
        proof = before.sign(signed) if before else b""
        if number == break_at:
            proof = bytes(len(proof))
        levels += prefixed(prefixed(signed) + struct.pack("<II", 0, one.algorithm) + prefixed(proof))
        before = one
    return struct.pack("<I", signing.ROTATION) + struct.pack("<I", 1) + levels


def rotated(plain, signer, attribute):
    return verify(sign(plain, signer, ids=(signing.V3,), attributes=prefixed(attribute)))


def test_lineage(plain, signer):
    old, older = Signer("Old"), Signer("Older")
    facts = rotated(plain, signer, lineage(older, old, signer))
    assert facts.lineage == (older.sha256, old.sha256, signer.sha256)
    assert kinds(facts) == set()


def test_a_lineage_that_is_not_signed_is_no_lineage(plain, signer):
    """Whoever names another's certificate as his own past has to have its signature."""
    victim = Signer("Victim")
    facts = rotated(plain, signer, lineage(victim, signer, break_at=1))
    assert (facts.lineage, kinds(facts)) == ((), {"lineage"})


def test_a_lineage_of_other_keys(plain, signer):
    facts = rotated(plain, signer, lineage(Signer("A"), Signer("B")))
    assert (facts.lineage, kinds(facts)) == ((), {"lineage"})


def test_a_broken_lineage(plain, signer):
    attribute = struct.pack("<III", signing.ROTATION, 1, 99)
    assert kinds(rotated(plain, signer, attribute)) == {"lineage"}


def test_a_package_with_rotated_keys_as_the_build_tools_sign_it(labelled):
    """Three keys, RSA, EC and RSA: v2 by the oldest, v3 by the newest, proof of rotation between."""
    facts = verify(labelled("rotated-key"))
    assert [(s.name, s.verified) for s in facts.schemes] == [("v3", True), ("v2", True)]
    assert [c.subject for c in facts.certificates] == ["CN=key c", "CN=key a"]
    assert len(facts.lineage) == 3
    assert facts.lineage[-1] == facts.schemes[0].signers[0]
    assert facts.lineage[0] == facts.schemes[1].signers[0]
    assert facts.differences == ()


def test_other_parts_of_the_block(plain, signer):
    stamp = struct.pack("<QI", 8, 0x6DFF800D) + b"abcd"
    odd = struct.pack("<QI", 8, 0x12345678) + b"abcd"
    facts = verify(sign(plain, signer, extra=stamp + odd))
    assert facts.stamped and facts.verified
    assert [b.name for b in facts.blocks] == ["v2", "source stamp v2", "unknown"]
    assert kinds(facts) == {"unknown-block"}


def test_a_merkle_tree_digest(zip_writer):
    """The verity digest of a small file: one leaf for each 4 KiB, the root over the leaves."""
    data = zip_writer.add("a", b"z" * 10_000, method=0).add("pad", b"p" * 2200, method=0).done()
    box = open_container(data)
    verifier = signing._Verifier(box)
    start = 4096
    end = bytearray(data[box.end :])
    struct.pack_into("<I", end, 16, start)
    whole = data[:start] + data[box.central : box.end] + bytes(end)
    leaves = b"".join(
        hashlib.sha256(bytes(8) + whole[at : at + 4096].ljust(4096, b"\0")).digest()
        for at in range(0, len(whole), 4096)
    )
    root = hashlib.sha256(bytes(8) + leaves.ljust(4096, b"\0")).digest()
    assert verifier.tree_digest(start, bytes(40)) == root + struct.pack("<Q", len(whole))


def test_v1_holds(labelled):
    facts = verify(labelled("sig-v1-only"))
    assert [(s.name, s.verified) for s in facts.schemes] == [("v1", True)]
    assert facts.certificates[0].known == "debug"


def test_v1_finds_what_was_changed(labelled):
    facts = verify(labelled("sig-v1-mismatch"))
    assert facts.verified is False
    assert facts.changed == ("classes.dex",)
    assert {"changed", "v1-broken"} <= kinds(facts)


def test_v1_finds_what_was_added(labelled):
    facts = verify(labelled("zip-traversal"))
    assert facts.uncovered == ("../../../../data/local/tmp/x.sh", "/etc/passwd")


def test_a_removed_newer_signature_is_found(labelled):
    data = labelled("calculator")  # signed by v1 and v2
    box = open_container(data)
    size = struct.unpack_from("<Q", data, box.central - 24)[0]
    start = box.central - size - 8
    end = bytearray(data[box.end :])
    struct.pack_into("<I", end, 16, start)
    facts = verify(data[:start] + data[box.central : box.end] + bytes(end))
    assert [s.name for s in facts.schemes] == ["v1"]
    assert "stripped" in kinds(facts)


def test_where_a_newer_scheme_holds_v1_adds_nothing(labelled):
    facts = verify(labelled("calculator"))
    assert [(s.name, s.verified) for s in facts.schemes] == [("v2", True), ("v1", True)]


def test_no_signature(labelled):
    facts = verify(labelled("sig-none"))
    assert not facts.signed and facts.verified is None
    assert kinds(facts) == {"unsigned"}


def test_a_broken_block_is_no_signature(plain, signer):
    data = bytearray(sign(plain, signer))
    at = data.rindex(signing.MAGIC)
    struct.pack_into("<Q", data, at - 8, 1 << 40)
    facts = verify(bytes(data))
    assert {"block-size", "unsigned"} <= kinds(facts)


@pytest.mark.parametrize(
    "raw", [b"", b"\x30\x00", b"\x30\x02\x30\x00", b"\x30\x80", b"\x30\x85\x01\x01\x01\x01\x01"]
)
def test_a_signature_file_that_is_no_cms(raw, zip_writer):
    """The second was found by fuzzing: an empty sequence where values are expected."""
    names = {
        "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n\r\n",
        "META-INF/A.SF": b"x",
        "META-INF/A.RSA": raw,
    }
    for name, content in names.items():
        zip_writer.add(name, content)
    facts = verify(zip_writer.done())
    assert [(s.name, s.verified) for s in facts.schemes] == [("v1", False)]


# --- v1 (JAR signing), judged as Android does: apksig V1SchemeVerifier, android.util.jar.StrictJarVerifier


MANIFEST = "META-INF/MANIFEST.MF"
FILES = {"AndroidManifest.xml": b"<manifest/>", "classes.dex": b"dex", "res/a.png": b"image"}


def section(name, data, key="SHA-256-Digest"):
    return f"Name: {name}\r\n{key}: {b64encode(hashlib.sha256(data).digest()).decode()}\r\n\r\n".encode()


def jar_sign(files, signer, name="CERT", *, names=None, main="", version="Signature-Version: 1.0\r\n"):
    """``files`` with a signature (.SF, .EC) over the entries ``names``, and a manifest if there is none."""
    entries = {entry: data for entry, data in files.items() if not entry.startswith("META-INF/")}
    head = b"Manifest-Version: 1.0\r\n\r\n"
    manifest = files.get(MANIFEST, head + b"".join(section(*item) for item in entries.items()))
    whole = section("", manifest, "SHA-256-Digest-Manifest").partition(b"\r\n")[2].strip()
    main = main or section("", head, "SHA-256-Digest-Manifest-Main-Attributes").decode().split("\r\n")[1]
    text = version.encode() + whole + f"\r\n{main}\r\n\r\n".encode()
    for entry, data in entries.items():
        text += section(entry, section(entry, data)) if names is None or entry in names else b""
    options = [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(text)
    builder = builder.add_signer(x509.load_der_x509_certificate(signer.der), signer.key, hashes.SHA256())
    block = builder.sign(serialization.Encoding.DER, options)
    return files | {MANIFEST: manifest, f"META-INF/{name}.SF": text, f"META-INF/{name}.EC": block}


@pytest.fixture
def verified(zip_writer):
    def check(files):
        for name, data in files.items():
            zip_writer.add(name, data)
        return verify(zip_writer.done())

    return check


def holds(facts, *signers):
    """Whether v1 holds without any complaint, and says just these signers."""
    assert facts.schemes[0].signers == tuple(one.sha256 for one in signers)
    return facts.verified and not facts.differences and not facts.schemes[0].problems


def test_v1_of_a_signed_package(verified, signer):
    assert holds(verified(jar_sign(FILES, signer)), signer)


def test_v1_finds_an_entry_that_the_manifest_alone_names(verified, signer):
    """The digest of the whole manifest fails then, those of its signed sections hold."""
    files = jar_sign(FILES, signer)
    files[MANIFEST] += section("classes2.dex", b"evil")
    facts = verified(files | {"classes2.dex": b"evil"})
    assert facts.verified is False
    assert facts.uncovered == ("classes2.dex",)
    assert kinds(facts) == {"uncovered", "v1-broken"}
    assert all(d.refused for d in facts.differences)


def test_an_entry_that_the_signer_himself_did_not_name(verified, signer):
    facts = verified(jar_sign(FILES, signer, names={"AndroidManifest.xml", "res/a.png"}))
    assert (facts.verified, facts.uncovered) == (False, ("classes.dex",))


def test_a_manifest_extended_by_a_second_signer(verified, signer):
    """So jarsigner adds a signature: the first one holds by sections only, and names what the second does."""
    other = Signer("Other")
    files = jar_sign(FILES, signer)
    files[MANIFEST] += b"Name: META-INF/x\r\nOdd: 1\r\n\r\n"
    facts = verified(jar_sign(files | {"META-INF/x": b""}, other, "OTHER"))
    assert holds(facts, signer, other)


@pytest.mark.parametrize("names", [{"classes.dex"}, {"AndroidManifest.xml", "res/a.png"}])
def test_v1_wants_the_same_signers_for_all_entries(names, verified, signer):
    files = jar_sign(jar_sign(FILES, signer), Signer("Other"), "OTHER", names=names)
    facts = verified(files)
    assert (facts.verified, facts.uncovered) == (False, ("classes.dex",))


def test_an_entry_added_by_another_signer(verified, signer):
    other = Signer("Other")
    files = jar_sign(FILES, signer)
    files[MANIFEST] += section("classes2.dex", b"evil")
    facts = verified(jar_sign(files | {"classes2.dex": b"evil"}, other, "OTHER", names={"classes2.dex"}))
    assert (facts.verified, facts.uncovered) == (False, ("classes2.dex",))
    assert facts.schemes[0].signers == (signer.sha256,)


def test_a_signature_of_another_package_signs_nothing(verified, signer):
    """Left by a merged library, or put there to pose as its signer: Android ignores it."""
    foreign = jar_sign({"org/Lib.class": b"class"}, Signer("Famous"), "FAMOUS")
    del foreign[MANIFEST], foreign["org/Lib.class"]
    facts = verified(jar_sign(FILES, signer) | foreign)
    assert facts.verified and facts.schemes[0].signers == (signer.sha256,)
    assert facts.schemes[0].problems == ("META-INF/FAMOUS.SF signs nothing here",)
    assert not facts.differences


def test_only_the_signature_of_another_package(verified, signer):
    foreign = jar_sign({"org/Lib.class": b"class"}, signer)
    facts = verified(foreign | {MANIFEST: jar_sign(FILES, signer)[MANIFEST]} | FILES)
    assert facts.verified is False
    assert set(facts.uncovered) >= set(FILES)


def test_a_signature_without_its_file(verified, signer):
    """Android ignores a block without a signature file; one alone is no signature."""
    orphan = {"META-INF/bc/KEY.DSA": b"x"}
    facts = verified(jar_sign(FILES, signer) | orphan)
    assert facts.verified and facts.schemes[0].signers == (signer.sha256,)


def test_only_a_signature_without_its_file(verified, signer):
    files = jar_sign(FILES, signer)
    del files["META-INF/CERT.SF"]
    facts = verified(files)
    assert facts.verified is False
    assert "META-INF/CERT.SF is missing" in facts.schemes[0].problems


def test_a_signature_file_without_a_version_signs_nothing(verified, signer):
    assert verified(jar_sign(FILES, signer, version="")).verified is False


@pytest.mark.parametrize("first", [False, True])
def test_a_name_twice_in_the_manifest(first, verified, signer):
    """One section for the signature, the other for the content: Android refuses such a manifest."""
    files = jar_sign(FILES, signer)
    evil = section("classes.dex", b"evil")
    head, blank, sections = files[MANIFEST].partition(b"\r\n\r\n")
    files[MANIFEST] = head + blank + (evil + sections if first else sections + evil)
    facts = verified(files | {"classes.dex": b"evil"})
    assert facts.verified is False
    assert "MANIFEST.MF: more than one section for classes.dex" in facts.schemes[0].problems


def test_a_section_that_was_changed(verified, signer):
    files = jar_sign(FILES, signer)
    files[MANIFEST] = files[MANIFEST].replace(*(section("classes.dex", data) for data in (b"dex", b"evil")))
    facts = verified(files | {"classes.dex": b"evil"})
    assert facts.verified is False
    assert "META-INF/CERT.SF: does not fit MANIFEST.MF at classes.dex" in facts.schemes[0].problems


@pytest.mark.parametrize(("main", "refused"), [("", True), ("X-Odd: 1", False)])
def test_main_attributes_that_were_changed(main, refused, verified, signer):
    """Not all signature files tell their digest; where it is, it has to hold."""
    files = jar_sign(FILES, signer, main=main)
    files[MANIFEST] = b"X-Odd: 1\r\n" + files[MANIFEST]
    facts = verified(files)
    assert facts.verified is not refused
    assert kinds(facts) == ({"v1-broken"} if refused else set())


def test_v1_finds_what_was_removed(verified, signer):
    files = jar_sign(FILES, signer)
    del files["res/a.png"]
    facts = verified(files)
    assert facts.verified is False
    assert facts.schemes[0].problems == ("removed after signing: res/a.png",)


@pytest.mark.parametrize("ids", ["2", "3", "2, 3"])
def test_a_stripped_signature_is_none_by_v1(ids, verified, signer):
    facts = verified(jar_sign(FILES, signer, main=f"X-Android-APK-Signed: {ids}"))
    assert facts.verified is False
    assert {"stripped", "v1-broken"} <= kinds(facts)


def test_a_scheme_that_nobody_knows_was_not_stripped(verified, signer):
    assert holds(verified(jar_sign(FILES, signer, main="X-Android-APK-Signed: 99")), signer)


@pytest.mark.parametrize("name", ["META-INF/services/x", "META-INF/channel_x", "META-INF/OTHER.SF"])
def test_v1_asks_for_nothing_in_meta_inf(name, verified, signer):
    """Neither does Android; shops put the mark of a channel there."""
    assert holds(verified(jar_sign(FILES, signer) | {name: b"x"}), signer)


def test_meta_inf_in_other_letters_is_another_folder(verified, signer):
    facts = verified(jar_sign(FILES, signer) | {"meta-inf/x.so": b"evil"})
    assert (facts.verified, facts.uncovered) == (False, ("meta-inf/x.so",))


CHANGED = next(
    (rule, when) for rule, when in match.compiled(load()) if rule.rule == "apk/changed-after-signing"
)


@pytest.mark.parametrize(
    ("change", "evidence"),
    [
        ({}, set()),
        ({"META-INF/services/x": b"x"}, set()),
        ({"classes2.dex": b"evil"}, {"added", "broken"}),
        ({"classes2.dex": b"evil", MANIFEST: section("classes2.dex", b"evil")}, {"added", "broken"}),
        ({"classes.dex": b"evil", MANIFEST: section("classes.dex", b"evil")}, {"broken"}),
        ({MANIFEST: section("classes2.dex", b"gone")}, {"broken"}),
    ],
)
def test_the_rule_finds_what_v1_does_not_cover(change, evidence, verified, signer):
    files = jar_sign(FILES, signer)
    facts = verified(files | change | {MANIFEST: files[MANIFEST] + change.get(MANIFEST, b"")})
    index = Index(AppFacts(signing=facts, differences=facts.differences))
    said = {e.says for f in match.evaluate(*CHANGED, index, "apk-1") for e in f.evidence}
    assert said == {CHANGED[0].evidence[key].says for key in evidence}


def test_v1_where_a_newer_scheme_holds(zip_writer, signer):
    """What the manifest alone names is told of code, and Android does not refuse it."""
    files = jar_sign(FILES, signer, main="X-Android-APK-Signed: 2")
    files[MANIFEST] += section("classes2.dex", b"new")
    for name, data in (files | {"classes2.dex": b"new"}).items():
        zip_writer.add(name, data)
    facts = verify(sign(zip_writer.done(), signer))
    assert facts.verified and facts.uncovered == ("classes2.dex",)
    assert not any(d.refused for d in facts.differences)


@pytest.mark.parametrize(("again_by_other", "changed"), [(True, ("classes.dex",)), (False, ())])
def test_v1_of_another_tells_what_was_changed(again_by_other, changed, zip_writer, signer):
    """By its own signer a newer scheme covers every byte, and Android looks no further."""
    files = jar_sign(FILES, signer) | {"classes.dex": b"new"}
    for name, data in files.items():
        zip_writer.add(name, data)
    facts = verify(sign(zip_writer.done(), Signer() if again_by_other else signer))
    assert facts.verified and facts.changed == changed
