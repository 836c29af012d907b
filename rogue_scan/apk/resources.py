"""The resource table (``resources.arsc``): resource ids to values in every language.

Only headers are read at first; entries are decoded when a value is asked for. Sparse and short
(16-bit) entry tables and compact entries of newer build tools are read. What is abnormal is noted
(kinds ``arsc:…``).

Source: AOSP ``frameworks/base/libs/androidfw/{LoadedArsc,AssetManager2}.cpp`` (behaviour).
"""

import struct
from collections.abc import Iterator

import msgspec

from rogue_scan.apk.axml import (
    ATTRIBUTE,
    DYNAMIC_REFERENCE,
    INT_BOOLEAN,
    INT_DEC,
    REFERENCE,
    STRING,
    Attribute,
)
from rogue_scan.apk.difference import Difference, Differences
from rogue_scan.apk.pool import Pool
from rogue_scan.errors import Malformed, Truncated

TABLE, TABLE_POOL, PACKAGE, TYPE, TYPE_SPEC, LIBRARY, OVERLAYABLE, OVERLAYABLE_POLICY, STAGED = (
    0x0002, 0x0001, 0x0200, 0x0201, 0x0202, 0x0203, 0x0204, 0x0205, 0x0206,
)  # fmt: skip
SPARSE, OFFSET16 = 0x01, 0x02
COMPLEX, COMPACT = 0x0001, 0x0008

MAX_TYPES = 100_000
"""Type chunks kept (one for each type and configuration)."""
MAX_FOLLOW = 16
"""References followed in a row."""

_CHUNK = struct.Struct("<HHI")
_ENTRY = struct.Struct("<HHI")
_VALUE = struct.Struct("<HBBI")


class Value(msgspec.Struct, frozen=True):
    """One value of a resource."""

    kind: int
    data: int
    text: str
    locale: str = ""
    """Language, and region after a hyphen; empty for the default."""
    qualified: bool = False
    """Whether the value needs another configuration than a language (screen, version, night)."""


class StringResource(msgspec.Struct, frozen=True, array_like=True):
    """A string resource in its default language."""

    id: int
    name: str
    value: str


class _Type(msgspec.Struct):
    start: int
    count: int
    offsets: int
    entries: int
    end: int
    flags: int
    locale: str
    qualified: bool


class _Package(msgspec.Struct):
    id: int
    name: str
    types: Pool
    keys: Pool
    by_type: dict[int, list[_Type]]


