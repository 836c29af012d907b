"""Precision and recall of each rule on the labelled files of the tests, against what is stored.

    python tools/quality.py            tell what has changed, and store the new figures
    python tools/quality.py --check    only tell; exit status 1 where a rule has become worse

Wi-Fi: the truth beside a capture names the findings, whom they should name and when the attack began.
Apps: the truth tells harmless from malicious, not which rules should speak; what is expected of a rule are
the malicious apps in which it spoke when the figures were stored, so a lost one is a miss. What rules say at
medium or above about harmless apps has to stand in ``tests/quality/reviewed.json``, which is kept by hand.

Figures of a few files show what has been lost. They do not show how good a rule is in the world.

What is said about captures, labelled ones and examples in signatures, is stored as text, so that a review
shows each sentence that a change to a detector adds, alters or takes away.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from reliability import NOTES, blames_innocent, kinds_allowed

from rogue_scan.apk.analyse import Analyser
from rogue_scan.model.finding import Finding
from rogue_scan.model.severity import Severity
from rogue_scan.rules.load import RuleSet, load
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source
from rogue_scan.wifi.analyse import Session, analyse
from rogue_scan.wifi.listing import capture

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
STORED = ROOT / "tests" / "quality" / "figures.json"
SAID = ROOT / "tests" / "quality" / "said.txt"
REVIEWED = ROOT / "tests" / "quality" / "reviewed.json"
SHIPPED = ROOT / "rogue_scan" / "data" / "measured.tsv"
EARLY_SECONDS = 1.5
"""The first frame of an attack may come this much before the time that the truth gives."""

Pairs = set[tuple[str, str]]
"""(rule, file) each."""


class Figures(msgspec.Struct, frozen=True):
    """What one rule did. ``precision`` is None where nothing tells false findings (notes of facts)."""

    expected: int
    found: int
    right: int
    """True findings, also those where another rule was expected to speak."""
    false: int
    precision: float | None
    recall: float | None
    f1: float | None


class Outcome(msgspec.Struct):
    """Which rule spoke where."""

    expected: Pairs = msgspec.field(default_factory=set)
    found: Pairs = msgspec.field(default_factory=set)
    """Those of the expected that were reported."""
    right: Pairs = msgspec.field(default_factory=set)
    """All true ones: also attacks called by a neighbour's name."""
    false: Pairs = msgspec.field(default_factory=set)
    harmless: Pairs = msgspec.field(default_factory=set)
    """Findings at medium or above in files where nothing is wrong."""
    said: dict[str, tuple[Finding, ...]] = msgspec.field(default_factory=dict)
    """Capture → what was found."""

    def rules(self) -> dict[str, Figures]:
        """Figures of each rule that was expected or heard."""
        names = {rule for rule, _ in self.expected | self.right | self.false}
        return {name: self._figures(name) for name in sorted(names)}

    def _figures(self, name: str) -> Figures:
        expected, found, right, false = (
            sum(rule == name for rule, _ in pairs)
            for pairs in (self.expected, self.found, self.right, self.false)
        )
        fact = name.removeprefix("wifi/") in NOTES
        precision = None if fact or not right + false else round(right / (right + false), 3)
        recall = round(found / expected, 3) if expected else None
        f1 = None
        if precision is not None and recall is not None:
            f1 = round(2 * precision * recall / (precision + recall), 3) if precision + recall else 0.0
        return Figures(expected, found, right, false, precision, recall, f1)

    @property
    def misses(self) -> Pairs:
        """What was expected and not reported."""
        return self.expected - self.found


class Stored(msgspec.Struct, frozen=True):
    """The content of ``figures.json``."""

    rules: dict[str, Figures] = {}
    misses: dict[str, tuple[str, ...]] = {}
    """Rule → files in which it should have spoken."""
    accusations: dict[str, tuple[str, ...]] = {}
    """Malicious app → rules that speak at medium or above."""


def stored() -> Stored:
    """The figures as stored; none where there are none yet."""
    return msgspec.json.decode(STORED.read_bytes(), type=Stored) if STORED.exists() else Stored()


def reviewed() -> dict[str, dict[str, str]]:
    """Harmless file → rule → why it is right to say so."""
    return json.loads(REVIEWED.read_text())


