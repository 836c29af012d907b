"""The zip archive of a package, read the way Android reads it.

Android's own reader (libziparchive, and the asset manager above it) looks only at the last end
record, trusts the central directory, ignores the encryption flag, and takes every method other than
deflate as stored. Tools that follow the zip specification, or search forward, or prefer local
headers, can be made to see another package. So this module reads like Android and notes each place
where another reader would differ (:class:`~rogue_scan.apk.difference.Difference`, kinds ``zip:…``).

Nothing is written to disk, entries are decoded one at a time and only when asked for, and every
size is capped: what a header claims is never allocated.

Sources: APPNOTE.TXT 6.3.10 (PKWARE); AOSP ``system/libziparchive/zip_archive.cc`` and
``frameworks/base/libs/androidfw/AssetsProvider.cpp`` (behaviour, not code).
"""

import hashlib
import mmap
import struct
from collections.abc import Collection, Iterator
from typing import cast

import msgspec
from zlib_ng import zlib_ng

from rogue_scan.apk.difference import Difference, Differences, short
from rogue_scan.errors import LimitExceeded, Malformed, Truncated

Buffer = bytes | mmap.mmap
BadDeflate = cast("type[Exception]", zlib_ng.error)
"""Raised for packed data that are no deflate; the library's stub takes it for an instance."""

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END64, LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
_LOCAL = struct.Struct("<4s5H3I2H")
_LOCAL_LENGTHS = struct.Struct("<4s22x2H")
_CENTRAL = struct.Struct("<4s4x2H4x3I3H8xI")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR64 = struct.Struct("<4sIQI")

STORED, DEFLATED = 0, 8
_PACKED_PIECE, _PIECE = 1 << 15, 1 << 18
"""Bytes given to the decoder at a time, and taken from it: few enough to stay in the processor's cache."""

MAX_ENTRIES = 200_000
MAX_ENTRY = 192 << 20
"""Bytes one entry may decode to."""
MAX_TOTAL = 768 << 20
"""Bytes all entries together may decode to in one analysis."""
MAX_HASHED = 512 << 20
"""Bytes decoded for digests alone, beside the others."""
BOMB_SIZE, BOMB_RATIO = 32 << 20, 200
"""An entry larger than this and packed better than this is a decompression bomb: real code and pictures
reach ratios of 10."""
OVERLAP_SIZE = 1 << 20
"""Entries that share packed bytes count as a bomb when they claim more than this together."""
MAX_NAME = 1024
"""Bytes in a name before it is noted; the longest that Android's file systems take in one part is 255."""


class Entry(msgspec.Struct, frozen=True):
    """One file in a package, as the central directory describes it."""

    name: str
    """Name as text; bytes that are not UTF-8 are shown as ``\\xNN``."""
    method: int
    flags: int
    crc: int
    packed: int
    """Bytes in the archive."""
    size: int
    """Bytes when decoded, as claimed."""
    header: int
    """Offset of the local header in the file."""
    start: int
    """Offset of the packed bytes in the file; -1 where the local header is unusable."""
    number: int
    """Position in the directory, so that entries of the same name stay apart."""

    @property
    def is_dir(self) -> bool:
        """Whether it is a mere folder mark."""
        return self.name.endswith("/") and self.size == 0