class Table:
    """A resource table opened for reading; create it with :func:`parse`."""

    def __init__(self, data: bytes, entry: str) -> None:
        self._data, self._entry = data, entry
        self._notes = Differences()
        self._values: Pool | None = None
        self._packages: dict[int, _Package] = {}
        self._types = 0
        self._by_name: dict[str, dict[str, int]] = {}
        self._ranked: dict[int, list[_Type]] = {}

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is abnormal, until now."""
        return self._notes.done()

    @property
    def locales(self) -> tuple[str, ...]:
        """Languages for which there is any value."""
        return tuple(
            sorted(
                {t.locale for p in self._packages.values() for ts in p.by_type.values() for t in ts} - {""}
            )
        )

    @property
    def packages(self) -> tuple[str, ...]:
        """Names of the packages in the table."""
        return tuple(p.name for p in self._packages.values())

    def type_name(self, resource: int) -> str:
        """``string``, ``xml`` …; empty if unknown."""
        package = self._packages.get(resource >> 24)
        number = resource >> 16 & 0xFF
        return package.types.get(number - 1) if package and number else ""

    def name(self, resource: int) -> str:
        """Entry name of a resource; empty if unknown."""
        package = self._packages.get(resource >> 24)
        for kind in package.by_type.get(resource >> 16 & 0xFF, ()) if package else ():
            at = self._entry_offset(kind, resource & 0xFFFF)
            if at is not None and package is not None:
                return package.keys.get(self._decode(at, kind)[0])
        return ""

    def identifier(self, name: str, kind: str) -> int:
        """Resource id of a name and a type, 0 if there is none."""
        if kind not in self._by_name:
            self._by_name[kind] = {self.name(resource): resource for resource in self.ids(kind)}
        return self._by_name[kind].get(name, 0)

    def ids(self, kind: str) -> Iterator[int]:
        """Ids of all resources of a type, in order."""
        for package in self._packages.values():
            for number, kinds in package.by_type.items():
                if package.types.get(number - 1) == kind:
                    found = {index for item in kinds for index, _ in self._all_offsets(item)}
                    yield from (package.id << 24 | number << 16 | index for index in sorted(found))

    def values(self, resource: int) -> list[Value]:
        """Values in all configurations, default first; references are not followed."""
        return list(self.each(resource))

    def each(self, resource: int) -> Iterator[Value]:
        """As :meth:`values`, but read one by one: most who ask want the first."""
        for kind in self._preferred(resource >> 16):
            at = self._entry_offset(kind, resource & 0xFFFF)
            values = self._decode(at, kind)[1] if at is not None else []
            if values:
                yield msgspec.structs.replace(values[0], locale=kind.locale, qualified=kind.qualified)

    def array(self, resource: int) -> list[Value]:
        """The items of an array, style or plural in its first configuration."""
        package = self._packages.get(resource >> 24)
        for kind in package.by_type.get(resource >> 16 & 0xFF, ()) if package else ():
            at = self._entry_offset(kind, resource & 0xFFFF)
            if at is not None:
                return self._decode(at, kind)[1]
        return []

    def texts(self, resource: int) -> dict[str, str]:
        """Text in each language (key empty: default), references followed."""
        out: dict[str, str] = {}
        for value in self.values(resource):
            text = self._follow(value)
            if text is not None:
                out.setdefault(value.locale, text)
        return out

    def text(self, resource: int) -> str | None:
        """Text in the default language (or in the first there is)."""
        texts = (self._follow(value) for value in self.each(resource))
        return next((text for text in texts if text is not None), None)

    def of(self, attribute: Attribute | None) -> str | None:
        """The text of an attribute, looked up here where it is a reference."""
        if attribute is None:
            return None
        if attribute.resource:
            found = self.text(attribute.resource)
            return attribute.text if found is None else found
        return attribute.text

    def strings(self) -> Iterator[StringResource]:
        """All string resources in their default configuration (else the first one there is)."""
        for package in self._packages.values():
            for number in package.by_type:
                if package.types.get(number - 1) != "string":
                    continue
                seen: set[int] = set()
                for kind in self._preferred(package.id << 8 | number):
                    if seen and kind.locale:
                        continue
                    for index, at in self._all_offsets(kind):
                        if index in seen:
                            continue
                        key, values = self._decode(at, kind)
                        if values and values[0].kind == STRING:
                            seen.add(index)
                            resource = package.id << 24 | number << 16 | index
                            yield StringResource(resource, package.keys.get(key), values[0].text)

    def pool_strings(self) -> Iterator[str]:
        """Every string of the value pool, whether a resource uses it or not."""
        if self._values is not None:
            for index in range(len(self._values)):
                yield self._values.get(index)

    def _preferred(self, number: int) -> list[_Type]:
        """Configurations of a type (``0xPPTT``), the default one first."""
        found = self._ranked.get(number)
        if found is None:
            package = self._packages.get(number >> 8)
            kinds = package.by_type.get(number & 0xFF, ()) if package else ()
            found = sorted(kinds, key=lambda kind: (kind.locale != "", kind.qualified, kind.locale))
            self._ranked[number] = found
        return found

    def _follow(self, value: Value) -> str | None:
        for _ in range(MAX_FOLLOW):
            if value.kind not in (REFERENCE, DYNAMIC_REFERENCE):
                return value.text
            if value.data == 0:
                return None
            found = self.values(value.data)
            if not found:
                return value.text
            value = found[0]
        self._notes.add("arsc:loop", -1, self._entry, f"0x{value.data:08x}")
        return None

    def _entry_offset(self, kind: _Type, index: int) -> int | None:
        data = self._data
        if kind.flags & SPARSE:
            low, high = 0, kind.count
            while low < high:
                middle = (low + high) // 2
                if struct.unpack_from("<H", data, kind.offsets + 4 * middle)[0] < index:
                    low = middle + 1
                else:
                    high = middle
            if low >= kind.count:
                return None
            number, offset = struct.unpack_from("<HH", data, kind.offsets + 4 * low)
            return kind.entries + 4 * offset if number == index else None
        if index >= kind.count:
            return None
        if kind.flags & OFFSET16:
            offset = struct.unpack_from("<H", data, kind.offsets + 2 * index)[0]
            return None if offset == 0xFFFF else kind.entries + 4 * offset
        offset = struct.unpack_from("<I", data, kind.offsets + 4 * index)[0]
        return None if offset == 0xFFFFFFFF else kind.entries + offset

    def _all_offsets(self, kind: _Type) -> Iterator[tuple[int, int]]:
        data, count = self._data, kind.count
        if kind.flags & SPARSE:
            for number, offset in struct.iter_unpack("<HH", data[kind.offsets : kind.offsets + 4 * count]):
                yield number, kind.entries + 4 * offset
        elif kind.flags & OFFSET16:
            for index, (offset,) in enumerate(
                struct.iter_unpack("<H", data[kind.offsets : kind.offsets + 2 * count])
            ):
                if offset != 0xFFFF:
                    yield index, kind.entries + 4 * offset
        else:
            for index, (offset,) in enumerate(
                struct.iter_unpack("<I", data[kind.offsets : kind.offsets + 4 * count])
            ):
                if offset != 0xFFFFFFFF:
                    yield index, kind.entries + offset

    def _decode(self, at: int, kind: _Type) -> tuple[int, list[Value]]:
        """Key index and values of the entry at ``at``."""
        data, end = self._data, kind.end
        if at + 8 > end:
            self._notes.add("arsc:entry-outside", at, self._entry)
            return 0xFFFFFFFF, []
        size, flags, key = _ENTRY.unpack_from(data, at)
        if flags & COMPACT:
            # key in the size field, value in the key field, its type in the upper half of the flags
            return size, [self._value(flags >> 8, key)]
        if flags & COMPLEX:
            if at + 16 > end:
                self._notes.add("arsc:entry-outside", at, self._entry)
                return key, []
            count = struct.unpack_from("<I", data, at + 12)[0]
            first = at + max(size, 16)
            if first + 12 * count > end:
                self._notes.add("arsc:entry-count", at, self._entry, count)
                count = max(0, (end - first) // 12)
            values = []
            for number in range(min(count, 4096)):
                _, _, _, value_kind, value = struct.unpack_from("<IHBBI", data, first + 12 * number)
                values.append(self._value(value_kind, value))
            return key, values
        if at + size + 8 > end:
            self._notes.add("arsc:entry-outside", at, self._entry)
            return key, []
        _, _, value_kind, value = _VALUE.unpack_from(data, at + size)
        return key, [self._value(value_kind, value)]

    def _value(self, kind: int, data: int) -> Value:
        if kind == STRING:
            text = self._values.get(data) if self._values else ""
        elif kind in (REFERENCE, DYNAMIC_REFERENCE):
            text = f"@0x{data:08x}"
        elif kind == ATTRIBUTE:
            text = f"?0x{data:08x}"
        elif kind == INT_BOOLEAN:
            text = "true" if data else "false"
        elif kind >= INT_DEC:
            text = str(data - (1 << 32) if data & 0x80000000 else data)
        else:
            text = ""
        return Value(kind, data, text)

    def _read(self) -> None:
        data, notes, entry = self._data, self._notes, self._entry
        kind, header, size = _CHUNK.unpack_from(data)
        if kind != TABLE:
            notes.add("arsc:file-type", 0, entry, f"type 0x{kind:04x}, not 0x0002", refused=True)
        if size > len(data):
            notes.add("arsc:file-size", 4, entry, f"{size} bytes claimed, {len(data)} there", refused=True)
        elif size < len(data):
            notes.add("arsc:data-after", size, entry, f"{len(data) - size} bytes behind the end")
        first = header if 12 <= header < len(data) else 12
        for at, kind, inner, end in self._chunks(first, len(data)):
            if kind == TABLE_POOL:
                if self._values is None:
                    self._values = Pool(data, at, notes, "arsc", entry)
                else:
                    notes.add("arsc:second-pool", at, entry)
            elif kind == PACKAGE:
                self._package(at, inner, end)
            else:
                notes.add("arsc:unknown-chunk", at, entry, f"type 0x{kind:04x}")
        if not self._packages and struct.unpack_from("<I", data, 8)[0]:
            notes.add("arsc:no-package", -1, entry, refused=True)

    def _chunks(self, at: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
        """Chunks as (offset, type, header size, end), until one whose sizes lie."""
        while at + 8 <= stop:
            kind, header, size = _CHUNK.unpack_from(self._data, at)
            if header < 8 or size < header:
                self._notes.add(
                    "arsc:chunk-size",
                    at,
                    self._entry,
                    f"type 0x{kind:04x}, header {header}, size {size}",
                    refused=True,
                )
                return
            if at + size > stop:
                self._notes.add(
                    "arsc:chunk-cut",
                    at,
                    self._entry,
                    f"type 0x{kind:04x}, {size} bytes, {stop - at} there",
                    refused=True,
                )
            yield at, kind, header, min(stop, at + size)
            at += size

    def _package(self, at: int, header: int, end: int) -> None:
        data, notes, entry = self._data, self._notes, self._entry
        if at + 284 > len(data) or header < 284:
            notes.add("arsc:package-header", at, entry, header, refused=True)
            return
        number = struct.unpack_from("<I", data, at + 8)[0]
        name = data[at + 12 : at + 268].decode("utf-16-le", "replace").partition("\0")[0]
        types_at, _, keys_at, _ = struct.unpack_from("<4I", data, at + 268)
        if number > 0xFF:
            notes.add("arsc:package-id", at + 8, entry, f"0x{number:x}", refused=True)
            return
        if number in self._packages:
            notes.add("arsc:second-package", at, entry, f"0x{number:x}")
            return
        quiet = Differences()  # their offsets are checked by the chunks below
        package = _Package(
            number,
            name,
            Pool(data, at + types_at, quiet, "arsc", entry),
            Pool(data, at + keys_at, quiet, "arsc", entry),
            {},
        )
        self._packages[number] = package
        for where, kind, inner, stop in self._chunks(at + header, end):
            if kind == TYPE:
                self._type(package, where, inner, stop)
            elif kind not in (TYPE_SPEC, TABLE_POOL, LIBRARY, OVERLAYABLE, OVERLAYABLE_POLICY, STAGED):
                notes.add("arsc:unknown-chunk", where, entry, f"type 0x{kind:04x}")

    def _type(self, package: _Package, at: int, header: int, end: int) -> None:
        data = self._data
        if at + 24 > end or header < 20:
            self._notes.add("arsc:type-header", at, self._entry, header, refused=True)
            return
        number, flags, _, count, entries = struct.unpack_from("<BBHII", data, at + 8)
        width = 2 if flags & OFFSET16 and not flags & SPARSE else 4
        room = max(0, (end - at - header) // width)
        if count > room:
            self._notes.add(
                "arsc:type-count",
                at + 12,
                self._entry,
                f"{count} entries claimed, room for {room}",
                refused=True,
            )
            count = room
        if not number:
            self._notes.add("arsc:type-id", at + 8, self._entry, 0, refused=True)
            return
        self._types += 1
        if self._types > MAX_TYPES:
            self._notes.add("arsc:too-many-types", at, self._entry)
            return
        config = data[at + 20 : at + min(header, 20 + 64)]
        locale, qualified = _configuration(config)
        package.by_type.setdefault(number, []).append(
            _Type(at, count, at + header, at + entries, end, flags, locale, qualified)
        )


class Joined(Table):
    """Several tables asked as one: an app's base, its languages and its features."""

    def __init__(self, tables: list[Table]) -> None:
        super().__init__(b"", "")
        self._tables = tables

    def type_name(self, resource: int) -> str:
        """``string``, ``xml`` …; empty if unknown."""
        return next(filter(None, (t.type_name(resource) for t in self._tables)), "")

    def name(self, resource: int) -> str:
        """Entry name of a resource; empty if unknown."""
        return next(filter(None, (t.name(resource) for t in self._tables)), "")

    def ids(self, kind: str) -> Iterator[int]:
        """Ids of all resources of a type, in order."""
        yield from sorted({resource for table in self._tables for resource in table.ids(kind)})

    def each(self, resource: int) -> Iterator[Value]:
        """Values in all configurations, default first; references are not followed."""
        found = [value for table in self._tables for value in table.each(resource)]
        yield from sorted(found, key=lambda value: (value.locale != "", value.qualified, value.locale))

    def array(self, resource: int) -> list[Value]:
        """The items of an array, style or plural in its first configuration."""
        return next(filter(None, (t.array(resource) for t in self._tables)), [])


