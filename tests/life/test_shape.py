import msgspec
import pytest

from rogue_scan.life.shape import reproducible, shown
from rogue_scan.model.report import encode
from rogue_scan.model.severity import Severity
from rogue_scan.render.formats import FORMATS, render


def test_hiding_changes_no_score_and_leaves_no_loose_end(full):
    small = shown(full, Severity.CRITICAL)
    assert {finding.id for finding in small.findings} == {"f-sms", "f-portal"}
    assert small.risk.score == full.risk.score and small.risk.verdict == full.risk.verdict
    text = encode(small).decode()
    for gone in ("f-deauth", "f-twin", "f-push", "f-hidden", "f-open"):
        assert f'"{gone}"' not in text


def test_confidence_is_an_axis_of_its_own(full):
    assert {finding.id for finding in shown(full, confidence=0.98).findings} == {
        "f-portal",
        "f-sms",
        "f-open",
    }


def test_nothing_to_hide_is_the_same_report(full):
    assert shown(full) is full


def moved(report, folder):
    """The same files, scanned in another folder."""
    names = {subject.name: f"{folder}/{subject.name}" for subject in report.subjects}
    subjects = tuple(
        msgspec.structs.replace(subject, name=names[subject.name]) for subject in report.subjects
    )
    errors = tuple(
        msgspec.structs.replace(
            error, source=f"{folder}/{error.source}", message=f"{folder}/{error.source}: no"
        )
        for error in report.errors
    )
    return msgspec.structs.replace(report, subjects=subjects, errors=errors)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_files_give_the_same_bytes_in_any_folder(name, full):
    first = render(name, reproducible(moved(full, "/home/ann/visit")))
    second = render(name, reproducible(moved(full, "/srv")))
    assert first == second and "/home" not in first and "ann" not in first.split()
