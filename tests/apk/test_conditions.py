"""The condition language: what is refused when a signature is loaded."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.apk.conditions import compile_when, glob
from rogue_scan.errors import RuleError
from rogue_scan.rules.load import load

RULE = load()["apk/sms-exfiltration"]


def rule(when, evidence=("seen",)):
    specs = {name: {"says": "it is", "weight": 1.0, "structural": True} for name in evidence}
    document = msgspec.to_builtins(RULE) | {"evidence": specs, "when": when}
    return msgspec.convert(document, type(RULE))


def flow(**test):
    return {"flow": {"data": ["sms"], **test}, "as": "seen"}


def test_a_right_condition_is_taken():
    assert compile_when(rule({"require": [flow(sink=["http"])]})).require[0].key == "flow"


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ({"require": [flow(sinks=["http"])]}, r"when\.require\[0\]\.flow: .*`sinks`"),
        ({"require": [flow(sink=["htp"])]}, r"when\.require\[0\]\.flow\.sink\[0\]"),
        ({"require": [{"flow": {}, "call": {"api": ["x"]}, "as": "seen"}]}, "exactly one key"),
        ({"require": [{"as": "seen"}]}, "exactly one key"),
        ({"require": []}, r"when\.require"),
        ({"require": [flow() | {"as": "other"}]}, "names no evidence"),
        ({"require": [{"flow": {}}]}, "no condition adds it"),
        ({"require": [{"not": flow()}]}, "under `not`"),
        ({"require": [{"string": {"text": {}}, "as": "seen"}]}, "a test of a text needs"),
        (
            {"require": [{"call": {"api": ["x"], "args": {0: {"number": {"equals": "1"}}}}, "as": "seen"}]},
            r"args.*number\.equals",
        ),
    ],
)
def test_a_wrong_condition_is_an_error_with_its_place(when, told):
    with pytest.raises(RuleError, match=told):
        compile_when(rule(when))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("a*", "abcd", True),
        ("*c", "abc", True),
        ("*b*", "abc", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("*->query", "La;->query", True),
        ("", "", True),
        ("*", "", True),
        ("[a]", "a", False),
    ],
)
def test_globs(pattern, text, fits):
    assert glob(pattern, text) is fits


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_globs_agree_with_a_plain_definition(pattern, text):
    def slow(p, t):
        if not p:
            return not t
        if p[0] == "*":
            return any(slow(p[1:], t[n:]) for n in range(len(t) + 1))
        return bool(t) and p[0] in ("?", t[0]) and slow(p[1:], t[1:])

    assert glob(pattern, text) == slow(pattern, text)


@pytest.mark.timeout(5)
def test_a_hostile_text_takes_no_time():
    for _ in range(200):
        assert not glob("*a" * 40 + "b", "a" * 5000)
        assert not glob("*-----BEGIN*PRIVATE KEY-----*", "-----BEGIN" * 500)