class Container:
    """A package opened for reading; create it with :func:`open_container`."""

    def __init__(
        self,
        data: Buffer,
        entries: tuple[Entry, ...],
        differences: Differences,
        base: int,
        central: int,
        end: int,
    ) -> None:
        self.data, self.entries = data, entries
        self._differences = differences
        self.base = base
        """Bytes of other data in front of the archive's own offset 0."""
        self.central = central
        """Offset of the central directory in the file; -1 if there is none."""
        self.end = end
        """Offset of the end record in the file; -1 if there is none."""
        self._left = MAX_TOTAL
        self._to_hash = MAX_HASHED
        self._digests: dict[tuple[int, int, int, str], bytes] = {}
        self._kept: dict[tuple[int, int, int], bytes] = {}
        self._names: dict[str, list[Entry]] = {}
        for entry in entries:
            self._names.setdefault(entry.name, []).append(entry)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What was noted until now; reading an entry can add to it."""
        return self._differences.done()

    def note(
        self, kind: str, offset: int = -1, entry: str = "", value: object = "", *, refused: bool = False
    ) -> None:
        """Add a difference that only a user of the container can see."""
        self._differences.add(kind, offset, entry, value, refused=refused)

    def all(self, name: str) -> tuple[Entry, ...]:
        """Every entry of that name, in directory order (versions of Android differ in which one they
        take).
        """
        return tuple(self._names.get(name, ()))

    def get(self, name: str) -> Entry | None:
        """The entry Android's native reader finds: the first of that name."""
        found = self._names.get(name)
        return found[0] if found else None

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def read(self, entry: Entry, most: int = MAX_ENTRY, *, keep: bool = False) -> bytes:
        """Decode an entry; ``keep`` where the caller keeps the bytes anyway and a digest is asked for later.

        :raises LimitExceeded: it decodes to more than ``most`` bytes, or the package's budget is used up.
        :raises Truncated: the file ends before its data do.
        :raises Malformed: the packed data are not deflate.
        """
        most = min(most, self._left)
        if entry.method == DEFLATED:
            out = self._inflate(entry, most)
        else:
            if entry.size > most:
                raise LimitExceeded(f"{short(entry.name, 80)} has {entry.size} bytes, more than {most}")
            if entry.start < 0 or entry.start + entry.size > len(self.data):
                raise Truncated(f"{short(entry.name, 80)}: the file ends before its data do")
            out = bytes(self.data[entry.start : entry.start + entry.size])
        # The decoder copies what it does not need, and many entries may have the same large data.
        self._left = max(0, self._left - max(len(out), len(self.packed_bytes(entry))))
        crc = zlib_ng.crc32(out)
        if len(out) != entry.size:
            self.note(
                "zip:wrong-size",
                entry.header,
                entry.name,
                f"{entry.size} claimed, {len(out)} decoded",
                refused=True,
            )
        elif crc != entry.crc:
            self.note("zip:wrong-crc", entry.header, entry.name, f"{entry.crc:08x}")
        elif keep:
            self._kept[_data_of(entry)] = out
        return out

    def digest(self, entry: Entry, name: str) -> bytes:
        """Digest of the decoded entry, computed piece by piece; entries that share their bytes cost once.

        :raises LimitExceeded: the budget for digests is used up.
        :raises Truncated: the file ends before its data do.
        :raises Malformed: the packed data are not deflate.
        """
        where = _data_of(entry)
        key = (*where, name)
        known = self._digests.get(key)
        if known is None:
            state = hashlib.new(name)
            for piece in (self._kept[where],) if where in self._kept else self._pieces(entry):
                self._to_hash -= len(piece)
                if self._to_hash < 0:
                    raise LimitExceeded(f"{short(entry.name, 80)}: too much data to check its digest")
                state.update(piece)
            known = self._digests[key] = state.digest()
        return known

    def _pieces(self, entry: Entry) -> Iterator[bytes | memoryview]:
        """The decoded entry in pieces of bounded size."""
        packed = self.packed_bytes(entry)
        if entry.start < 0 or len(packed) < (entry.packed if entry.method == DEFLATED else entry.size):
            raise Truncated(f"{short(entry.name, 80)}: the file ends before its data do")
        if entry.method != DEFLATED:
            yield packed
            return
        decoder = zlib_ng.decompressobj(-15)
        try:
            yield from _inflated(decoder, packed)
        except BadDeflate as error:
            raise Malformed(f"{short(entry.name, 80)}: packed data are broken ({error})") from None

    def peek(self, entry: Entry, most: int = 4096) -> bytes:
        """The first bytes of an entry; empty where it cannot be decoded at all. Costs next to nothing."""
        if entry.start < 0:
            return b""
        if entry.method != DEFLATED:
            return bytes(self.data[entry.start : entry.start + min(most, entry.size)])
        # A block's codes take some 300 bytes. The rest is not given to the decoder, which would copy it.
        beginning = self.data[entry.start : entry.start + min(entry.packed, 512 + 2 * most)]
        decoder = zlib_ng.decompressobj(-15)
        try:
            out = decoder.decompress(beginning, most)
            if len(out) == most or decoder.eof:
                return out
            out = b""
            for piece in self._pieces(entry):
                out += piece
                if len(out) >= most:
                    break
            return out[:most]
        except (BadDeflate, Malformed, Truncated):
            return b""

    def packed_bytes(self, entry: Entry) -> memoryview:
        """The entry as it lies in the archive, not decoded."""
        if entry.start < 0:
            return memoryview(b"")
        length = entry.packed if entry.method == DEFLATED else entry.size
        return memoryview(self.data)[entry.start : entry.start + length]

    def _inflate(self, entry: Entry, most: int) -> bytes:
        """The decoded entry."""
        if entry.start < 0:
            raise Truncated(f"{short(entry.name, 80)}: no local header")
        packed = self.packed_bytes(entry)
        decoder = zlib_ng.decompressobj(-15)
        try:
            out = decoder.decompress(packed, most + 1)
        except BadDeflate as error:
            raise Malformed(f"{short(entry.name, 80)}: packed data are broken ({error})") from None
        if len(out) > most:
            raise LimitExceeded(f"{short(entry.name, 80)} decodes to more than {most} bytes")
        if not decoder.eof and len(packed) < entry.packed:
            raise Truncated(f"{short(entry.name, 80)}: the file ends before its data do")
        return out


