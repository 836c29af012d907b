"""All DEX files of an app as one program: classes, methods, hierarchy, and methods decoded on demand.

Where two files define a class, the first one counts, as it does for Android's class loader.
"""

import collections
import functools
import re
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from rogue_scan.apk.code.models import Models
from rogue_scan.apk.dex import opcodes, values
from rogue_scan.apk.dex.reader import (
    ACC_ABSTRACT,
    ACC_INTERFACE,
    ACC_NATIVE,
    ACC_STATIC,
    I64,
    NO_INDEX,
    Dex,
    Member,
    distinct,
)

SYSTEM = re.compile(
    r"L(?:android/(?!support/|arch/|databinding/)|java/|dalvik/|libcore/|org/json/|org/w3c/dom/|org/xmlpull/v1/Xml"
    r"|javax/(?:crypto|net|sql|security/(?:auth|cert)|xml/(?:datatype|namespace|parsers|transform|validation|xpath))/"
    r"|org/xml/sax/)"
)
"""Classes that Android itself has: where an app brings its own, the loader never asks for them.

Source: package index of the Android API reference.
"""
MANY_CLASSES = 500
"""Classes of no known kit up to which all of them count as the app's own."""
_BEYOND = [0, 0, 0, 0]
"""What the last instruction of a method reads where it is cut off."""
_LENGTH: list[int] = opcodes.LENGTH.tolist()
MAX_METHOD_UNITS = 1 << 16
"""Code units of a method beyond which its rest is not interpreted."""

Ins = tuple[int, int, int, int, Any]
"""Opcode, next unit, first operand, second operand, rest (third operand, register list, target …)."""


class Class(msgspec.Struct, eq=False):
    """A class that the app brings."""

    name: str
    dex: Dex
    row: int
    super_name: str
    interfaces: list[str]
    access: int
    library: bool
    first: int
    """Row of its first method definition in the DEX file."""
    last: int
    number: int
    """Number of definition row 0 of its DEX file in the whole program."""
    far: bool = False
    """No known kit, but of no package of the app's components either, in an app that brings much code."""
    statics: dict[str, Any] | None = None
    initialised: bool = False
    _methods: dict[tuple[str, str], "Method"] | None = None

    @property
    def methods(self) -> dict[tuple[str, str], "Method"]:
        """Its methods by name and prototype, of alike ones the first; read when first asked for."""
        if self._methods is None:
            self._methods = {}
            dex, rows = self.dex, slice(self.first, self.last)
            indices = dex.def_method[rows]
            for name, proto, access, code, index, number in zip(
                dex.strings_at(dex.method_name[indices].tolist()),
                dex.protos_at(dex.method_proto[indices].tolist()),
                dex.def_access[rows].tolist(),
                dex.def_code[rows].tolist(),
                indices.tolist(),
                range(self.number + self.first, self.number + self.last),
                strict=True,
            ):
                method = Method(self, name, proto, access, code, index, number)
                self._methods.setdefault((name, proto), method)
        return self._methods

    @property
    def is_interface(self) -> bool:
        """Whether it is an interface."""
        return bool(self.access & ACC_INTERFACE)


class Method(msgspec.Struct, eq=False):
    """A method that the app defines."""

    cls: Class
    name: str
    proto: str
    access: int
    code: int
    """Row of its code in the DEX file, -1 for none."""
    index: int
    number: int
    """Number of the method in the whole program."""
    _body: "Body | None" = None

    @property
    def dex(self) -> Dex:
        """The DEX file it lies in."""
        return self.cls.dex

    @property
    def full_name(self) -> str:
        """``Lclass;->name(parameters)return``."""
        return f"{self.cls.name}->{self.name}{self.proto}"

    @property
    def is_static(self) -> bool:
        """Whether it has no receiver."""
        return bool(self.access & ACC_STATIC)

    @property
    def is_native(self) -> bool:
        """Whether its code is in a native library."""
        return bool(self.access & ACC_NATIVE)

    @property
    def is_abstract(self) -> bool:
        """Whether subclasses have its code."""
        return bool(self.access & ACC_ABSTRACT)

    @property
    def returns(self) -> str:
        """Descriptor of what it returns."""
        return self.proto[self.proto.rindex(")") + 1 :]


