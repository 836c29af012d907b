"""Apps are judged by what they do: other package, class and host names give the same verdict.

What is meant to depend on a name (brands that a host imitates, hosts called like the app) is weak
evidence: it may move a confidence, and never decides between high and harmless.
"""

import json
import re
from pathlib import Path

import msgspec
import pytest

from rogue_scan.apk import intake
from rogue_scan.apk.analyse import Analyser
from rogue_scan.apk.facts import AppFacts
from rogue_scan.model.severity import Verdict
from rogue_scan.risk import subject_risk
from rogue_scan.rules.load import load

DATA = Path(__file__).parents[1] / "data" / "apk"
NAMES = [
    path.stem
    for path in sorted(DATA.glob("*.json"))
    if json.loads(path.read_text())["label"] != "malformed" and path.with_suffix(".apk").exists()
]
ANALYSER = Analyser(load())


def repackaged(facts):
    """The facts with another package, in all spellings."""
    text = msgspec.json.encode(facts).decode()
    package = facts.manifest.package
    if package:
        text = text.replace(package, "net.qorv.ulm").replace(package.replace(".", "/"), "net/qorv/ulm")
    return msgspec.json.decode(text.encode(), type=AppFacts)


def rehosted(facts):
    """The facts with other hosts, all under ``.example``."""
    text = msgspec.json.encode(facts).decode()
    text = re.sub(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.example\b", "h7.drel.example", text)
    return msgspec.json.decode(text.encode(), type=AppFacts)


def judged(facts):
    scan = ANALYSER.judge(facts, "app")
    return subject_risk(scan.findings).verdict, {finding.rule for finding in scan.findings}


@pytest.mark.parametrize("name", NAMES)
def test_another_name_gives_the_same_verdict(name):
    facts = intake.decode((DATA / f"{name}.apk").read_bytes()).facts
    assert judged(repackaged(facts)) == judged(facts)


@pytest.mark.parametrize("name", NAMES)
def test_other_hosts_make_nothing_harmless_and_nothing_bad(name):
    facts = intake.decode((DATA / f"{name}.apk").read_bytes()).facts
    (verdict, rules), (plain, plain_rules) = judged(facts), judged(repackaged(rehosted(facts)))
    assert (verdict >= Verdict.HIGH) is (plain >= Verdict.HIGH)
    assert rules == plain_rules
