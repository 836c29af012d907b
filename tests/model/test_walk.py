from rogue_scan.model.evidence import Evidence, Where
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.severity import Severity
from rogue_scan.model.walk import change_texts


def test_every_text_is_changed_and_nothing_else():
    finding = Finding(
        id="i", fingerprint="f", rule="r", title="t", severity=Severity.HIGH, confidence=0.5, subject="s",
        message="m", actors=("a", "b"), evidence=(Evidence(says="e", where=Where(frame=3)),),
    )  # fmt: skip
    seen = []

    def change(owner, field, text):
        seen.append((owner, field, text))
        return text.upper()

    changed = change_texts(Report(findings=(finding,)), change).findings[0]
    assert (changed.id, changed.actors, changed.evidence[0].says) == ("I", ("A", "B"), "E")
    assert (changed.severity, changed.confidence, changed.evidence[0].where.frame) == (Severity.HIGH, 0.5, 3)
    assert ("Finding", "actors", "b") in seen and ("Evidence", "says", "e") in seen
