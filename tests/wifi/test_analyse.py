"""One capture gives one result, in whatever form and pieces it comes."""

import gzip
import io
import lzma
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.errors import LimitExceeded, Malformed, SourceError, Unreadable, Unsupported
from rogue_scan.model.scan import Scan
from rogue_scan.rules.load import load
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source
from rogue_scan.wifi.analyse import Session, analyse
from rogue_scan.wifi.capture import open as opening
from rogue_scan.wifi.capture.open import Stream

DATA = Path(__file__).parents[1] / "data" / "wifi"
RULES = load()


def scan(path: Path) -> Scan:
    return analyse(Source(str(path), Kind.CAPTURE), RULES)


def told(result: Scan) -> tuple[object, ...]:
    """What a scan says, without what names the file."""
    plain = [msgspec.structs.replace(finding, id="", subject="") for finding in result.findings]
    return plain, result.subject.wifi, result.errors, [c.data for c in result.carved]


@pytest.fixture(scope="module")
def lure(wire):
    frames = wire.read((DATA / "lure-a.pcapng").read_bytes())
    # Kismet logs and µs captures know no nanoseconds.
    return [(time // 1000 * 1000, raw) for time, raw in frames]


@pytest.fixture(scope="module")
def expected(wire, lure, tmp_path_factory):
    path = tmp_path_factory.mktemp("lure") / "plain"
    path.write_bytes(wire.pcapng(lure))
    result = scan(path)
    assert result.findings
    return told(result)


def kismetdb(path: Path, frames: list[tuple[int, bytes]]) -> None:
    base = sqlite3.connect(path)
    base.execute(
        "CREATE TABLE packets (ts_sec INT, ts_usec INT, phyname TEXT, sourcemac TEXT, datasource TEXT,"
        " dlt INT, packet BLOB, error INT)"
    )
    rows = [
        (time // 10**9, time % 10**9 // 1000, "IEEE802.11", "", "uuid-1", 127, raw, 0) for time, raw in frames
    ]
    base.executemany("INSERT INTO packets VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    base.execute("INSERT INTO packets VALUES (1, 1, 'Bluetooth', '', 'uuid-2', 256, x'00', 0)")
    base.commit()
    base.close()


@pytest.mark.parametrize("form", ["pcap", "pcap-big", "pcap-us", "gz", "gz-two", "xz", "zst", "kismetdb"])
def test_every_form_gives_the_same_findings(wire, lure, expected, tmp_path, form):
    path = tmp_path / "capture"
    plain = wire.pcapng(lure)
    half = len(plain) // 2
    match form:
        case "pcap":
            path.write_bytes(wire.pcap(lure))
        case "pcap-big":
            path.write_bytes(wire.pcap(lure, ">"))
        case "pcap-us":
            path.write_bytes(wire.pcap(lure, nano=False))
        case "gz":
            path.write_bytes(gzip.compress(plain))
        case "gz-two":
            path.write_bytes(gzip.compress(plain[:half]) + gzip.compress(plain[half:]))
        case "xz":
            path.write_bytes(lzma.compress(plain))
        case "zst":
            path.write_bytes(zstandard.compress(plain[:half]) + zstandard.compress(plain[half:]))
        case "kismetdb":
            kismetdb(path, lure)
    assert told(scan(path)) == expected


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_gives_the_same_findings(wire, lure, expected, monkeypatch, packed):
    raw = wire.pcapng(lure)
    raw = gzip.compress(raw) if packed else raw
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(raw))))
    stream = Stream(Source("-", Kind.UNKNOWN))
    assert stream.kind() is Kind.CAPTURE
    assert told(analyse(Source("-", Kind.CAPTURE), RULES)) == expected


def test_frames_fed_one_by_one_and_asked_in_between_give_the_same_findings(wire, lure, expected):
    session = Session(RULES, name="capture")
    raw = wire.pcap(lure)
    for start in range(0, len(raw), 700):
        session.feed(raw[start : start + 700])
        if start % 35_000 == 0:
            session.findings("x")
    session.finish()
    found = [msgspec.structs.replace(f, id="", subject="") for f in session.findings("x")]
    assert found == expected[0]


def test_findings_appear_while_data_arrive(wire, lure):
    session = Session(RULES, name="capture")
    raw = wire.pcap(lure)
    session.feed(raw[: len(raw) // 2])
    assert {f.rule for f in session.findings("x")} >= {"wifi/open-network"}


def test_link_types_of_other_networks_are_named(wire, tmp_path):
    path = tmp_path / "ethernet.pcap"
    path.write_bytes(wire.pcap([(0, bytes(60))], link=1))
    with pytest.raises(Unsupported, match="link type 1"):
        scan(path)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", Unsupported, "empty"),
        (b"nothing of the kind, whatever it may be", Unsupported, "not a capture"),
        (gzip.compress(b"nothing of the kind, whatever", mtime=0), Unsupported, "not a capture"),
        (b"\x1f\x8b\x08\x00garbage that is no deflate stream", Malformed, "damaged"),
        (b"SQLite format 3\0" + bytes(4000), SourceError, "Kismet"),
    ],
)
def test_what_is_no_capture_is_one_named_error(tmp_path, content, error, says):
    path = tmp_path / "capture.pcap"
    path.write_bytes(content)
    with pytest.raises(error, match=says):
        scan(path)


def test_a_missing_file_is_unreadable(tmp_path):
    with pytest.raises(Unreadable):
        scan(tmp_path / "nowhere.pcap")


def test_a_cut_archive_gives_what_came_before(wire, lure, tmp_path):
    path = tmp_path / "cut.gz"
    packed = gzip.compress(wire.pcapng(lure))
    path.write_bytes(packed[: len(packed) * 2 // 3])
    result = scan(path)
    assert result.subject.coverage.frames > 100
    assert [e.kind for e in result.errors] == ["truncated"]


def test_a_bomb_is_stopped(wire, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "RATIO_FROM", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(wire.pcapng([(0, bytes(100))]) + bytes(64 << 20)))
    result = scan(path)
    assert LimitExceeded.kind in {e.kind for e in result.errors}


def test_a_rule_that_fails_is_one_error_and_the_others_go_on(wire, lure, monkeypatch):
    session = Session(RULES, name="capture")

    def fails(world, subject):
        raise ZeroDivisionError("oops")

    broken = SimpleNamespace(rule=session._detectors[0].rule, __call__=fails)
    session._detectors[0] = type(
        "Broken", (), {"rule": broken.rule, "__call__": lambda s, w, x: fails(w, x)}
    )()
    session.feed(wire.pcap(lure))
    session.finish()
    assert session.findings("x")
    (error,) = session.errors
    assert error.kind == "rule"
    assert broken.rule.rule in error.message


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damage_anywhere_never_raises_anything_else(lure, wire, tmp_path_factory, data):
    raw = bytearray(wire.pcapng(lure[:200]) if data.draw(st.booleans()) else wire.pcap(lure[:200]))
    for _ in range(data.draw(st.integers(0, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    path = tmp_path_factory.mktemp("damage") / "capture"
    path.write_bytes(bytes(raw))
    try:
        result = scan(path)
    except SourceError:
        return
    assert all(error.kind != "rule" for error in result.errors)
