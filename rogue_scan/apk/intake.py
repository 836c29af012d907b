"""An app's bytes to facts: opens every layer, bounded, and notes what could not be read.

Nothing here judges. Whatever goes wrong in one part is a :class:`~rogue_scan.apk.facts.Problem` or a
difference of that part; the rest is still read.
"""

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from rogue_scan.apk import address, content, kits, manifest, parts, resources, signing
from rogue_scan.apk.answers import PackageResources
from rogue_scan.apk.code.types import AppContext, CodeFacts, ComponentInfo
from rogue_scan.apk.container import DEFLATED, Container, Entry, open_container
from rogue_scan.apk.difference import Differences, short
from rogue_scan.apk.facts import AppFacts, File, NativeLibrary, Nested, Problem, WebFile
from rogue_scan.apk.manifest import MANIFEST, Manifest
from rogue_scan.apk.parts import (
    AAB_DEX,
    AAB_MANIFEST,
    AAB_TABLE,
    APK_NAME,
    DEX_NAME,
    Inner,
    Part,
    quick_manifest,
)
from rogue_scan.apk.pause import collection_paused
from rogue_scan.errors import LimitExceeded, SourceError
from rogue_scan.model.evidence import Where
from rogue_scan.model.subject import Endpoint, Flow, Hop

if TYPE_CHECKING:
    from rogue_scan.apk.dex.reader import Dex

ALIGNED_TABLE = 30
MAX_NAMES = 20_000
MAX_FILES = 1500
MAX_STRINGS = 20_000
MAX_STRING = 400
MAX_NESTED = 20
MAX_NESTED_SIZE = 256 << 20
MAX_DEX = 200
MAX_MODULES = 200
"""Modules of an app bundle."""
MAX_ENDPOINTS = 500
"""Endpoints kept from outside DEX code."""
COMPILED_TOTAL = 64 << 20
"""Bytes of compiled app logic (assemblies and their like) that are searched, the smallest files first: an
app's own are small, those of the framework large."""
MAX_UNSEARCHED = 200
MAX_IN_ARCHIVE = 2000
"""Entries of an archive in the package that are looked at for web content."""
ARCHIVES_TOTAL = 64 << 20
"""Bytes of such archives kept."""
PAGES_TOTAL = 48 << 20
"""Bytes of web content and other texts that are searched."""
MAX_PAGE, MAX_PAGE_IN_ARCHIVE = 32 << 20, 8 << 20
"""Bytes of one such file."""
MAX_ODD = 1 << 20
"""Bytes of a file in assets whose ending says nothing, up to which it is searched."""
MAX_NATIVE = 400
NATIVE_TOTAL = 256 << 20
MAX_PICTURE, PICTURES_TOTAL = 16 << 20, 48 << 20
"""Bytes of one picture, and of all together, that are searched for an archive behind them."""
EXTRA_TOTAL = 96 << 20
"""Bytes of code kept that lies elsewhere than where Android loads it from."""

_CONTENT = re.compile(r"(?:[^/]+/)?(?:assets|res/raw|assemblies|root/assemblies)/")
"""Where content of the app lies that is no code to Android, in packages and modules of bundles."""
_LIBRARY = re.compile(r"(?:[^/]+/)?lib/[^/]+/[^/]+\.so")


class Decoded(msgspec.Struct, frozen=True):
    """Facts of an app and the apps found inside it."""

    facts: AppFacts
    inner: tuple[Inner, ...] = ()


def decode(data: bytes) -> Decoded:
    """Read an app: APK, set of splits (APKS, XAPK, APKM), AAB or a bare DEX file.

    :raises Malformed: it is no app, not even a damaged one.
    :raises Unsupported: an archive without anything of an app.
    """
    with collection_paused():
        if data[:4] in (b"dex\n", b"dey\n") and not _has_archive(data):
            return _bare_dex(data)
        return _Intake(data).run()


def _has_archive(data: bytes) -> bool:
    """Whether a DEX file is followed by a zip archive (then Android would read that: CVE-2017-13156)."""
    return data.rfind(b"PK\x05\x06", max(0, len(data) - 65557)) >= 0


