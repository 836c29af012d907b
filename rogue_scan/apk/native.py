"""Native libraries (ELF): what they import and offer, which Java methods they implement, what they say.

Read by program headers as the loader does; section headers only refine where strings are, since
packers strip or forge them. Counts and offsets are checked against the file before anything is read.

Sources: System V ABI (ELF), AOSP ``bionic/linker`` (what the loader refuses), JNI specification
(names ``Java_…``, ``JNI_OnLoad``, method signatures for ``RegisterNatives``).
"""

import re
import struct
import zlib
from collections.abc import Iterator

import msgspec

from rogue_scan.apk import address
from rogue_scan.apk.difference import Differences, short
from rogue_scan.apk.facts import NativeLibrary, NativeString
from rogue_scan.errors import Malformed, Truncated

MAGIC = b"\x7fELF"
MACHINES = {3: "x86", 40: "arm", 62: "x86-64", 183: "arm64", 243: "riscv64", 8: "mips"}
MAX_SYMBOLS = 60_000
MAX_NAMES = 400
"""Imported and exported names kept of a library."""
MAX_STRINGS = 600
MAX_SCAN = 48 << 20
"""Bytes of a library searched for strings."""
DENSE = 0.97
"""Code that deflates to more than this share of its size is packed or encrypted: machine code reaches 0.5
to 0.8."""
DENSE_LEAST = 8192
"""Bytes below which that says nothing."""

PT_LOAD, PT_DYNAMIC = 1, 2
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_STRSZ, DT_SONAME = 1, 4, 5, 6, 7, 8, 10, 14
RELATIVE = {183: 1027, 62: 8, 243: 3}
"""Relocation that puts an address into a place, by machine (those with the address beside them)."""
MAX_RELOCATIONS = 1_000_000
MAX_DATA = 32 << 20
"""Bytes of data segments searched for pointers."""

_TYPE = rb"(?:[ZBCSIJFD]|L[\w/$]{1,200};)"
_SIGNATURE = re.compile(rb"\((?:\[*" + _TYPE + rb"){0,20}\)\[*(?:V|" + _TYPE + rb")")
_RUN = re.compile(rb"[\x20-\x7e]{6,1000}")
_METHOD = re.compile(rb"[A-Za-z_$][\w$]{0,200}\0")
_TELLING = re.compile(
    r"/system/(?:x?bin|app)/|/data/local/tmp|/proc/(?:self|net|\d)|ro\.(?:product|build|kernel)\."
    r"|\bsu\b -c|libfrida|frida|xposed|magisk|ptrace|TracerPid|dexfile|DexClassLoader|InMemoryDex"
    r"|\bexecve?\b|iptables|chmod |pm install|am start"
)


class _Segment(msgspec.Struct):
    kind: int
    flags: int
    offset: int
    address: int
    size: int


def parse(data: bytes, entry: str) -> NativeLibrary:
    """Facts of an ELF file. Odd places are in the result's ``differences`` (kinds ``elf:…``).

    :raises Truncated: it ends inside its header.
    :raises Malformed: it is no ELF file, or of a class or byte order that does not exist.
    """
    if data[:4] != MAGIC:
        raise Malformed(f"{entry}: no ELF file")
    if len(data) < 52:
        raise Truncated(f"{entry}: ends inside the ELF header")
    return _Reader(data, entry).read()


