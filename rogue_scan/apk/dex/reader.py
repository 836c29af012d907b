"""Reads DEX files: identifier tables, classes, members and the position of every instruction.

The tables are numpy views of the file; members and instructions of all classes are decoded in lock
step, so no Python runs per member or instruction. Strings are decoded when asked for. A file is read
as far as Android reads it: wrong checksums, signatures and header sizes are kept in ``Dex.problems``,
while tables that lie outside the file raise :class:`~rogue_scan.errors.Malformed` or
:class:`~rogue_scan.errors.Truncated`.

Source: Android's "Dalvik Executable format" document, versions 035-041.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from rogue_scan.apk.dex import opcodes
from rogue_scan.errors import Malformed, Truncated

U32 = npt.NDArray[np.uint32]
I64 = npt.NDArray[np.int64]
Rows = npt.NDArray[np.unsignedinteger[Any]]
_Number = TypeVar("_Number", bound=np.integer[Any])

VERSIONS = frozenset({b"035", b"036", b"037", b"038", b"039", b"040", b"041"})
HEADER_SIZE = 0x70
CONTAINER_HEADER_SIZE = 0x78
NO_INDEX = 0xFFFFFFFF
MAX_CONTAINED = 64
"""DEX files in one version-041 container beyond which the rest is refused."""

_MEMBER_ID = np.dtype([("owner", "<u2"), ("kind", "<u2"), ("name", "<u4")])
"""A field_id_item or method_id_item: class, type or prototype, name."""

MAX_REGION = 16 << 20
"""Bytes that hold all strings beyond which they are read one by one, in little memory."""
_UNREAD = "not read yet"
MAX_PARAMETERS = 256
"""Parameters of a prototype beyond which the rest is left out."""
MAX_SHARED = 4
"""Bytes that all strings may hold together, and all prototypes, times the size of the file."""

_CLASS_DATA = 1 << 12
"""Bytes in which the last class_data_item is looked for first."""
_LOCK_STEP_ITEMS = 64
"""Code items below which walking them in lock step is not worth it."""
_LOCK_STEP_ROUNDS = 8
"""Instructions of each item walked before those that came to their end are dropped."""
_BLOCK = 1 << 16
"""Places of a file that are told apart at once, as their positions take eight bytes each."""
_PAYLOADS = (0x0100, 0x0200, 0x0300)
_LENGTHS = np.tile(opcodes.LENGTH, 256)
"""Length of an instruction by its first unit; 0 for payloads, which tell their length themselves."""
_LENGTHS[list(_PAYLOADS)] = 0

# Access flags of classes, fields and methods that the analysis asks for.
ACC_STATIC = 0x8
ACC_NATIVE = 0x100
ACC_INTERFACE = 0x200
ACC_ABSTRACT = 0x400


class Member(msgspec.Struct, frozen=True, gc=False):
    """A field or method identifier: descriptor of its class, name, and type or signature."""

    cls: str
    name: str
    kind: str
    """Field: the type descriptor. Method: ``(parameters)return``."""


class Problem(msgspec.Struct, frozen=True, gc=False):
    """A place where the file breaks the format without keeping Android from reading it."""

    what: str
    offset: int


class _Headers(msgspec.Struct):
    string_ids: tuple[int, int]
    type_ids: tuple[int, int]
    proto_ids: tuple[int, int]
    field_ids: tuple[int, int]
    method_ids: tuple[int, int]
    class_defs: tuple[int, int]


class Dex(msgspec.Struct, eq=False):
    """One DEX file. Arrays are in file order; "row" is an index into them."""

    name: str
    data: bytes
    version: str
    header_offset: int
    problems: list[Problem] = []

    string_offsets: U32 = np.zeros(0, np.uint32)
    type_strings: U32 = np.zeros(0, np.uint32)
    protos: U32 = np.zeros((0, 3), np.uint32)
    """Columns: shorty string, return type, offset of the parameter list."""
    field_class: U32 = np.zeros(0, np.uint32)
    field_type: U32 = np.zeros(0, np.uint32)
    field_name: U32 = np.zeros(0, np.uint32)
    method_class: U32 = np.zeros(0, np.uint32)
    method_proto: U32 = np.zeros(0, np.uint32)
    method_name: U32 = np.zeros(0, np.uint32)
    classes: U32 = np.zeros((0, 8), np.uint32)
    """Columns of class_def_item: type, access, super, interfaces, source, annotations, data, statics."""

    def_method: I64 = np.zeros(0, np.int64)
    """Method index of each defined method; the ``def_*`` and ``fdef_*`` arrays are parallel."""
    def_access: I64 = np.zeros(0, np.int64)
    def_class: I64 = np.zeros(0, np.int64)
    def_code: I64 = np.zeros(0, np.int64)
    """Row in the ``code_*`` arrays, or -1 where the method has no code."""
    fdef_field: I64 = np.zeros(0, np.int64)
    fdef_access: I64 = np.zeros(0, np.int64)
    fdef_class: I64 = np.zeros(0, np.int64)

    code_offset: I64 = np.zeros(0, np.int64)
    """Byte offset of each code_item, ascending."""
    code_size: I64 = np.zeros(0, np.int64)
    """Instructions of each code_item in code units."""
    code_first: I64 = np.zeros(1, np.int64)
    """Instructions ``code_first[i]:code_first[i + 1]`` belong to code row i."""
    ins_unit: U32 = np.zeros(0, np.uint32)
    """Position of every instruction in 16-bit units from the start of the file, ascending."""
    ins_op: npt.NDArray[np.uint8] = np.zeros(0, np.uint8)
    """Opcode of every instruction; a payload shows as 0 (nop)."""

    units: npt.NDArray[np.uint16] = np.zeros(0, np.uint16)
    _strings: "_Strings | None" = None
    _types: list[str] | None = None
    _code_rows: Rows | None = None
    """Of every instruction; in as few bytes as hold them, so fit to look up with rather than to reckon."""
    _protos: dict[int, str] = {}
    _proto_bytes: int = 0

    # -- identifiers -------------------------------------------------------------------------

    def string(self, index: int) -> str:
        """The string of an index; malformed MUTF-8 is shown with replacement characters."""
        if self._strings is None:
            self._strings = _Strings(self)
        return self._strings[index] if 0 <= index < len(self.string_offsets) else ""

    def strings_at(self, indices: list[int]) -> list[str]:
        """The strings of many indices, all of them in the table."""
        if self._strings is None:
            self._strings = _Strings(self)
        return self._strings.at(indices)

    def strings_with(self, text: str, asked: npt.NDArray[np.bool_]) -> list[int]:
        """The indices of the strings that contain an ASCII text, ascending; of those that a mask marks."""
        if self._strings is None:
            self._strings = _Strings(self)
        return self._strings.containing(text, asked)

    def type(self, index: int) -> str:
        """The descriptor of a type index, ``V`` where the index is out of range."""
        types = self._types or self.types()
        return types[index] if 0 <= index < len(types) else "V"

    def types(self) -> list[str]:
        """All descriptors by type index."""
        if self._types is None:
            self._types = self.strings_at(self.type_strings.tolist())
        return self._types

    def type_list(self, offset: int, most: int = 1 << 16) -> list[str]:
        """At most so many descriptors of a type_list; none at offset 0 or where it lies outside the file."""
        at, units, types = offset // 2, self.units.data, self.types()
        if not at or at + 2 > len(units):
            return []
        count = units[at] | units[at + 1] << 16
        if at + 2 + count > len(units):
            return []
        return [types[i] if i < len(types) else "V" for i in units[at + 2 : at + 2 + min(count, most)]]

    def proto(self, index: int) -> str:
        """A prototype as ``(parameters)return``."""
        found = self._protos.get(index)
        if found is None:
            if not 0 <= index < len(self.protos):
                return "()V"
            returns, listed = self.protos.item(index, 1), self.protos.item(index, 2)
            # Where parameters add up to a few times the file, the rest has none.
            room = self._proto_bytes < MAX_SHARED * len(self.data)
            parameters = "".join(self.type_list(listed, MAX_PARAMETERS)) if room else ""
            self._proto_bytes += len(parameters)
            found = self._protos[index] = f"({parameters}){self.type(returns)}"
        return found

    def protos_at(self, indices: list[int]) -> list[str]:
        """The prototypes of many indices."""
        known = self._protos
        return [known.get(i) or self.proto(i) for i in indices]

    def parameters(self) -> tuple[I64, I64]:
        """How many parameters each prototype has, and the type indices of all, one prototype after another.

        Where they add up to more than the bytes of the file, the rest has none.
        """
        at = self.protos[:, 2].astype(np.int64) // 2
        inside = (at > 0) & (at + 2 <= len(self.units))
        at = np.where(inside, at, 0)
        counts = self.units[at] | self.units[at + 1].astype(np.int64) << 16
        inside &= at + 2 + counts <= len(self.units)
        counts = np.where(inside, np.minimum(counts, MAX_PARAMETERS), 0)
        counts[counts.cumsum() > len(self.data)] = 0
        return counts, self.units[ranges(at + 2, counts)].astype(np.int64)

    def field_id(self, index: int) -> Member:
        """The field of a field index; an empty one where the index is out of range."""
        if not 0 <= index < len(self.field_class):
            return Member("V", "", "V")
        return Member(
            self.type(self.field_class.item(index)),
            self.string(self.field_name.item(index)),
            self.type(self.field_type.item(index)),
        )

    def method_id(self, index: int) -> Member:
        """The method of a method index; an empty one where the index is out of range."""
        if not 0 <= index < len(self.method_class):
            return Member("V", "", "()V")
        return Member(
            self.type(self.method_class.item(index)),
            self.string(self.method_name.item(index)),
            self.proto(self.method_proto.item(index)),
        )

    def class_name(self, row: int) -> str:
        """The descriptor of the class in a row of ``classes``."""
        return self.type(int(self.classes[row, 0]))

    def class_names(self) -> list[str]:
        """The descriptors of all classes by row."""
        types = self.types()
        return [types[i] for i in self.classes[:, 0].tolist()]

    # -- code --------------------------------------------------------------------------------

    @property
    def instruction_count(self) -> int:
        """Number of instructions, payloads counted as one each."""
        return len(self.ins_unit)

    def instructions(self, *runs: range) -> I64:
        """Rows of the instructions whose opcode is in one of the runs."""
        found = np.zeros(len(self.ins_op), bool)
        for run in runs:
            # What is less than the first wraps around to a great number.
            found |= self.ins_op - run.start < len(run)
        return found.nonzero()[0]

    def code_row_of(self, instructions: I64) -> Rows:
        """Rows of the code items that instruction rows lie in."""
        if self._code_rows is None:
            sizes = np.diff(self.code_first)
            self._code_rows = np.arange(len(sizes), dtype=np.min_scalar_type(len(sizes))).repeat(sizes)
        return self._code_rows.take(instructions)

    def operand_b(self, instructions: npt.NDArray[np.integer]) -> I64:
        """The second code unit of instructions: index of method, field, string or type."""
        operands: I64 = self.units[1:].take(self.ins_unit.take(instructions), mode="clip").astype(np.int64)
        return operands

    def invokes(self) -> tuple[I64, I64]:
        """Every call of a method: rows of the instructions, and the method index of each."""
        rows = self.instructions(*opcodes.INVOKE)
        return rows, self.operand_b(rows)

    def methods_of(self, methods: I64, wanted: Callable[[str], object]) -> I64:
        """Those of the methods whose classes have names that are wanted; each class is asked about once."""
        owners, types = self.method_class[methods], self.types()
        chosen = np.zeros(len(types), bool)
        chosen[[owner for owner in distinct(owners).tolist() if wanted(types[owner])]] = True
        return methods[chosen[owners]]

    def const_strings(self) -> tuple[I64, I64]:
        """Every ``const-string``: rows of the instructions, and the string index of each."""
        rows = self.instructions(range(opcodes.CONST_STRING, opcodes.CONST_STRING_JUMBO + 1))
        return rows, self.string_operand(rows)

    def string_operand(self, rows: I64) -> I64:
        """The string index of each ``const-string`` among the instructions."""
        index = self.operand_b(rows)
        jumbo = (self.ins_op[rows] == opcodes.CONST_STRING_JUMBO).nonzero()[0]
        high = self.units[2:].take(self.ins_unit[rows[jumbo]], mode="clip")
        index[jumbo] |= high.astype(np.int64) << 16
        return index

    def registers(self, row: int) -> tuple[int, int]:
        """Size of the register frame of a code row, and how many of its last registers are arguments."""
        registers, ins = struct.unpack_from("<HH", self.data, int(self.code_offset[row]))
        return registers, min(ins, registers)

    def tries(self, row: int) -> list[tuple[int, int, list[tuple[str | None, int]]]]:
        """Try blocks of a code row: first unit, unit after the last, and (type or None, handler unit)."""
        offset = int(self.code_offset[row])
        (count,) = struct.unpack_from("<H", self.data, offset + 6)
        size = int(self.code_size[row])
        base = offset + 16 + 2 * size + (2 if size % 2 else 0)
        handlers_at = base + 8 * count
        if not count or handlers_at > len(self.data):
            return []
        blocks = []
        for i in range(count):
            start, length, handler = struct.unpack_from("<IHH", self.data, base + 8 * i)
            handlers = self._handlers(handlers_at + handler, size)
            if handlers:
                blocks.append((start, start + length, handlers))
        return blocks

    def _handlers(self, offset: int, size: int) -> list[tuple[str | None, int]]:
        handlers: list[tuple[str | None, int]] = []
        try:
            count, offset = sleb128(self.data, offset)
            for _ in range(min(abs(count), 4096)):
                kind, offset = uleb128(self.data, offset)
                address, offset = uleb128(self.data, offset)
                handlers.append((self.type(kind), address))
            if count <= 0:
                address, offset = uleb128(self.data, offset)
                handlers.append((None, address))
        except (Malformed, Truncated):
            return []
        return [(kind, address) for kind, address in handlers if address < size]


def decode_mutf8(raw: bytes) -> str:
    """Decode modified UTF-8: NUL as C0 80, characters beyond U+FFFF as two surrogates.

    What is no character (lone surrogates, bad bytes) becomes U+FFFD, so the result can be encoded.
    """
    raw = raw.replace(b"\xc0\x80", b"\0")
    try:
        text = raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def uleb128(data: bytes, offset: int) -> tuple[int, int]:
    """Decode an unsigned LEB128 of at most five bytes; returns the value and the offset after it."""
    value = 0
    for shift in (0, 7, 14, 21, 28):
        if not 0 <= offset < len(data):
            raise Truncated("a LEB128 number runs past the end")
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFF, offset
    raise Malformed(f"a LEB128 number at {offset - 5:#x} is longer than five bytes")


def sleb128(data: bytes, offset: int) -> tuple[int, int]:
    """Decode a signed LEB128 of at most five bytes; returns the value and the offset after it."""
    start = offset
    value, offset = uleb128(data, offset)
    bits = 7 * (offset - start)
    if bits < 32 and value & (1 << (bits - 1)):
        value -= 1 << bits
    elif bits >= 32 and value & 0x80000000:
        value -= 1 << 32
    return value, offset


def read_all(name: str, data: bytes) -> list[Dex]:
    """Read a file: one DEX, or all of a version-041 container (``name!1``, ``name!2`` from the second).

    Raises:
        Malformed: no DEX, or tables that Android would refuse.
        Truncated: the file ends before its tables do.

    """
    return list(_contained(name, data))


def _contained(name: str, data: bytes) -> Iterator[Dex]:
    offset = 0
    count = 0
    while True:
        if count >= MAX_CONTAINED:
            raise Malformed(f"{name}: more than {MAX_CONTAINED} DEX files in one container")
        dex = read(f"{name}!{count}" if count else name, data, offset)
        yield dex
        count += 1
        if dex.version < "041":
            return
        (size,) = struct.unpack_from("<I", data, offset + 0x20)
        if size < CONTAINER_HEADER_SIZE or offset + size >= len(data):
            return
        offset += size
        if data[offset : offset + 4] != b"dex\n":
            return


def read(name: str, data: bytes, header: int = 0) -> Dex:
    """Read one DEX file whose header is at an offset (not 0 only inside a container).

    Raises:
        Malformed: no DEX, or tables that Android would refuse.
        Truncated: the file ends before its tables do.

    """
    dex = Dex(name, data, "", header)
    tables = _read_header(dex)
    _read_ids(dex, tables)
    methods, code_offsets = _read_members(dex)
    _read_code(dex, methods, code_offsets)
    return dex


def _read_header(dex: Dex) -> _Headers:
    data, base = dex.data, dex.header_offset
    if len(data) - base < HEADER_SIZE:
        raise Truncated(f"{dex.name}: {len(data) - base} bytes are no DEX header")
    magic = data[base : base + 8]
    if magic[:4] != b"dex\n" or magic[4:7] not in VERSIONS or magic[7] != 0:
        raise Malformed(f"{dex.name}: the magic {magic!r} is of no DEX version that Android runs")
    dex.version = magic[4:7].decode()
    fields = struct.unpack_from("<I20s20I", data, base + 8)
    checksum, signature = fields[0], fields[1]
    (file_size, header_size, endian, _link_size, _link_off, map_off) = fields[2:8]
    pairs = [(fields[i], fields[i + 1]) for i in range(8, 22, 2)]
    if endian == 0x78563412:
        raise Malformed(f"{dex.name}: the byte order is reversed, which Android refuses")
    if endian != 0x12345678:
        dex.problems.append(Problem(f"endian tag {endian:#x}", base + 0x28))
    if header_size < HEADER_SIZE:
        dex.problems.append(Problem(f"header size {header_size:#x}", base + 0x24))
    contained = dex.version >= "041"
    available = len(data) - base
    if file_size != available and not (contained and file_size < available):
        dex.problems.append(Problem(f"file size {file_size} in the header, {available} in fact", base + 0x20))
    end = base + file_size if 0x20 < file_size <= available else len(data)
    body = memoryview(data)[base:end]
    if zlib_ng.adler32(body[12:]) != checksum:
        dex.problems.append(Problem("the checksum is wrong", base + 8))
    if hashlib.sha1(body[32:], usedforsecurity=False).digest() != signature:
        dex.problems.append(Problem("the SHA-1 signature is wrong", base + 12))
    if map_off and map_off + 4 > len(data):
        data_size, data_off = pairs[6]
        if file_size > available or data_off + data_size > len(data):
            raise Truncated(f"{dex.name}: {available} of {file_size} bytes are there")
        dex.problems.append(Problem(f"the map at {map_off:#x} is outside the file", base + 0x34))
    return _Headers(*pairs[:6])


def _table(dex: Dex, what: str, place: tuple[int, int], item: npt.DTypeLike) -> npt.NDArray[Any]:
    count, offset = place
    size = count * np.dtype(item).itemsize
    if not count:
        return np.zeros(0, item)
    if offset < HEADER_SIZE or offset + size > len(dex.data):
        problem = f"{dex.name}: {count} {what} at {offset:#x} do not fit into {len(dex.data)} bytes"
        raise Truncated(problem) if offset < len(dex.data) and size < 1 << 26 else Malformed(problem)
    return np.frombuffer(dex.data, item, count, offset)


def _read_ids(dex: Dex, tables: _Headers) -> None:
    dex.string_offsets = _table(dex, "strings", tables.string_ids, "<u4")
    dex.type_strings = _table(dex, "types", tables.type_ids, "<u4")
    dex.protos = _table(dex, "prototypes", tables.proto_ids, "3<u4")
    fields = _table(dex, "fields", tables.field_ids, _MEMBER_ID)
    dex.field_class = fields["owner"].astype(np.uint32)
    dex.field_type = fields["kind"].astype(np.uint32)
    dex.field_name = fields["name"].copy()
    methods = _table(dex, "methods", tables.method_ids, _MEMBER_ID)
    dex.method_class = methods["owner"].astype(np.uint32)
    dex.method_proto = methods["kind"].astype(np.uint32)
    dex.method_name = methods["name"].copy()
    dex.classes = _table(dex, "classes", tables.class_defs, "8<u4")

    strings, types, protos = len(dex.string_offsets), len(dex.type_strings), len(dex.protos)
    for what, index, limit in (
        ("string offset", dex.string_offsets, len(dex.data)),
        ("type name", dex.type_strings, strings),
        ("class of a field", dex.field_class, types),
        ("type of a field", dex.field_type, types),
        ("name of a field", dex.field_name, strings),
        ("class of a method", dex.method_class, types),
        ("prototype of a method", dex.method_proto, protos),
        ("name of a method", dex.method_name, strings),
        ("class definition", dex.classes[:, 0], types),
        ("class data", dex.classes[:, 6], len(dex.data)),
    ):
        wrong = index >= limit
        if wrong.any():
            at = int(wrong.argmax())
            if what == "class data":
                raise Truncated(f"{dex.name}: class data at {int(index[at]):#x} is outside the file")
            raise Malformed(f"{dex.name}: {what} {at} refers to {int(index[at]):#x} of {limit:#x}")
    dex.units = np.frombuffer(dex.data, "<u2", len(dex.data) // 2)


class _Strings:
    """The strings of a file, decoded when asked for, where each one ends where the next begins.

    Others are all decoded at once. Those that share bytes may be a few times the file, the rest is empty.
    """

    def __init__(self, dex: Dex) -> None:
        data = dex.data
        self._known, self._text = [_UNREAD] * len(dex.string_offsets), ""
        self._order = self._starts = self._ends = np.zeros(0, np.int64)
        if not self._known:
            return
        raw = np.frombuffer(data, np.uint8)
        starts = dex.string_offsets.astype(np.int64)
        order = starts.argsort()
        low, following = int(starts[order[0]]), starts[order[1:]]
        # The length in front of a string counts UTF-16 units and is not needed: a zero byte ends it.
        for _ in range(4):
            longer = raw.take(starts, mode="clip") >= 0x80
            if not longer.any():
                break
            starts += longer
        starts += 1
        end = data.find(b"\0", int(starts[order[-1]]))
        ends = np.empty_like(starts)
        ends[order] = np.append(following - 1, end)
        region = raw[low : end + 1]
        if (
            len(region) > MAX_REGION
            or (ends < starts).any()
            or raw[ends].any()
            # Beside those at the ends, the lengths of empty strings may be zero bytes, but no others.
            or np.count_nonzero(region) + len(ends) + np.count_nonzero(raw[starts - 1] == 0) < len(region)
        ):
            budget = MAX_SHARED * len(data)
            self._known = list(_strings_apart(data, dex.string_offsets.tolist(), budget))
            return
        self._order, self._starts, self._ends = order, starts - low, ends - low
        self._text = str(region.data, "latin-1")

    def __getitem__(self, index: int) -> str:
        found = self._known[index]
        return self.at([index])[0] if found is _UNREAD else found

    def at(self, indices: list[int]) -> list[str]:
        """The strings of many indices."""
        known, text, starts, ends = self._known, self._text, self._starts.data, self._ends.data
        strings = []
        for i in indices:
            found = known[i]
            if found is _UNREAD:
                found = text[starts[i] : ends[i]]
                if not found.isascii():
                    found = decode_mutf8(found.encode("latin-1"))
                known[i] = found
            strings.append(found)
        return strings

    def containing(self, text: str, asked: npt.NDArray[np.bool_]) -> list[int]:
        """The indices of the strings that contain an ASCII text, of those asked; others are not decoded."""
        if self._text:
            ends = []
            at = self._text.find(text)
            while at >= 0:
                ends.append(self._text.index("\0", at))
                at = self._text.find(text, ends[-1])
            likely = np.zeros(len(asked), bool)
            likely[self._order[self._ends[self._order].searchsorted(ends)]] = True
            asked = asked & likely
        indices = asked.nonzero()[0].tolist()
        return [i for i, found in zip(indices, self.at(indices), strict=True) if text in found]


def _strings_apart(data: bytes, offsets: list[int], budget: int) -> Iterator[str]:
    """Strings one by one, where they lie all over the file."""
    for start in offsets:
        for _ in range(4):
            if start < len(data) and data[start] >= 0x80:
                start += 1
        end = data.find(b"\0", start + 1) if budget > 0 else start + 1
        raw = data[start + 1 : end if end >= 0 else len(data)]
        budget -= len(raw)
        yield decode_mutf8(raw)


def _uleb_tokens(raw: npt.NDArray[np.uint8]) -> tuple[I64, U32]:
    """Split bytes into LEB128 numbers: index of the last byte of each, and its value."""
    ends = (raw < 0x80).nonzero()[0]
    values = raw.take(ends).astype(np.uint32)
    before = ends.copy()
    before[1:] -= ends[:-1] + 1
    # Numbers longer than five bytes are no LEB128 of this format: only the last five count.
    for k in range(1, 5):
        more = (before >= k).nonzero()[0]
        if not len(more):
            break
        values[more] = values[more] << np.uint32(7) | raw[ends[more] - k] & 0x7F
    return ends, values


def _segment_sums(values: npt.NDArray[np.integer], counts: I64) -> I64:
    """Running sums within consecutive segments of the given lengths."""
    sums = np.zeros(len(values) + 1, np.int64)
    values.cumsum(out=sums[1:])
    within: I64 = sums[1:] - sums[counts.cumsum() - counts].repeat(counts)
    return within


def distinct(values: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """Each value once, in order. NumPy's ``unique`` loads masked arrays, which takes longer than this."""
    ordered = values.copy()
    ordered.sort()
    return np.concatenate((ordered[:1], ordered[1:][ordered[1:] != ordered[:-1]]))


