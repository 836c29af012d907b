"""Labelled packages against what has to be said of their form."""

import pytest

from rogue_scan.apk.analyse import Analyser
from rogue_scan.apk.facts import Store
from rogue_scan.model.severity import Severity
from rogue_scan.rules.load import load

FORM = {
    "zip-method": "evasive-container", "zip-encrypted-flag": "evasive-container",
    "zip-name-clash": "evasive-container",
    "zip-fake-end": "evasive-container", "zip-bad-names": "malformed-container",
    "zip-cut": "malformed-container",
    "zip-header-mismatch": "malformed-container", "png-prefix": "malformed-container",
    "zip-traversal": "path-traversal-names", "zip-duplicate": "duplicate-entries",
    "zip-bomb": "decompression-bomb",
    "axml-bad-chunks": "abnormal-manifest", "axml-junk-strings": "abnormal-manifest",
    "manifest-deep": "abnormal-manifest",
    "manifest-missing": "unreadable-manifest", "manifest-text": "unreadable-manifest",
    "arsc-broken": "malformed-resources", "dex-bad-checksum": "malformed-dex",
    "dex-truncated": "malformed-dex",
    "dex-magic": "malformed-dex", "dex-missing": "native-only", "packed-stub": "packed-app",
    "apk-in-apk": "nested-app",
    "sig-none": "unsigned", "sig-v1-mismatch": "changed-after-signing",
    "sig-v2-mismatch": "changed-after-signing",
    "sig-v1-only": "weak-signature", "not-an-apk": "unreadable-package",
    "cleartext-weak": "cleartext-traffic",
}  # fmt: skip


@pytest.mark.parametrize(("name", "rule"), FORM.items())
def test_what_is_odd_about_a_package_is_said(labelled, rules_of, name, rule):
    assert rule in rules_of(labelled(name))


@pytest.mark.parametrize("name", ["calculator", "zip-streamed", "sig-v1-only"])
def test_sound_packages_get_nothing_above_a_note(labelled, rules_of, name):
    form = {rule: severity for rule, severity in rules_of(labelled(name)).items() if severity != "info"}
    assert form == {}


def test_an_app_inside_is_a_subject_of_its_own(labelled, analyser):
    outer, inner = analyser.scan(labelled("apk-in-apk"), "outer.apk")
    assert inner.subject.parent == outer.subject.id
    assert inner.subject.name == "outer.apk!assets/update.apk"
    assert [(link.target, link.kind) for link in outer.links] == [(inner.subject.id, "contains")]


def test_apps_nested_too_deep(labelled, analyser, zip_writer, xml):
    data = labelled("calculator")
    for _ in range(6):
        box = type(zip_writer)().add(
            "AndroidManifest.xml", xml(("manifest", {":package": "a.b"}, [("application", {})]))
        )
        data = box.add("assets/x.apk", data, method=0).done()
    scans = analyser.scan(data, "app")
    assert len(scans) == 4
    assert [e.kind for scan in scans for e in scan.errors] == ["limit"]


def test_what_is_no_app_is_never_clean(analyser):
    (scan,) = analyser.scan_or_fail(b"<html>an error page</html>", "app.apk")
    assert [e.kind for e in scan.errors] == ["malformed"]
    assert [f.rule for f in scan.findings] == ["apk/unreadable-package"]


def test_stored_facts_answer_without_decoding(labelled, tmp_path, monkeypatch):
    data = labelled("apk-in-apk")
    analyser = Analyser(load(), Store(tmp_path))
    first = analyser.scan(data, "app")
    monkeypatch.setattr("rogue_scan.apk.intake.decode", lambda data: pytest.fail("decoded again"))
    assert analyser.scan(data, "app") == first


def test_the_same_app_gives_the_same_scan(labelled, analyser):
    data = labelled("zip-bad-names")
    assert analyser.scan(data, "app") == analyser.scan(data, "app")


def test_a_fault_in_one_rule_is_told_and_the_others_speak(labelled, analyser, monkeypatch):
    def fail(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(analyser._detectors[0], "_evaluate", fail)
    (scan,) = analyser.scan(labelled("sig-none"), "app")
    assert [e.kind for e in scan.errors] == ["internal"]
    assert "apk/unsigned" in {f.rule for f in scan.findings}


def test_the_view_of_an_app(labelled, analyser):
    scan = analyser.scan(labelled("bank-overlay"), "app")[0]
    view = scan.subject.apk
    assert (view.package, view.target_sdk) == ("com.flash.video.codec", 29)
    assert "android.permission.SYSTEM_ALERT_WINDOW" in view.permissions
    assert view.signing.verified and view.signing.signers[0].known == "debug"
    assert {c.kind for c in view.components} == {"activity", "service"}


def test_no_finding_of_form_accuses(analyser, labelled):
    scan = analyser.scan(labelled("zip-method"), "app")[0]
    form = [f for f in scan.findings if f.rule == "apk/evasive-container"]
    assert form[0].severity <= Severity.MEDIUM
    (item,) = form[0].evidence
    assert (item.where.offset, item.value) == (0, "AndroidManifest.xml: 8631")


def test_stored_facts_know_the_kits_of_today(labelled, tmp_path, monkeypatch):
    data = labelled("packed-stub")
    analyser = Analyser(load(), Store(tmp_path))
    assert "360 Jiagu" in analyser.scan(data, "app")[0].subject.apk.kits
    monkeypatch.setattr("rogue_scan.apk.kits.specs", lambda: ())
    assert analyser.scan(data, "app")[0].subject.apk.kits == ()
