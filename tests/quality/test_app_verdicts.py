"""The labelled apps among the test data: verdict, data and flows as their truth files say.

Every change has to pass. What single rules say is compared in test_figures.py.
"""

import functools
import json
import re
from pathlib import Path

import pytest

from rogue_scan.apk.analyse import Analyser
from rogue_scan.model.data import DataCategory
from rogue_scan.model.severity import Verdict
from rogue_scan.risk import subject_risk
from rogue_scan.rules.load import load

DATA = Path(__file__).parents[1] / "data" / "apk"
TRUTHS = {path.stem: json.loads(path.read_text()) for path in sorted(DATA.glob("*.json"))}


@functools.cache
def analyser():
    return Analyser(load())


@functools.cache
def scans(name):
    (app,) = [path for path in DATA.glob(f"{name}.*") if path.suffix != ".json"]
    return analyser().scan_or_fail(app.read_bytes(), name)


def verdict(name):
    return max((subject_risk(scan.findings).verdict for scan in scans(name)), key=lambda v: v.rank)


def host(endpoint):
    return endpoint.partition("://")[2].partition("/")[0] or endpoint


def labelled(*labels):
    return [name for name, truth in TRUTHS.items() if truth["label"] in labels]


@pytest.mark.parametrize("name", labelled("malicious"))
def test_malicious_apps_are_high_or_critical(name):
    assert verdict(name) >= Verdict.HIGH


@pytest.mark.parametrize("name", labelled("benign", "weak"))
def test_harmless_and_weak_apps_are_not(name):
    assert verdict(name) < Verdict.HIGH


@pytest.mark.parametrize("name", labelled("malformed"))
def test_what_cannot_be_read_is_never_clean(name):
    assert verdict(name) > Verdict.CLEAN or any(scan.errors for scan in scans(name))


@pytest.mark.parametrize("name", labelled("malicious", "benign", "weak"))
def test_data_are_told_completely_and_without_extras(name):
    truth = TRUTHS[name]
    told = {row.category.value for scan in scans(name) for row in scan.subject.apk.data if row.collected}
    assert set(truth["data_categories"]) <= told
    assert told <= set(truth["data_categories"]) | set(truth["data_also"])


@pytest.mark.parametrize("name", labelled("malicious", "benign", "weak"))
def test_flows_are_told_whole(name):
    flows = [flow for scan in scans(name) for flow in scan.subject.apk.flows]
    told = {(flow.data.value, flow.sink.value, flow.endpoint) for flow in flows}
    told |= {(flow.data.value, flow.sink.value, None) for flow in flows}
    for flow in TRUTHS[name]["flows"]:
        assert (flow["data"], flow["sink"], flow["endpoint"]) in told


@pytest.mark.parametrize("name", labelled("malicious", "benign", "weak"))
def test_endpoints_are_told_hidden_ones_too(name):
    told = {host(end.value) for scan in scans(name) for end in scan.subject.apk.endpoints}
    assert {host(end["value"]) for end in TRUTHS[name]["endpoints"]} <= told


@pytest.mark.parametrize("name", labelled("malicious"))
def test_the_sum_is_shown(name):
    for scan in scans(name):
        risk = subject_risk(scan.findings)
        assert abs(sum(term.adds for term in risk.terms) - risk.score) <= 0.5
        assert set(risk.because) <= {finding.id for finding in scan.findings}


@pytest.mark.parametrize("name", labelled("malicious", "weak"))
def test_messages_call_data_by_words(name):
    ids = {category.value for category in DataCategory if "-" in category.value}
    for scan in scans(name):
        for finding in scan.findings:
            says = " ".join([finding.message, *(item.says for item in finding.evidence)])
            assert not ids & set(re.findall(r"(?<![\w./-])[a-z]+-[a-z]+(?![\w./-])", says))