def ranges(starts: I64, counts: I64, stride: int = 1) -> I64:
    """The concatenation of ``start, start + stride, …`` of each start, count times."""
    stops = counts.cumsum()
    found = np.arange(0, stride * int(stops[-1]) if len(stops) else 0, stride)
    found += (starts - (stops - counts) * stride).repeat(counts)
    return found


def _read_members(dex: Dex) -> tuple[I64, I64]:
    """Read all class_data items; returns rows of the defined methods with code, and the code offsets."""
    offsets = dex.classes[:, 6].astype(np.int64)
    with_data = offsets.nonzero()[0]
    if not len(with_data):
        return with_data, with_data
    offsets = offsets[with_data]
    low = int(offsets.min())
    last, room = int(offsets.max()), _CLASS_DATA
    while True:
        high = min(len(dex.data), last + room)
        ends, values = _uleb_tokens(np.frombuffer(dex.data, np.uint8, high - low, low))
        # Tokens end at these bytes, so the token that starts at an offset follows those that end before.
        first = ends.searchsorted(offsets - low)
        if len(ends) and int(first.max()) + 4 <= len(ends):
            sizes = values[first[:, None] + np.arange(4)].astype(np.int64)
            needed = first + 4 + 2 * (sizes[:, 0] + sizes[:, 1]) + 3 * (sizes[:, 2] + sizes[:, 3])
            if int(needed.max()) <= len(ends):
                break
        if high == len(dex.data):
            raise Truncated(f"{dex.name}: class data runs past the end of the file")
        room *= 64
    if int(sizes.sum()) > len(dex.data):
        raise Malformed(f"{dex.name}: {int(sizes.sum())} members in {len(dex.data)} bytes")

    # In class order: static then instance fields, direct then virtual methods; each of the four
    # lists starts its indices anew.
    at = first + 4
    owners = with_data.repeat(2)
    counts = sizes[:, :2].ravel()
    tokens = ranges(np.stack([at, at + 2 * sizes[:, 0]], axis=1).ravel(), counts, 2)
    dex.fdef_field = _segment_sums(values[tokens], counts)
    dex.fdef_access = values[tokens + 1].astype(np.int64)
    dex.fdef_class = owners.repeat(counts)
    at += 2 * (sizes[:, 0] + sizes[:, 1])
    counts = sizes[:, 2:].ravel()
    tokens = ranges(np.stack([at, at + 3 * sizes[:, 2]], axis=1).ravel(), counts, 3)
    dex.def_method = _segment_sums(values[tokens], counts)
    dex.def_access = values[tokens + 1].astype(np.int64)
    dex.def_class = owners.repeat(counts)
    code = values[tokens + 2].astype(np.int64)
    if len(dex.def_method) and int(dex.def_method.max()) >= len(dex.method_class):
        raise Malformed(f"{dex.name}: a class defines a method that is not in the table")
    if len(dex.fdef_field) and int(dex.fdef_field.max()) >= len(dex.field_class):
        raise Malformed(f"{dex.name}: a class defines a field that is not in the table")
    dex.def_code = np.full(len(dex.def_method), -1, np.int64)
    rows = code.nonzero()[0]
    return rows, code[rows]


