"""No rule gets worse on the labelled files, and nothing new is said of harmless ones.

``python tools/quality.py`` tells what has changed and stores the new figures.
"""

import copy

from rogue_scan.model.finding import Finding
from rogue_scan.model.severity import Severity
from rogue_scan.rules.load import load


def test_no_rule_has_become_worse(quality, outcome):
    assert quality.worse(quality.stored(), outcome) == []


def test_harmless_files_raise_nothing_unreviewed(quality, outcome):
    assert quality.unreviewed(outcome) == []
    assert quality.stale(outcome) == []


def test_captures_are_told_of_in_the_same_words(quality, outcome):
    """``python tools/quality.py`` stores other words; the difference is for the eyes of a reviewer."""
    assert quality.sentences(outcome).splitlines() == quality.SAID.read_text().splitlines()


def test_every_stable_wifi_rule_that_accuses_has_an_attack_to_find(quality, outcome):
    stable = {rule.rule for rule in load() if rule.scanner == "wifi" and rule.status == "stable"}
    assert stable - {rule for rule, _ in outcome.expected} <= {"wifi/wps-enabled"}


def test_a_lost_finding_is_told(quality, outcome):
    lost = copy.deepcopy(outcome)
    lost.found.remove(("wifi/karma", "karma-c"))
    assert quality.worse(quality.stored(), lost) == [
        "wifi/karma no longer speaks in karma-c",
        "wifi/karma: F1 1.000 → 0.800",
    ]


def test_a_false_alarm_is_told(quality, outcome):
    false = copy.deepcopy(outcome)
    false.false.add(("apk/dropper", "calculator"))
    false.harmless.add(("apk/dropper", "calculator"))
    assert quality.worse(quality.stored(), false) == ["apk/dropper: F1 1.000 → 0.800; false in calculator"]
    assert quality.unreviewed(false) == ["apk/dropper speaks in calculator"]


def test_a_silent_rule_is_told(quality, outcome):
    silent = copy.deepcopy(outcome)
    for pairs in (silent.found, silent.right):
        pairs.discard(("wifi/auth-flood", "flood-auth-a"))
    assert "wifi/auth-flood no longer speaks in flood-auth-a" in quality.worse(quality.stored(), silent)
    assert "wifi/auth-flood: F1 1.000 → 0.000" in quality.worse(quality.stored(), silent)


def test_blaming_the_honest_one_is_false(quality):
    truth = {"rogue_bssids": ["rogue"], "legit_bssids": ["honest"], "attack_kinds": ["karma"]}
    expected = {"kind": "karma", "names": ["rogue"], "not_before": 7}

    def karma(*actors, severity=Severity.HIGH, at=8.0):
        finding = Finding(
            "1", "1", "wifi/karma", "Karma", severity, 0.9, "capture", "", actors, first_seen=at
        )
        return quality.answers(finding, expected, truth)

    assert karma("rogue")
    assert karma("rogue", "honest")
    assert not karma("honest")
    assert not karma("rogue", at=2.0), "before the attack began"
    assert not karma("rogue", severity=Severity.LOW)


def test_the_scanner_knows_the_stored_figures(quality):
    assert quality.SHIPPED.read_text() == quality.shipped(quality.stored())
