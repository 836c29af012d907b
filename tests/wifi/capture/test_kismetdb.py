import contextlib
import sqlite3
from pathlib import Path

import pytest

from rogue_scan.errors import Malformed, SourceError
from rogue_scan.wifi.capture.kismetdb import KismetReader


def log(path, rows, table="packets"):
    base = sqlite3.connect(path)
    base.execute(f"CREATE TABLE {table} (ts_sec, ts_usec, dlt, datasource, packet)")
    base.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", rows)
    base.commit()
    base.close()
    return path


def test_frames_by_data_source(wire, tmp_path):
    rows = [(10, 5, 127, "one", b"a" * 20), (11, 0, 127, "two", b"b" * 20), (12, 7, 127, "one", b"c" * 20)]
    reader = KismetReader(log(tmp_path / "k", rows))
    chunks = list(reader.chunks())
    assert wire.frames(chunks) == [
        (10_000_005_000, b"a" * 20),
        (11_000_000_000, b"b" * 20),
        (12_000_007_000, b"c" * 20),
    ]
    assert [n for c in chunks for n in c.interface.tolist()] == [0, 1, 0]
    assert [i.name for i in reader.interfaces] == ["one", "two"]


def test_rows_of_other_radios_and_of_the_wrong_type_are_left_out(wire, tmp_path):
    rows = [
        (1, 0, 256, "bluetooth", b"x" * 20),
        ("soon", 0, 127, "one", b"x" * 20),
        (1, 0, 127, "one", "text"),
        (1, 0, 127, "one", b""),
        (1 << 40, 0, 127, "one", b"x" * 20),
        (2, 0, 127, "one", b"y" * 20),
    ]
    reader = KismetReader(log(tmp_path / "k", rows))
    assert wire.frames(reader.chunks()) == [(2_000_000_000, b"y" * 20)]
    assert reader.damage.records == 4


def test_other_databases_are_refused(tmp_path):
    with pytest.raises(Malformed, match="packets"):
        list(KismetReader(log(tmp_path / "k", [], "bookmarks")).chunks())


def test_a_table_that_is_a_view_is_not_asked(tmp_path):
    base = sqlite3.connect(tmp_path / "k")
    columns = "1 AS ts_sec, 2 AS ts_usec, 127 AS dlt, '' AS datasource, x'00' AS packet"
    base.execute(f"CREATE VIEW packets AS SELECT {columns}")
    base.commit()
    base.close()
    with pytest.raises(Malformed):
        list(KismetReader(tmp_path / "k").chunks())


def test_a_damaged_database_gives_an_error_of_ours(tmp_path):
    path = log(tmp_path / "k", [(n, 0, 127, "one", bytes(500)) for n in range(500)])
    raw = bytearray(path.read_bytes())
    raw[5000:9000] = b"\xff" * 4000
    path.write_bytes(bytes(raw))
    with pytest.raises(SourceError):
        list(KismetReader(path).chunks())


@pytest.mark.parametrize("byte", [0xE8, 0xB7])
def test_a_damaged_table_of_contents(tmp_path, byte):
    """Found by fuzzing: SQLite's message repeats the damaged text, which is no UTF-8 then."""
    path = log(tmp_path / "k", [(1, 0, 127, "one", b"a" * 20)])
    data = bytearray(path.read_bytes())
    at = data.find(b"CREATE TABLE")
    for place in range(at, at + 40):
        damaged = bytearray(data)
        damaged[place] = byte
        path.write_bytes(damaged)
        with contextlib.suppress(SourceError):
            list(KismetReader(path).chunks())


def test_a_schema_that_makes_sqlite_sort_without_end_is_refused():
    """Damage found by fuzzing: SQLite took gigabytes for a log of 14 KiB."""
    path = Path(__file__).parents[2] / "data" / "wifi" / "damaged-schema.kismet"
    with pytest.raises(Malformed, match="memory"):
        list(KismetReader(path).chunks())