def _read_code(dex: Dex, rows: I64, offsets: I64) -> None:
    units = dex.units
    if len(units) < HEADER_SIZE // 2 or not len(rows):
        return
    each, inverse = np.unique(offsets, return_inverse=True)
    good = (each % 2 == 0) & (each + 16 <= len(dex.data))
    safe = np.where(good, each, 0) // 2
    size = units[safe + 6].astype(np.int64) | units[safe + 7].astype(np.int64) << 16
    end = each + 16 + 2 * size
    good &= end <= len(dex.data) // 2 * 2
    bad = (~good).nonzero()[0]
    # Android's verifier refuses code that overlaps other code; the first one counts here.
    end_of_earlier = np.maximum.accumulate(np.where(good, end, 0))
    overlap = np.zeros(len(each), bool)
    overlap[1:] = good[1:] & (each[1:] < end_of_earlier[:-1])
    dex.problems += [Problem("code outside the file", int(each[i])) for i in bad[:16]]
    dex.problems += [Problem("code overlaps other code", int(each[i])) for i in overlap.nonzero()[0][:16]]
    if len(bad) == len(each):
        raise Truncated(f"{dex.name}: the code of all methods is outside the file")
    good &= ~overlap
    renumber = np.where(good, good.cumsum() - 1, -1)
    dex.def_code[rows] = renumber[inverse]
    dex.code_offset = each[good]
    dex.code_size = size[good]
    start = dex.code_offset // 2 + 8
    end = start + dex.code_size
    low, mask = _instruction_starts(units, start, end)
    count = np.count_nonzero(mask)
    dex.ins_unit, dex.ins_op = np.empty(count, np.uint32), np.empty(count, np.uint8)
    done = 0
    for block in range(0, len(mask), _BLOCK):
        at = mask[block : block + _BLOCK].nonzero()[0]
        at += low + block
        first, done = done, done + len(at)
        dex.ins_unit[first:done], dex.ins_op[first:done] = at, units.take(at)
    dex.code_first = np.append(dex.ins_unit.searchsorted(start.astype(np.uint32)), count)
    some = dex.code_size > 0
    last = dex.ins_unit[dex.code_first[1:][some] - 1].astype(np.int64)
    cut = int(np.count_nonzero(_after(units, last) > end[some]))
    if cut:
        dex.problems.append(Problem(f"the last instruction of {cut} methods is cut off", int(start[0]) * 2))


