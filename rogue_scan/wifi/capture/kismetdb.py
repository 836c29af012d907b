"""Kismet's log: an SQLite file whose table ``packets`` holds frames of any number of data sources."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np

from rogue_scan.errors import Malformed, Unreadable
from rogue_scan.wifi.capture.chunk import MAX_RECORD, Chunk, Damage, Interface
from rogue_scan.wifi.dot11.link import SUPPORTED

MAGIC = b"SQLite format 3\0"
_ROWS = 8192
_MEMORY = 256 << 20
"""Bytes that SQLite may use: a damaged schema can make it sort what it should only read.

SQLite keeps this limit for the rest of the process; our own databases take a few megabytes.
"""
_QUERY = (
    "SELECT ts_sec, ts_usec, dlt, datasource, packet FROM packets WHERE packet IS NOT NULL ORDER BY rowid"
)


class KismetReader:
    """Reads one kismetdb file. It cannot be read as a stream: SQLite needs the file."""

    def __init__(self, path: Path) -> None:
        self.interfaces: list[Interface] = []
        self.damage = Damage()
        self._path = path
        self._known: dict[tuple[str, int], int] = {}

    def chunks(self) -> Iterator[Chunk]:
        """All frames, as logged. Raises :class:`Malformed` where the file is no such log, or broken."""
        try:
            # Opened as it is: read-only, and without looking for a journal beside it.
            address = f"file:{quote(str(self._path.resolve()))}?mode=ro&immutable=1"
            with sqlite3.connect(address, uri=True) as base:
                base.execute("PRAGMA trusted_schema=OFF")
                base.execute("PRAGMA mmap_size=0")
                base.execute("PRAGMA cell_size_check=ON")
                base.execute(f"PRAGMA hard_heap_limit={_MEMORY}")
                base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 16 * MAX_RECORD)
                kind = base.execute("SELECT type FROM sqlite_master WHERE name='packets'").fetchone()
                if kind is None or kind[0] != "table":
                    raise Malformed("an SQLite file, but no Kismet log: it has no table 'packets'")
                cursor = base.execute(_QUERY)
                while rows := cursor.fetchmany(_ROWS):
                    chunk = self._chunk(rows)
                    if chunk is not None:
                        yield chunk
            base.close()
        except MemoryError:
            raise Malformed("Kismet log: SQLite needs more memory for it than a log takes") from None
        except sqlite3.OperationalError as error:
            raise Unreadable(f"Kismet log: {error}") from error
        except (sqlite3.Error, UnicodeError) as error:  # SQLite's own messages repeat damaged names
            raise Malformed(f"Kismet log: {error}") from error

    def _chunk(self, rows: list[tuple[object, ...]]) -> Chunk | None:
        good: list[tuple[int, int, bytes]] = []
        for seconds, micros, link, source, packet in rows:
            if (
                not isinstance(packet, bytes)
                or not 0 < len(packet) <= MAX_RECORD
                or not isinstance(seconds, int)
                or not isinstance(micros, int)
                or not isinstance(link, int)
                or not 0 <= seconds < 1 << 33
                or link not in SUPPORTED  # a log also holds Bluetooth, Zigbee, sensors …
            ):
                self.damage.records += isinstance(link, int) and link in SUPPORTED
                continue
            key = (str(source), link)
            number = self._known.get(key)
            if number is None:
                if len(self._known) >= 4096:
                    continue
                number = self._known[key] = len(self.interfaces)
                self.interfaces.append(Interface(link, str(source)))
            good.append((seconds * 1_000_000_000 + micros * 1000, number, packet))
        if not good:
            return None
        size = np.array([len(packet) for _, _, packet in good], np.int64)
        ends = np.cumsum(size)
        return Chunk(
            np.frombuffer(b"".join(packet for _, _, packet in good), np.uint8),
            ends - size,
            size,
            size,
            np.array([time for time, _, _ in good], np.int64),
            np.array([number for _, number, _ in good], np.int64),
            np.zeros(len(good), np.bool_),
        )
