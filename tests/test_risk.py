"""Scores and verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan import risk
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Incident
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.model.subject import Subject


def finding(number, severity="high", confidence=0.9, rule="apk/one", subject="apk-1"):
    return Finding(
        id=f"f{number}", fingerprint=f"f{number}", rule=rule, title="", severity=Severity(severity),
        confidence=confidence, subject=subject, message="",
    )  # fmt: skip


def test_nothing_found_is_clean():
    assert risk.subject_risk([]).verdict is Verdict.CLEAN
    assert risk.subject_risk([finding(1, "info", 0.99)]).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("severity", "confidence", "verdict"),
    [
        ("critical", 0.95, "critical"),
        ("critical", 0.6, "high"),
        ("critical", 0.3, "medium"),
        ("high", 0.9, "high"),
        ("high", 0.5, "medium"),
        ("medium", 0.9, "medium"),
        ("medium", 0.4, "low"),
        ("low", 0.99, "low"),
        ("low", 0.1, "low"),
    ],
)
def test_a_finding_counts_no_more_than_it_is_sure(severity, confidence, verdict):
    assert risk.subject_risk([finding(1, severity, confidence)]).verdict is Verdict(verdict)


def test_weaknesses_never_add_up_to_an_accusation():
    many = [finding(n, "medium", 0.99, rule=f"apk/weak-{n}") for n in range(30)]
    assert risk.subject_risk(many).verdict is Verdict.MEDIUM
    lows = [finding(n, "low", 0.99, rule=f"apk/note-{n}") for n in range(30)]
    assert risk.subject_risk(lows).verdict is Verdict.LOW


def test_an_unsure_accusation_is_not_made_sure_by_weaknesses():
    doubt = finding(0, "high", 0.3)
    many = [finding(n, "medium", 0.99, rule=f"apk/weak-{n}") for n in range(1, 30)]
    assert risk.subject_risk([doubt, *many]).verdict is Verdict.MEDIUM


def test_two_kinds_of_theft_are_worse_than_one():
    one = risk.subject_risk([finding(1, rule="apk/sms")])
    two = risk.subject_risk([finding(1, rule="apk/sms"), finding(2, rule="apk/contacts")])
    assert (one.verdict, two.verdict) == (Verdict.HIGH, Verdict.CRITICAL)


def test_what_adds_nothing_is_no_term():
    result = risk.subject_risk([finding(1, "high", 0.9), finding(2, "info", 0.9, "apk/two")])
    assert [term.finding for term in result.terms] == ["f1"]
    capped = risk.subject_risk([finding(number, "low", 0.99, f"apk/{number}") for number in range(40)])
    assert all(term.adds > 0 for term in capped.terms)
    assert len(capped.terms) < 40


def test_the_same_habit_many_times_adds_little():
    one = risk.subject_risk([finding(1, "low")])
    ten = risk.subject_risk([finding(n, "low") for n in range(10)])
    assert ten.score - one.score <= 8


findings = st.lists(
    st.builds(
        finding,
        st.integers(0, 10**6),
        st.sampled_from([s.value for s in Severity]),
        st.floats(0.01, 0.99),
        st.sampled_from(["apk/a", "apk/b", "apk/c"]),
    ),
    max_size=20,
    unique_by=lambda f: f.id,
)


@given(findings, st.randoms())
def test_the_terms_are_the_sum_and_order_does_not_matter(items, random):
    first = risk.subject_risk(items)
    shuffled = list(items)
    random.shuffle(shuffled)
    assert risk.subject_risk(shuffled) == first
    assert abs(sum(term.adds for term in first.terms) - first.score) <= 0.5
    assert 0 <= first.score <= 100
    assert {term.finding for term in first.terms} <= {f.id for f in items}


@given(findings, findings)
def test_one_more_finding_never_lowers_the_score(items, more):
    names = {f.id for f in items}
    more = [f for f in more if f.id not in names]
    assert risk.subject_risk(items + more).score >= risk.subject_risk(items).score - 1


def test_the_whole_is_as_bad_as_its_worst_part():
    bad = finding(1, "critical", 0.95, subject="apk-bad")
    fine = finding(2, "low", 0.5, subject="apk-fine")
    subjects = [Subject(id=f.subject, kind="apk", name="", risk=risk.subject_risk([f])) for f in (bad, fine)]
    whole = risk.report_risk(subjects, [bad, fine])
    assert whole == subjects[0].risk


def test_an_incident_sums_its_findings_across_subjects():
    twin = finding(1, rule="wifi/evil-twin-open", subject="capture-1")
    theft = finding(2, rule="apk/sms-theft", subject="apk-1")
    story = Incident(id="i", title="", story="", findings=("f1", "f2"))
    assert risk.report_risk([], [twin, theft], [story]).verdict is Verdict.CRITICAL
    assert risk.report_risk([], [twin, theft]).verdict is Verdict.HIGH


def test_a_doubtful_accusation_is_not_lifted_by_notes_about_the_same():
    doubt = finding(0, "high", 0.64)
    notes = [finding(n, "low", 0.9, rule=f"apk/note-{n}") for n in range(1, 5)]
    assert risk.subject_risk([doubt, *notes]).verdict is Verdict.MEDIUM


def test_a_verdict_names_the_findings_that_carry_it_and_leaves_out_the_last_tenth():
    whole = risk.subject_risk([finding(1, "high", 0.7), finding(2, "medium", 0.9, "apk/two")])
    assert whole.because == ("f1", "f2")
    tail = risk.subject_risk([finding(1, "critical", 0.95), finding(2, "low", 0.5, "apk/two")])
    assert tail.because == ("f1",)


@pytest.mark.parametrize(("confidence", "verdict"), [(0.65, Verdict.MEDIUM), (0.66, Verdict.HIGH)])
def test_a_high_finding_carries_its_verdict_alone_from_two_thirds_on(confidence, verdict):
    assert risk.subject_risk([finding(1, "high", confidence)]).verdict is verdict