class Body(msgspec.Struct, eq=False):
    """A method's code, decoded: instructions by the unit they begin at."""

    registers: int
    ins: int
    code: dict[int, Ins]
    base: int
    """Byte offset of unit 0 in the DEX file."""
    tries: list[tuple[int, int, list[tuple[str | None, int]]]]


class Program:
    """The classes and methods of all DEX files."""

    def __init__(
        self, dexes: list[Dex], models: Models, package: str = "", components: Iterable[str] = ()
    ) -> None:
        self.dexes = dexes
        self.models = models
        # A package of one word is too common a beginning.
        self._own = ("L" + package.replace(".", "/") + "/",) if "." in package else ()
        homes = {package, *(name.rpartition(".")[0] for name in components)} - {""}
        # An app may well call its own packages "android.something".
        self._homes = tuple("L" + home.replace(".", "/") + "/" for home in sorted(homes))
        self.classes: dict[str, Class] = {}
        self.subclasses: dict[str, list[Class]] = collections.defaultdict(list)
        """Classes that name a type as superclass or interface."""
        self.method_count = 0
        self.first_method: list[int] = []
        """Number of the first definition of each DEX file; definitions count on from there."""
        self.loaded: list[list[int]] = []
        """Rows of the classes of each DEX file that count."""
        self._supers: dict[str, list[str]] = {}
        self._resolved: dict[tuple[str, str, str], Method | None] = {}
        self._refs: dict[Dex, dict[int, Member]] = {dex: {} for dex in dexes}
        self._field_refs: dict[Dex, dict[int, Member]] = {dex: {} for dex in dexes}
        self._protos: dict[str, list[str]] = {}
        for dex in dexes:
            self._load(dex)
        self._followed: set[str] = set()
        self._modelled: dict[str, bool] = {}
        self._framework: dict[str, str] = {}
        self._written: dict[str, set[str]] = {}

    def _load(self, dex: Dex) -> None:
        first = dex.def_class.searchsorted(np.arange(len(dex.classes) + 1)).tolist()
        number = self.method_count
        loaded = []
        names, types = dex.class_names(), dex.types()
        interfaces: dict[int, list[str]] = {0: []}
        classes, subclasses = self.classes, self.subclasses
        rows = zip(names, dex.classes[:, 1:4].tolist(), self.models.libraries(names), strict=True)
        for row, (name, (access, above, listed), library) in enumerate(rows):
            if name in classes or (SYSTEM.match(name) and not name.startswith(self._homes)):
                continue
            if listed not in interfaces:
                interfaces[listed] = dex.type_list(listed)
            super_name = types[above] if above < len(types) else "" if above == NO_INDEX else "V"
            classes[name] = cls = Class(
                name,
                dex,
                row,
                super_name,
                interfaces[listed],
                access,
                library and not name.startswith(self._own),
                first[row],
                first[row + 1],
                number,
            )
            loaded.append(row)
            if super_name != "Ljava/lang/Object;":
                subclasses[super_name].append(cls)
            for parent in cls.interfaces:
                subclasses[parent].append(cls)
        self.loaded.append(loaded)
        self.first_method.append(number)
        self.method_count += len(dex.def_method)

    def release(self) -> None:
        """Part classes from their methods, which refer to each other, so that both can go at once."""
        for cls in self.classes.values():
            cls._methods = None

    def mark_far(self, near: Iterable[str]) -> None:
        """Tell the code of unknown kits from the app's own, by the packages of its components."""
        unlisted = [cls for cls in self.classes.values() if not cls.library]
        if len(unlisted) < MANY_CLASSES:
            return
        prefixes = {"L" + "/".join(name.split(".")[:2]) + "/" for name in near if "." in name}
        for cls in unlisted:
            cls.far = "/".join(cls.name.split("/")[:2]) + "/" not in prefixes

    def follow(self, names: set[str]) -> None:
        """Follow the code of classes under the name of a kit all the same, for what it calls."""
        self._followed |= names
        self._modelled.clear()
        self._framework.clear()

    def is_modelled(self, name: str) -> bool:
        """Whether a class is known by its meaning, so its code need not be followed."""
        found = self._modelled.get(name)
        if found is None:
            found = name not in self._followed and self.models.is_modelled(name)
            self._modelled[name] = found
        return found

    # -- names -------------------------------------------------------------------------------

    def params(self, proto: str) -> list[str]:
        """The parameter descriptors of a ``(parameters)return``."""
        found = self._protos.get(proto)
        if found is None:
            found = self._protos[proto] = split_parameters(proto)
        return found

    def method_ref(self, dex: Dex, index: int) -> Member:
        """The method that an operand names."""
        refs = self._refs[dex]
        found = refs.get(index)
        if found is None:
            found = refs[index] = dex.method_id(index)
        return found

    def field_ref(self, dex: Dex, index: int) -> Member:
        """The field that an operand names."""
        refs = self._field_refs[dex]
        found = refs.get(index)
        if found is None:
            found = refs[index] = dex.field_id(index)
        return found

    # -- hierarchy ---------------------------------------------------------------------------

    def supers(self, name: str) -> list[str]:
        """A type and all its superclasses and interfaces, nearest first, as far as they are known."""
        known = self._supers.get(name)
        if known is not None:
            return known
        found: dict[str, None] = {}
        queue = [name]
        while queue and len(found) < 256:
            current = queue.pop(0)
            if current in found or not current:
                continue
            found[current] = None
            cls = self.classes.get(current)
            if cls is not None:
                queue += [cls.super_name, *cls.interfaces]
            else:
                parent = self.models.parent(current)
                if parent:
                    queue.append(parent)
        known = self._supers[name] = list(found)
        return known

    def resolve(self, name: str, method: str, proto: str) -> Method | None:
        """The app's method that a call on an object of a class runs, None where Android has it."""
        key = (name, method, proto)
        if key in self._resolved:
            return self._resolved[key]
        found = None
        cls = self.classes.get(name)
        seen = 0
        while cls is not None and seen < 64:
            found = cls.methods.get((method, proto))
            if found is not None:
                break
            cls = self.classes.get(cls.super_name)
            seen += 1
        if found is None or found.is_abstract:
            # A default method of an interface.
            for parent in self.supers(name)[1:]:
                other = self.classes.get(parent)
                default = other.methods.get((method, proto)) if other else None
                if default is not None and default.code >= 0 and not default.is_static:
                    found = default
                    break
        self._resolved[key] = found
        return found

    def implementations(self, name: str, method: str, proto: str, most: int) -> list[Method]:
        """The methods that a call on a declared type can run, at most so many."""
        found: dict[int, Method] = {}
        own = self.resolve(name, method, proto)
        if own is not None and not own.is_abstract:
            found[own.number] = own
        queue = list(self.subclasses.get(name, ()))
        seen: set[str] = set()
        while queue and len(found) < most and len(seen) < 4096:
            cls = queue.pop()
            if cls.name in seen:
                continue
            seen.add(cls.name)
            target = cls.methods.get((method, proto))
            if target is not None and not target.is_abstract:
                found[target.number] = target
            elif target is None and not cls.is_interface:
                inherited = self.resolve(cls.name, method, proto)
                if inherited is not None and not inherited.is_abstract:
                    found[inherited.number] = inherited
            queue += self.subclasses.get(cls.name, ())
        return list(found.values())

    def framework_type(self, name: str) -> str:
        """The nearest superclass that the app does not bring (or that is a kit with a model)."""
        found = self._framework.get(name)
        if found is None:
            found = name
            for _ in range(64):
                cls = self.classes.get(found)
                if cls is None or self.is_modelled(found):
                    break
                found = cls.super_name
            self._framework[name] = found
        return found

    def is_own(self, name: str) -> bool:
        """Whether a class is the app's own code."""
        cls = self.classes.get(name)
        return cls is not None and not cls.library

    # -- bodies ------------------------------------------------------------------------------

    def body(self, method: Method) -> Body | None:
        """A method's decoded code, None where it has none."""
        if method._body is None:
            if method.code < 0:
                return None
            method._body = self._decode(method)
        return method._body

    def _decode(self, method: Method) -> Body:
        dex, row = method.dex, method.code
        start = dex.code_offset.item(row) // 2 + 8
        size = min(dex.code_size.item(row), MAX_METHOD_UNITS)
        units = dex.units[start : start + size].tolist() + _BEYOND
        code: dict[int, Ins] = {}
        for unit in dex.ins_unit[dex.code_first.item(row) : dex.code_first.item(row + 1)].tolist():
            at = unit - start
            if at >= size:
                break
            code[at] = decode(units, at, size)
        registers, ins = dex.registers(row)
        return Body(registers, ins, code, start * 2, dex.tries(row))

    def statics(self, cls: Class) -> dict[str, Any]:
        """Initial values of a class's static fields by name; zero and null where the file says nothing."""
        if cls.statics is None:
            cls.statics = {}
            dex = cls.dex
            mine = np.flatnonzero(dex.fdef_class == cls.row)
            given = values.static_values(dex, cls.row)
            for position, row in enumerate(i for i in mine.tolist() if dex.fdef_access[i] & ACC_STATIC):
                member = self.field_ref(dex, int(dex.fdef_field[row]))
                value: Any = given[position] if position < len(given) else None
                if value is None and member.kind[:1] not in "L[":
                    value = 0
                cls.statics[member.name] = int(value) if isinstance(value, bool) else value
        return cls.statics

    def read_classes(self) -> set[str]:
        """All classes of whose static fields any instruction reads one."""
        found: set[str] = set()
        for dex in self.dexes:
            owners = dex.field_class[_fields(dex, opcodes.SGET)]
            found |= {dex.type(i) for i in distinct(owners).tolist()}
        return found

    def is_written(self, field: Member) -> bool:
        """Whether any instruction stores to a field."""
        names = self._written.get(field.cls)
        if names is None:
            stores = self._stores.get(field.cls, ())
            names = self._written[field.cls] = {n for dex, ids in stores for n in dex.strings_at(ids)}
        return field.name in names

    @functools.cached_property
    def _stores(self) -> dict[str, list[tuple[Dex, list[int]]]]:
        """Of each class, the strings that name its fields that any instruction stores to."""
        found: dict[str, list[tuple[Dex, list[int]]]] = {}
        for dex in self.dexes:
            fields = _fields(dex, opcodes.IPUT, opcodes.SPUT)
            owners, names = dex.field_class[fields], dex.field_name[fields].tolist()
            # Fields of a class stand together.
            first = 0
            for last in [*((owners[1:] != owners[:-1]).nonzero()[0] + 1).tolist(), len(owners)]:
                if first < last:
                    found.setdefault(dex.type(owners.item(first)), []).append((dex, names[first:last]))
                first = last
        return found