def labelled(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each source that has a truth file beside it, with the truth."""
    for path in sorted(folder.glob("*.json")):
        (source,) = [other for other in folder.glob(f"{path.stem}.*") if other != path]
        yield source, json.loads(path.read_text())


def captures(rules: RuleSet, outcome: Outcome, folder: Path = DATA / "wifi") -> None:
    """Judge the labelled captures."""
    for source, truth in labelled(folder):
        name = source.name.partition(".")[0]
        findings = analyse(Source(str(source), Kind.CAPTURE), rules).findings
        outcome.said[name] = findings
        for expected in truth["expected_findings"]:
            pair = f"wifi/{expected['kind']}", name
            outcome.expected.add(pair)
            if any(answers(finding, expected, truth) for finding in findings):
                outcome.found.add(pair)
        for finding in findings:
            kind = finding.rule.removeprefix("wifi/")
            if kind in NOTES or finding.severity < Severity.MEDIUM:
                continue
            pair = finding.rule, name
            right = kind in kinds_allowed(truth) and not blames_innocent(finding, truth)
            (outcome.right if right else outcome.false).add(pair)
            if truth["label"] == "benign":
                outcome.harmless.add(pair)


def answers(finding: Finding, expected: Mapping[str, Any], truth: dict[str, Any]) -> bool:
    """Whether this is the finding that the truth expects: kind, loudness, addresses, time."""
    kind = finding.rule.removeprefix("wifi/")
    if kind != expected["kind"]:
        return False
    if kind in NOTES:
        return True
    told, names = {*finding.actors, *finding.targets}, set(expected.get("names", ()))
    begun = expected.get("not_before") or 0
    return (
        finding.severity >= Severity.MEDIUM
        and not blames_innocent(finding, truth)
        and (not told or not names or bool(told & names))
        and (finding.first_seen is None or finding.first_seen >= begun - EARLY_SECONDS)
    )


def examples(rules: RuleSet, outcome: Outcome) -> None:
    """Hear what is found in the captures that signatures describe."""
    for rule in rules:
        for example in rule.tests:
            if not example.frames:
                continue
            session = Session(rules)
            session.feed(capture(example.frames))
            session.finish()
            outcome.said[f"{rule.rule}: {example.name}"] = tuple(session.findings("capture"))


def sentences(outcome: Outcome) -> str:
    """All that is said of captures: whom a finding names, when, and each statement with its place.

    Without severity and confidence: they follow from weights, which signatures hold.
    """
    lines = []
    for name, findings in sorted(outcome.said.items()):
        lines.append(name)
        for finding in sorted(findings, key=lambda f: (f.rule, f.actors, f.targets, f.first_seen or 0, f.id)):
            lines += (f"  {line}" for line in _sentences(finding))
    return "\n".join(lines) + "\n"


def _sentences(finding: Finding) -> Iterator[str]:
    yield f"{finding.rule} {' '.join(finding.actors) or 'nobody'} -> {' '.join(finding.targets) or 'nobody'}"
    named = " | ".join((*finding.ssids, *finding.endpoints, *(each.value for each in finding.data)))
    yield f"  {_time(finding.first_seen)} to {_time(finding.last_seen)} {named}".rstrip()
    yield f"  = {finding.message}"
    for item in finding.evidence:
        value = f" ({item.value})" if item.value else ""
        yield f"  {'+' if item.supports else '-'} #{item.where.frame or 0} {item.says}{value}"


def _time(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.3f}"


def apps(rules: RuleSet, outcome: Outcome, known: Stored, folder: Path = DATA / "apk") -> None:
    """Judge the labelled apps; ``known`` says what has been found before, ``outcome`` gets the rest."""
    analyser, allowed = Analyser(rules), reviewed()
    for source, truth in labelled(folder):
        name, label = source.stem, truth["label"]
        if label == "malformed":
            continue  # what is inside may or may not be reached
        scans = analyser.scan(source.read_bytes(), "app")
        told = {f.rule for scan in scans for f in scan.findings if f.severity >= Severity.MEDIUM}
        for rule in told:
            pair = rule, name
            right = label == "malicious" or rule in allowed.get(name, ())
            (outcome.right if right else outcome.false).add(pair)
            if label != "malicious":
                outcome.harmless.add(pair)
        if label == "malicious":
            before = set(known.accusations.get(name, told))
            outcome.expected |= {(rule, name) for rule in before | told}
            outcome.found |= {(rule, name) for rule in told}


def measure(known: Stored) -> Outcome:
    """Judge all labelled files."""
    rules, outcome = load(), Outcome()
    captures(rules, outcome)
    examples(rules, outcome)
    apps(rules, outcome, known)
    return outcome


def store(outcome: Outcome) -> None:
    """Make this outcome the one to compare with."""
    malicious = {
        name: tuple(sorted(rule for rule, file in outcome.found if file == name and rule.startswith("apk/")))
        for name in sorted({file for rule, file in outcome.found if rule.startswith("apk/")})
    }
    # What an app lost has been seen by who stores this, and is no miss from now on.
    kept = Outcome(
        {pair for pair in outcome.expected if pair in outcome.found or pair[0].startswith("wifi/")},
        outcome.found,
        outcome.right,
        outcome.false,
    )
    result = Stored(kept.rules(), by_rule(kept.misses), malicious)
    STORED.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    SHIPPED.write_text(shipped(result))
    SAID.write_text(sentences(outcome))


def shipped(result: Stored) -> str:
    """The table that the scanner itself knows: rule, true findings, false findings."""
    measured = {name: each for name, each in result.rules.items() if each.precision is not None}
    return "".join(f"{name}\t{each.right}\t{each.false}\n" for name, each in measured.items())


def by_rule(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Rule → files."""
    pairs = sorted(pairs)
    return {rule: tuple(file for name, file in pairs if name == rule) for rule in dict(pairs)}


def unreviewed(outcome: Outcome) -> list[str]:
    """What is said at medium or above about harmless files, and stands in no list."""
    known = reviewed()
    return [
        f"{rule} speaks in {file}"
        for rule, file in sorted(outcome.harmless)
        if rule not in known.get(file, ())
    ]


def stale(outcome: Outcome) -> list[str]:
    """What the list of reviewed findings still holds, and nothing says any more."""
    return [
        f"{rule} in {file}"
        for file, rules in sorted(reviewed().items())
        for rule in sorted(rules)
        if (rule, file) not in outcome.harmless
    ]


def worse(before: Stored, outcome: Outcome) -> list[str]:
    """In what rules have become worse, one line each."""
    now, lines = outcome.rules(), []
    known = {(rule, file) for rule, files in before.misses.items() for file in files}
    lines += [f"{rule} no longer speaks in {file}" for rule, file in sorted(outcome.misses - known)]
    for name, old in before.rules.items():
        new = now.get(name)
        if new is None:
            lines.append(f"{name} is no longer measured")
        elif old.f1 is not None and (new.f1 or 0) < old.f1:
            false = sorted(file for rule, file in outcome.false if rule == name)
            because = f"; false in {', '.join(false)}" if false else ""
            lines.append(f"{name}: F1 {old.f1:.3f} → {new.f1 or 0:.3f}{because}")
    return lines


def better(before: Stored, outcome: Outcome) -> list[str]:
    """What has become better, or is new."""
    lines = [
        f"{rule} now speaks in {file}"
        for rule, files in before.misses.items()
        for file in files
        if (rule, file) not in outcome.misses
    ]
    for name, new in outcome.rules().items():
        old = before.rules.get(name)
        if old is None:
            lines.append(f"{name} is new: {new.found} of {new.expected} found, {new.false} false")
        elif new.f1 is not None and new.f1 > (old.f1 or 0):
            lines.append(f"{name}: F1 {old.f1 or 0:.3f} → {new.f1:.3f}")
        elif new.expected != old.expected:
            lines.append(f"{name}: expected in {old.expected} → {new.expected} files")
    return lines


def main() -> int:
    """Measure, tell, store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="store nothing; status 1 where it is worse")
    arguments = parser.parse_args()
    before = stored()
    outcome = measure(before)
    lost = worse(before, outcome) + unreviewed(outcome)
    for head, lines in (
        ("Worse:", lost),
        ("Better or new:", better(before, outcome)),
        ("Reviewed, and not said any more:", stale(outcome)),
    ):
        if lines:
            print(head, *lines, sep="\n  ")
    if not SAID.exists() or SAID.read_text() != sentences(outcome):
        print(f"Other sentences than in {SAID.relative_to(ROOT)}: read the difference")
    total = [f for f in outcome.rules().values() if f.f1 is not None]
    print(
        f"{len(total)} rules measured, {sum(f.f1 == 1 for f in total)} without an error;"
        f" {len(outcome.misses)} missed, {len(outcome.false)} false"
    )
    if not arguments.check:
        store(outcome)
    return 1 if arguments.check and lost else 0


if __name__ == "__main__":
    sys.exit(main())