def _bare_dex(data: bytes) -> Decoded:
    problems: list[Problem] = []
    notes = Differences()
    dexes = list(_read_dex([("classes.dex", data)], notes, problems))
    code, foreign = _code(dexes, AppContext(), None)
    facts = AppFacts(
        sha256=hashlib.sha256(data).hexdigest(), size=len(data), form="dex", dex=tuple(d.name for d in dexes),
        code=code, foreign=foreign, flows=code.flows, endpoints=code.endpoints, differences=notes.done(),
        problems=tuple(problems),
    )  # fmt: skip
    return Decoded(with_kits(facts))


class _Intake:
    """State of one app being read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.problems: list[Problem] = []
        self.notes = Differences(distinct=12)
        self.inner: list[Inner] = []
        self.extra_dex: list[tuple[str, bytes]] = []
        self.extra_left = EXTRA_TOTAL
        self.pictures_left = PICTURES_TOTAL
        self.archives: list[tuple[str, Container]] = []
        """Archives that are no app, with their names, for the web content in them."""
        self.archives_left = ARCHIVES_TOTAL
        self.unsearched: list[str] = []
        self.wrapped: list[WebFile] = []
        """.NET code in native libraries."""
        opened = parts.open_parts(data)
        self.form, self.outer, self.parts = opened.form, opened.outer, opened.parts
        self.base = self.parts[0].container
        self.loaded = AAB_DEX if self.form == "aab" else DEX_NAME
        """Names of the code that Android loads by itself."""
        self.problems += opened.problems
        for other in opened.others:
            self.keep_inner(other.origin, other.data, other.entry_offset)
        if self.form == "aab":
            self.notes.add("app:aab", -1, AAB_MANIFEST)
        if self.form == "bundle":
            self.notes.extend(self.outer.differences)
        self.tables: list[resources.Table] = []

    def keep_inner(self, origin: str, data: bytes, offset: int) -> None:
        if len(self.inner) < MAX_NESTED:
            self.inner.append(Inner(origin, data, offset))
        else:
            self.notes.add("app:many-nested", offset, origin)

    def problem(self, part: str, error: SourceError) -> None:
        self.problems.append(Problem(short(part), error.kind, short(str(error))))

    def read(self, part: Part, entry: Entry, *, keep: bool = False) -> bytes | None:
        try:
            return part.container.read(entry, keep=keep)
        except SourceError as error:
            self.problem(part.label(entry.name), error)
            return None

    # --- the whole

    def run(self) -> Decoded:
        loaded = list(self.dexes())
        table = self.table()
        app, copies = self.manifest(table)
        signed = self.signed()  # what is decoded and kept until here, it need not decode again
        for part in self.parts[1:]:
            other = signing.verify(part.container)
            if {c.sha256 for c in other.certificates} != {c.sha256 for c in signed.certificates}:
                self.notes.add(
                    "sig:split-signer", -1, part.name, "signed by another key than the base", refused=True
                )
        files = list(self.files())
        libraries = tuple(self.libraries(files))
        pages = (*self.pages(files), *self.wrapped)
        dexes = list(_read_dex([*loaded, *self.extra_dex], self.notes, self.problems))
        code, foreign = self.code(dexes, app, table, libraries)
        names = [part.label(e.name) for part in self.parts for e in part.container.entries]
        self.check_alignment(app)
        for part in self.parts:
            self.notes.extend(part.container.differences)
        for item in self.tables:
            self.notes.extend(item.differences)
        for library in libraries:
            self.notes.extend(library.differences)
        self.notes.extend(signed.differences)
        self.notes.extend(app.differences)
        if app.split and self.form == "apk":
            self.notes.add("manifest:is-split", app.app_offset, MANIFEST, app.split)
        strings = sorted((s for t in self.tables for s in t.strings() if s.value), key=lambda s: s.id)[
            :MAX_STRINGS
        ]
        facts = AppFacts(
            sha256=hashlib.sha256(self.data).hexdigest(),
            size=len(self.data),
            form=self.form,
            parts=tuple(p.name for p in self.parts if p.name),
            names=tuple(short(n) for n in names[:MAX_NAMES]),
            entries=len(names),
            files=tuple(files[:MAX_FILES]),
            manifest=app,
            manifests=copies,
            strings=tuple(
                resources.StringResource(s.id, short(s.name), short(s.value, MAX_STRING)) for s in strings
            ),
            locales=tuple(sorted({loc for t in self.tables for loc in t.locales})),
            signing=signed,
            native=libraries,
            web=pages,
            code=code,
            foreign=foreign,
            dex=tuple(d.name for d in dexes),
            flows=code.flows + tuple(_web_flows(pages, app)),
            endpoints=code.endpoints + tuple(self.other_endpoints(code.endpoints, pages, libraries, strings)),
            nested=tuple(self.nested()),
            differences=self.notes.done(),
            problems=tuple(self.problems),
            unsearched=tuple(short(name) for name in self.unsearched[:MAX_UNSEARCHED]),
        )
        return Decoded(with_kits(facts), tuple(self.inner))

    def nested(self) -> Iterator[Nested]:
        for item in self.inner:
            found = None
            try:
                found = quick_manifest(open_container(item.data))
            except SourceError as error:
                self.problem(item.origin, error)
            yield Nested(
                short(item.origin),
                hashlib.sha256(item.data).hexdigest(),
                len(item.data),
                found.package if found else "",
                item.entry_offset,
            )

    def check_alignment(self, app: Manifest) -> None:
        """What Android 11 demands of apps that target it: the resource table stored, on a 4-byte boundary."""
        if self.form == "aab" or app.target_sdk < ALIGNED_TABLE:
            return
        for part in self.parts:
            for entry in part.container.all("resources.arsc"):
                if entry.method == DEFLATED:
                    part.container.note("zip:table-packed", entry.header, entry.name, refused=True)
                elif entry.start % 4:
                    part.container.note("zip:table-unaligned", entry.start, entry.name, refused=True)

    def signed(self) -> signing.SigningFacts:
        """Signatures of the base; scheme v4 lies beside it, so only a set of packages can show it."""
        found = signing.verify(self.base)
        if not self.parts[0].name:
            return found
        from rogue_scan.apk import idsig

        beside = self.outer.get(self.parts[0].name + idsig.ENDING)
        if beside is None:
            return found
        try:
            scheme = idsig.check(self.outer.read(beside, idsig.MAX_SIZE), bytes(self.base.data))
        except SourceError as error:
            scheme = signing.Scheme("v4", problems=(str(error),))
        return msgspec.structs.replace(found, schemes=(*found.schemes, scheme))

    # --- resources and manifest

    def table(self) -> resources.Table | None:
        """The resources of all packages of the app as one: languages lie in splits of their own."""
        read: Callable[[bytes, str], resources.Table] = resources.parse
        if self.form == "aab":
            from rogue_scan.apk import prototable

            read = prototable.parse
        for part in self.parts:
            if self.form == "aab":
                entries = self.in_modules(part, AAB_TABLE)
            else:
                entries = list(part.container.all("resources.arsc")[:1])
            for entry in entries:
                data = self.read(part, entry, keep=True)
                if data is None:
                    continue
                try:
                    self.tables.append(read(data, part.label(entry.name)))
                except SourceError as error:
                    self.problem(part.label(entry.name), error)
                    self.notes.add("arsc:unreadable", 0, part.label(entry.name), error, refused=True)
        return resources.Joined(self.tables) if len(self.tables) > 1 else next(iter(self.tables), None)

    def in_modules(self, part: Part, name: str) -> list[Entry]:
        """A file of every module of an app bundle, that of the base first."""
        end = "/" + name
        found = [
            e for e in part.container.entries if e.name.endswith(end) and e.name.count("/") == end.count("/")
        ]
        return sorted(found, key=lambda e: (not e.name.startswith("base/"), e.name))[:MAX_MODULES]

    @functools.cached_property
    def module_files(self) -> dict[str, Entry]:
        """Files of an app bundle by their names below the module's folder, the first of each."""
        found: dict[str, Entry] = {}
        for entry in self.base.entries:
            found.setdefault(entry.name.partition("/")[2], entry)
        return found

    def file(self, name: str) -> bytes | None:
        """Content of an entry of any part."""
        for part in self.parts:
            if self.form == "aab":
                entry = part.container.get(f"base/{name}") or self.module_files.get(name)
            else:
                entry = part.container.get(name)
            if entry is not None:
                try:
                    return part.container.read(entry, 16 << 20)
                except SourceError as error:
                    self.problem(part.label(name), error)
                    return None
        return None

    def manifest(self, table: resources.Table | None) -> tuple[Manifest, int]:
        """The app's manifest: that of the base with the components of its splits, every copy counted."""
        copies = self.base.all(AAB_MANIFEST if self.form == "aab" else MANIFEST)
        if not copies:
            self.notes.add("manifest:missing", -1, MANIFEST, refused=True)
        read: list[Manifest] = []
        for entry in copies[:8]:
            found = self.one_manifest(self.parts[0], entry, table)
            if found is not None:
                read.append(found)
        others = [(part, entry) for part in self.parts[1:] for entry in part.container.all(MANIFEST)[:1]]
        if self.form == "aab":
            modules = self.in_modules(self.parts[0], AAB_MANIFEST.partition("/")[2])
            others += [(self.parts[0], entry) for entry in modules if entry.name != AAB_MANIFEST]
        for part, entry in others:
            found = self.one_manifest(part, entry, table)
            if found is not None:
                read.insert(0, found)
        if not read:
            return Manifest(), 0
        # the last copy is the one that counted on versions that accept several; what the others say is kept
        main = read[-1]
        for other in read[:-1]:
            known = {p.name for p in main.permissions}
            there = {c.name for c in main.components}
            main = msgspec.structs.replace(
                main,
                permissions=main.permissions + tuple(p for p in other.permissions if p.name not in known),
                components=main.components + tuple(c for c in other.components if c.name not in there),
                differences=main.differences + other.differences,
            )
        return main, len(read)

    def one_manifest(self, part: Part, entry: Entry, table: resources.Table | None) -> Manifest | None:
        data = self.read(part, entry, keep=True)
        if data is None:
            self.notes.add("manifest:unreadable", entry.header, entry.name, "cannot be decoded", refused=True)
            return None
        try:
            if self.form == "aab":
                from rogue_scan.apk import protoxml

                return manifest.from_tree(protoxml.parse(data, entry.name), table, self.file, entry.name)
            found = manifest.parse(data, table, self.file, entry.name)
        except SourceError as error:
            self.problem(part.label(entry.name), error)
            self.notes.add("manifest:unreadable", entry.header, entry.name, error, refused=True)
            return None
        odd = {d.kind for d in found.differences if d.kind.startswith("axml:")}
        # deep nesting is told as it is; the second reader's library would be driven down it
        if odd and not odd & {"axml:text", "axml:deep"}:
            from rogue_scan.apk import second

            other = second.disagreement(data, found)
            if other:
                self.notes.add("manifest:readers-disagree", -1, entry.name, other)
        return found

    def other_endpoints(
        self,
        known: tuple[Endpoint, ...],
        pages: tuple[WebFile, ...],
        libraries: tuple[NativeLibrary, ...],
        strings: list[resources.StringResource],
    ) -> Iterator[Endpoint]:
        """Endpoints that stand outside DEX code; those that code names are left out."""
        seen = {e.value for e in known}
        count = 0
        for kind, value, host, hidden, where in self.other_addresses(pages, libraries, strings):
            if value not in seen and count < MAX_ENDPOINTS:
                seen.add(value)
                count += 1
                yield Endpoint(short(value), kind, short(host) if kind != "email" else None, hidden, (where,))

    def other_addresses(
        self,
        pages: tuple[WebFile, ...],
        libraries: tuple[NativeLibrary, ...],
        strings: list[resources.StringResource],
    ) -> Iterator[tuple[str, str, str, str | None, Where]]:
        for page in pages:
            for found in page.addresses:
                yield (
                    found.kind,
                    found.value,
                    found.host,
                    found.hidden,
                    Where(file=page.entry, offset=found.offset),
                )
        for library in libraries:
            for string in library.strings:
                for kind, value, host in address.find(string.value):
                    yield kind, value, host, "native library", Where(file=library.entry, offset=string.offset)
        for text in strings:
            for kind, value, host in address.find(text.value) if address.candidate(text.value) else ():
                yield kind, value, host, "resource", Where(file="resources.arsc")
        for table in self.tables:
            for pooled in table.pool_strings():
                for kind, value, host in address.find(pooled) if address.candidate(pooled) else ():
                    yield kind, value, host, "resource", Where(file="resources.arsc")

    # --- files

    def files(self) -> Iterator[File]:
        """Files by content; apps and code inside others are kept for analysis."""
        for part in self.parts:
            for entry in part.container.entries:
                if not entry.size:
                    continue
                head = part.container.peek(entry, 64)
                kind = content.kind(head)
                name = entry.name.lower()
                if (
                    kind == ""
                    and entry.size >= content.OPAQUE_LEAST
                    and not name.endswith(content.PLAIN)
                    and not name.startswith("meta-inf/")
                ):
                    kind = "opaque" if content.is_opaque(part.container, entry) else ""
                if kind == "zip":
                    kind = self.look_inside(part, entry)
                elif kind == "dex" and not self.loaded.fullmatch(entry.name):
                    data = self.read(part, entry)
                    if data is not None:
                        self.keep_code(part.label(entry.name), data)
                elif kind == "picture" and _CONTENT.match(name):
                    kind = self.look_behind(part, entry)
                elif kind in ("", "opaque", "archive") and (how := content.encoding(head)):
                    kind = self.look_through(part, entry, how) or kind
                if kind in ("", "picture", "axml"):
                    continue
                if kind.startswith("disguised ") or content.disguised(name, kind):
                    kind = kind.removeprefix("disguised ")
                    kind = f"disguised {kind}"
                yield File(short(entry.name), kind, entry.size, entry.header, part.name)

    def look_behind(self, part: Part, entry: Entry) -> str:
        """Whether an archive hangs behind a picture, which viewers show and loaders open."""
        if entry.size > MAX_PICTURE or self.pictures_left < entry.size:
            return "picture"
        self.pictures_left -= entry.size
        data = self.read(part, entry)
        if data is None or data.rfind(b"PK\x05\x06", max(0, len(data) - 65557)) < 0:
            return "picture"
        kind = self.look_inside(part, entry)
        return "picture" if kind == "zip" else kind

    def keep_code(self, label: str, data: bytes) -> None:
        """Keep a DEX file that Android does not load by itself, for the code analysis."""
        if len(data) > self.extra_left or len(self.extra_dex) >= MAX_DEX:
            self.problem(label, LimitExceeded(f"{label}: too much code outside the places for it"))
            return
        self.extra_left -= len(data)
        self.extra_dex.append((label, data))

    def look_inside(self, part: Part, entry: Entry) -> str:
        """Whether a zip archive in the package is an app or carries code."""
        if entry.size > MAX_NESTED_SIZE:
            self.notes.add("app:nested-too-large", entry.header, entry.name, entry.size)
            return "zip"
        data = self.read(part, entry)
        return "zip" if data is None else self.look_inside_archive(part, entry, data)

    def look_through(self, part: Part, entry: Entry, how: str) -> str:
        """What lies under a simple encoding; empty where it is nothing that runs."""
        data = self.read(part, entry) if entry.size <= self.extra_left else None
        plain = content.decoded(data, how, self.extra_left) if data else b""
        kind = content.kind(plain[:64])
        if kind == "dex":
            self.keep_code(part.label(entry.name), plain)
        elif kind == "zip":
            kind = self.look_inside_archive(part, entry, plain)
        if kind not in ("dex", "dex archive", "apk", "elf"):
            return ""
        if how == "gzip":
            return kind  # packing alone hides nothing
        self.notes.add("app:encoded-code", entry.header, entry.name, how)
        return f"disguised {kind}"

    def look_inside_archive(self, part: Part, entry: Entry, data: bytes) -> str:
        """As :meth:`look_inside`, for an archive that was read already."""
        try:
            inner = open_container(data)
        except SourceError:
            return "zip"
        codes = [e for e in inner.entries if DEX_NAME.fullmatch(e.name)]
        if MANIFEST in inner or any(APK_NAME.fullmatch(e.name) for e in inner.entries):
            self.keep_inner(part.label(entry.name), data, entry.header)
            return "apk"
        if len(data) <= self.archives_left:
            self.archives_left -= len(data)
            self.archives.append((part.label(entry.name), inner))
        for code in codes[:20]:
            try:
                self.keep_code(f"{part.label(entry.name)}!{code.name}", inner.read(code))
            except SourceError as error:
                self.problem(f"{part.label(entry.name)}!{code.name}", error)
        return "dex archive" if codes else "zip"

    def dexes(self) -> Iterator[tuple[str, bytes]]:
        """DEX files that Android loads, every copy of each."""
        seen: dict[str, int] = {}
        for part in self.parts:
            found = [e for e in part.container.entries if self.loaded.fullmatch(e.name)]
            found.sort(key=lambda e: (len(e.name), e.name, e.number))
            for entry in found[:MAX_DEX]:
                data = self.read(part, entry, keep=True)
                if data is None:
                    self.notes.add(
                        "dex:unreadable", entry.header, entry.name, "cannot be decoded", refused=True
                    )
                    continue
                label = part.label(entry.name)
                number = seen[label] = seen.get(label, 0) + 1
                yield (label if number == 1 else f"{label}#{number}"), data
        if not seen and self.form != "dex":
            self.notes.add("dex:missing", -1, "classes.dex")

    def libraries(self, files: list[File]) -> Iterator[NativeLibrary]:
        left, count = NATIVE_TOTAL, 0
        known = {(f.part, f.offset) for f in files if f.kind.endswith("elf")}
        for part in self.parts:
            for entry in part.container.entries:
                name = entry.name
                is_lib = name.endswith(".so") and _LIBRARY.fullmatch(name) is not None
                if not is_lib and (part.name, entry.header) not in known:
                    continue
                count += 1
                if count > MAX_NATIVE or entry.size > left:
                    self.unsearched.append(part.label(name))
                    continue
                left -= entry.size
                # These take a while to load, and many apps have no libraries.
                from rogue_scan.apk import native, web

                data = self.read(part, entry)
                if data is None or (not is_lib and data[:4] != native.MAGIC):
                    continue  # what lies elsewhere under an encoding was noted where it was found
                if (wrapped := web.dotnet(data, part.label(name))) is not None:
                    self.wrapped.append(wrapped)
                try:
                    yield native.parse(data, part.label(name))
                except SourceError as error:
                    self.problem(part.label(name), error)
                    self.notes.add("elf:unreadable", entry.header, name, error, refused=True)

    def pages(self, files: list[File]) -> Iterator[WebFile]:
        left, compiled = PAGES_TOTAL, COMPILED_TOTAL
        skip = {
            (f.part, f.name) for f in files if f.kind in ("dex", "elf", "apk", "zip", "opaque", "dex archive")
        }
        for part in self.parts:
            for entry in sorted(part.container.entries, key=_compiled_size):
                name = entry.name.lower()
                if name.startswith("meta-inf/") or (part.name, entry.name) in skip:
                    continue
                inside = _CONTENT.match(name) is not None
                code = name.endswith(content.WEB) or (inside and name.endswith(content.COMPILED))
                if not code:
                    if not inside or name.endswith(content.PLAIN):
                        continue
                    known = name.endswith(content.DATA) or "." not in name.rpartition("/")[2]
                    if not known and entry.size > MAX_ODD:
                        continue
                if name.endswith(content.COMPILED):
                    fits = entry.size <= compiled
                    compiled -= entry.size if fits else 0
                else:
                    fits = entry.size <= min(left, MAX_PAGE)
                    left -= entry.size if fits else 0
                if not fits:
                    if code:
                        self.unsearched.append(part.label(entry.name))
                    continue
                data = self.read(part, entry)
                found = _web_file(data, part.label(entry.name)) if data else None
                if found is not None:
                    yield found
        for name, archive in self.archives:
            for entry in archive.entries[:MAX_IN_ARCHIVE]:
                label = f"{name}!{entry.name}"
                if not entry.name.lower().endswith((*content.WEB, *content.DATA)):
                    continue
                if entry.size > min(left, MAX_PAGE_IN_ARCHIVE):
                    continue
                left -= entry.size
                try:
                    found = _web_file(archive.read(entry), label)
                except SourceError as error:
                    self.problem(label, error)
                    continue
                if found is not None:
                    yield found

    # --- code

    def code(
        self,
        dexes: "list[Dex]",
        app: Manifest,
        table: resources.Table | None,
        libraries: tuple[NativeLibrary, ...],
    ) -> tuple[CodeFacts, dict[str, int]]:
        components = tuple(
            ComponentInfo(c.alias_of or c.name, c.kind, c.actions, c.authorities, c.exported, c.enabled)
            for c in app.components
        )
        if app.application:
            components += (ComponentInfo(app.application, "application"),)
        meta = dict(app.meta)
        for component in app.components:
            for key, value in component.meta.items():
                meta.setdefault(key, value)
        names = [e.name.removeprefix("base/") for part in self.parts for e in part.container.entries]
        context = AppContext(app.package, components, meta, tuple(p.name for p in app.permissions))
        return _code(dexes, context, PackageResources(self.file, names, table, libraries))


