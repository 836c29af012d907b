"""How a package is signed, and whether it was changed since.

Scheme v1 (JAR signing) covers entries one by one, v2, v3 and v3.1 the whole file. Digests and
signatures are computed here; ``cryptography`` checks the signatures and reads the certificates.
v4 lies beside the package (``.idsig``) and protects installing by stream only, so only its presence counts.

Sources: source.android.com/docs/security/features/apksigning (v2, v3, v3.1, v4), JAR File
Specification, RFC 5652 (CMS), AOSP ``tools/apksig`` (behaviour).
"""

import base64
import hashlib
import re
import struct
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from rogue_scan.apk.container import Container, Entry
from rogue_scan.apk.difference import Difference, Differences, short
from rogue_scan.errors import Malformed, SourceError

if TYPE_CHECKING:
    from cryptography import x509

MAGIC = b"APK Sig Block 42"
V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61
SCHEMES = {V2: "v2", V3: "v3", V31: "v3.1"}
PADDING, FROSTING, DEPENDENCIES = 0x42726577, 0x2146444E, 0x504B4453
STAMPS = {0x2B09189E, 0x6DFF800D}
ROTATION = 0x3BA06F8C
BLOCKS = {
    **SCHEMES, PADDING: "padding", FROSTING: "Google Play frosting", DEPENDENCIES: "dependency list",
    0x2B09189E: "source stamp v1", 0x6DFF800D: "source stamp v2", 0x71777777: "channel mark (Walle)",
    0x881155FF: "channel mark (VasDolly)", 0xF05368C1: "v3 (rotated)",
}  # fmt: skip

# Signature algorithm id to (key and padding, hash, whether the digest is a Merkle tree)
ALGORITHMS: dict[int, tuple[str, str, bool]] = {
    0x0101: ("pss", "sha256", False), 0x0102: ("pss", "sha512", False), 0x0103: ("rsa", "sha256", False),
    0x0104: ("rsa", "sha512", False), 0x0201: ("ec", "sha256", False), 0x0202: ("ec", "sha512", False),
    0x0301: ("dsa", "sha256", False), 0x0421: ("rsa", "sha256", True), 0x0423: ("ec", "sha256", True),
    0x0425: ("dsa", "sha256", True),
}  # fmt: skip
STRIPPING = 0xBEEFF00D
CHUNK = 1 << 20

V1_FILE = re.compile(
    r"META-INF/[^/]+\.(SF|RSA|DSA|EC)|META-INF/MANIFEST\.MF|META-INF/SIG-[^/]*", re.IGNORECASE
)
MAX_V1_FILE = 32 << 20
MAX_SIGNERS = 10
MAX_CERTIFICATES = 40

