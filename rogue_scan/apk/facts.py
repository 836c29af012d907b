"""AppFacts: all that rules may ask about an app, stored or fresh.

Facts hold no bytes of the app and no judgement. They are a few megabytes for a big app, so a store
can keep them by digest and answer new rules without decoding the app again (``--facts DIR``).
"""

import functools
from pathlib import Path

import msgspec

from rogue_scan.apk.code.types import FACTS_VERSION, CodeFacts
from rogue_scan.apk.difference import Difference
from rogue_scan.apk.kits import Kit
from rogue_scan.apk.manifest import Manifest
from rogue_scan.apk.resources import StringResource
from rogue_scan.apk.signing import SigningFacts
from rogue_scan.model.data import DataCategory, Sink
from rogue_scan.model.subject import Endpoint, Flow

VERSION = 4
"""Raised with every change that makes stored facts unusable; theirs are then decoded afresh."""


class File(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file in the package that is more than a picture or a resource."""

    name: str
    kind: str
    """By content: ``dex``, ``elf``, ``apk``, ``zip``, ``script``, ``opaque`` (looks encrypted) …; with
    ``disguised`` in front where the name claims another kind of content."""
    size: int
    offset: int
    """Of its local header."""
    part: str = ""
    """The split it lies in; empty for the base."""


class NativeString(msgspec.Struct, frozen=True, array_like=True):
    """A string in a library that tells something: an address, a path, a command."""

    value: str
    offset: int


class NativeLibrary(msgspec.Struct, frozen=True, omit_defaults=True):
    """Facts of one ELF file."""

    entry: str
    abi: str = ""
    """Folder below ``lib/``, as ``arm64-v8a``; empty elsewhere."""
    machine: str = ""
    size: int = 0
    soname: str = ""
    needed: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    java: tuple[str, ...] = ()
    """Java methods it implements by name, as ``com.example.Class.method``."""
    registers: bool = False
    """Has ``JNI_OnLoad`` and method signatures: ties Java methods at run time (RegisterNatives)."""
    signatures: tuple[str, ...] = ()
    """JNI method signatures in it."""
    registered: tuple[str, ...] = ()
    """Java methods that it ties at run time, as ``name(signature)``: from tables of name, signature and
    function."""
    strings: tuple[NativeString, ...] = ()
    packed: str = ""
    """Why it looks packed or encrypted; empty if it does not."""
    symbols: int = 0
    differences: tuple[Difference, ...] = ()


class WebAddress(msgspec.Struct, frozen=True, omit_defaults=True):
    """An address that stands in a file of the package."""

    kind: str
    value: str
    host: str
    offset: int
    hidden: str | None = None


class WebFlow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A script takes personal data and sends it."""

    data: DataCategory
    sink: Sink
    taken_at: int
    """Offset in bytes of the call that takes."""
    sent_at: int
    takes: str
    """The call that takes, as ``navigator.contacts.find``."""
    sends: str
    endpoint: str | None = None


class WebFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """Facts of one file that holds web content or other readable text."""

    entry: str
    kind: str
    """``html``, ``script``, ``hermes``, ``unity``, ``text`` or ``binary``."""
    size: int = 0
    addresses: tuple[WebAddress, ...] = ()
    takes: tuple[tuple[DataCategory, str, int], ...] = ()
    """Personal data that is taken: category, call, offset."""
    flows: tuple[WebFlow, ...] = ()
    fields: tuple[tuple[DataCategory, str], ...] = ()
    """Form fields that ask for personal data: category, name or label."""
    evaluates: bool = False
    """Runs text as code (``eval``, ``new Function``)."""


class Nested(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole app found inside this one."""

    origin: str
    """Entry it came from."""
    sha256: str
    size: int
    package: str = ""
    offset: int = -1


class Problem(msgspec.Struct, frozen=True):
    """A part that could not be read, with the reason."""

    part: str
    kind: str
    """As ``errors[].kind``: ``malformed``, ``truncated``, ``limit`` …"""
    message: str


class AppFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """One app, decoded."""

    version: int = VERSION
    sha256: str = ""
    size: int = 0
    form: str = "apk"
    """``apk``, ``bundle`` (several APKs in one archive), ``aab``, ``dex``, or ``unread``: it could not be
    analysed, and the only problem says why."""
    parts: tuple[str, ...] = ()
    """Names of the APKs in a bundle, the base first; empty for a single APK."""
    names: tuple[str, ...] = ()
    """Names of all entries (capped), ``SPLIT!NAME`` for those of splits."""
    entries: int = 0
    files: tuple[File, ...] = ()
    manifest: Manifest = Manifest()
    manifests: int = 0
    """How many manifests were read; 0: there is none, or it could not be read (``problems`` says which)."""
    strings: tuple[StringResource, ...] = ()
    locales: tuple[str, ...] = ()
    signing: SigningFacts = SigningFacts()
    native: tuple[NativeLibrary, ...] = ()
    web: tuple[WebFile, ...] = ()
    kits: tuple[Kit, ...] = ()
    code: CodeFacts = CodeFacts()
    foreign: dict[str, int] = {}
    """Libraries told by their structure under names that are not theirs, with the number of classes."""
    dex: tuple[str, ...] = ()
    """Names of the DEX files that were read; none: there is no Java code, or none could be read."""
    flows: tuple[Flow, ...] = ()
    """Of DEX code and scripts together."""
    endpoints: tuple[Endpoint, ...] = ()
    """Of code, scripts, native libraries and resources together, each value once."""
    nested: tuple[Nested, ...] = ()
    differences: tuple[Difference, ...] = ()
    """Of container, manifest, resources, signing, DEX and native code together."""
    problems: tuple[Problem, ...] = ()
    unsearched: tuple[str, ...] = ()
    """Files with content or native code that were not searched because there is too much of it."""

    def kinds(self) -> frozenset[str]:
        """Kinds of all differences, for quick tests."""
        return frozenset(d.kind for d in self.differences)


_encoder = msgspec.msgpack.Encoder()


@functools.cache
def _decoder() -> msgspec.msgpack.Decoder[AppFacts]:
    return msgspec.msgpack.Decoder(AppFacts)


def encode(facts: AppFacts) -> bytes:
    """Facts as bytes to store."""
    return _encoder.encode(facts)


def decode(raw: bytes) -> AppFacts | None:
    """Stored facts, or None where they are damaged or of another version (then the app is decoded again)."""
    try:
        facts = _decoder().decode(raw)
    except msgspec.DecodeError:
        return None
    return facts if (facts.version, facts.code.version) == (VERSION, FACTS_VERSION) else None


class Store:
    """Facts of apps in a folder, by digest of the app."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.facts"

    def get(self, sha256: str) -> AppFacts | None:
        """Facts of the app with this digest, if there are any that this version can read."""
        try:
            raw = self._path(sha256).read_bytes()
        except OSError:
            return None
        facts = decode(raw)
        return facts if facts is not None and facts.sha256 == sha256 else None

    def put(self, facts: AppFacts) -> None:
        """Keep facts; a reader never sees half a file."""
        from rogue_scan.source.written import written  # loads what only writing needs

        path = self._path(facts.sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with written(path) as file:
            file.write(encode(facts))
