"""Binary XML (manifest, configuration files) as a small tree, read the way Android reads it.

Own reader rather than a library's: it takes bytes, keeps the place of everything, says what is
abnormal (:class:`~rogue_scan.apk.difference.Difference`, kinds ``axml:…``), and follows the platform
where tools do not: attribute names count by resource id and not by text, the declared offsets and
sizes of attributes are used, unknown chunks are skipped, and the type of the first chunk is not looked at.

Source: AOSP ``frameworks/base/libs/androidfw/ResourceTypes.cpp``, ``ResXMLTree`` (behaviour).
"""

import functools
import itertools
import struct
from collections.abc import Iterable, Iterator

import msgspec

from rogue_scan.apk.difference import Difference, Differences
from rogue_scan.apk.pool import Pool
from rogue_scan.errors import Malformed, Truncated
from rogue_scan.shipped import data_file

ANDROID = "http://schemas.android.com/apk/res/android"

POOL, XML, RESOURCE_MAP = 0x0001, 0x0003, 0x0180
START_NS, END_NS, START, END, TEXT = 0x0100, 0x0101, 0x0102, 0x0103, 0x0104

REFERENCE, ATTRIBUTE, STRING, FLOAT, DYNAMIC_REFERENCE = 1, 2, 3, 4, 7
INT_DEC, INT_HEX, INT_BOOLEAN = 0x10, 0x11, 0x12

MAX_DEPTH = 48
"""Elements deeper than this are counted and skipped; no element Android reads lies below 8."""
MAX_ELEMENTS = 200_000
MAX_ATTRIBUTES = 1_000_000
MANY_UNUSED = 64
"""Strings that nothing refers to before that is noted: build tools leave none, or the few of one element."""

_CHUNK = struct.Struct("<HHI")
_ELEMENT = struct.Struct("<II6H")
_ATTRIBUTE = struct.Struct("<QIHBBI")
"""Namespace and name as one number, raw value, then size, zero, type and data of the typed one."""
_VALUE = struct.Struct("<BI")
"""Type and data of an attribute, at its offset 15."""
_INDEX = struct.Struct("<I")
_NONE = 0xFFFFFFFF


class Attribute(msgspec.Struct, frozen=True):
    """One attribute value as typed in the file."""

    name: str
    """By resource id where there is one, as Android looks it up, else by text."""
    namespace: str
    kind: int
    """``Res_value`` type: :data:`STRING`, :data:`REFERENCE`, :data:`INT_DEC` …"""
    data: int
    """``Res_value`` data: a string index, resource id or number."""
    text: str
    """The string value, or the number as text; ``@0x…`` for a reference."""

    @property
    def resource(self) -> int:
        """Resource id of a reference, else 0."""
        return self.data if self.kind in (REFERENCE, DYNAMIC_REFERENCE) else 0


class Element(msgspec.Struct):
    """One element; ``children`` leaves out what lies deeper than :data:`MAX_DEPTH`."""

    tag: str
    offset: int
    attributes: dict[str, Attribute]
    children: list["Element"]
    text: str = ""

    def get(self, name: str) -> Attribute | None:
        """The attribute of that name."""
        return self.attributes.get(name)

    def all(self, *tags: str) -> list["Element"]:
        """Direct children with one of these tags, in order."""
        return [child for child in self.children if child.tag in tags]

    def first(self, tag: str) -> "Element | None":
        """The first direct child with that tag."""
        return next((child for child in self.children if child.tag == tag), None)


class Document(msgspec.Struct):
    """A parsed file: its root (None where there is no element at all) and what is abnormal in it."""

    root: Element | None
    differences: tuple[Difference, ...]
    elements: int
    strings: int