def _after(units: npt.NDArray[np.uint16], at: I64) -> I64:
    """The units after the instructions at the given positions."""
    lengths = _LENGTHS.take(units.take(at, mode="clip"))
    after = at + lengths
    for i in (lengths == 0).nonzero()[0].tolist():
        after[i] += _payload_length(units, int(at[i]))
    return after


def _payload_length(units: npt.NDArray[np.uint16], at: int) -> int:
    """Length in units of the payload at a position."""
    words: list[int] = units[at : at + 4].tolist()
    kind, second, low, high = [*words, 0, 0, 0][:4]
    if kind == _PAYLOADS[0]:
        return 2 * second + 4
    if kind == _PAYLOADS[1]:
        return 4 * second + 2
    return (min(second, 8) * (low | high << 16) + 1) // 2 + 4


def _instruction_starts(
    units: npt.NDArray[np.uint16], start: I64, end: I64
) -> tuple[int, npt.NDArray[np.bool_]]:
    """A first unit, and from there on a mark at the first unit of every instruction of all code items.

    The items do not overlap, and a header lies between two of them. They are walked in lock step as
    long as that is worth numpy's calls, and the long ones that are left one by one.
    """
    some = (start < end).nonzero()[0]
    if not len(some):
        return 0, np.zeros(0, bool)
    low = int(start[some[0]])
    at, end = start[some] - low, end[some] - low
    units, ends = units[low:], end
    mask = np.zeros(int(end[-1]) + 1, bool)
    while len(at) >= _LOCK_STEP_ITEMS:
        for _ in range(_LOCK_STEP_ROUNDS):
            mask[at] = True
            lengths = _LENGTHS.take(units.take(at, mode="clip"))
            at += lengths
            np.minimum(at, end, out=at)
        # What stands at a payload went no further.
        for i in (lengths == 0).nonzero()[0].tolist():
            at[i] += _payload_length(units, int(at[i]))
        live = (at < end).nonzero()[0]
        at, end = at[live], end[live]
    # Those that came to their end earlier than others marked it too; no instruction begins there.
    mask[ends] = False
    for first, stop in zip(at.tolist(), end.tolist(), strict=True):
        mask[first:stop] = np.frombuffer(_walk(units[first:stop]), bool)
    return low, mask


def _walk(units: npt.NDArray[np.uint16]) -> bytearray:
    """A mark at the first unit of every instruction of a single piece of code."""
    lengths = _LENGTHS[units].tobytes()
    found = bytearray(len(lengths))
    at = 0
    while at < len(lengths):
        found[at] = True
        at += lengths[at] or _payload_length(units, at)
    return found
