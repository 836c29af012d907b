"""Two versions of an app compared."""

import msgspec

from rogue_scan.apk.diff import compare
from rogue_scan.model.finding import Finding
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import Subject


def app(**view):
    return msgspec.convert(
        {"id": "apk-1", "kind": "apk", "name": "a.apk", "apk": {"package": "org.app", **view}}, Subject
    )


def finding(rule, severity="high"):
    return Finding(rule, rule, rule, rule, Severity(severity), 0.9, "apk-1", f"about {rule}")


def test_nothing_changed():
    assert not compare(app(), [finding("apk/a")], app(), [finding("apk/a")])


def test_a_new_place_for_the_contacts():
    old = app(data=[{"category": "contacts", "collected": True}])
    new = app(
        data=[{"category": "contacts", "collected": True}, {"category": "sms", "collected": True}],
        flows=[{"data": "contacts", "sink": "http", "endpoint": "host.example"}],
        endpoints=[{"value": "http://host.example/c"}],
        permissions=["android.permission.READ_SMS"],
    )
    found = compare(old, [], new, [finding("apk/contacts-upload")])
    assert found.data_leaving.new == ("contacts → host.example (http)",)
    assert found.data_taken.new == ("sms",)
    assert found.endpoints.new == ("http://host.example/c",)
    assert found.permissions.new == ("android.permission.READ_SMS",)
    assert [(b.rule, b.before, b.after) for b in found.behaviours] == [
        ("apk/contacts-upload", None, Severity.HIGH)
    ]
    assert [f.rule for f in found.findings] == ["apk/contacts-upload"]


def test_what_went_is_told_as_well():
    found = compare(app(kits=["Ads"]), [finding("apk/a")], app(), [])
    assert found.kits.gone == ("Ads",)
    assert found.behaviours[0].after is None


def test_another_signer():
    def signed(digest):
        return app(signing={"signers": [{"sha256": digest}]})

    assert compare(signed("a"), [], signed("b"), []).signer_changed
    assert not compare(signed("a"), [], signed("a"), []).signer_changed
    assert not compare(app(), [], signed("a"), []).signer_changed


def test_another_package():
    old = msgspec.structs.replace(app(), apk=msgspec.structs.replace(app().apk, package="org.other"))
    assert compare(old, [], app(), []).other_package == "org.other"