@functools.cache
def attribute_names() -> dict[int, str]:
    """Names of the framework's public attributes by resource id."""
    table = data_file("android_attributes.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and line[0] != "#")
    return {int(number, 16): name for number, name in rows}


def is_text(data: bytes) -> bool:
    """Whether this looks like plain XML text rather than binary XML."""
    head = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    return head.startswith(b"<") or data[:4] in (b"\xff\xfe<\0", b"\xfe\xff\0<")


def parse(data: bytes, entry: str = "AndroidManifest.xml") -> Document:
    """Read binary XML. Odd places are in the result's ``differences``, named for ``entry``.

    :raises Truncated: shorter than its first header.
    :raises Malformed: Android would not read it either: text, or no string pool, or lying sizes in front
        of the first element.
    """
    if len(data) < 8:
        raise Truncated(f"{entry}: {len(data)} bytes, too short for binary XML")
    if is_text(data):
        raise Malformed(f"{entry}: plain text, not binary XML")
    return _Reader(data, entry).read()


def outline(data: bytes) -> tuple[set[str], set[int]]:
    """Names of the elements of binary XML, and the resources that their attributes refer to.

    A quick look, without any check, which tells the files that are worth to :func:`parse`: nothing that
    this finds is missing, and of damaged files there may be more.
    """
    pool: Pool | None = None
    tags, references = set[int](), set[int]()
    for at, kind, header, size in _chunks(data, *_extent(data)) if len(data) >= 8 else ():
        if kind == START and size - header >= _ELEMENT.size:
            _, tag, first, step, count, _, _, _ = _ELEMENT.unpack_from(data, at + header)
            tags.add(tag)
            for place in _places(at + header, size - header, first, step, count):
                value_kind, value = _VALUE.unpack_from(data, place + 15)
                if value_kind in (REFERENCE, DYNAMIC_REFERENCE):
                    references.add(value)
        elif kind == POOL and pool is None:
            pool = Pool(data, at, Differences(), "axml", "")
    return set(map(pool.get, tags)) if pool is not None else set(), references


def _extent(data: bytes) -> tuple[int, int]:
    """Where the chunks inside the first begin and end."""
    _, header, size = _CHUNK.unpack_from(data)
    return header if 8 <= header < len(data) else 8, min(max(size, 8), len(data))


def _chunks(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Chunks as (offset, type, header size, size), until one whose sizes lie."""
    while at + 8 <= end:
        kind, header, size = _CHUNK.unpack_from(data, at)
        stop = at + size
        # sizes of the last element are cut off, not fatal, for us
        if not 8 <= header <= size or (stop > end and kind != START):
            break
        yield at, kind, header, (size if stop <= end else end - at)
        at = stop


def _places(base: int, room: int, first: int, step: int, count: int) -> Iterable[int]:
    """Offsets of the attributes of an element that lie in its ``room``.

    Those that overlap are only as many as could lie there side by side: a step of 0 would read one place
    65535 times.
    """
    at = base + first
    if step >= _ATTRIBUTE.size and first + step * count <= room:
        return range(at, at + step * count, step)
    fitting = max(0, room - first) // max(step, _ATTRIBUTE.size)
    return itertools.islice(itertools.count(at, step), min(count, fitting))


class _Reader:
    """State of one parse."""

    def __init__(self, data: bytes, entry: str) -> None:
        self.data, self.entry = data, entry
        self.notes = Differences()
        self.pool: Pool | None = None
        self.ids: tuple[int, ...] = ()
        self.root: Element | None = None
        self.stack: list[Element] = []
        self.below = 0
        self.elements = self.attributes = 0
        self.namespaces: dict[str, str] = {}
        self.names: dict[int, tuple[str, str]] = {}
        """Names and namespaces of attributes that are not odd, by both indices as one number."""

    def note(self, what: str, at: int, value: object = "", *, refused: bool = False) -> None:
        self.notes.add(f"axml:{what}", at, self.entry, value, refused=refused)

    def read(self) -> Document:
        data = self.data
        kind, header, size = _CHUNK.unpack_from(data)
        if kind != XML:
            self.note("file-type", 0, f"type 0x{kind:04x}, not 0x0003")
        if header != 8:
            self.note("file-header", 2, f"header of {header} bytes, not 8", refused=header > size)
        if size > len(data):
            self.note("file-size", 4, f"{size} bytes claimed, {len(data)} there", refused=True)
        elif size < len(data):
            self.note("data-after", size, f"{len(data) - size} bytes behind the end")
        reached, end = _extent(data)
        for at, kind, header, size in _chunks(data, reached, end):
            self.chunk(at, kind, header, size)
            if size & 3:
                self.note("chunk-alignment", at, size)
            if self.elements > MAX_ELEMENTS or self.attributes > MAX_ATTRIBUTES:
                self.note("too-many", at, f"more than {MAX_ELEMENTS} elements or {MAX_ATTRIBUTES} attributes")
                break
            reached = at + size
        else:
            if reached + 8 <= end:
                kind, header, size = _CHUNK.unpack_from(data, reached)
                what = f"type 0x{kind:04x}, header {header}, size {size}"
                self.note("chunk-size", reached, what, refused=True)
        self.finish(reached)
        return Document(self.root, self.notes.done(), self.elements, self.pool.claimed if self.pool else 0)

    def chunk(self, at: int, kind: int, header: int, size: int) -> None:
        if START_NS <= kind <= TEXT:
            if self.pool is None:
                raise Malformed(f"{self.entry}: an element before any string pool")
            if header != 16:
                self.note("node-header", at + 2, f"header of {header} bytes, not 16")
            if kind == START:
                self.start(self.pool, at, header, size)
            elif kind == END:
                self.close(self.pool, at)
            else:
                self.other(self.pool, at, kind, header, size)
        elif kind == POOL:
            if self.pool is None:
                self.pool = Pool(self.data, at, self.notes, "axml", self.entry)
            else:
                self.note("second-pool", at)
        elif kind == RESOURCE_MAP:
            if header != 8:
                self.note("map-header", at + 2, f"header of {header} bytes, not 8")
            count = min((size - header) // 4, 65536)
            self.ids = struct.unpack_from(f"<{count}I", self.data, at + header)
            self.names.clear()
        else:
            self.note("unknown-chunk", at, f"type 0x{kind:04x}, {size} bytes")

    def other(self, pool: Pool, at: int, kind: int, header: int, size: int) -> None:
        if kind == TEXT and size >= header + 4:
            if self.stack and not self.below:
                index = _INDEX.unpack_from(self.data, at + header)[0]
                self.stack[-1].text += pool.get(index)[:4096]
        elif kind == START_NS and size >= header + 8:
            prefix, uri = struct.unpack_from("<II", self.data, at + header)
            self.namespaces[pool.get(uri)] = pool.get(prefix)
        elif kind == END_NS:
            if size < header + 8:
                self.note("node-size", at, size)
            else:
                for index in struct.unpack_from("<II", self.data, at + header):
                    pool.get(index)

    def start(self, pool: Pool, at: int, header: int, size: int) -> None:
        self.elements += 1
        if self.below or len(self.stack) >= MAX_DEPTH:
            self.below += 1
            if self.below == 1:
                self.note("deep", at, f"deeper than {MAX_DEPTH} elements")
            return
        base = at + header
        if size - header < _ELEMENT.size:
            self.note("node-size", at, size, refused=True)
            return
        _, name, first, step, count, _, _, _ = _ELEMENT.unpack_from(self.data, base)
        if first != 20:
            self.note("attribute-start", base + 8, f"{first}, not 20")
        if count and step != 20:
            self.note("attribute-size", base + 10, f"{step}, not 20")
        if first + step * count > size - header:
            self.note("attribute-count", base + 12, f"{count} attributes do not fit", refused=True)
        found = self.read_attributes(pool, _places(base, size - header, first, step, count))
        tag = pool.get(name)
        if not tag:
            self.note("empty-tag", at)
        element = Element(tag, at, found, [])
        if self.stack:
            self.stack[-1].children.append(element)
        elif self.root is None:
            self.root = element
        else:
            self.note("second-root", at, tag)
        self.stack.append(element)

    def read_attributes(self, pool: Pool, places: Iterable[int]) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {}
        for at in places:
            self.attributes += 1
            indices, raw, size, _, kind, data = _ATTRIBUTE.unpack_from(self.data, at)
            name, namespace = self.names.get(indices) or self.attribute_name(pool, at, indices)
            if size != 8:
                self.note("value-size", at + 12, size)
            text = pool.get(data) if kind == STRING else _value(kind, data)
            if raw != _NONE:
                said = pool.get(raw)
                text = said if text is None else text
            if name in found:
                self.note("duplicate-attribute", at, name)
            else:
                found[name] = Attribute(name, namespace, kind, data, text or "")
        return found

    def attribute_name(self, pool: Pool, at: int, indices: int) -> tuple[str, str]:
        """Name and namespace; kept for the next attribute of that name unless each is to be noted."""
        ns, name = indices & 0xFFFFFFFF, indices >> 32
        bad = pool.bad
        text, namespace = pool.get(name), pool.get(ns)
        known = attribute_names().get(self.ids[name]) if name < len(self.ids) else None
        if known is None:
            odd = not text
            if odd:
                self.note("empty-attribute", at + 4)
            found = text, namespace
        else:
            odd = text != known or not namespace
            if text != known:
                self.note("attribute-name", at + 4, f"text {text!r}, resource id of {known!r}")
            if not namespace:
                self.note("no-namespace", at, known)
            found = known, namespace or ANDROID
        if not odd and pool.bad == bad:
            self.names[indices] = found
        return found

    def close(self, pool: Pool, at: int) -> None:
        if self.below:
            self.below -= 1
        elif self.stack:
            self.stack.pop()
        else:
            self.note("extra-end", at)
        if at + 24 <= len(self.data):
            pool.get(_INDEX.unpack_from(self.data, at + 20)[0])

    def finish(self, at: int) -> None:
        if self.stack or self.below:
            self.note("unclosed", at, f"{len(self.stack) + self.below} elements are not closed")
        if self.root is None:
            self.note("empty", at, "no element at all", refused=True)
        pool = self.pool
        if pool is None:
            raise Malformed(f"{self.entry}: no string pool")
        # names in the resource map exist for their position, so they count as used
        unused = max(0, pool.count - len(pool.used | set(range(min(len(self.ids), pool.count)))))
        if (
            unused > MANY_UNUSED
            and unused > 2 * len(pool.used)
            and not self.below
            and "axml:deep" not in self.notes
        ):
            self.note("unused-strings", -1, f"{unused} of {pool.count} strings are used by nothing")
        if pool.bad:
            self.note("bad-index", -1, f"{pool.bad} references to strings that are not there")
        if self.root is not None and ANDROID not in self.namespaces and self.ids:
            self.note("namespace-undeclared", -1)


def _value(kind: int, data: int) -> str | None:
    """A typed value as text; None where the type has none."""
    if kind in (REFERENCE, DYNAMIC_REFERENCE):
        return f"@0x{data:08x}"
    if kind == ATTRIBUTE:
        return f"?0x{data:08x}"
    if kind == INT_BOOLEAN:
        return "true" if data else "false"
    if kind == INT_HEX:
        return f"0x{data:x}"
    if kind == FLOAT:
        return repr(struct.unpack("<f", struct.pack("<I", data))[0])
    if kind >= INT_DEC:
        return str(data - (1 << 32) if data & 0x80000000 else data)
    return None
