"""Strings of compiled app logic that is no DEX or machine code: Hermes bytecode, .NET, Unity.

These formats keep strings one behind the other without a mark between them, or packed. Searching the raw
bytes glues strings together or misses them; the tables beside them tell where each one ends.

Sources: facebook/hermes ``BytecodeFileFormat.h`` and ``StringKind.h``, dotnet/android
``AssemblyStores.md`` and ``AssemblyCompression.cs``, LZ4 block format description, layout of
``global-metadata.dat`` as Il2CppDumper documents it. Bounded: a table that does not fit gives nothing.
"""

import re
import struct
from collections.abc import Iterator

HERMES = bytes.fromhex("c61fbc03c103191f")
UNITY = bytes.fromhex("af1bb1fa")
WRAPPED = (b"XABA", b"XALZ", b"XAZS", b"BSJB")
"""Beginnings of a store of assemblies, of a packed assembly, and of the metadata in a plain one."""
MAX_STRINGS = 1_000_000
MAX_ASSEMBLIES = 2000
MAX_UNPACKED = 48 << 20
"""Bytes of packed assemblies decoded of one file, the smallest first: an app's own are small, those of the
framework large."""
MAX_SEQUENCES = 8_000_000
"""Steps of LZ4 decoding of one file, which take about a microsecond each."""

_HERMES_HEADER = 128
_HERMES_FUNCTIONS = (16, 12)
"""Bytes of a small function header: until version 96, and since."""
_PACKED = re.compile(rb"XA(?:LZ|ZS)")
_BEGINNING = re.compile(rb"XA(?:LZ|ZS)|MZ\x90\0")
_UNITY_SHORT = 35
"""Version of Unity's metadata from which string literals have no length of their own."""
_UNITY_SECTIONS = 38
"""Version from which the header counts the items of each section as well."""


def hermes(data: bytes) -> Iterator[tuple[str, int]]:
    """Strings of Hermes bytecode (React Native) with the offset of each."""
    if data[:8] != HERMES or len(data) < _HERMES_HEADER:
        return
    functions, kinds, identifiers, count, overflows, size = struct.unpack_from("<6I", data, 40)
    if max(functions, kinds, identifiers, count, overflows, size) > len(data) or count > MAX_STRINGS:
        return
    for step in _HERMES_FUNCTIONS:
        at = _HERMES_HEADER + functions * step
        table = at + 4 * (kinds + identifiers)
        storage = table + 4 * count + 8 * overflows
        if storage + size > len(data):
            continue
        runs = struct.unpack_from(f"<{kinds}I", data, at)
        if sum(run & 0x7FFFFFFF for run in runs) != count:
            continue  # function headers of the other size
        wide = struct.unpack_from(f"<{2 * overflows}I", data, table + 4 * count)
        for (word,) in struct.iter_unpack("<I", data[table : table + 4 * count]):
            offset, length = word >> 1 & 0x7FFFFF, word >> 24
            if length == 0xFF:
                if offset >= overflows:
                    continue
                offset, length = wide[2 * offset], wide[2 * offset + 1]
            span = length * 2 if word & 1 else length
            if offset + span <= size:
                begin = storage + offset
                raw = data[begin : begin + span]
                yield raw.decode("utf-16-le" if word & 1 else "latin-1", "replace"), begin
        return


def unity(data: bytes) -> Iterator[tuple[str, int]]:
    """String literals of Unity code compiled ahead (``global-metadata.dat``) with the offset of each."""
    if data[:4] != UNITY or len(data) < 32:
        return
    version = struct.unpack_from("<I", data, 4)[0]
    if version >= _UNITY_SECTIONS:
        table, size, _, texts, total = struct.unpack_from("<5I", data, 8)
    else:
        table, size, texts, total = struct.unpack_from("<4I", data, 8)
    if table + size > len(data) or texts + total > len(data):
        return
    raw = data[table : table + size]
    if version >= _UNITY_SHORT:
        starts = [start for (start,) in struct.iter_unpack("<I", raw[: len(raw) & ~3])]
        ends = [*starts[1:], total]
        spans = [(end - start, start) for start, end in zip(starts, ends, strict=False)]
    else:
        spans = list(struct.iter_unpack("<II", raw[: len(raw) & ~7]))
    for length, start in spans[:MAX_STRINGS]:
        if length > 0 and start + length <= total:
            yield data[texts + start : texts + start + length].decode("utf-8", "replace"), texts + start


def assemblies(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Packed .NET assemblies in a file (``assemblies.blob``, its library, or one ``.dll``), decoded, with
    the offset of each. What is not packed can be searched as it is.
    """
    found: list[tuple[int, int, bool]] = []
    for match in _PACKED.finditer(data):
        at = match.start()
        if at + 12 <= len(data) and len(found) < MAX_ASSEMBLIES:
            found.append((struct.unpack_from("<I", data, at + 8)[0], at, match.group() == b"XALZ"))
    left, steps = MAX_UNPACKED, [MAX_SEQUENCES]
    for size, at, is_lz4 in sorted(found):
        if not 0 < size <= left:
            continue
        plain = lz4(data, at + 12, size, steps) if is_lz4 else _zstandard(data, at + 12, size)
        left -= len(plain)
        if plain:
            yield plain, at


def unpacked_spans(data: bytes) -> Iterator[tuple[int, int]]:
    """The parts of a file that are no packed assembly, as (begin, end)."""
    begin, packed = 0, False
    for match in _BEGINNING.finditer(data):
        if not packed:
            yield begin, match.start()
        begin, packed = match.start(), match.group() in (b"XALZ", b"XAZS")
    if not packed:
        yield begin, len(data)


def lz4(data: bytes, at: int, size: int, steps: list[int] | None = None) -> bytes:
    """An LZ4 block decoded to ``size`` bytes at most; what was decoded where it is damaged or ``steps``,
    which counts down, are used up.
    """
    steps = [MAX_SEQUENCES] if steps is None else steps
    out = bytearray()
    end = len(data)
    while at < end and len(out) < size and steps[0] > 0:
        steps[0] -= 1
        token = data[at]
        at += 1
        literals = token >> 4
        if literals == 15:
            literals, at = _longer(data, at, literals, size)
        out += data[at : at + literals]
        at += literals
        if at + 2 > end or len(out) >= size:
            break
        back = data[at] | data[at + 1] << 8
        at += 2
        if back == 0 or back > len(out):
            break
        length = token & 15
        if length == 15:
            length, at = _longer(data, at, length, size)
        length = min(length + 4, size - len(out))
        start = len(out) - back
        piece = out[start : start + length]
        out += piece if length <= back else (piece * (length // back + 1))[:length]
    return bytes(out[:size])


def _longer(data: bytes, at: int, length: int, most: int) -> tuple[int, int]:
    """A length that goes on in more bytes, and where it ends."""
    while at < len(data):
        more = data[at]
        at += 1
        length += more
        if more != 255 or length > most:
            break
    return length, at


def _zstandard(data: bytes, at: int, size: int) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(data[at:]) as reader:
            return reader.read(size)
    except zstandard.ZstdError:
        return b""
