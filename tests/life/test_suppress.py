import datetime

import pytest

from rogue_scan.errors import RuleError
from rogue_scan.life import suppress
from rogue_scan.life.retell import retell

TODAY = datetime.date(2027, 1, 1)


def write(tmp_path, text):
    path = tmp_path / "ignore.yml"
    path.write_text(text)
    return suppress.read_ignore_file(path)


def apply(report, entries):
    return suppress.ignore(report.findings, report.subjects, entries, by="ignore.yml", today=TODAY)


def test_an_entry_takes_out_what_all_its_patterns_match(full, tmp_path):
    entries = write(tmp_path, "- {rule: 'wifi/open-*', actor: 'a0:40:*', reason: the café}")
    applied = apply(full, entries)
    assert [item.finding.id for item in applied.suppressed] == ["f-open"]
    assert applied.suppressed[0].reason == "the café" and applied.suppressed[0].by == "ignore.yml"
    assert len(applied.findings) == len(full.findings) - 1 and applied.notes == ()


@pytest.mark.parametrize(
    "entry",
    [
        "{subject: track.apk, reason: r}",
        "{subject: org.parcel.track, reason: r}",
        "{subject: apk-1, reason: r}",
    ],
)
def test_a_source_is_named_by_file_package_or_id(full, tmp_path, entry):
    applied = apply(full, write(tmp_path, f"- {entry}"))
    assert {item.finding.id for item in applied.suppressed} == {"f-sms", "f-hidden"}


def test_expired_and_idle_entries_are_told(full, tmp_path):
    entries = write(
        tmp_path,
        "- {rule: wifi/open-network, reason: old, expires: 2026-12-31}\n"
        "- {rule: wifi/karma, reason: never}\n"
        "- {rule: wifi/open-network, reason: last day, expires: 2027-01-01}\n",
    )
    applied = apply(full, entries)
    assert [item.reason for item in applied.suppressed] == ["last day"]
    assert len(applied.notes) == 2
    assert "expired on 2026-12-31" in applied.notes[0] and "matches nothing" in applied.notes[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {rule: x}", "reason"),
        ("- {rule: x, reason: ' '}", "reason"),
        ("- {reason: why}", "needs one of"),
        ("- {rule: x, reason: y, colour: red}", "colour"),
        ("- {rule: x, reason: y, expires: soon}", "expires"),
        ("rule: x", "array"),
        ("- [", "ignore.yml"),
    ],
)
def test_a_wrong_file_names_the_field(tmp_path, text, message):
    with pytest.raises(RuleError, match=message):
        write(tmp_path, text)


def test_a_baseline_knows_findings_whatever_the_source(full):
    old = full
    applied = suppress.baseline(full.findings, old, by="old.json")
    assert applied.findings == () and len(applied.suppressed) == len(full.findings)


def test_what_is_gone_from_a_baseline_is_told(full):
    applied = suppress.baseline(full.findings[1:], full, by="old.json")
    assert "2 findings of the baseline are gone" in applied.notes[0], "one was suppressed there already"


def test_risk_and_incidents_follow_what_is_left(full):
    applied = suppress.ignore(
        full.findings, full.subjects, [suppress.Entry("all", rule="*")], by="f", today=TODAY
    )
    left = retell(suppress.with_applied(full, applied))
    assert left.risk.score == 0 and left.incidents == () and left.findings == ()
    assert len(left.suppressed) == len(full.suppressed) + len(full.findings)
