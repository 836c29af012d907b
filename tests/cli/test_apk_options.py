"""``apk`` with a policy, a declaration, or an older version."""

import json
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "apk"
FORWARDER = DATA / "code-forwarder.apk"
UPLOADER = DATA / "code-okhttp.apk"
CALCULATOR = DATA / "calculator.apk"


def policy(folder, text):
    path = folder / "policy.yml"
    path.write_text(text)
    return path


def test_breaking_the_policy_decides_the_status(run, tmp_path):
    rules = policy(tmp_path, "policy: Store\nforbid: {data_leaving: [sms]}\n")
    done = run("apk", FORWARDER, "--policy", rules, "-f", "json")
    assert done.returncode == 1
    (finding,) = [f for f in json.loads(done.stdout)["findings"] if f["rule"] == "apk/policy-violation"]
    assert "Store" in finding["message"]


def test_keeping_to_the_policy_is_fine(run, tmp_path):
    rules = policy(tmp_path, "policy: Store\nforbid: {data_leaving: [contacts]}\n")
    assert run("apk", FORWARDER, "--policy", rules).returncode == 0


def test_a_wrong_policy_is_wrong_usage_with_its_place(run, tmp_path):
    rules = policy(tmp_path, "policy: Store\nforbid: {data_leaving: [texts]}\n")
    done = run("apk", FORWARDER, "--policy", rules)
    assert done.returncode == 2
    assert b"forbid.data_leaving" in done.stderr


def test_a_declaration_is_compared_with_what_was_found(run, tmp_path):
    declared = tmp_path / "declared.yml"
    declared.write_text("data: [location]\n")
    report = json.loads(run("apk", FORWARDER, "--declared", declared, "-f", "json").stdout)
    (finding,) = [f for f in report["findings"] if f["rule"] == "apk/undeclared-data"]
    assert finding["data"] == ["sms"]


def test_what_is_new_since_the_older_version(run):
    done = run("apk", UPLOADER, "--against", CALCULATOR, "--fail-on", "high")
    text = done.stdout.decode()
    assert done.returncode == 1
    assert "+ takes contacts" in text
    assert "the older one is another app" in text


def test_the_older_version_may_be_a_report(run, tmp_path):
    run("apk", UPLOADER, "-o", "old.json", "-q")
    done = run("apk", UPLOADER, "--against", tmp_path / "old.json", "--fail-on", "low")
    assert done.returncode == 0
    assert b"nothing that was looked at has changed" in done.stdout


def test_the_difference_as_json(run):
    done = run("apk", UPLOADER, "--against", CALCULATOR, "-f", "json")
    found = json.loads(done.stdout)
    assert "contacts" in found["data_taken"]["new"]
    assert {b["rule"] for b in found["behaviours"]} >= {"apk/contacts-upload"}
