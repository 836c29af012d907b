import msgspec

from rogue_scan.life.shape import reproducible, shown
from rogue_scan.model.report import encode
from rogue_scan.model.severity import Severity


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


def test_folders_go_from_every_field(full):
    def moved(folder):
        names = {subject.name: f"{folder}/{subject.name}" for subject in full.subjects}
        subjects = tuple(
            msgspec.structs.replace(subject, name=names[subject.name]) for subject in full.subjects
        )
        errors = tuple(
            msgspec.structs.replace(
                error, source=f"{folder}/{error.source}", message=f"{folder}/{error.source}: no"
            )
            for error in full.errors
        )
        return msgspec.structs.replace(full, subjects=subjects, errors=errors)

    first, second = reproducible(moved("/home/ann/visit")), reproducible(moved("/srv"))
    assert encode(first) == encode(second)
    assert b"/home" not in encode(first)
