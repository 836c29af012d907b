from pathlib import Path

import msgspec
import pytest

from rogue_scan.errors import Unsupported
from rogue_scan.rules.load import load
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source
from rogue_scan.wifi.analyse import analyse, analyse_together
from rogue_scan.wifi.capture.join import Feed, in_time_order

DATA = Path(__file__).parents[2] / "data" / "wifi"
RULES = load()


def feed(wire, frames, opened=None, name=""):
    from rogue_scan.wifi.capture.open import reader_for

    raw = wire.pcap(frames)

    def start(alone):
        if opened is not None:
            opened.append((name, alone))
        return wire.pieces(reader_for(raw), raw, 300)

    return Feed(frames[0][0], start)


def frames(*times):
    return [(time, bytes((number & 255,)) * 20) for number, time in enumerate(times, 1)]


def test_frames_of_all_come_by_time(wire):
    one, two, three = frames(*range(0, 5000, 7)), frames(*range(3, 4000, 5)), frames(*range(4500, 6000, 11))
    found = wire.frames(in_time_order([feed(wire, part) for part in (three, one, two)]))
    assert [time for time, _ in found] == sorted(time for part in (one, two, three) for time, _ in part)
    assert sorted(found) == sorted(one + two + three)


def test_a_file_is_opened_when_the_one_before_it_has_ended(wire):
    opened = []
    parts = {"c": frames(900, 950), "a": frames(0, 100), "b": frames(100, 800)}
    found = in_time_order([feed(wire, part, opened, name) for name, part in parts.items()])
    assert len(wire.frames(found)) == 6
    assert opened == [("a", True), ("b", False), ("c", True)]


def test_a_time_that_goes_back_stays_near_its_place(wire):
    found = wire.frames(in_time_order([feed(wire, frames(10, 30, 20, 40)), feed(wire, frames(25, 35))]))
    assert [time for time, _ in found] == [10, 20, 25, 30, 35, 40]


def told(result):
    return [msgspec.structs.replace(f, id="", subject="") for f in result.findings], result.subject.wifi


def test_a_rotating_capture_gives_the_findings_of_the_whole(wire, tmp_path):
    every = wire.read((DATA / "lan-dhcp-a.pcapng").read_bytes())
    third = len(every) // 3
    whole = tmp_path / "whole"
    whole.write_bytes(wire.pcap(every))
    parts = []
    for number, start in enumerate(range(0, len(every), third)):
        path = tmp_path / f"part{number}"
        path.write_bytes(wire.pcap(every[start : start + third]))
        parts.append(Source(str(path), Kind.CAPTURE))
    expected = analyse(Source(str(whole), Kind.CAPTURE), RULES)
    assert expected.findings
    assert told(analyse_together(parts[::-1], RULES)) == told(expected)


def test_a_part_that_cannot_be_read_is_one_error(wire, tmp_path):
    every = wire.read((DATA / "weak-c.pcapng").read_bytes())
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(wire.pcap(every))
    bad.write_bytes(b"no capture at all, sorry")
    sources = [Source(str(path), Kind.CAPTURE) for path in (bad, good)]
    result = analyse_together(sources, RULES)
    assert result.subject.coverage.frames == len(every)
    assert [(e.source, e.kind) for e in result.errors] == [(str(bad), "unsupported")]
    with pytest.raises(Unsupported):
        analyse_together(sources[:1], RULES)
