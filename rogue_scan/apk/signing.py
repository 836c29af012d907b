"""How a package is signed, and whether it was changed since.

Scheme v1 (JAR signing) covers entries one by one, v2, v3 and v3.1 the whole file. Digests are
computed here, certificates and RSA signatures read and checked by numbers
(:mod:`~rogue_scan.apk.x509`, :mod:`~rogue_scan.apk.rsa`); ``cryptography`` is loaded for other keys only.
v4 lies beside the package (``.idsig``) and protects installing by stream only, so only its presence counts.

Sources: source.android.com/docs/security/features/apksigning (v2, v3, v3.1, v4), JAR File
Specification, RFC 5652 (CMS), AOSP ``tools/apksig`` (behaviour).
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence, Set

import msgspec

from rogue_scan.apk import cms, jar
from rogue_scan.apk.certificate import Certificate, certificate_facts, public_key_of, signature_holds
from rogue_scan.apk.container import Container, Entry
from rogue_scan.apk.difference import Difference, Differences, short
from rogue_scan.errors import Malformed, SourceError

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
CHUNK = 1 << 20

V1_FOLDER, V1_SIGNATURES = "META-INF/", (".RSA", ".DSA", ".EC")
V1_CODE = ".dex", ".so", ".arsc", "AndroidManifest.xml"
MAX_V1_FILE = 32 << 20
MAX_SIGNERS = 10
MAX_CERTIFICATES = 40


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
    """SHA-256 of the certificates of a key rotation, oldest first, each signed by the one before."""
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


def verify(container: Container) -> SigningFacts:
    """Check every scheme of a package.

    Where a newer scheme holds, Android ignores v1. Then the digests of v1 are computed only where its signers
    are others, and only of code and configuration: they tell what was changed before the package was signed
    anew.
    """
    return _Verifier(container).run()


class _Verifier:
    """State of one check."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.notes = Differences()
        self.certificates: dict[str, Certificate] = {}
        self.digests: dict[str, bytes] = {}
        """Of the content, by the hash of its chunks."""
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
        schemes += self.v1([s for s in schemes if s.verified])
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
                self.rotation(attribute[4:], certificate.sha256)
        verdict = self.signature(bytes(signed), signatures, bytes(public_key), problems)
        if public_key_of(ders[0]) not in (None, bytes(public_key)):
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
        result = signature_holds(key, kind, hash_name, best[1], signed)
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
        if hash_name in self.digests:
            return self.digests[hash_name]
        view = memoryview(self.container.data)
        end = bytearray(view[self.container.end :])
        struct.pack_into("<I", end, 16, block & 0xFFFFFFFF)
        top: list[bytes] = []
        for section in (view[:block], view[self.container.central : self.container.end], memoryview(end)):
            for at in range(0, len(section), CHUNK):
                piece = section[at : at + CHUNK]
                state = hashlib.new(hash_name, b"\xa5" + struct.pack("<I", len(piece)))
                state.update(piece)
                top.append(state.digest())
        whole = hashlib.new(hash_name, b"\x5a" + struct.pack("<I", len(top)) + b"".join(top)).digest()
        self.digests[hash_name] = whole
        return whole

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

    def rotation(self, body: memoryview, newest: str) -> None:
        """Certificates of a proof of rotation, oldest first; none where one is not signed by the one before.

        ``newest``: SHA-256 of the certificate that signs the package, which has to be the last one.
        """
        before: tuple[bytes, int] | None = None
        found: list[str] = []
        try:
            for level in _prefixed(body[4:]):
                signed, rest = _take(level)
                der, inner = _take(signed)
                _, algorithm = struct.unpack_from("<II", rest)
                if before is not None:
                    key = public_key_of(before[0])
                    kind = ALGORITHMS.get(before[1])
                    told = struct.unpack_from("<I", inner)[0]
                    signature = bytes(_take(rest[8:])[0])
                    if (
                        key is None
                        or kind is None
                        or told != before[1]
                        or not signature_holds(key, kind[0], kind[1], signature, bytes(signed))
                    ):
                        raise Malformed("a key is not signed by the one before it")
                before = bytes(der), algorithm
                found.append(self.certificate(bytes(der)).sha256)
                if len(found) > MAX_CERTIFICATES:
                    break
            if found and found[-1] != newest:
                raise Malformed("it does not end in the key that signs")
        except (Malformed, struct.error) as error:
            self.note("lineage", value=error, refused=True)
            return
        self.lineage += [sha for sha in found if sha not in self.lineage]

    def certificate(self, der: bytes) -> Certificate:
        sha = hashlib.sha256(der).hexdigest()
        if sha not in self.certificates and len(self.certificates) < MAX_CERTIFICATES:
            self.certificates[sha] = certificate_facts(der, sha)
        return self.certificates.get(sha) or Certificate(sha)

    # --- v1

    def v1(self, newer: Sequence[Scheme]) -> list[Scheme]:
        """The scheme as Android judges it (AOSP ``StrictJarVerifier``, ``ApkSignatureVerifier``).

        A signer vouches for the entries that its signature file (.SF) names, and all entries need the same
        signers. ``newer``: schemes that hold, in whose favour Android ignores this one.
        """
        whole, known = not newer, {sha for scheme in newer for sha in scheme.signers}
        files = {entry.name: entry for entry in self.container.entries if entry.name.startswith(V1_FOLDER)}
        blocks = [
            (entry, f"{name.rpartition('.')[0]}.SF")
            for name, entry in files.items()
            if name.endswith(V1_SIGNATURES)
        ]
        if not blocks:
            return []
        # Android ignores a block without its signature file
        signed = [(block, files[name]) for block, name in blocks if name in files]
        missing = [name for _, name in blocks if name not in files]
        problems = [f"{short(name, 80)} is missing" for name in missing[:MAX_SIGNERS]]
        verdicts: list[bool | None] = []
        signers: list[tuple[str, Set[bytes]]] = []
        told: dict[bytes, dict[str, bytes]] = {}
        manifest = self.read_v1(files.get("META-INF/MANIFEST.MF"), problems) or b""
        if not manifest:
            problems.append("MANIFEST.MF is missing")
        try:
            told = jar.digests(manifest)
        except Malformed as error:
            problems.append(f"MANIFEST.MF: {error}")
        for block, file in signed[:MAX_SIGNERS]:
            text = self.read_v1(file, problems) or b""
            verdict, sha = self.v1_signer(block, text, problems)
            verdicts.append(verdict)
            try:
                names = self.v1_names(text, manifest, told, whole=whole)
            except Malformed as error:
                problems.append(f"{short(file.name, 80)}: {error}")
                verdicts.append(False)
                names = told.keys()
            if not names:
                problems.append(f"{short(file.name, 80)} signs nothing here")
            signers.append((sha, names))
        ours = [signer for signer in signers if b"AndroidManifest.xml" in signer[1]] or signers
        shas = dict.fromkeys(sha for sha, _ in ours if sha)
        if not told or not any(names for _, names in signers):
            verdicts.append(False)
        if told:
            covered: Set[bytes] = told.keys()
            for signer in signers:
                covered = covered & signer[1] if signer in ours else covered - signer[1]
            endings = ("",) if whole else () if shas.keys() <= known else V1_CODE
            verdicts.append(self.v1_entries(told, covered, problems, endings, whole=whole))
        verified = False if False in verdicts else None if None in verdicts else True
        return [Scheme("v1", verified, tuple(shas), problems=tuple(dict.fromkeys(problems)))]

    def read_v1(self, entry: Entry | None, problems: list[str]) -> bytes | None:
        if entry is None:
            return None
        try:
            return self.container.read(entry, MAX_V1_FILE)
        except SourceError as error:
            problems.append(str(error))
            return None

    def stripped(self, told: dict[bytes, bytes]) -> str:
        """Note where v1 says that a newer scheme was there too, and it is not; what is missing."""
        if self.container.central < 0:
            return ""  # the end of the file is missing, and the signing block with it
        there = {b.name for b in self.blocks}
        gone = ""
        for number in told.get(b"x-android-apk-signed", b"").replace(b" ", b"").split(b","):
            if number in (b"2", b"3") and f"v{number.decode()}" not in there:
                gone = f"v{number.decode()} is gone"
                self.note("stripped", value=gone, refused=True)
        return gone

    def v1_signer(self, block: Entry, text: bytes, problems: list[str]) -> tuple[bool | None, str]:
        """Whether the signature over a signature file (.SF) holds; SHA-256 of the signer's certificate."""
        raw = self.read_v1(block, problems)
        if raw is None:
            return False, ""
        try:
            signer = cms.first_signer(raw)
        except SourceError as error:
            problems.append(f"{short(block.name, 80)}: {error}")
            return False, ""
        for der in signer.others:
            self.certificate(der)
        sha = self.certificate(signer.certificate).sha256
        if signer.attributes is not None and signer.message_digest != hashlib.new(signer.hash, text).digest():
            problems.append("the signature is over another signature file (.SF)")
            return False, sha
        key = public_key_of(signer.certificate)
        if key is None:
            problems.append("the signer's certificate cannot be read")
            return None, sha
        signed = text if signer.attributes is None else signer.attributes
        result = signature_holds(key, "any", signer.hash, signer.signature, signed)
        if result is False:
            problems.append("the signature does not fit the signature file (.SF)")
        return result, sha

    def v1_names(
        self, text: bytes, manifest: bytes, told: dict[bytes, dict[str, bytes]], *, whole: bool
    ) -> Set[bytes]:
        """Entries for which a signature file vouches; none where it names others than the manifest.

        A manifest that was extended after signing still holds by the sections that the file names.
        ``told``: digests in the manifest.

        :raises Malformed: it contradicts the manifest, or tells of a newer scheme that was removed.
        """
        main = jar.main_attributes(text)
        gone = self.stripped(main)
        if gone and whole:
            raise Malformed(gone)
        if b"signature-version" not in main:
            return frozenset()
        if jar.fits(jar.known(main, b"-manifest"), manifest):
            return jar.digests(text).keys() if whole else told.keys()
        sections = list(jar.raw_sections(manifest))
        head = jar.known(main, b"-manifest-main-attributes")
        if sections and head and not jar.fits(head, sections[0][1]):
            raise Malformed("does not fit the main attributes of MANIFEST.MF")
        signed, parts = jar.digests(text), dict(sections)
        if not signed.keys() <= told.keys():
            return frozenset()
        for entry, digests in signed.items():
            if not jar.fits(digests, parts.get(entry, b"")):
                where = short(entry.decode(errors="replace"), 80)
                raise Malformed(f"does not fit MANIFEST.MF at {where}")
        return signed.keys()

    def v1_entries(
        self,
        told: dict[bytes, dict[str, bytes]],
        covered: Set[bytes],
        problems: list[str],
        endings: tuple[str, ...],
        *,
        whole: bool,
    ) -> bool | None:
        """Whether the entries are covered, and unchanged where their names have one of the endings."""
        wrong = False
        removed: list[str] = []
        unchecked: list[str] = []
        if whole and self.container.central >= 0:
            names = (name.decode("utf-8", "surrogateescape") for name in told)
            removed = [short(name) for name in names if name not in self.container]
        for entry in self.container.entries:
            name = entry.name.encode("utf-8", "surrogateescape")
            digests = told.get(name) if name in covered else None
            if digests and not entry.name.endswith(endings):
                continue
            if entry.is_dir or entry.name.startswith(V1_FOLDER):
                continue
            if not digests:
                self.uncovered.append(short(entry.name))
                if entry.name != "stamp-cert-sha256":
                    self.note("uncovered", entry.header, entry.name, refused=whole)
                continue
            strongest = max(digests, key=list(jar.DIGESTS.values()).index)
            try:
                real = self.container.digest(entry, strongest)
            except SourceError as error:
                unchecked.append(str(error))
                continue
            if real != jar.unbase64(digests[strongest]):
                wrong = True
                self.changed.append(short(entry.name))
                self.note("changed", entry.header, entry.name, refused=whole)
        if self.uncovered:
            problems.append(f"{len(self.uncovered)} entries are not covered: {', '.join(self.uncovered[:3])}")
        if self.changed:
            problems.append(f"changed after signing: {', '.join(self.changed[:3])}")
        if removed:
            problems.append(f"removed after signing: {', '.join(removed[:3])}")
        if unchecked:
            problems.append(f"{len(unchecked)} entries could not be checked: {unchecked[0]}")
        if wrong or removed or (self.uncovered and whole):
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
