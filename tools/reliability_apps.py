"""How often accusations of apps are true at each confidence; writes docs/reliability-apps.md.

    python tools/reliability_apps.py CORPUS [-o docs/reliability-apps.md]

CORPUS holds NAME.json (what is true) beside NAME.apk. Accusations are findings of rules of severity high
and critical; they are true in apps labelled malicious and false in the others. Labelled apps show textbook
cases, so each is also judged in harder forms, made from its facts: what it sends goes encrypted to a plain
name; where it goes is not known; it goes in the clear; it starts when the user presses for it.
"""

import argparse
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import msgspec
from reliability import by_rule, table

from rogue_scan.apk import intake
from rogue_scan.apk.analyse import Analyser
from rogue_scan.apk.facts import AppFacts
from rogue_scan.errors import SourceError
from rogue_scan.model.severity import Severity, Verdict
from rogue_scan.risk import subject_risk
from rogue_scan.rules.load import load

PLAIN, CLEAR = "https://", "http://"


def schemed(facts: AppFacts, scheme: str) -> AppFacts:
    """The same app, all of whose web endpoints stand in plain sight with this scheme."""
    ends = tuple(
        msgspec.structs.replace(end, value=scheme + end.value.split("://", 1)[1], hidden=None, remarks=())
        if end.value.startswith((PLAIN, CLEAR))
        else end
        for end in facts.endpoints
    )
    return msgspec.structs.replace(facts, endpoints=ends)


def unresolved(facts: AppFacts) -> AppFacts:
    """The same app, of which it is not known where anything goes."""
    flows = tuple(msgspec.structs.replace(flow, endpoint=None) for flow in facts.flows)
    return msgspec.structs.replace(facts, flows=flows, endpoints=())


def pressed(facts: AppFacts) -> AppFacts:
    """The same app, where everything starts when the user presses for it."""
    flows = []
    for flow in facts.flows:
        first = flow.path[:1]
        owner = first[0].method.partition("->")[0] if first else "Lapp;"
        hop = (
            msgspec.structs.replace(first[0], method=f"{owner}->onClick(Landroid/view/View;)V")
            if first
            else None
        )
        path = (hop, *flow.path[1:]) if hop else ()
        flows.append(msgspec.structs.replace(flow, path=path))
    return msgspec.structs.replace(facts, flows=tuple(flows))


def forms(facts: AppFacts) -> Iterator[AppFacts]:
    """An app as it is, and in harder forms."""
    yield facts
    if facts.flows:
        yield schemed(facts, PLAIN)
        yield schemed(facts, CLEAR)
        yield unresolved(facts)
        yield pressed(facts)
        yield pressed(schemed(facts, PLAIN))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    rules = load()
    analyser = Analyser(rules)
    accusing = {rule.rule for rule in rules if rule.severity >= Severity.HIGH}
    rows: list[tuple[str, float, bool]] = []
    plain: list[tuple[str, float, bool]] = []
    right = {True: [0, 0], False: [0, 0]}
    for path in sorted(arguments.corpus.glob("*.json")):
        truth, source = json.loads(path.read_text()), path.with_suffix(".apk")
        if not source.exists() or truth.get("label") not in ("malicious", "benign", "weak"):
            continue
        bad = truth["label"] == "malicious"
        try:
            facts = intake.decode(source.read_bytes()).facts
        except SourceError:
            continue
        for number, form in enumerate(forms(facts)):
            scan = analyser.judge(form, path.stem)
            found = [(f.rule, f.confidence, bad) for f in scan.findings if f.rule in accusing]
            rows += found
            if number == 0:
                plain += found
        scans = analyser.scan(source.read_bytes(), path.stem)  # with the apps inside
        worst = max((subject_risk(scan.findings).verdict for scan in scans), key=lambda verdict: verdict.rank)
        right[bad][0] += (worst >= Verdict.HIGH) is bad
        right[bad][1] += 1
    brier = sum((c - ok) ** 2 for _, c, ok in rows) / max(len(rows), 1)
    text = "\n".join(
        [
            "# How far accusations of apps can be trusted",
            "",
            "% Written by tools/reliability_apps.py: do not edit.",
            "",
            textwrap.fill(
                f"Measured on {right[True][1]} malicious and {right[False][1]} harmless or weak labelled"
                " apps, each as it is and in harder forms: what it sends goes encrypted to a plain name, in"
                " the clear, or to a place that is not known, or is sent when the user presses for it."
                " Accusations are findings of rules of severity high and critical. The set holds far more"
                " malicious apps than any store does, so confidences that allow for honest explanations look"
                " too low here.",
                100,
            ),
            "",
            f"Verdicts: {right[True][0]} of {right[True][1]} malicious apps are high or critical,",
            f"{right[False][0]} of {right[False][1]} others below high.",
            "",
            f"## The apps in all forms ({len(rows)} accusations, Brier score {brier:.3f})",
            "",
            *table(rows),
            "",
            f"## The apps as they are ({len(plain)} accusations)",
            "",
            *table(plain),
            "",
            "## By rule, all forms",
            "",
            *(line.replace("wifi/apk/", "apk/") for line in by_rule(rows)),
            "",
        ]
    )
    if arguments.output:
        arguments.output.write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
