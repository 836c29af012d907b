import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.life.translate import localise, parse
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.scan import subject_id
from rogue_scan.model.subject import Subject
from rogue_scan.rules.load import load
from rogue_scan.rules.rule import fill


@pytest.mark.parametrize(
    ("template", "text", "values"),
    [
        ("{ssid} ({actor}) is open", "Net (aa:bb) is open", {"ssid": "Net", "actor": "aa:bb"}),
        ("fixed", "fixed", {}),
        ("fixed", "fixed more", None),
        ("{count} frames", "12 frames", {"count": "12"}),
        ("mark of {tool}: {says}", "mark of x: y: z", {"tool": "x", "says": "y: z"}),
        ("{a} is open", "is open is open", {"a": "is open"}),
        ("in {a}", "on x", None),
        ("ends with {a}", "ends with ", {"a": ""}),
    ],
)
def test_values_are_found_again(template, text, values):
    assert parse(template, text) == values


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_parsed_fills_to_the_same(first, second):
    template = "{a} sends to {b}, twice"
    text = fill(template, {"a": first, "b": second})
    values = parse(template, text)
    assert values is not None and fill(template, values) == text


def test_long_hostile_texts_cost_nothing():
    assert parse("{a}, {b}, {c}, {d}", ", " * 50_000) is None


@pytest.fixture
def english():
    rule = load()["wifi/open-network"]
    subject = subject_id("capture", "x")
    finding = next(
        rule_case.conclude(actors=["02:00:00:00:00:01"], ssids=["Café, a"])
        for rule_case in [_case(rule, subject)]
    )
    return Report(subjects=(Subject(id=subject, kind="capture", name="x.pcap"),), findings=tuple(finding))


def _case(rule, subject):
    from rogue_scan.rules.rule import Bound

    return Bound(rule, None, subject).case().add("no-protection")


def chinese(text):
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_a_finding_is_said_in_chinese_with_the_same_values(english):
    (finding,) = localise(english, "zh_CN").findings
    for text in (finding.title, finding.message, finding.explanation, finding.remediation,
                 finding.evidence[0].says, *finding.benign_causes):  # fmt: skip
        assert chinese(text)
    assert "Café, a" in finding.message and "02:00:00:00:00:01" in finding.message
    assert (finding.id, finding.severity) == (english.findings[0].id, english.findings[0].severity)


def test_english_comes_back_as_it_is(english):
    assert localise(english, "en") is english
    assert localise(english, "fr") is english


def test_texts_of_strangers_stay(english):
    own = Finding(
        id="i", fingerprint="f", rule="apk/of-my-own", title="Mine", severity=english.findings[0].severity,
        confidence=0.9, subject="s", message="mine is {odd}",
    )  # fmt: skip
    (finding,) = localise(msgspec.structs.replace(english, findings=(own,)), "zh").findings
    assert (finding.title, finding.message) == ("Mine", "mine is {odd}")