def _web_file(data: bytes, name: str) -> WebFile | None:
    from rogue_scan.apk import web  # takes a while to load, and many apps have no such files

    return web.parse(data, name)


def _compiled_size(entry: Entry) -> int:
    """What compiled app logic is sorted by; all else stays in front, in its order."""
    return entry.size if entry.name.lower().endswith(content.COMPILED) else -1


def _read_dex(
    files: Iterable[tuple[str, bytes]], notes: Differences, problems: list[Problem]
) -> "Iterator[Dex]":
    """DEX files opened; what is damaged in them is noted (kinds ``dex:…``)."""
    from rogue_scan.apk.dex.reader import read_all

    for name, data in files:
        try:
            found = read_all(name, data)
        except SourceError as error:
            problems.append(Problem(short(name), error.kind, short(str(error))))
            notes.add(f"dex:{error.kind}", 0, name, error, refused=True)
            continue
        for dex in found:
            for problem in dex.problems:
                notes.add(_dex_kind(problem.what), problem.offset, name, problem.what, refused=True)
            yield dex


def _dex_kind(what: str) -> str:
    """Kind of the difference that a problem in a DEX file is."""
    for word, kind in (
        ("checksum", "checksum"),
        ("SHA-1", "signature"),
        ("file size", "file-size"),
        ("endian", "endian"),
        ("header size", "header-size"),
    ):
        if word in what:
            return f"dex:{kind}"
    return "dex:structure"


