"""The resource table of app bundles (``resources.pb``), asked like one of ``resources.arsc``.

Entries are indexed at first, values decoded when asked for. Source: AOSP
``frameworks/base/tools/aapt2/{Resources,Configuration}.proto`` (field numbers), ``ResourceTypes.h``
(types of values).
"""

import struct
from collections.abc import Iterator

import msgspec

from rogue_scan.apk import wire
from rogue_scan.apk.axml import ATTRIBUTE, FLOAT, INT_BOOLEAN, INT_DEC, INT_HEX, REFERENCE, STRING
from rogue_scan.apk.resources import StringResource, Table, Value
from rogue_scan.errors import Malformed, SourceError

MAX_ENTRIES = 1_000_000
MAX_ITEMS = 4096
"""Items kept of one array, style or plural."""
APP = 0x7F
"""Package id of an app, which a table that names none belongs to."""
_LOCALE, _PRODUCT = 3, 25

_NUMBERS = {
    4: 5, 5: 6, 6: INT_DEC, 7: INT_HEX, 8: INT_BOOLEAN, 9: 0x1C, 10: 0x1D, 11: 0x1E, 12: 0x1F, 13: 5, 14: 6,
}  # fmt: skip
"""Fields of a primitive to ``Res_value`` types: dimension, fraction, integers, boolean, colours."""


class _Entry(msgspec.Struct):
    name: str
    values: list[bytes]
    """ConfigValue messages."""


class ProtoTable(Table):
    """A resource table in its protocol-buffer form; create it with :func:`parse`."""

    def __init__(self, data: bytes, entry: str) -> None:
        super().__init__(b"", entry)
        self._kinds: dict[int, str] = {}
        """Package and type, the upper half of resource ids, to the name of the type."""
        self._found: dict[int, _Entry] = {}
        self._names: list[str] = []
        self._languages: set[str] = set()
        for package in wire.messages(data, 2):
            self._index(package)

    def _index(self, package: bytes) -> None:
        parts = list(wire.fields(package))
        number = next((wire.number_of(v, 1) for n, v in parts if n == 1 and isinstance(v, bytes)), APP)
        self._names.append(
            next((v.decode("utf-8", "replace") for n, v in parts if n == 2 and isinstance(v, bytes)), "")
        )
        for field, value in parts:
            if field == 3 and isinstance(value, bytes):
                self._add_type(number & 0xFF, value)

    def _add_type(self, package: int, data: bytes) -> None:
        number, name, entries = 0, "", []
        for field, value in wire.fields(data):
            if not isinstance(value, bytes):
                continue
            if field == 1:
                number = wire.number_of(value, 1) & 0xFF
            elif field == 2:
                name = value.decode("utf-8", "replace")
            elif field == 3:
                entries.append(value)
        upper = package << 8 | number
        self._kinds.setdefault(upper, name)
        for raw in entries:
            if len(self._found) >= MAX_ENTRIES:
                self._notes.add("arsc:too-many-types", -1, self._entry)
                return
            place, entry = 0, _Entry("", [])
            for field, value in wire.fields(raw):
                if not isinstance(value, bytes):
                    continue
                if field == 1:
                    place = wire.number_of(value, 1) & 0xFFFF
                elif field == 2:
                    entry.name = value.decode("utf-8", "replace")
                elif field == 6:
                    entry.values.append(value)
                    if len(entry.values) > 1 and (locale := _configuration(value)[0]):
                        self._languages.add(locale)
            self._found.setdefault(upper << 16 | place, entry)

    @property
    def locales(self) -> tuple[str, ...]:
        """Languages for which there is any value."""
        return tuple(sorted(self._languages))

    @property
    def packages(self) -> tuple[str, ...]:
        """Names of the packages in the table."""
        return tuple(self._names)

    def type_name(self, resource: int) -> str:
        """``string``, ``xml`` …; empty if unknown."""
        return self._kinds.get(resource >> 16, "")

    def name(self, resource: int) -> str:
        """Entry name of a resource; empty if unknown."""
        entry = self._found.get(resource)
        return entry.name if entry else ""

    def ids(self, kind: str) -> Iterator[int]:
        """Ids of all resources of a type, in order."""
        wanted = {number for number, name in self._kinds.items() if name == kind}
        yield from (resource for resource in sorted(self._found) if resource >> 16 in wanted)

    def each(self, resource: int) -> Iterator[Value]:
        """Values in all configurations, default first; references are not followed."""
        found = []
        for locale, qualified, items in self._decoded(resource):
            found += [msgspec.structs.replace(v, locale=locale, qualified=qualified) for v in items[:1]]
        yield from sorted(found, key=lambda value: (value.locale != "", value.qualified, value.locale))

    def array(self, resource: int) -> list[Value]:
        """The items of an array, style or plural in its first configuration."""
        return next((items for _, _, items in self._decoded(resource)), [])

    def strings(self) -> Iterator[StringResource]:
        """All string resources in their default configuration (else the first one there is)."""
        for resource in self.ids("string"):
            value = next((v for v in self.values(resource) if v.kind == STRING), None)
            if value is not None:
                yield StringResource(resource, self.name(resource), value.text)

    def pool_strings(self) -> Iterator[str]:
        """Every string value, in whatever configuration and type of resource."""
        for resource in self._found:
            for _, _, items in self._decoded(resource):
                yield from (value.text for value in items if value.kind == STRING)

    def _decoded(self, resource: int) -> Iterator[tuple[str, bool, list[Value]]]:
        """Locale, whether more than that is asked for, and the values, for each configuration."""
        entry = self._found.get(resource)
        for raw in entry.values if entry else ():
            try:
                locale, qualified = _configuration(raw)
                yield locale, qualified, _values(raw)
            except SourceError as error:
                self._notes.add("arsc:entry-outside", -1, self._entry, error)


