"""Which packages make up an app: one APK, a base with its splits, or an app bundle.

Sets of packages come as one archive (APKS, XAPK, APKM). What belongs together is told by the manifests
and not by file names or by a table of contents, both of which the sender chooses.
"""

import re

import msgspec

from rogue_scan.apk import manifest
from rogue_scan.apk.container import Container, Entry, open_container
from rogue_scan.apk.difference import short
from rogue_scan.apk.facts import Problem
from rogue_scan.apk.manifest import MANIFEST, Manifest
from rogue_scan.errors import SourceError, Unsupported

AAB_MANIFEST = "base/manifest/AndroidManifest.xml"
AAB_TABLE = "resources.pb"
DEX_NAME = re.compile(r"classes\d*\.dex")
AAB_DEX = re.compile(r"[^/]+/dex/classes\d*\.dex")
APK_NAME = re.compile(r"(?i).*\.apk")
MAX_SPLITS = 500


class Inner(msgspec.Struct, frozen=True):
    """A whole app found inside another, to be analysed on its own."""

    origin: str
    data: bytes
    entry_offset: int = -1


class Part(msgspec.Struct):
    """One APK of the app: the base, or a split."""

    name: str
    """Entry of the set; empty where the app is one APK."""
    container: Container

    def label(self, entry: str) -> str:
        """Name of an entry for people: ``SPLIT!NAME`` in sets."""
        return f"{self.name}!{entry}" if self.name else entry


class Opened(msgspec.Struct):
    """An archive that was sorted out."""

    form: str
    """As :attr:`AppFacts.form`."""
    outer: Container
    parts: list[Part]
    """The base first."""
    others: list[Inner] = []
    """Packages in a set that are no part of the app."""
    problems: list[Problem] = []


class _Member(msgspec.Struct):
    entry: Entry
    container: Container
    manifest: Manifest | None

    @property
    def is_base(self) -> bool:
        return self.manifest is not None and not self.manifest.split


def open_parts(data: bytes) -> Opened:
    """Sort out what an archive is.

    :raises Malformed: it is no archive.
    :raises Unsupported: an archive without anything of an app.
    """
    outer = open_container(data)
    names = [e.name for e in outer.entries]
    if MANIFEST in outer or any(DEX_NAME.fullmatch(n) for n in names):
        return Opened("apk", outer, [Part("", outer)])
    if AAB_MANIFEST in outer:
        return Opened("aab", outer, [Part("", outer)])
    opened = _open_set(outer)
    if opened.parts:
        return opened
    if (
        any(n.startswith(("lib/", "assets/", "res/", "META-INF/")) for n in names)
        or "resources.arsc" in outer
    ):
        return Opened("apk", outer, [Part("", outer)])  # without manifest and code it is still told about
    raise Unsupported("a zip archive, but no app: neither manifest nor DEX file nor APK in it")


def quick_manifest(container: Container) -> Manifest | None:
    """The manifest without its resources and files, if it can be read."""
    entry = container.get(MANIFEST)
    try:
        return manifest.parse(container.read(entry), None, lambda _: None) if entry else None
    except SourceError:
        return None


def _open_set(outer: Container) -> Opened:
    """The APKs of a set that belong together, those of one package; all others are apps of their own."""
    found = Opened("bundle", outer, [], [], [])
    members: list[_Member] = []
    for entry in [e for e in outer.entries if APK_NAME.fullmatch(e.name)][:MAX_SPLITS]:
        try:
            container = open_container(outer.read(entry))
        except SourceError as error:
            found.problems.append(Problem(short(entry.name), error.kind, short(str(error))))
            continue
        members.append(_Member(entry, container, quick_manifest(container)))
    if not members:
        return found
    bases = [m for m in members if m.is_base and m.manifest and m.manifest.components]
    bases = bases or [m for m in members if m.is_base] or members[:1]
    # of several that could be the base: the one that is called so, else the largest
    base = min(bases, key=lambda m: (not _file(m.entry).startswith("base"), -m.entry.size, m.entry.name))
    package = base.manifest.package if base.manifest else ""
    found.parts.append(Part(base.entry.name, base.container))
    for member in members:
        facts = member.manifest
        if member is base:
            continue
        if facts is not None and facts.package == package and (facts.split or not facts.components):
            found.parts.append(Part(member.entry.name, member.container))
        else:
            found.others.append(Inner(member.entry.name, bytes(member.container.data), member.entry.header))
    return found


def _file(entry: Entry) -> str:
    return entry.name.rpartition("/")[2]