def _code(
    dexes: "list[Dex]", context: AppContext, answers: PackageResources | None
) -> tuple[CodeFacts, dict[str, int]]:
    """Facts of all DEX files together, and the libraries told by structure with the number of classes."""
    from rogue_scan.apk import library_code
    from rogue_scan.apk.code.analyse import analyse_dexes
    from rogue_scan.apk.code.sketch import sketch
    from rogue_scan.apk.code.types import NoResources

    facts = analyse_dexes(dexes, context, answers or NoResources())
    own = {item.name for item in facts.classes if not item.library}
    foreign = library_code.known(dexes, own) if own else {}
    facts = library_code.told(facts, foreign)
    own -= foreign.keys()
    facts = msgspec.structs.replace(facts, sketch=sketch(dexes, own) if own else b"")
    count = sorted(Counter(foreign.values()).items())
    return facts, {name: classes for name, classes in count if classes >= library_code.LEAST_KNOWN}


def _web_flows(pages: tuple[WebFile, ...], app: Manifest) -> Iterator[Flow]:
    """Flows of scripts; the component that starts them is the one that opens the app."""
    entry = next((c.name for c in app.components if c.launcher), "")
    for page in pages:
        for flow in page.flows:
            path = (
                Hop(page.entry, "", flow.taken_at, f"{flow.takes} takes {flow.data.value}"),
                Hop(page.entry, "", flow.sent_at, f"{flow.sends} sends it"),
            )
            yield Flow(flow.data, flow.sink, flow.endpoint, path, entry)


def with_kits(facts: AppFacts) -> AppFacts:
    """Facts with the kits that are known now: stored facts are asked again when kit signatures change."""
    names: Iterable[str] = facts.names
    if facts.parts:
        names = (name.rpartition("!")[2] for name in names)
    if facts.form == "aab":
        names = (name.partition("/")[2].removeprefix("root/") for name in names)
    found = kits.find(
        names, (c.name for c in facts.code.classes), _manifest_names(facts.manifest), facts.foreign
    )
    return msgspec.structs.replace(facts, kits=found)


def _manifest_names(app: Manifest) -> list[str]:
    names = [c.name for c in app.components] + [app.application, app.flags.get("appComponentFactory", "")]
    names += [key for source in (app.meta, *(c.meta for c in app.components)) for key in source]
    return list(dict.fromkeys(names))