def _fields(dex: Dex, *runs: range) -> I64:
    """The fields that instructions of some opcodes name, ascending."""
    used = np.zeros(1 << 16, bool)
    used[dex.operand_b(dex.instructions(*runs))] = True
    return used[: len(dex.field_class)].nonzero()[0]


def argument_places(kinds: Iterable[str]) -> list[int]:
    """The register that each parameter begins in, counted from the first; a long or double takes two."""
    found, at = [], 0
    for kind in kinds:
        found.append(at)
        at += 2 if kind in "JD" else 1
    return found


def split_parameters(proto: str) -> list[str]:
    """Split the parameters of ``(parameters)return`` into descriptors."""
    found = []
    at = 1
    end = proto.find(")")
    while 0 < at < end:
        start = at
        while at < end and proto[at] == "[":
            at += 1
        if proto[at : at + 1] == "L":
            stop = proto.find(";", at)
            at = stop if 0 <= stop < end else end - 1
        at += 1
        found.append(proto[start:at])
    return found


def _s8(value: int) -> int:
    return value - 0x100 if value & 0x80 else value


def _s16(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value


def _s32(value: int) -> int:
    return value - 0x100000000 if value & 0x80000000 else value


def decode(units: list[int], at: int, size: int) -> Ins:
    """Decode the instruction at one of so many units, which those ``_BEYOND`` follow.

    Branch targets become absolute units.
    """
    word, one, two = units[at : at + 3]
    op = word & 0xFF
    high = word >> 8
    form = opcodes.FORMAT[op]
    after = at + _LENGTH[op]
    match form:  # the most frequent ones first
        case "35c" | "45cc":
            count = min(high >> 4, 5)
            listed = [two & 15, two >> 4 & 15, two >> 8 & 15, two >> 12, high & 15]
            return (op, after, one, 0, listed[:count])
        case "11x" | "10x":
            return (op, after, high, 0, None)
        case "21c":
            return (op, after, high, one, None)
        case "22c":
            return (op, after, high & 15, high >> 4, one)
        case "12x":
            return (op, after, high & 15, high >> 4, None)
        case "11n":
            return (op, after, high & 15, _s8((high >> 4) << 4) >> 4, None)
        case "10t":
            return (op, after, at + _s8(high), 0, None)
        case "20t":
            return (op, after, at + _s16(one), 0, None)
        case "30t":
            return (op, after, at + _s32(one | two << 16), 0, None)
        case "22x":
            return (op, after, high, one, None)
        case "21t":
            return (op, after, high, at + _s16(one), None)
        case "21s":
            return (op, after, high, _s16(one), None)
        case "21h":
            return (op, after, high, _s16(one), None)
        case "23x":
            return (op, after, high, one & 0xFF, one >> 8)
        case "22b":
            return (op, after, high, one & 0xFF, _s8(one >> 8))
        case "22t":
            return (op, after, high & 15, high >> 4, at + _s16(one))
        case "22s":
            return (op, after, high & 15, high >> 4, _s16(one))
        case "32x":
            return (op, after, one, two, None)
        case "31i":
            return (op, after, high, _s32(one | two << 16), None)
        case "31c":
            return (op, after, high, one | two << 16, None)
        case "31t":
            return (
                op,
                after,
                high,
                at + _s32(one | two << 16),
                _payload(units, at + _s32(one | two << 16), at, size),
            )
        case "51l":
            value = one | two << 16 | units[at + 3] << 32 | units[at + 4] << 48
            return (op, after, high, value - (1 << 64) if value >> 63 else value, None)
        case _:  # 3rc, 4rcc
            return (op, after, one, 0, list(range(two, two + high)))


def _payload(units: list[int], target: int, at: int, size: int) -> Any:
    """Switch: the list of (key, target unit). Array data: the list of elements."""
    if not 0 <= target < size:
        return []
    kind, count = units[target], units[target + 1] if target + 1 < size else 0

    def pair(i: int) -> int:
        return _s32(units[i] | units[i + 1] << 16) if i + 1 < size else 0

    if kind == 0x0100:
        first = pair(target + 2)
        return [(first + i, at + pair(target + 4 + 2 * i)) for i in range(min(count, (size - target) // 2))]
    if kind == 0x0200:
        keys = target + 2
        count = min(count, (size - target) // 4)
        return [(pair(keys + 2 * i), at + pair(keys + 2 * (count + i))) for i in range(count)]
    if kind == 0x0300 and count in (1, 2, 4, 8):
        length = units[target + 2] | units[target + 3] << 16
        raw = b"".join(
            u.to_bytes(2, "little")
            for u in units[target + 4 : min(size, target + 4 + (length * count + 1) // 2)]
        )
        length = min(length, len(raw) // count)
        return [
            int.from_bytes(raw[i * count : (i + 1) * count], "little", signed=True) for i in range(length)
        ]
    return []
