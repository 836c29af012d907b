import msgspec
import pytest

from rogue_scan.model.data import DataCategory
from rogue_scan.model.evidence import Where
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.model.subject import ChannelWatch, Mark, RadioWatch
from rogue_scan.render.view import View, band, clock, duration, shorter, size
from rogue_scan.texts import DATA


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "0.000 s"), (59.9994, "59.999 s"), (96.3, "1:36.3"), (3723.9, "1:02:03")]
)
def test_clock(seconds, shown):
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.84, "0.8 s"),
        (42.4, "42 s"),
        (190, "3 min 10 s"),
        (180, "3 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
    ],
)
def test_duration(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(12, "12 B"), (48_213, "47.1 KB"), (5 << 20, "5.0 MB"), (1 << 40, "1024.0 GB")]
)
def test_size(count, shown):
    assert size(count) == shown


def test_bands():
    assert [band(frequency) for frequency in (2412, 5180, 5885, 5955)] == [
        "2.4 GHz",
        "5 GHz",
        "5 GHz",
        "6 GHz",
    ]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("a.pcap", "a.pcap"),
        ("/x/y/a.pcap", "a.pcap"),
        ("/x/a.pcap!http://h/b.apk, frame 3", "a.pcap!b.apk, frame 3"),
    ],
)
def test_shorter_names(name, short):
    assert shorter(name) == short


def test_two_sources_of_one_name_keep_their_folders(report):
    subjects = tuple(
        msgspec.structs.replace(subject, name=f"/{number}/a.pcap", apk=None)
        for number, subject in enumerate(report.subjects)
    )
    view = View(msgspec.structs.replace(report, subjects=subjects))
    assert [view.subject_name(subject.id) for subject in subjects] == ["/0/a.pcap", "/1/a.pcap"]


def test_the_worst_and_surest_come_first(report):
    findings = View(report).findings
    keys = [(finding.severity.rank, finding.confidence) for finding in findings]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        (Where(), ""),
        (Where(frame=12, time=0.4), "frame 12, 0.400 s"),
        (Where(dex="classes2.dex", method="La;->b()V", offset=31), "classes2.dex!La;->b()V +0x1f"),
        (Where(file="res/x.png", offset=0), "res/x.png +0x0"),
    ],
)
def test_places(report, where, shown):
    assert View(report).where(where) == shown


def test_radios_and_places_of_a_live_run_are_told(report):
    one = next(subject for subject in report.subjects if subject.kind == "capture")
    watched = (ChannelWatch(2437, 6, 12.0, 40),)
    coverage = msgspec.structs.replace(
        one.coverage, radios=(RadioWatch("wlan1", 40, 2, watched), RadioWatch("wlan2", lost=9.0))
    )
    marks = (
        Mark(3.0, "room 3"),
        Mark(4.0, latitude=52.5, longitude=13.4),
        Mark(9.0, latitude=52.6, longitude=13.5),
    )
    wifi = msgspec.structs.replace(one.wifi, marks=marks)
    lines = View(report).watched(msgspec.structs.replace(one, coverage=coverage, wifi=wifi))
    for line in (
        "Radio wlan1: 40 frames, 2 lost, on 6 (12 s).",
        "Radio wlan2: 0 frames, 0 lost, on –.",
        "Radio wlan2 was lost after 9.0 s.",
        "Places marked: 1 (room 3 (3.0 s)).",
        "Position known at 2 times, from 52.50000 13.40000 to 52.60000 13.50000.",
    ):
        assert line in lines


def test_every_kind_has_a_name(report):
    view = View(report)
    assert set(DATA) == set(DataCategory)
    assert all(view.severity(level) for level in Severity) and all(view.verdict(level) for level in Verdict)


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(1.0, "almost certain"), (0.8, "very likely"), (0.5, "possible"), (0.0, "doubtful")],
)
def test_confidence_in_words(report, confidence, words):
    assert View(report).likely(confidence) == words


def test_the_headline_never_says_more_than_the_report(report):
    def headline(**fields):
        return View(msgspec.structs.replace(report, **fields)).headline()

    assert headline() == report.incidents[0].title
    assert headline(incidents=report.incidents * 3).startswith("3 incidents; the worst: A copy of")
    assert headline(incidents=()).startswith("2 critical, 2 high, 2 medium, 1 low; the worst:")
    assert headline(incidents=(), findings=()) == "See the reasons below."
