import shutil
import stat
import subprocess
from pathlib import Path

import msgspec
import pytest

from rogue_scan.errors import Unreadable
from rogue_scan.model.evidence import Evidence, Where
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import Subject
from rogue_scan.rules.load import load
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source
from rogue_scan.wifi import evidence
from rogue_scan.wifi.analyse import analyse
from rogue_scan.wifi.capture.open import Stream

LURE = Path(__file__).parents[1] / "data" / "wifi" / "lure-a.pcapng"


@pytest.fixture(scope="module")
def report() -> Report:
    scan = analyse(Source(str(LURE), Kind.CAPTURE), load())
    return Report(subjects=(scan.subject,), findings=scan.findings)


def finding(*items: Evidence, subject: str = "capture-1") -> Finding:
    return Finding("f1", "f1", "wifi/karma", "t", Severity.HIGH, 0.9, subject, "m", evidence=items)


def frames(path: Path) -> list[bytes]:
    return [
        chunk.buffer[a : a + n].tobytes()
        for chunk in Stream(Source(str(path), Kind.CAPTURE)).chunks()
        for a, n in zip(chunk.offset.tolist(), chunk.captured.tolist(), strict=True)
    ]


def test_only_the_cited_frames_are_written_as_they_were(report, tmp_path) -> None:
    path = tmp_path / "evidence.pcapng"
    count = evidence.write(path, [str(LURE)], report)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, "frames hold what people typed"
    cited = sorted({e.where.frame for f in report.findings for e in f.evidence if e.where.frame})
    whole = frames(LURE)
    assert count == len(cited)
    assert frames(path) == [whole[number - 1] for number in cited]


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_wireshark_shows_the_comments(report, tmp_path) -> None:
    path = tmp_path / "evidence.pcapng"
    count = evidence.write(path, [str(LURE)], report)
    run = subprocess.run(
        ["tshark", "-r", str(path), "-T", "fields", "-e", "frame.comment"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = run.stdout.splitlines()
    assert len(lines) == count
    assert all("wifi/" in line and "finding" in line for line in lines)


def test_one_frame_with_several_reasons_has_one_comment() -> None:
    items = (
        Evidence("first", where=Where(frame=5)),
        Evidence("second", False, Where(frame=5)),
        Evidence("none"),
    )
    [text] = evidence.comments([finding(*items)]).values()
    assert text.count("\n") == 1
    assert "second" in text
    assert "against" in text


def test_hostile_text_in_a_comment_is_made_visible() -> None:
    [text] = evidence.comments([finding(Evidence("x\x1b[31m\u202ey\n", where=Where(frame=1)))]).values()
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_standard_input_cannot_be_read_twice(tmp_path) -> None:
    subject = Subject("capture-1", "capture", "-")
    report = Report(subjects=(subject,), findings=(finding(Evidence("x", where=Where(frame=1))),))
    with pytest.raises(Unreadable, match="standard input"):
        evidence.write(tmp_path / "e.pcapng", ["-"], report)


def test_a_report_without_findings_gives_an_empty_file(report, tmp_path) -> None:
    path = tmp_path / "evidence.pcapng"
    assert evidence.write(path, [str(LURE)], msgspec.structs.replace(report, findings=())) == 0
    assert path.stat().st_size > 0