class _Reader:
    def __init__(self, data: bytes, entry: str) -> None:
        self.data, self.entry = data, entry
        self.notes = Differences()
        wide, order = data[4], data[5]
        if wide not in (1, 2) or order not in (1, 2):
            raise Malformed(f"{entry}: ELF class {wide}, byte order {order}")
        self.wide = wide == 2
        self.order = "<" if order == 1 else ">"
        if self.wide and len(data) < 64:
            raise Truncated(f"{entry}: ends inside the ELF header")
        self.segments: list[_Segment] = []

    def note(self, what: str, at: int, value: object = "", *, refused: bool = False) -> None:
        self.notes.add(f"elf:{what}", at, self.entry, value, refused=refused)

    def unpack(self, form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self.order + form, self.data, at)

    def read(self) -> NativeLibrary:
        kind, machine, _ = self.unpack("HHI", 16)
        if self.wide:
            _, segments, sections, _, _, step, count, section_step, section_count, _ = self.unpack(
                "QQQIHHHHHH", 24
            )
        else:
            _, segments, sections, _, _, step, count, section_step, section_count, _ = self.unpack(
                "IIIIHHHHHH", 24
            )
        if kind not in (2, 3):
            self.note("type", 16, kind, refused=True)
        self.read_segments(segments, step, count)
        sections_fit = section_count > 0 and sections + section_step * section_count <= len(self.data)
        if section_count and not sections_fit:
            self.note(
                "sections-outside",
                32,
                f"{section_count} section headers at {sections}, file of {len(self.data)} bytes",
            )
        elif not section_count:
            self.note("no-sections", 48)
        dynamic = self.dynamic()
        soname, needed, imports, exports, symbols = self.names(dynamic)
        folder = re.fullmatch(r"(?:.*/)?lib/([^/]+)/[^/]+", self.entry)
        java = tuple(dict.fromkeys(_java_name(name) for name in exports if name.startswith("Java_")))
        body = self.data[:MAX_SCAN]
        found = list(_limit(_SIGNATURE.finditer(body), 2000))
        signatures = tuple(dict.fromkeys(m.group().decode() for m in found))[:MAX_NAMES]
        registered = tuple(dict.fromkeys(self.registered(found, dynamic, machine)))[:MAX_NAMES]
        packed = self.packed(bool(dynamic))
        if packed:
            self.note("packed", -1, packed)
        return NativeLibrary(
            entry=self.entry,
            abi=folder.group(1) if folder else "",
            machine=MACHINES.get(machine, str(machine)),
            size=len(self.data),
            soname=short(soname),
            needed=tuple(short(n) for n in needed[:100]),
            imports=tuple(short(n) for n in imports[:MAX_NAMES]),
            exports=tuple(short(n) for n in exports[:MAX_NAMES]),
            java=tuple(short(n) for n in java[:MAX_NAMES]),
            registers="JNI_OnLoad" in exports and bool(signatures),
            signatures=signatures,
            registered=registered,
            strings=tuple(self.strings(body)),
            packed=packed,
            symbols=symbols,
            differences=self.notes.done(),
        )

    def read_segments(self, at: int, step: int, count: int) -> None:
        least = 56 if self.wide else 32
        if count and step != least:
            self.note("segment-size", 54 if self.wide else 42, step, refused=True)
        if not count:
            self.note("no-segments", 44, refused=True)
        for number in range(min(count, 256)):
            where = at + number * least
            if where + least > len(self.data):
                self.note("segments-outside", where, f"{count} program headers at {at}", refused=True)
                return
            if self.wide:
                kind, flags, offset, address_, _, size, _, _ = self.unpack("IIQQQQQQ", where)
            else:
                kind, offset, address_, _, size, _, flags, _ = self.unpack("IIIIIIII", where)
            if kind == PT_LOAD and offset + size > len(self.data):
                self.note(
                    "segment-cut", where, f"{size} bytes at {offset}, file of {len(self.data)}", refused=True
                )
                size = max(0, len(self.data) - offset)
            self.segments.append(_Segment(kind, flags, offset, address_, size))

    def to_offset(self, address_: int) -> int:
        """File offset of a virtual address; -1 where no segment loads it."""
        for segment in self.segments:
            if segment.kind == PT_LOAD and segment.address <= address_ < segment.address + segment.size:
                return address_ - segment.address + segment.offset
        return -1

    def to_address(self, offset: int) -> int:
        """Virtual address of a file offset; -1 where no segment loads it."""
        for segment in self.segments:
            if segment.kind == PT_LOAD and segment.offset <= offset < segment.offset + segment.size:
                return offset - segment.offset + segment.address
        return -1

    def registered(
        self, signatures: list[re.Match[bytes]], dynamic: dict[int, list[int]], machine: int
    ) -> Iterator[str]:
        """Methods in tables for ``RegisterNatives``: three pointers each, to name, signature and function."""
        texts = {
            self.to_address(m.start()): m.group().decode()
            for m in signatures
            if self.data[m.end() : m.end() + 1] == b"\0"
        }
        texts.pop(-1, None)
        if not texts:
            return
        width = 8 if self.wide else 4
        pointers = self.relocated(dynamic, machine)
        slots = [(place, target) for place, target in pointers.items() if target in texts]
        for place, target in [*slots, *self.pointing(set(texts))]:
            name = pointers.get(place - width, self.word(self.to_offset(place - width)))
            at = self.to_offset(name)
            found = _METHOD.match(self.data, at) if at >= 0 else None
            if found:
                yield f"{found.group()[:-1].decode()}{texts[target]}"

    def relocated(self, dynamic: dict[int, list[int]], machine: int) -> dict[int, int]:
        """Addresses that the loader puts into places, by place, where the file has them in a table."""
        wanted = RELATIVE.get(machine)
        at = self.to_offset(dynamic.get(DT_RELA, [0])[0])
        if wanted is None or at < 0 or not self.wide:
            return {}
        size = min(dynamic.get(DT_RELASZ, [0])[0], len(self.data) - at, 24 * MAX_RELOCATIONS)
        rows = struct.iter_unpack(self.order + "QQQ", self.data[at : at + size // 24 * 24])
        return {place: target for place, kind, target in rows if kind == wanted}

    def pointing(self, targets: set[int]) -> Iterator[tuple[int, int]]:
        """Places in data whose content is one of these addresses, as (place, address)."""
        import numpy as np

        kind = np.dtype(f"{self.order}u{8 if self.wide else 4}")
        wanted = np.array(sorted(targets), kind)
        for segment in self.segments:
            if segment.kind != PT_LOAD or not segment.flags & 2:
                continue
            skip = -segment.address % kind.itemsize
            count = min(segment.size, MAX_DATA) - skip
            if count < kind.itemsize or segment.offset + skip + count > len(self.data):
                continue
            words = np.frombuffer(self.data, kind, count // kind.itemsize, segment.offset + skip)
            for row in np.flatnonzero(np.isin(words, wanted))[:MAX_SYMBOLS].tolist():
                yield segment.address + skip + row * kind.itemsize, int(words[row])

    def word(self, at: int) -> int:
        """The pointer at a file offset; -1 where there is none."""
        width = 8 if self.wide else 4
        if at < 0 or at + width > len(self.data):
            return -1
        return self.unpack("Q" if self.wide else "I", at)[0]

    def dynamic(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        segment = next((s for s in self.segments if s.kind == PT_DYNAMIC), None)
        if segment is None:
            return found
        step, form = (16, "qQ") if self.wide else (8, "iI")
        for number in range(min(segment.size // step, 4096)):
            where = segment.offset + number * step
            if where + step > len(self.data):
                self.note("dynamic-cut", where, refused=True)
                break
            tag, value = self.unpack(form, where)
            if tag == 0:
                break
            found.setdefault(tag & 0xFFFFFFFF, []).append(value)
        return found

    def names(self, dynamic: dict[int, list[int]]) -> tuple[str, list[str], list[str], list[str], int]:
        strings = self.to_offset(dynamic.get(DT_STRTAB, [0])[0])
        length = dynamic.get(DT_STRSZ, [0])[0]
        if strings < 0 or not length:
            return "", [], [], [], 0
        stop = min(len(self.data), strings + length)

        def text(index: int) -> str:
            begin = strings + index
            if begin >= stop:
                return ""
            end = self.data.find(b"\0", begin, min(stop, begin + 512))
            return self.data[begin : end if end >= 0 else min(stop, begin + 512)].decode(
                "utf-8", "backslashreplace"
            )

        needed = [text(v) for v in dynamic.get(DT_NEEDED, [])]
        soname = text(dynamic[DT_SONAME][0]) if DT_SONAME in dynamic else ""
        imports: list[str] = []
        exports: list[str] = []
        count = 0
        table = self.to_offset(dynamic.get(DT_SYMTAB, [0])[0])
        step = 24 if self.wide else 16
        if table >= 0:
            count = min(self.symbol_count(dynamic, table, strings, step), MAX_SYMBOLS)
            for number in range(1, count):
                where = table + number * step
                if where + step > len(self.data):
                    break
                if self.wide:
                    name, _, _, section, _, _ = self.unpack("IBBHQQ", where)
                else:
                    name, _, _, _, _, section = self.unpack("IIIBBH", where)
                label = text(name)
                if label:
                    (imports if section == 0 else exports).append(label)
        return soname, needed, imports, exports, count

    def symbol_count(self, dynamic: dict[int, list[int]], table: int, strings: int, step: int) -> int:
        """Number of dynamic symbols: the hash table says it, else the string table ends the symbols."""
        at = self.to_offset(dynamic.get(DT_HASH, [0])[0]) if DT_HASH in dynamic else -1
        if 0 <= at <= len(self.data) - 8:
            return self.unpack("II", at)[1]
        if strings > table:
            return (strings - table) // step
        return 0

    def strings(self, body: bytes) -> Iterator[NativeString]:
        seen: set[str] = set()
        for match in _RUN.finditer(body):
            text = match.group().decode("ascii")
            if text in seen or not (address.candidate(text) or _TELLING.search(text)):
                continue
            seen.add(text)
            yield NativeString(short(text), match.start())
            if len(seen) >= MAX_STRINGS:
                return

    def packed(self, linked: bool) -> str:
        if b"UPX!" in self.data[:4096] or b"UPX!" in self.data[-4096:]:
            return "packed by UPX"
        for segment in self.segments:
            if segment.kind == PT_LOAD and segment.flags & 1 and segment.size >= DENSE_LEAST:
                sample = self.data[segment.offset : segment.offset + min(segment.size, 1 << 18)]
                share = len(zlib.compress(sample, 1)) / len(sample)
                if share > DENSE:
                    return f"its code deflates to {share:.0%} of its size: packed or encrypted"
        if not linked and len(self.data) > DENSE_LEAST:
            return "no dynamic section: nothing the loader could link"
        return ""


def _limit(matches: Iterator[re.Match[bytes]], most: int) -> Iterator[re.Match[bytes]]:
    for number, match in enumerate(matches):
        if number >= most:
            return
        yield match


def _java_name(symbol: str) -> str:
    """The Java method that a ``Java_…`` symbol implements (JNI specification, "Resolving Native Method
    Names").
    """
    body = symbol.removeprefix("Java_").partition("__")[0]
    body = re.sub(r"_0([0-9a-fA-F]{4})", lambda m: chr(int(m.group(1), 16)), body)
    parts = re.split(r"_(?![123])", body)
    return ".".join(p.replace("_1", "_").replace("_2", ";").replace("_3", "[") for p in parts)