def parse(data: bytes, entry: str = "resources.pb") -> ProtoTable:
    """Open a resource table in its protocol-buffer form.

    :raises Malformed: of another format, or no package in it.
    :raises Truncated: it ends inside a field.
    """
    table = ProtoTable(data, entry)
    if not table.packages:
        raise Malformed(f"{entry}: no package in it")
    return table


def _configuration(raw: bytes) -> tuple[str, bool]:
    """Locale of a ConfigValue as ``language-REGION``, and whether it needs anything else."""
    locale, qualified = "", False
    for config in wire.messages(raw, 1):
        for field, value in wire.fields(config):
            if field == _LOCALE and isinstance(value, bytes):
                language, *rest = value.decode("utf-8", "replace").split("-")
                region = next((r for r in rest if len(r) == 2 or (len(r) == 3 and r.isdigit())), "")
                locale = f"{language}-{region}" if region else language
            elif value and field != _PRODUCT:
                qualified = True
    return locale, qualified


def _values(raw: bytes) -> list[Value]:
    """Values of a ConfigValue: one, or the items of an array, plural or style."""
    found: list[Value] = []
    for value in wire.messages(raw, 2):
        for field, content in wire.fields(value):
            if not isinstance(content, bytes):
                continue
            if field == 4:
                single = item(content)
                found += [single] if single else []
            elif field == 5:
                for kind, compound in wire.fields(content):
                    # style entries are number 3 with the item in 4; array elements 1 with 3; plurals 1 with 4
                    where = {2: (3, 4), 4: (1, 3), 5: (1, 4)}.get(kind)
                    if where is None or not isinstance(compound, bytes):
                        continue
                    for element in wire.messages(compound, where[0]):
                        for inner in wire.messages(element, where[1]):
                            single = item(inner)
                            if single is not None and len(found) < MAX_ITEMS:
                                found.append(single)
    return found


def item(data: bytes) -> Value | None:
    """The value of an Item message; None for one without a value (an id).

    :raises Malformed: not this form.
    :raises Truncated: it ends inside a field.
    """
    for field, content in wire.fields(data):
        if not isinstance(content, bytes):
            continue
        if field == 1:
            target = wire.number_of(content, 2) & 0xFFFFFFFF
            kind = ATTRIBUTE if wire.number_of(content, 1) == 1 else REFERENCE
            sign = "?" if kind == ATTRIBUTE else "@"
            return Value(kind, target, f"{sign}0x{target:08x}" if target else sign + wire.text(content, 3))
        if field in (2, 3, 4, 5):
            return Value(STRING, 0, wire.text(content, 1))
        if field == 7:
            return _primitive(content)
    return None


def _primitive(data: bytes) -> Value | None:
    for field, value in wire.fields(data):
        if field == 3 and isinstance(value, int):
            return Value(
                FLOAT,
                value & 0xFFFFFFFF,
                f"{struct.unpack('<f', struct.pack('<I', value & 0xFFFFFFFF))[0]:g}",
            )
        kind = _NUMBERS.get(field)
        if kind is not None and isinstance(value, int):
            number = value & 0xFFFFFFFF
            if kind == INT_BOOLEAN:
                return Value(kind, number, "true" if number else "false")
            signed = number - (1 << 32) if number & 0x80000000 else number
            return Value(kind, number, str(signed) if kind >= INT_DEC else "")
    return None
