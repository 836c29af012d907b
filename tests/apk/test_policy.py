"""Policies and data-safety declarations against what was found."""

import contextlib
from pathlib import Path

import msgspec
import pytest

from rogue_scan.apk import policy
from rogue_scan.errors import RuleError
from rogue_scan.model.scan import Scan
from rogue_scan.model.severity import Verdict
from rogue_scan.model.subject import Subject
from rogue_scan.rules.load import load

RULES = load()


def app(**view):
    document = {"id": "apk-1", "kind": "apk", "name": "a.apk", "apk": {"package": "org.app", **view}}
    return Scan(msgspec.convert(document, Subject))


def told(scan, rules=None, declaration=None, verdict="low"):
    wanted = msgspec.convert({"policy": "Store", **rules}, policy.Policy) if rules else None
    found = policy.judge(scan, Verdict(verdict), RULES, wanted, declaration)
    return [evidence.says for finding in found for evidence in finding.evidence]


SENDS_SMS = app(
    data=[{"category": "sms", "collected": True, "leaves_device": True, "endpoints": ["host.example"]}],
    flows=[{"data": "sms", "sink": "http", "endpoint": "host.example"}],
    endpoints=[{"value": "http://host.example/x", "host": "host.example"}],
    permissions=["android.permission.READ_SMS"],
    kits=["Example Ads"],
    target_sdk=23,
)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (
            {"forbid": {"data_leaving": ["sms"]}},
            "host.example gets text messages, which may not leave the phone",
        ),
        ({"forbid": {"data_taken": ["sms"]}}, "the code reads text messages, which it may not"),
        (
            {"forbid": {"permissions": ["*.READ_SMS"]}},
            "the permission android.permission.READ_SMS may not be asked for",
        ),
        ({"forbid": {"endpoints": ["*.example"]}}, "http://host.example/x may not be talked to"),
        ({"forbid": {"kits": ["* Ads"]}}, "the kit Example Ads may not be inside"),
        ({"forbid": {"verdict": "low"}}, "the verdict is low, and low is already too much"),
        ({"require": {"target_sdk": 34}}, "it targets API level 23, at least 34 is asked for"),
        (
            {"require": {"declaration": True}},
            "the policy asks for a data-safety declaration, and none was given",
        ),
    ],
)
def test_what_the_policy_forbids_is_told(rules, says):
    assert told(SENDS_SMS, rules) == [says]


def test_an_app_that_keeps_to_the_policy_gives_nothing():
    assert told(SENDS_SMS, {"forbid": {"data_leaving": ["contacts"], "verdict": "high"}}) == []


def test_an_exception_is_for_one_package_and_one_entry():
    rules = {
        "forbid": {"data_leaving": ["sms"], "data_taken": ["sms"]},
        "exceptions": [{"package": "org.app", "forbid": {"data_leaving": ["sms"]}, "reason": "agreed"}],
    }
    assert told(SENDS_SMS, rules) == ["the code reads text messages, which it may not"]


def test_undeclared_data_and_broken_promises():
    declared = policy.Declaration(data=(), encrypted=True)
    says = told(SENDS_SMS, declaration=declared)
    assert says[0] == "host.example gets text messages, which is not declared"
    assert "in the clear" in says[1]


def test_declared_data_are_fine():
    sms = policy.DataCategory("sms")
    assert told(SENDS_SMS, declaration=policy.Declaration(data=(sms,))) == []


def test_play_export(tmp_path):
    path = tmp_path / "data_safety.csv"
    path.write_text(
        "Question ID (machine readable),Response ID (machine readable),Response value,Answer,Label\n"
        "PSL_DATA_COLLECTION_ENCRYPTED_IN_TRANSIT,,true,REQUIRED,\n"
        "PSL_DATA_TYPES_LOCATION,PSL_PRECISE_LOCATION,true,MULTIPLE_CHOICE,\n"
        "PSL_DATA_TYPES_PERSONAL,PSL_PHONE,,MULTIPLE_CHOICE,\n"
    )
    found = policy.load_declaration(path)
    assert [category.value for category in found.data] == ["location"]
    assert found.encrypted
    assert policy.DataCategory.CLIPBOARD not in found.sayable


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("policy: x\nforbidden: {}\n", "forbidden"),
        ("policy: x\nforbid: {data_leaving: [sums]}\n", "forbid.data_leaving"),
        ("policy: x\nforbid: {verdict: dire}\n", "forbid.verdict"),
    ],
)
def test_a_typo_in_a_policy_is_an_error_with_its_place(tmp_path, text, field):
    path = tmp_path / "p.yml"
    path.write_text(text)
    with pytest.raises(RuleError, match=field):
        policy.load_policy(path)


def test_a_table_that_is_no_export_is_an_error(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b,c\n1,2,true\n")
    with pytest.raises(RuleError, match="PSL_"):
        policy.load_declaration(path)


def test_the_example_in_the_documentation_is_a_policy(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "howto" / "policy.md").read_text()
    path = tmp_path / "p.yml"
    path.write_text(page.split("```yaml\n")[1].split("```")[0])
    assert policy.load_policy(path).require.target_sdk == 34


@pytest.mark.parametrize("text", ["PSL_X,a,true\rPSL_Y,b,true", 'PSL_X,"' + "a" * 200_000 + '"'])
def test_tables_that_are_written_oddly_are_read_or_refused(tmp_path, text):
    """Found by fuzzing: a carriage return in a cell was a traceback."""
    file = tmp_path / "labels.csv"
    file.write_text(text, newline="")
    with contextlib.suppress(RuleError):
        policy.load_declaration(file)