def _inflated(decoder: "zlib_ng._Decompress", packed: memoryview) -> Iterator[bytes]:
    """What packed data decode to, piece by piece. Raises ``BadDeflate``."""
    for at in range(0, len(packed), _PACKED_PIECE):
        rest: bytes | memoryview = packed[at : at + _PACKED_PIECE]
        full = True
        while full and not decoder.eof:
            piece = decoder.decompress(rest, _PIECE)
            yield piece
            rest, full = decoder.unconsumed_tail, len(piece) == _PIECE
        if decoder.eof:
            return


def _data_of(entry: Entry) -> tuple[int, int, int]:
    """What entries that share their bytes have in common."""
    return entry.start, entry.method, entry.packed if entry.method == DEFLATED else entry.size


def open_container(data: Buffer) -> Container:
    """Read the directory of a package.

    Where there is no usable directory (a download that broke off), the local headers are used and
    ``zip:no-central-directory`` is noted.

    :raises Malformed: no zip archive at all.
    :raises LimitExceeded: more than ``MAX_ENTRIES`` entries.
    """
    notes = Differences()
    rivals: list[int] = []
    found = _find_end(data, notes, rivals)
    if found is not None:
        end, central, count, size, base = found
        entries = _central_entries(data, central, count, size, base, notes)
        if entries or count == 0:
            _check_entries(data, entries, central, base, notes)
            for at in rivals:
                # an archive stored inside this one has an end record of its own
                if not any(e.start <= at < e.start + max(e.packed, 1) for e in entries if e.start >= 0):
                    notes.add("zip:several-end-records", at)
            return Container(data, entries, notes, base, central, end)
    entries = tuple(_local_entries(data))
    if not entries:
        raise Malformed("not a zip archive: it has neither a central directory nor a readable local header")
    notes.add(
        "zip:no-central-directory",
        len(data),
        value=f"{len(entries)} entries found by their local headers",
        refused=True,
    )
    first = entries[0].header
    if first:
        notes.add("zip:data-before", 0, value=_sniff_prefix(data), refused=True)
    _check_names(entries, notes)
    return Container(data, entries, notes, 0, -1, -1)


def _find_end(data: Buffer, notes: Differences, rivals: list[int]) -> tuple[int, int, int, int, int] | None:
    """The end record Android takes: (its offset, directory offset, entry count, directory size, base).

    Other plausible ones go to ``rivals``: whether they matter shows when the entries are known.
    """
    length = len(data)
    low = max(0, length - 65535 - _END.size)
    fallback = None
    chosen = None
    at = length - _END.size + 4
    while (at := data.rfind(END, low, at)) >= 0 and len(rivals) < 64:
        record = _END.unpack_from(data, at) if at + _END.size <= length else None
        if record is not None:
            here = _end_record(data, at, record)
            if here is not None:
                if at + _END.size + record[7] == length:
                    if chosen is None:
                        chosen = here
                    else:
                        rivals.append(at)
                elif chosen is None and fallback is None:
                    fallback = here
                else:
                    rivals.append(at)
            else:
                rivals.append(at)
        at += 3  # rfind's end is exclusive: look below this one
    if (tail := data.rfind(END, max(low, length - _END.size + 1))) >= 0:
        notes.add("zip:false-end-record", tail, value="too short to be one")
    if chosen is not None:
        comment = length - chosen[0] - _END.size
        if comment:
            text = bytes(data[chosen[0] + _END.size : chosen[0] + _END.size + 64])
            notes.add("zip:comment", chosen[0] + _END.size, value=f"{comment} bytes: {text!r}")
        return chosen
    if fallback is not None:
        comment = struct.unpack_from("<H", data, fallback[0] + 20)[0]
        after = fallback[0] + _END.size + comment
        if after > length:
            notes.add("zip:comment-cut", fallback[0], refused=True)
        else:
            notes.add("zip:data-after", after, value=f"{length - after} bytes", refused=True)
    return fallback


