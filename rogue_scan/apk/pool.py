"""String pools of binary XML and resource tables (``ResStringPool``).

Strings are decoded when asked for, not all at once: a pool that claims four thousand million strings
costs nothing. Source: AOSP ``frameworks/base/libs/androidfw/ResourceTypes.{h,cpp}`` (behaviour).
"""

import struct
from collections.abc import Set

from rogue_scan.apk.difference import Differences

_HEADER = struct.Struct("<HHI5I")
_OFFSET = struct.Struct("<I")
UTF8 = 1 << 8
MAX_STRING = 65536
"""Characters kept of one string."""


class Pool:
    """One string pool; a bad index or offset gives an empty string, as Android gives null."""

    def __init__(self, data: bytes, at: int, notes: Differences, prefix: str, entry: str) -> None:
        """Read the header of the pool chunk at ``at``; what is odd goes to ``notes`` as ``prefix:…``."""
        self._data = data
        self.count = self.claimed = 0
        self._known: dict[int, str] = {}
        self.bad = 0
        """Indices asked for that the pool cannot serve."""
        if at + _HEADER.size > len(data):
            notes.add(f"{prefix}:pool-cut", at, entry, refused=True)
            return
        _, header, size, count, styles, flags, strings, _ = _HEADER.unpack_from(data, at)
        self.claimed = count
        self._end = min(len(data), at + size)
        self._offsets = at + header
        self._strings = at + strings
        self._utf8 = bool(flags & UTF8)
        room = max(0, (self._end - self._offsets) // 4)
        if header != _HEADER.size:
            notes.add(f"{prefix}:pool-header", at + 2, entry, f"header of {header} bytes, not {_HEADER.size}")
        if count + styles > room:
            notes.add(
                f"{prefix}:pool-count",
                at + 8,
                entry,
                f"{count} strings claimed, room for {room}",
                refused=True,
            )
        elif count and self._strings < self._offsets + 4 * count:
            notes.add(
                f"{prefix}:pool-overlap", at + 20, entry, "string data begin inside the table of offsets"
            )
        if styles and prefix == "axml":
            notes.add(
                "axml:pool-styles", at + 12, entry, f"{styles} styles: no build tool writes any into XML"
            )
        self.count = min(count, room)
        places = struct.unpack_from(f"<{self.count}I", data, self._offsets) if self.count else ()
        within = self._end - self._strings
        if places and max(places) >= within:
            outside = sum(place >= within for place in places)
            notes.add(
                f"{prefix}:pool-offsets",
                self._offsets,
                entry,
                f"{outside} of {self.count} strings lie outside the pool",
            )

    def __len__(self) -> int:
        return self.count

    @property
    def used(self) -> Set[int]:
        """Indices that were asked for and are there."""
        return self._known.keys()

    def get(self, index: int) -> str:
        """The string at ``index``; 0xFFFFFFFF means none."""
        known = self._known.get(index)
        return self._read(index) if known is None else known

    def _read(self, index: int) -> str:
        if not 0 <= index < self.count:
            if index != 0xFFFFFFFF:
                self.bad += 1
            return ""
        place = _OFFSET.unpack_from(self._data, self._offsets + 4 * index)[0]
        text = self._known[index] = self._decode(self._strings + place)
        return text

    def _decode(self, at: int) -> str:
        data, end = self._data, self._end
        if at + 2 > end:
            self.bad += 1
            return ""
        if self._utf8:
            # two lengths (UTF-16 units, then bytes), each of one or two bytes
            at += 2 if data[at] & 0x80 else 1
            if at + 2 > end:
                return ""
            length = data[at]
            at += 1
            if length & 0x80:
                length = (length & 0x7F) << 8 | data[at]
                at += 1
            stop = at + length
            return str(data[at : stop if stop < end else end], "utf-8", "replace")
        length = data[at] | data[at + 1] << 8
        at += 2
        if length & 0x8000 and at + 2 <= end:
            length = (length & 0x7FFF) << 16 | data[at] | data[at + 1] << 8
            at += 2
        stop = min(end, at + 2 * min(length, MAX_STRING))
        return data[at:stop].decode("utf-16-le", "replace")
