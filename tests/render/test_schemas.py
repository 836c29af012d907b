"""Each machine format against the schema of those who read it."""

import json
from pathlib import Path

import jsonschema
import pytest
import referencing
from lxml import etree

from rogue_scan.life import schema as own_schema
from rogue_scan.model.report import Report, decode
from rogue_scan.render.formats import render

SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"


def _stix_registry():
    resources = []
    for path in (SCHEMAS / "stix").rglob("*.json"):
        resource = referencing.Resource.from_contents(json.loads(path.read_text()))
        resources.append((resource.id(), resource))
    return referencing.Registry().with_resources(resources)


def check_sarif(text):
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    document = json.loads(text)
    jsonschema.validators.validator_for(schema)(schema).validate(document)
    return document


def check_stix(text):
    bundle = json.loads(text)
    registry = _stix_registry()
    for item in bundle["objects"]:
        folder = "sros" if item["type"] == "relationship" else "sdos"
        schema = json.loads((SCHEMAS / "stix" / folder / f"{item['type']}.json").read_text())
        jsonschema.Draft202012Validator(schema, registry=registry).validate(item)
    ids = [item["id"] for item in bundle["objects"]]
    assert len(ids) == len(set(ids))
    for item in bundle["objects"]:
        for key in ("source_ref", "target_ref", "created_by_ref"):
            assert item.get(key, ids[0]) in ids
    return bundle


def check_junit(text):
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "junit-10.xsd")))
    root = etree.fromstring(text.encode())
    schema.assertValid(root)
    return root


def check_own(text):
    jsonschema.Draft202012Validator(own_schema.json_schema()).validate(json.loads(text))


EMPTY = Report()
CHECKS = {"sarif": check_sarif, "stix": check_stix, "junit": check_junit, "json": check_own}


@pytest.mark.parametrize("name", CHECKS)
def test_formats_keep_their_schema(name, report):
    CHECKS[name](render(name, report))
    CHECKS[name](render(name, EMPTY))


def test_json_loses_nothing(report):
    assert decode(render("json", report).encode()) == report


def test_sarif_has_what_code_scanning_reads(report):
    log = check_sarif(render("sarif", report))
    wifi, apk = log["runs"]
    assert [run["automationDetails"]["id"] for run in log["runs"]] == ["rogue-scan/wifi/", "rogue-scan/apk/"]
    assert len(wifi["results"]) == 6 and len(apk["results"]) == 2
    for run in log["runs"]:
        for result in run["results"]:
            assert result["partialFingerprints"]["primaryLocationLineHash"].endswith(":1")
            location = result["locations"][0]["physicalLocation"]
            assert not location["artifactLocation"]["uri"].startswith("/")
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        for rule in run["tool"]["driver"]["rules"]:
            assert rule["properties"].get("security-severity") in {"9.5", "8.0", "5.5", "2.0", None}
    assert [r["suppressions"][0]["kind"] for r in wifi["results"] if "suppressions" in r] == ["external"]
    assert wifi["invocations"][0]["toolExecutionNotifications"][0]["descriptor"]["id"] == "truncated"
    flow = next(r for r in apk["results"] if r["ruleId"] == "apk/sms-exfiltration")["codeFlows"][0]
    assert len(flow["threadFlows"][0]["locations"]) == 3


def test_stix_names_only_what_identifies(report):
    bundle = check_stix(render("stix", report))
    patterns = {item["pattern"] for item in bundle["objects"] if item["type"] == "indicator"}
    assert "[mac-addr:value = '3c:84:6a:77:20:01']" in patterns
    assert "[domain-name:value = 'gate.parcel-track.example']" in patterns
    assert any(pattern.startswith("[file:hashes.'SHA-256'") for pattern in patterns)
    assert not any("10.0.0.1" in pattern for pattern in patterns), "a private address means nothing elsewhere"
    assert not any("x509" in pattern for pattern in patterns), "the debug key is everybody's"


def test_junit_counts(report):
    root = check_junit(render("junit", report))
    assert [suite.get("failures") for suite in root] == ["5", "2", "0"]
    assert root.get("errors") == "1"
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