def _end_record(
    data: Buffer, at: int, record: tuple[bytes, int, int, int, int, int, int, int]
) -> tuple[int, int, int, int, int] | None:
    """Where the directory lies that an end record names, or None if it names nothing readable."""
    _, _, _, _, count, size, offset, _ = record
    before = at
    if 0xFFFFFFFF in (size, offset) or count == 0xFFFF:
        wide = _end64(data, at)
        if wide is not None:
            count, size, offset, before = wide
    if offset + size > before:
        return None
    if count == 0 and size == 0:
        return at, offset, 0, 0, 0
    if bytes(data[offset : offset + 4]) == CENTRAL:
        return at, offset, count, size, 0
    shifted = before - size  # data in front that the offsets do not count
    if bytes(data[shifted : shifted + 4]) == CENTRAL:
        return at, shifted, count, size, shifted - offset
    return None


def _end64(data: Buffer, at: int) -> tuple[int, int, int, int] | None:
    where = at - _LOCATOR64.size
    if where < 0 or bytes(data[where : where + 4]) != LOCATOR64:
        return None
    offset = _LOCATOR64.unpack_from(data, where)[2]
    if offset + _END64.size > where or bytes(data[offset : offset + 4]) != END64:
        return None
    record = _END64.unpack_from(data, offset)
    return record[7], record[8], record[9], offset


def _central_entries(
    data: Buffer, at: int, count: int, size: int, base: int, notes: Differences
) -> tuple[Entry, ...]:
    if count > MAX_ENTRIES:
        raise LimitExceeded(f"{count} entries in the directory, more than {MAX_ENTRIES}")
    entries: list[Entry] = []
    stop = min(len(data), at + size)
    length = len(data)
    unpack, unpack_lengths = _CENTRAL.unpack_from, _LOCAL_LENGTHS.unpack_from
    while len(entries) < count:
        if at + _CENTRAL.size > length or data[at : at + 4] != CENTRAL:
            notes.add("zip:directory-cut", at, value=f"{len(entries)} of {count} records", refused=True)
            break
        _, flags, method, crc, packed, full, name_len, extra_len, comment_len, header = unpack(data, at)
        raw = bytes(data[at + 46 : at + 46 + name_len])
        if full == 0xFFFFFFFF or packed == 0xFFFFFFFF or header == 0xFFFFFFFF:
            extra = bytes(data[at + 46 + name_len : at + 46 + name_len + extra_len])
            full, packed, header = _wide(extra, full, packed, header)
        header += base
        start = -1
        if 0 <= header <= length - _LOCAL.size:
            magic, local_name_len, local_extra_len = unpack_lengths(data, header)
            if magic == LOCAL:
                start = header + _LOCAL.size + local_name_len + local_extra_len
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            name = raw.decode("utf-8", "backslashreplace")
            notes.add("zip:name-not-utf8", at + 46, name, refused=True)
        entries.append(Entry(name, method, flags, crc, packed, full, header, start, len(entries)))
        at += 46 + name_len + extra_len + comment_len
    if at > stop:
        notes.add("zip:directory-size", at, value=f"ends {at - stop} bytes after the size in the end record")
    elif at < stop and len(entries) == count:
        notes.add(
            "zip:hidden-records",
            at,
            value=f"{stop - at} bytes of the directory behind its last counted record",
        )
    return tuple(entries)