def _configuration(config: bytes) -> tuple[str, bool]:
    """Locale of a ``ResTable_config``, and whether anything else than a locale is set."""
    if len(config) < 12:
        return "", False
    language = _packed_locale(config[8:10], ord("a"))
    region = _packed_locale(config[10:12], ord("0"))
    used = min(len(config), struct.unpack_from("<I", config)[0])
    rest = config[4:8] + config[12:used]
    if len(rest) > 32:  # localeScript and localeVariant: part of the locale
        rest = rest[: 36 - 8] + rest[48 - 8 :]
    return (f"{language}-{region}" if region else language), any(rest)


def _packed_locale(two: bytes, base: int) -> str:
    """Two ASCII letters, or three letters packed into 15 bits (ResTable_config::unpackLanguageOrRegion)."""
    if not two[0]:
        return ""
    if two[0] & 0x80:
        first = two[1] & 0x1F
        second = (two[1] & 0xE0) >> 5 | (two[0] & 0x03) << 3
        third = (two[0] & 0x7C) >> 2
        return "".join(chr(part + base) for part in (first, second, third))
    return two.decode("latin-1").rstrip("\0")


def parse(data: bytes, entry: str = "resources.arsc") -> Table:
    """Open a resource table.

    :raises Truncated: shorter than its header.
    :raises Malformed: of another format altogether (no table, no pool, no package could be read).
    """
    if len(data) < 12:
        raise Truncated(f"{entry}: {len(data)} bytes, too short for a resource table")
    table = Table(data, entry)
    table._read()
    if not table.packages and table._values is None:
        raise Malformed(f"{entry}: neither strings nor a package in it")
    return table
