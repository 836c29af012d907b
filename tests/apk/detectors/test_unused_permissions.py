"""Rights that no code uses."""

import msgspec

from rogue_scan.apk.detectors.unused_permissions import Params, evaluate
from rogue_scan.apk.facts import AppFacts
from rogue_scan.rules.load import load
from rogue_scan.rules.rule import Bound

SIGNATURE = load()["apk/unused-permissions"]
RULE = Bound(SIGNATURE, msgspec.convert(SIGNATURE.params, Params), "apk-1")
MANY = ["READ_SMS", "READ_CONTACTS", "READ_CALL_LOG", "CAMERA", "RECORD_AUDIO", "ACCESS_FINE_LOCATION"]


def found(names, **facts):
    permissions = [{"name": f"android.permission.{name}", "level": "dangerous"} for name in names]
    document = {"manifest": {"permissions": permissions}, "dex": ["classes.dex"], **facts}
    return list(evaluate(msgspec.convert(document, AppFacts), RULE))


def source(data):
    return {"data": data, "api": "x", "at": {"dex": "classes.dex", "method": "m", "offset": 0}}


def test_many_rights_and_no_use():
    (finding,) = found(MANY)
    assert finding.severity.value == "medium"
    assert len(finding.data) == 6


def test_rights_that_are_used():
    kinds = ["sms", "contacts", "call-log", "camera", "audio", "location"]
    assert found(MANY, code={"sources": [source(kind) for kind in kinds]}) == []


def test_one_or_two_left_over_are_nothing():
    assert found(MANY[:2]) == []


def test_code_that_could_not_be_followed_is_a_reason_to_doubt():
    (finding,) = found(MANY, code={"missing_components": ["org.app.Main"]}, native=[{"entry": "lib/a.so"}])
    assert finding.severity.value == "low"


def test_without_code_nothing_is_said():
    assert found(MANY, dex=[]) == []


def test_what_scripts_take_and_what_flows_is_used():
    flow = {"data": "sms", "sink": "http", "path": []}
    page = {"entry": "assets/a.html", "kind": "html", "takes": [["contacts", "navigator.contacts", 1]]}
    rest = [source(kind) for kind in ("call-log", "camera")]
    (finding,) = found(MANY, code={"sources": rest[:1]})
    assert {kind.value for kind in finding.data} == {"sms", "contacts", "camera", "audio", "location"}
    assert found(MANY, code={"sources": rest}, flows=[flow], web=[page]) == []


def test_code_that_was_left_at_a_limit_is_a_reason_to_doubt():
    (whole,), (cut,) = found(MANY), found(MANY, code={"limits": ["methods"]})
    assert cut.confidence < whole.confidence
    assert any("methods" in item.says for item in cut.evidence)
