import itertools

import msgspec

from rogue_scan.life.merge import merge
from rogue_scan.model.report import Report


def part(full, subject):
    return Report(
        tool=full.tool,
        subjects=tuple(item for item in full.subjects if item.id == subject),
        findings=tuple(item for item in full.findings if item.subject == subject),
    )


def test_the_story_is_told_across_reports(full):
    joined = merge([part(full, "capture-1"), part(full, "apk-1")])
    assert len(joined.incidents) == 1
    assert set(joined.incidents[0].subjects) == {"capture-1", "apk-1"}
    assert joined.risk.verdict.value == "critical"


def test_order_and_steps_do_not_matter(full):
    parts = [
        part(full, "capture-1"),
        part(full, "apk-1"),
        Report(errors=full.errors, suppressed=full.suppressed),
    ]
    at_once = merge(parts)
    for order in itertools.permutations(parts):
        assert merge(order) == at_once
    assert merge([merge(parts[:2]), parts[2]]) == at_once
    assert merge([parts[0], merge(parts[1:])]) == at_once
    assert merge([at_once, at_once]) == at_once


def test_a_finding_that_one_report_shows_is_shown(full):
    hidden = Report(
        subjects=full.subjects,
        suppressed=full.suppressed,
    )
    showing = msgspec.structs.replace(hidden, findings=(full.suppressed[0].finding,), suppressed=())
    joined = merge([hidden, showing])
    assert [finding.id for finding in joined.findings] == ["f-wps"] and joined.suppressed == ()


def test_nothing_joined_is_nothing():
    assert merge([]).findings == ()
