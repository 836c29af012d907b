"""The examples in the Wi-Fi signatures, and the contract between signatures and code."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from rogue_scan.rules.load import load
from rogue_scan.rules.registry import registered
from rogue_scan.rules.rule import Example, Rule, template_fields
from rogue_scan.wifi.analyse import DETECTORS, Session
from rogue_scan.wifi.judge import STRANGENESS
from rogue_scan.wifi.listing import capture

DATA = Path(__file__).parents[1] / "data"
RULE_SET = load()
RULES = [rule for rule in RULE_SET if rule.scanner == "wifi"]
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.rule.removeprefix('wifi/')}: {example.name}")
    for rule in RULES
    for example in rule.tests
    if example.frames or example.capture
]
NAMES = """
    evil-twin-open evil-twin-same-security evil-twin-enterprise bssid-clone lookalike-ssid karma
    known-network-lure security-downgrade channel-switch-spoof beacon-replay ssid-confusion
    deauth-flood disassoc-flood auth-flood beacon-flood probe-flood eapol-flood malformed-frames
    handshake-harvest wps-lure captive-portal-phishing app-push dns-hijack rogue-dhcp arp-spoof
    ssl-strip cleartext-personal-data open-network weak-encryption hidden-ssid wps-enabled
""".split()  # noqa: SIM905


def found(example: Example) -> list:
    session = Session(RULE_SET)
    raw = capture(example.frames) if example.frames else (DATA / (example.capture or "")).read_bytes()
    session.feed(raw)
    session.finish()
    findings = session.findings("capture-test")
    assert not session.errors
    return findings


def fits(finding, wanted: dict) -> bool:
    for field, value in wanted.items():
        have = getattr(finding, field)
        have = have.value if field == "severity" else list(have) if isinstance(have, tuple) else have
        if have != (sorted(value) if isinstance(value, list) else value):
            return False
    return True


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example(rule: Rule, example: Example) -> None:
    if example.todo:
        pytest.xfail(example.todo)
    findings = [finding for finding in found(example) if finding.rule == rule.rule]
    shown = "\n".join(
        f"{f.severity.value} {f.confidence} actors={list(f.actors)} targets={list(f.targets)}"
        f" {[(e.weight, e.says) for e in f.evidence]}"
        for f in findings
    )
    assert len(findings) == len(example.expect), shown
    for wanted in example.expect:
        assert any(fits(finding, wanted) for finding in findings), shown


def test_every_rule_of_the_contract_is_described() -> None:
    assert {f"wifi/{name}" for name in NAMES} <= {rule.rule for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule)
def test_each_rule_has_an_example_that_fires_and_one_that_does_not(rule: Rule) -> None:
    assert any(example.expect for example in rule.tests)
    assert any(not example.expect for example in rule.tests)


def test_code_and_signatures_are_joined_both_ways() -> None:
    code = set(registered(DETECTORS))
    assert code == {rule.rule for rule in RULES if rule.active}


def sources(rule: Rule) -> str:
    """The text of the detector's module and of what it imports from the Wi-Fi package."""
    _, evaluate = registered(DETECTORS)[rule.rule]
    module = inspect.getmodule(evaluate)
    assert module is not None
    text, seen = "", set()
    queue = [module.__name__]
    while queue:
        name = queue.pop()
        if name in seen or not name.startswith("rogue_scan.wifi.") or ".dot11." in name:
            continue
        seen.add(name)
        path = Path(inspect.getfile(__import__(name, fromlist=["x"])))
        text += path.read_text()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                queue.append(node.module)
                if node.module == "rogue_scan.wifi":
                    queue += [f"rogue_scan.wifi.{alias.name}" for alias in node.names]
    return text


@pytest.mark.parametrize("rule", [r for r in RULES if r.active], ids=lambda rule: rule.rule)
def test_all_evidence_and_parameters_are_used(rule: Rule) -> None:
    text = sources(rule)
    from rogue_scan.wifi.world import Damage

    words = set(re.findall(r'"([a-z0-9-]+)"', text)) | {damage.value for damage in Damage}
    words |= set(re.findall(r"'([a-z0-9-]+)'", text))
    made = re.findall(r'f"([a-z0-9-]+-)\{', text)  # names put together from two parts
    words |= {prefix + word for prefix in made for word in set(words)}
    assert not set(rule.evidence) - words, "described, but no code states it"
    for name in rule.params:
        assert re.search(rf"\.{name}\b", text), f"{name} is never read"


@pytest.mark.parametrize(
    "name",
    [
        "evil-twin-open",
        "evil-twin-same-security",
        "evil-twin-enterprise",
        "security-downgrade",
        "lookalike-ssid",
        "wps-lure",
    ],
)
def test_whatever_makes_a_stranger_is_described(name: str) -> None:
    assert set(STRANGENESS) <= set(RULE_SET[f"wifi/{name}"].evidence)


@pytest.mark.parametrize("rule", [r for r in RULES if r.active], ids=lambda rule: rule.rule)
def test_the_message_asks_only_for_what_the_detector_gives(rule: Rule) -> None:
    given = {"actor", "target", "ssid"} | set(re.findall(r"\b(\w+)=", sources(rule)))
    assert template_fields(rule.message) <= given