def _wide(extra: bytes, full: int, packed: int, header: int) -> tuple[int, int, int]:
    """Sizes and offset from the zip64 extra field (APPNOTE 4.5.3), for those that are all ones."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            field = extra[at + 4 : at + 4 + length]
            values = [struct.unpack_from("<Q", field, n)[0] for n in range(0, len(field) - 7, 8)]
            wide = iter(values)  # only those fields are there whose short form is all ones
            full = next(wide, full) if full == 0xFFFFFFFF else full
            packed = next(wide, packed) if packed == 0xFFFFFFFF else packed
            return full, packed, next(wide, header) if header == 0xFFFFFFFF else header
        at += 4 + length
    return full, packed, header


def _local_entries(data: Buffer) -> Iterator[Entry]:
    """Entries by their local headers, for a file whose directory is gone."""
    at, number, length = data.find(LOCAL), 0, len(data)
    budget = MAX_ENTRY
    while at >= 0 and at + 30 <= length and number < MAX_ENTRIES:
        _, _, flags, method, _, _, crc, packed, full, name_len, extra_len = _LOCAL.unpack_from(data, at)
        raw = bytes(data[at + 30 : at + 30 + name_len])
        start = at + 30 + name_len + extra_len
        if not raw or start > length:
            at = data.find(LOCAL, at + 4)
            continue
        if flags & 8 and packed == 0 and method == DEFLATED:
            packed, full = _measure(data, start, budget)
            budget = max(0, budget - full)
        name = raw.decode("utf-8", "backslashreplace")
        yield Entry(name, method, flags, crc, packed, full, at, start, number)
        number += 1
        at = data.find(LOCAL, min(start + packed, length) if 0 < packed <= length - start else at + 4)


def _measure(data: Buffer, start: int, most: int) -> tuple[int, int]:
    """Packed and decoded size of a deflate stream whose header does not say them."""
    decoder = zlib_ng.decompressobj(-15)
    at, full = start, 0
    try:
        while not decoder.eof and at < len(data) and full < most:
            piece = bytes(data[at : at + 65536])
            full += len(decoder.decompress(piece, most - full))
            while decoder.unconsumed_tail and full < most:
                full += len(decoder.decompress(decoder.unconsumed_tail, most - full))
            at += len(piece)
    except BadDeflate:
        return 0, 0
    return at - len(decoder.unused_data) - start, full


def _check_entries(
    data: Buffer, entries: tuple[Entry, ...], central: int, base: int, notes: Differences
) -> None:
    """Note where a reader that follows the specification would disagree."""
    if not entries:
        notes.add("zip:no-entries", central)
        return
    unpack = _LOCAL.unpack_from
    length = len(data)
    first = length
    for entry in entries:
        header = entry.header
        if entry.start < 0:
            outside = header < 0 or header + 30 > length
            notes.add(
                "zip:no-local-header", header, entry.name, "outside the file" if outside else "", refused=True
            )
            continue
        first = min(first, header)
        _, _, flags, method, _, _, crc, packed, full, name_len, _ = unpack(data, header)
        if entry.method not in (STORED, DEFLATED):
            notes.add("zip:unknown-method", header, entry.name, entry.method)
        elif method != entry.method:
            kind = "zip:unknown-method" if method not in (STORED, DEFLATED) else "zip:method-mismatch"
            notes.add(
                kind, header + 8, entry.name, f"{method} in the local header, {entry.method} in the directory"
            )
        if (entry.flags | flags) & 1:
            notes.add("zip:encrypted-flag", header + 6, entry.name)
        if (
            data[header + 30 : header + 30 + name_len] != entry.name.encode()
            and "zip:name-not-utf8" not in notes
        ):
            local = bytes(data[header + 30 : header + 30 + min(name_len, 200)]).decode(
                "utf-8", "backslashreplace"
            )
            notes.add(
                "zip:header-mismatch",
                header + 30,
                entry.name,
                f"name {local!r} in the local header",
                refused=True,
            )
        if (
            not flags & 8
            and 0xFFFFFFFF not in (packed, full)
            and (packed, full, crc) != (entry.packed, entry.size, entry.crc)
        ):
            told = f"sizes {packed}/{full} in the local header, {entry.packed}/{entry.size} in the directory"
            notes.add("zip:header-mismatch", header + 14, entry.name, told, refused=True)
        kept = entry.packed if entry.method == DEFLATED else entry.size
        if entry.start + kept > (central if central > header else length):
            notes.add(
                "zip:data-outside", header, entry.name, f"{kept} bytes from {entry.start}", refused=True
            )
        elif entry.method == STORED and entry.packed != entry.size:
            notes.add("zip:stored-size", header, entry.name, f"{entry.packed}/{entry.size}")
        if (
            entry.method == DEFLATED
            and entry.size > BOMB_SIZE
            and entry.size > BOMB_RATIO * max(1, entry.packed)
        ):
            notes.add("zip:bomb", header, entry.name, f"{entry.packed} bytes claim to decode to {entry.size}")
    if base:
        notes.add("zip:data-before", 0, value=_sniff_prefix(data), refused=True)
    elif 0 < first < length and bytes(data[:4]) != LOCAL:
        notes.add("zip:data-before", 0, value=_sniff_prefix(data))
    _check_overlap(entries, notes)
    _check_names(entries, notes)


def _check_overlap(entries: tuple[Entry, ...], notes: Differences) -> None:
    """Entries that share packed bytes: a bomb of many names, or two names for one file."""
    spans = sorted(
        (e.start, e.packed, e.size, e.name, e.header) for e in entries if e.start >= 0 and e.packed
    )
    reach, shared, total = -1, 0, 0
    where = ("", 0)
    for start, packed, size, name, header in spans:
        if start < reach:
            shared += 1
            total += size
            where = where if where[0] else (name, header)
        reach = max(reach, start + packed)
    if shared:
        notes.add("zip:overlap", where[1], where[0], f"{shared} entries share packed bytes with another")
        if total > OVERLAP_SIZE and shared > 16:
            notes.add(
                "zip:bomb", where[1], where[0], f"{shared} names for the same bytes, {total} bytes decoded"
            )


_ODD_MARKS = ("||", "|/", "..", "\\", ":")
"""What odd names have in them when all names stand one after the other between bars."""


def _may_be_odd(names: list[str]) -> bool:
    """Whether any name may be one to note, asked of all together: most packages have none such."""
    text = "|".join(("", *names, ""))
    return (
        not text.isprintable()
        or any(mark in text for mark in _ODD_MARKS)
        or len(set(names)) < len(names)
        or len(max(names, key=len)) > MAX_NAME
    )


def _in_file(name: str, names: Collection[str]) -> str:
    """The name above this one that is in ``names`` and so no folder; empty if there is none."""
    at = name.find("/")
    while at > 0:
        if name[:at] in names:
            return name[:at]
        at = name.find("/", at + 1)
    return ""


def _check_names(entries: tuple[Entry, ...], notes: Differences) -> None:
    if _may_be_odd([entry.name for entry in entries]):
        _note_odd_names(entries, notes)
    names = {entry.name for entry in entries}
    folders = {name.rpartition("/")[0] for name in names}
    if any(_in_file(f"{folder}/", names) for folder in folders):
        # "classes.dex/" or "classes.dex/x" beside "classes.dex": unpacking to a folder fails
        for name in sorted(names):
            if above := _in_file(name, names):
                notes.add("zip:name-clash", -1, above, name)


def _note_odd_names(entries: tuple[Entry, ...], notes: Differences) -> None:
    names: set[str] = set()
    for entry in entries:
        name = entry.name
        if name in names:
            notes.add("zip:duplicate-name", entry.header, name, refused=True)
            if name == "AndroidManifest.xml" or name.endswith(".dex"):
                notes.add("zip:duplicate-code", entry.header, name, refused=True)
        names.add(name)
        parts = name.replace("\\", "/").split("/")
        if (
            ".." in parts
            or name.startswith(("/", "\\"))
            or (len(name) > 2 and name[1] == ":" and name[0].isalpha() and name[2] in "/\\")
        ):
            notes.add("zip:path-traversal", entry.header, name, name)
        if not name:
            notes.add("zip:empty-name", entry.header)
        elif not name.isascii() or not name.isprintable():
            if "\0" in name:
                notes.add("zip:name-nul", entry.header, name, refused=True)
            elif not name.isprintable():
                notes.add("zip:name-control", entry.header, name, name)
        if len(name) > MAX_NAME:
            notes.add("zip:long-name", entry.header, name, f"{len(name)} characters")


def _sniff_prefix(data: Buffer) -> str:
    """What the data in front of the archive look like."""
    head = bytes(data[:16])
    for magic, what in (
        (b"\x89PNG", "PNG picture"),
        (b"\xff\xd8\xff", "JPEG picture"),
        (b"GIF8", "GIF picture"),
        (b"dex\n", "DEX file"),
        (b"\x7fELF", "ELF file"),
        (b"MZ", "Windows program"),
        (b"%PDF", "PDF file"),
        (b"#!", "script"),
        (b"<", "markup"),
    ):
        if head.startswith(magic):
            return what
    return f"unknown data {head[:8].hex()}"