KNOWN = {
    "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc": "AOSP test key (testkey)",
    "c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8": "AOSP test key (platform)",
    "28bbfe4a7b97e74681dc55c2fbb6ccb8d6c74963733f6af6ae74d8c3a6e879fd": "AOSP test key (shared)",
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


class Scheme(msgspec.Struct, frozen=True, omit_defaults=True):
    """One signature scheme in the package."""

    name: str
    verified: bool | None = None
    """None: could not be checked."""
    signers: tuple[str, ...] = ()
    """SHA-256 of the signers' certificates."""
    min_sdk: int | None = None
    max_sdk: int | None = None
    problems: tuple[str, ...] = ()


class Block(msgspec.Struct, frozen=True):
    """One part of the APK signing block."""

    id: int
    name: str
    offset: int
    size: int


class SigningFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a package is signed."""

    schemes: tuple[Scheme, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    """Of all signers, those of the newest scheme first."""
    lineage: tuple[str, ...] = ()
    """SHA-256 of the certificates of a key rotation, oldest first."""
    blocks: tuple[Block, ...] = ()
    stamped: bool = False
    """Carries a source stamp (made by a store or build service)."""
    changed: tuple[str, ...] = ()
    """Entries whose v1 digest is wrong."""
    uncovered: tuple[str, ...] = ()
    """Entries that the v1 signature does not cover though they came with it."""
    differences: tuple[Difference, ...] = ()
    """Kinds ``sig:…``."""

    @property
    def signed(self) -> bool:
        """Whether there is any signature at all."""
        return bool(self.schemes)

    @property
    def verified(self) -> bool | None:
        """As Android judges: by the newest scheme; None if unsigned or not checkable."""
        return self.schemes[0].verified if self.schemes else None


def verify(container: Container, *, thorough: bool = False) -> SigningFacts:
    """Check every scheme of a package.

    Where a newer scheme holds, v1 digests are computed only for the entries that are code or
    configuration, as Android itself then ignores v1; ``thorough`` computes all of them.
    """
    return _Verifier(container, thorough).run()


class _Verifier:
    """State of one check."""

    def __init__(self, container: Container, thorough: bool) -> None:
        self.container, self.thorough = container, thorough
        self.notes = Differences()
        self.certificates: dict[str, Certificate] = {}
        self.lineage: list[str] = []
        self.blocks: list[Block] = []
        self.changed: list[str] = []
        self.uncovered: list[str] = []

    def note(
        self, what: str, at: int = -1, entry: str = "", value: object = "", *, refused: bool = False
    ) -> None:
        self.notes.add(f"sig:{what}", at, entry, value, refused=refused)

    def run(self) -> SigningFacts:
        schemes: list[Scheme] = []
        where = self.signing_block()
        if where is not None:
            start, end = where
            for number, at, body in self.parts(start, end):
                if number in SCHEMES:
                    schemes.append(self.scheme(number, at, body, start))
        schemes.sort(key=lambda s: ["v3.1", "v3", "v2"].index(s.name))
        schemes += self.v1(whole=not any(s.verified for s in schemes))
        if not schemes:
            self.note("unsigned", refused=True)
        for scheme in schemes:
            if scheme.verified is False:
                self.note(
                    f"{scheme.name}-broken", -1, "", "; ".join(scheme.problems), refused=scheme is schemes[0]
                )
        signers = {sha for scheme in schemes for sha in scheme.signers}
        sets = {scheme.signers for scheme in schemes if scheme.signers and scheme.name != "v3.1"}
        if len(sets) > 1 and not self.lineage:
            self.note(
                "signers-differ",
                value="; ".join(f"{s.name}: {', '.join(x[:16] for x in s.signers)}" for s in schemes),
            )
        order = [sha for scheme in schemes for sha in scheme.signers]
        known = sorted(
            (c for c in self.certificates.values() if c.sha256 in signers),
            key=lambda c: order.index(c.sha256),
        )
        return SigningFacts(
            tuple(schemes), tuple(known), tuple(self.lineage), tuple(self.blocks),
            any(b.id in STAMPS for b in self.blocks) or "stamp-cert-sha256" in self.container,
            tuple(self.changed[:50]), tuple(self.uncovered[:50]), self.notes.done(),
        )  # fmt: skip

    # --- APK signing block

    def signing_block(self) -> tuple[int, int] | None:
        """Begin and end of the APK signing block in front of the central directory."""
        data, central = self.container.data, self.container.central
        if central < 32 or bytes(data[central - 16 : central]) != MAGIC:
            return None
        size = struct.unpack_from("<Q", data, central - 24)[0]
        start = central - size - 8
        if start < 0 or size < 24 or struct.unpack_from("<Q", data, start)[0] != size:
            self.note("block-size", central - 24, value=size, refused=True)
            return None
        return start, central

    def parts(self, start: int, end: int) -> Iterator[tuple[int, int, memoryview]]:
        view = memoryview(self.container.data)
        at, stop = start + 8, end - 24
        while at + 12 <= stop and len(self.blocks) < 64:
            length, number = struct.unpack_from("<QI", view, at)
            if length < 4 or at + 8 + length > stop:
                self.note("block-part", at, value=f"0x{number:08x}: {length} bytes", refused=True)
                return
            name = BLOCKS.get(number, "unknown")
            self.blocks.append(Block(number, name, at, length - 4))
            if name == "unknown":
                self.note("unknown-block", at, value=f"0x{number:08x}, {length - 4} bytes")
            yield number, at + 12, view[at + 12 : at + 8 + length]
            at += 8 + length

    def scheme(self, number: int, at: int, body: memoryview, block: int) -> Scheme:
        name = SCHEMES[number]
        problems: list[str] = []
        signers: list[str] = []
        verdicts: list[bool | None] = []
        low: int | None = None
        high: int | None = None
        try:
            for signer in _prefixed(_one(body)):
                if len(verdicts) >= MAX_SIGNERS:
                    problems.append(f"more than {MAX_SIGNERS} signers")
                    break
                verdict, sha, span = self.signer(signer, number, block, problems)
                verdicts.append(verdict)
                if sha:
                    signers.append(sha)
                if span:
                    low, high = span
        except (Malformed, struct.error) as error:
            problems.append(f"broken structure: {error}")
            verdicts.append(False)
        if not verdicts:
            problems.append("no signer")
            verdicts.append(False)
        verified = False if False in verdicts else None if None in verdicts else True
        return Scheme(name, verified, tuple(signers), low, high, tuple(dict.fromkeys(problems)))

    def signer(
        self, signer: memoryview, number: int, block: int, problems: list[str]
    ) -> tuple[bool | None, str, tuple[int, int] | None]:
        signed, rest = _take(signer)
        span = None
        if number != V2:
            span = struct.unpack_from("<II", rest)
            rest = rest[8:]
        signatures, rest = _take(rest)
        public_key, _ = _take(rest)
        digests, inner = _take(signed)
        certificates, inner = _take(inner)
        if number != V2:
            if struct.unpack_from("<II", inner) != span:
                problems.append("version range differs inside and outside the signed data")
            inner = inner[8:]
        attributes, _ = _take(inner)
        ders = [bytes(c) for c in _prefixed(certificates)]
        if not ders:
            problems.append("no certificate")
            return False, "", span
        certificate = self.certificate(ders[0])
        for attribute in _prefixed(attributes):
            if len(attribute) >= 4 and struct.unpack_from("<I", attribute)[0] == ROTATION:
                self.rotation(attribute[4:])
        verdict = self.signature(bytes(signed), signatures, bytes(public_key), problems)
        if _spki(ders[0]) not in (None, bytes(public_key)):
            problems.append("the public key is not that of the certificate")
            verdict = False
        content = self.content(digests, block, problems)
        if content is None:
            verdict = verdict and None
        elif not content:
            verdict = False
        return verdict, certificate.sha256, span

    def signature(
        self, signed: bytes, signatures: memoryview, key: bytes, problems: list[str]
    ) -> bool | None:
        best: tuple[int, bytes] | None = None
        for item in _prefixed(signatures):
            algorithm = struct.unpack_from("<I", item)[0]
            if algorithm in ALGORITHMS and (best is None or _strength(algorithm) > _strength(best[0])):
                best = algorithm, bytes(_take(item[4:])[0])
        if best is None:
            problems.append("no signature of a known algorithm")
            return False
        kind, hash_name, _ = ALGORITHMS[best[0]]
        result = _check_signature(key, kind, hash_name, best[1], signed)
        if result is False:
            problems.append("the signature does not fit the signed data")
        elif result is None:
            problems.append("the signature could not be checked")
        return result

    def content(self, digests: memoryview, block: int, problems: list[str]) -> bool | None:
        """Whether the digests of the file's content hold; None if none of them can be computed."""
        result: bool | None = None
        for item in _prefixed(digests):
            algorithm = struct.unpack_from("<I", item)[0]
            told = bytes(_take(item[4:])[0])
            known = ALGORITHMS.get(algorithm)
            if known is None:
                continue
            hash_name, tree = known[1], known[2]
            real = self.tree_digest(block, told) if tree else self.chunked_digest(hash_name, block)
            if real is None:
                continue
            if real != told:
                problems.append(f"the content does not fit its {hash_name} digest: changed after signing")
                return False
            result = True
        return result

    def chunked_digest(self, hash_name: str, block: int) -> bytes | None:
        """Digest over 1 MiB pieces of content, directory and end record (v2 scheme)."""
        return self.sections_digest(hash_name, block)

    def sections_digest(self, hash_name: str, block: int) -> bytes:
        cache: dict[str, bytes] = self.__dict__.setdefault("_digests", {})
        if hash_name in cache:
            return cache[hash_name]
        view = memoryview(self.container.data)
        end = bytearray(view[self.container.end :])
        struct.pack_into("<I", end, 16, block & 0xFFFFFFFF)
        count, top = 0, []
        for section in (view[:block], view[self.container.central : self.container.end], memoryview(end)):
            for at in range(0, len(section), CHUNK):
                piece = section[at : at + CHUNK]
                state = hashlib.new(hash_name, b"\xa5" + struct.pack("<I", len(piece)))
                state.update(piece)
                top.append(state.digest())
                count += 1
        cache[hash_name] = hashlib.new(hash_name, b"\x5a" + struct.pack("<I", count) + b"".join(top)).digest()
        return cache[hash_name]

    def tree_digest(self, block: int, told: bytes) -> bytes | None:
        """Root of the Merkle tree over 4 KiB pieces plus the length (v2 scheme, verity), if it can be
        built.
        """
        if len(told) != 40:
            return b""
        view = memoryview(self.container.data)
        if block % 4096:
            return None
        end = bytearray(view[self.container.end :])
        struct.pack_into("<I", end, 16, block & 0xFFFFFFFF)
        parts = (view[:block], view[self.container.central : self.container.end], memoryview(end))
        salt = bytes(8)
        state, pending, level = hashlib.sha256, b"", []
        total = 0
        for part in parts:
            total += len(part)
            at = 0
            if pending:
                need = 4096 - len(pending)
                pending += bytes(part[:need])
                at = need
                if len(pending) < 4096:
                    continue
                level.append(state(salt + pending).digest())
                pending = b""
            whole = at + (len(part) - at) // 4096 * 4096
            pieces = (bytes(part[piece : piece + 4096]) for piece in range(at, whole, 4096))
            level += [state(salt + piece).digest() for piece in pieces]
            pending = bytes(part[max(at, whole) :])
        if pending:
            level.append(state(salt + pending.ljust(4096, b"\0")).digest())
        while True:
            data = b"".join(level)
            data = data.ljust((len(data) + 4095) // 4096 * 4096, b"\0")
            if len(data) <= 4096:
                return state(salt + data).digest() + struct.pack("<Q", total)
            level = [state(salt + data[at : at + 4096]).digest() for at in range(0, len(data), 4096)]

    def rotation(self, body: memoryview) -> None:
        """Certificates of a proof of rotation, oldest first."""
        try:
            for level in _prefixed(body[4:]):
                signed, _ = _take(level)
                der, _ = _take(signed)
                sha = self.certificate(bytes(der)).sha256
                if sha not in self.lineage and len(self.lineage) < MAX_CERTIFICATES:
                    self.lineage.append(sha)
        except (Malformed, struct.error):
            self.note("lineage", value="broken structure")

    def certificate(self, der: bytes) -> Certificate:
        sha = hashlib.sha256(der).hexdigest()
        if sha not in self.certificates and len(self.certificates) < MAX_CERTIFICATES:
            self.certificates[sha] = _certificate(der, sha)
        return self.certificates.get(sha) or Certificate(sha)

    # --- v1

    def v1(self, *, whole: bool) -> list[Scheme]:
        container = self.container
        files = [e for e in container.entries if V1_FILE.fullmatch(e.name)]
        signatures = [e for e in files if e.name.upper().endswith((".RSA", ".DSA", ".EC"))]
        if not signatures:
            return []
        by_name = {e.name.upper(): e for e in files}
        problems: list[str] = []
        signers: list[str] = []
        verdicts: list[bool | None] = []
        manifest = self.read_v1(by_name.get("META-INF/MANIFEST.MF"), problems)
        for block in signatures[:MAX_SIGNERS]:
            name = block.name.upper().rpartition(".")[0] + ".SF"
            text = self.read_v1(by_name.get(name), problems)
            if text is None or manifest is None:
                problems.append(f"{name if text is None else 'MANIFEST.MF'} is missing")
                verdicts.append(False)
                continue
            self.stripped(text)
            verdicts.append(self.v1_signer(block, text, problems, signers))
            verdicts.append(self.v1_manifest(text, manifest, problems))
        if manifest is not None:
            verdicts.append(self.v1_entries(manifest, problems, whole=whole or self.thorough))
        verified = False if False in verdicts else None if None in verdicts else True
        return [
            Scheme("v1", verified, tuple(dict.fromkeys(signers)), problems=tuple(dict.fromkeys(problems)))
        ]

    def read_v1(self, entry: Entry | None, problems: list[str]) -> bytes | None:
        if entry is None:
            return None
        try:
            return self.container.read(entry, MAX_V1_FILE)
        except SourceError as error:
            problems.append(str(error))
            return None

    def stripped(self, text: bytes) -> None:
        """Note where v1 says that a newer scheme was there too, and it is not."""
        if self.container.central < 0:
            return  # the end of the file is missing, and the signing block with it
        said = re.search(rb"^X-Android-APK-Signed:\s*([0-9, ]+)", text[:4096], re.MULTILINE)
        if said:
            there = {b.name for b in self.blocks}
            for number in said.group(1).replace(b" ", b"").split(b","):
                if number in (b"2", b"3") and f"v{number.decode()}" not in there:
                    self.note("stripped", value=f"v{number.decode()} is gone", refused=True)

    def v1_signer(self, block: Entry, text: bytes, problems: list[str], signers: list[str]) -> bool | None:
        raw = self.read_v1(block, problems)
        if raw is None:
            return False
        try:
            signer = _cms_signer(raw)
        except (Malformed, IndexError, ValueError) as error:
            problems.append(f"{short(block.name, 80)}: {error or 'broken structure'}")
            return False
        for der in signer.others:
            self.certificate(der)
        signers.append(self.certificate(signer.certificate).sha256)
        if signer.attributes is not None and signer.message_digest != hashlib.new(signer.hash, text).digest():
            problems.append("the signature is over another signature file (.SF)")
            return False
        key = _spki(signer.certificate)
        if key is None:
            problems.append("the signer's certificate cannot be read")
            return None
        signed = text if signer.attributes is None else signer.attributes
        result = _check_signature(key, "any", signer.hash, signer.signature, signed)
        if result is False:
            problems.append("the signature does not fit the signature file (.SF)")
        return result

    def v1_manifest(self, text: bytes, manifest: bytes, problems: list[str]) -> bool | None:
        main, sections = _sections(text)
        for key, value in main.items():
            if key.endswith(b"-digest-manifest") and not key.endswith(b"-digest-manifest-main-attributes"):
                name = _hash_name(key.removesuffix(b"-digest-manifest"))
                if name and hashlib.new(name, manifest).digest() == _unbase64(value):
                    return True
        # the manifest was extended after signing: its sections have to hold one by one
        starts = dict(_raw_sections(manifest))
        for entry, attributes in sections.items():
            for key, value in attributes.items():
                name = _hash_name(key.removesuffix(b"-digest")) if key.endswith(b"-digest") else None
                if name and (
                    entry not in starts or hashlib.new(name, starts[entry]).digest() != _unbase64(value)
                ):
                    where = short(entry.decode(errors="replace"), 80)
                    problems.append(f"MANIFEST.MF does not fit the signature file at {where}")
                    return False
        return bool(sections)

    def v1_entries(self, manifest: bytes, problems: list[str], *, whole: bool) -> bool | None:
        _, sections = _sections(manifest)
        wrong = False
        unchecked: list[str] = []
        for entry in self.container.entries:
            if entry.is_dir or entry.name.upper().startswith("META-INF/"):
                continue
            attributes = sections.get(entry.name.encode("utf-8", "surrogateescape"))
            digests = [
                (name, value)
                for key, value in (attributes or {}).items()
                if key.endswith(b"-digest") and (name := _hash_name(key.removesuffix(b"-digest")))
            ]
            if not digests:
                self.uncovered.append(short(entry.name))
                if entry.name != "stamp-cert-sha256":
                    self.note("uncovered", entry.header, entry.name, refused=whole)
                continue
            if not whole and not entry.name.endswith((".dex", ".so", ".arsc", "AndroidManifest.xml")):
                continue
            name, value = max(digests, key=lambda item: ("sha1", "sha256", "sha384", "sha512").index(item[0]))
            try:
                real = self.container.digest(entry, name)
            except SourceError as error:
                unchecked.append(str(error))
                continue
            if real != _unbase64(value):
                wrong = True
                self.changed.append(short(entry.name))
                self.note("changed", entry.header, entry.name, refused=whole)
        if self.uncovered:
            problems.append(f"{len(self.uncovered)} entries are not covered: {', '.join(self.uncovered[:3])}")
        if self.changed:
            problems.append(f"changed after signing: {', '.join(self.changed[:3])}")
        if unchecked:
            problems.append(f"{len(unchecked)} entries could not be checked: {unchecked[0]}")
        if wrong or (self.uncovered and whole):
            return False
        return None if unchecked else True


# --- small readers


def _one(body: memoryview) -> memoryview:
    return _take(body)[0]


def _take(body: memoryview) -> tuple[memoryview, memoryview]:
    """A length-prefixed part and what follows it."""
    if len(body) < 4:
        raise Malformed("length missing")
    length = struct.unpack_from("<I", body)[0]
    if length > len(body) - 4:
        raise Malformed(f"length {length} is more than there is")
    return body[4 : 4 + length], body[4 + length :]


def _prefixed(body: memoryview) -> Iterator[memoryview]:
    while len(body):
        part, body = _take(body)
        yield part


def _strength(algorithm: int) -> int:
    kind = ALGORITHMS[algorithm]
    return 0 if kind[2] else 2 if kind[1] == "sha512" else 1


def _hash_name(key: bytes) -> str | None:
    return {
        b"sha1": "sha1",
        b"sha": "sha1",
        b"sha-256": "sha256",
        b"sha-384": "sha384",
        b"sha-512": "sha512",
    }.get(key)


def _unbase64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return b""


_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r(?!\n)\r(?!\n)")


def _raw_sections(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Sections of a JAR manifest as (entry name, bytes with their closing blank line)."""
    at = 0
    for blank in _BLANK_LINE.finditer(text):
        section = text[at : blank.end()]
        at = blank.end()
        yield _attributes(section).get(b"name", b""), section
    if at < len(text):
        yield _attributes(text[at:]).get(b"name", b""), text[at:]


def _sections(text: bytes) -> tuple[dict[bytes, bytes], dict[bytes, dict[bytes, bytes]]]:
    """Main attributes and those of each entry; keys in lower case, continued lines joined."""
    parts = [part for part in _BLANK_LINE.split(text) if part.strip()]
    main = _attributes(parts[0]) if parts else {}
    found: dict[bytes, dict[bytes, bytes]] = {}
    for part in parts[1:]:
        attributes = _attributes(part)
        if b"name" in attributes:
            found.setdefault(attributes[b"name"], attributes)
    return main, found


def _attributes(section: bytes) -> dict[bytes, bytes]:
    lines = re.sub(rb"(?:\r\n|\r|\n) ", b"", section)
    out: dict[bytes, bytes] = {}
    for line in re.split(rb"\r\n|\r|\n", lines):
        key, colon, value = line.partition(b":")
        if colon:
            out[key.strip().lower()] = value.removeprefix(b" ")
    return out


class _CmsSigner(msgspec.Struct):
    certificate: bytes
    others: list[bytes]
    hash: str
    attributes: bytes | None
    message_digest: bytes
    signature: bytes


_HASH_OIDS = {
    bytes.fromhex("2b0e03021a"): "sha1", bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384", bytes.fromhex("608648016503040203"): "sha512",
    bytes.fromhex("608648016503040204"): "sha224", bytes.fromhex("2a864886f70d0205"): "md5",
}  # fmt: skip
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")


def _der(data: bytes, at: int = 0) -> Iterator[tuple[int, bytes, bytes]]:
    """Values of a DER sequence as (tag, content, whole)."""
    while at < len(data):
        begin = at
        tag = data[at]
        length = data[at + 1]
        at += 2
        if length == 0x80:
            raise Malformed("length without end (BER)")
        if length & 0x80:
            size = length & 0x7F
            if size > 4:
                raise Malformed("length of more than four bytes")
            length = int.from_bytes(data[at : at + size])
            at += size
        if at + length > len(data):
            raise Malformed("a value ends after its container")
        yield tag, data[at : at + length], data[begin : at + length]
        at += length


def _inside(data: bytes) -> bytes:
    """Content of the first value."""
    for _, content, _ in _der(data):
        return content
    raise Malformed("a value is missing")


def _cms_signer(raw: bytes) -> _CmsSigner:
    """The first signer of a CMS SignedData (RFC 5652, section 5), with its certificate."""
    content = [part for _, part, _ in _der(_inside(raw))]
    signed = list(_der(_inside(content[1])))
    certificates: list[bytes] = []
    for tag, body, _ in signed:
        if tag == 0xA0:
            certificates = [whole for _, _, whole in _der(body)][:MAX_CERTIFICATES]
    infos = next(_der(signed[-1][1]), None) if signed else None
    if infos is None or signed[-1][0] != 0x31:
        raise Malformed("no signer")
    parts = list(_der(infos[1]))
    issuer_serial = parts[1][1]
    digest_oid = _inside(parts[2][1])
    attributes = None
    message_digest = b""
    at = 3
    if parts[at][0] == 0xA0:
        attributes = b"\x31" + parts[at][2][1:]  # signed as a SET OF (RFC 5652, 5.4)
        for _, attribute, _ in _der(parts[at][1]):
            pair = list(_der(attribute))
            if pair[0][1] == _MESSAGE_DIGEST:
                message_digest = _inside(pair[1][1])
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
    return _CmsSigner(chosen, certificates, name, attributes, message_digest, signature)


def _has_serial(certificate: bytes, issuer_serial: bytes) -> bool:
    serial = [whole for _, _, whole in _der(issuer_serial)][-1]
    body = list(_der(_inside(_inside(certificate))))
    return any(whole == serial for tag, _, whole in body[:2] if tag == 2)


def _load(der: bytes) -> "x509.Certificate | None":
    from cryptography import x509

    try:
        return x509.load_der_x509_certificate(der)
    except Exception:  # cryptography raises many kinds on hostile certificates
        return None


def _certificate(der: bytes, sha: str) -> Certificate:
    """Facts of a certificate; what it breaks (serial 0, odd names) is a fact here and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _certificate_facts(der, sha)


def _certificate_facts(der: bytes, sha: str) -> Certificate:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    certificate = _load(der)
    if certificate is None:
        return Certificate(sha, subject="(unreadable certificate)")

    def text(get: Any) -> str:
        try:
            return short(str(get()))
        except Exception:
            return "(unreadable)"

    key = ""
    try:
        public = certificate.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            key = f"RSA {public.key_size}"
        elif isinstance(public, ec.EllipticCurvePublicKey):
            key = f"EC {public.curve.name}"
        elif isinstance(public, dsa.DSAPublicKey):
            key = f"DSA {public.key_size}"
    except Exception:
        key = "unknown"
    subject = text(lambda: certificate.subject.rfc4514_string())
    issuer = text(lambda: certificate.issuer.rfc4514_string())
    return Certificate(
        sha256=sha,
        subject=subject,
        issuer=issuer,
        serial=text(lambda: f"{certificate.serial_number:x}"),
        not_before=text(lambda: certificate.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ")),
        not_after=text(lambda: certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")),
        key=key,
        hash=text(
            lambda: certificate.signature_hash_algorithm.name if certificate.signature_hash_algorithm else ""
        ),
        self_signed=subject == issuer,
        known=KNOWN.get(sha) or _known_subject(subject),
    )


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


def _spki(der: bytes) -> bytes | None:
    """The SubjectPublicKeyInfo of a certificate as it stands there."""
    try:
        fields = list(_der(_inside(_inside(der))))
        first = 1 if fields[0][0] == 0xA0 else 0
        return fields[first + 5][2]
    except (Malformed, IndexError):
        return None


def _check_signature(key: bytes, kind: str, hash_name: str, signature: bytes, signed: bytes) -> bool | None:
    """Whether a signature holds; None where key or algorithm is not one that can be checked."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    algorithms: dict[str, Callable[[], hashes.HashAlgorithm]] = {
        "sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256, "sha384": hashes.SHA384,
        "sha512": hashes.SHA512, "md5": hashes.MD5,
    }  # fmt: skip
    algorithm = algorithms[hash_name]()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            public = load_der_public_key(key)
        if isinstance(public, rsa.RSAPublicKey) and kind in ("rsa", "pss", "any"):
            how = (
                padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
                if kind == "pss"
                else padding.PKCS1v15()
            )
            public.verify(signature, signed, how, algorithm)
        elif isinstance(public, ec.EllipticCurvePublicKey) and kind in ("ec", "any"):
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
