"""A file that could not be vetted is never clean."""

from collections.abc import Iterator

from rogue_scan.apk.facts import AppFacts
from rogue_scan.model.finding import Finding
from rogue_scan.rules.registry import NoParams, detector
from rogue_scan.rules.rule import Bound


@detector("apk/unreadable-package")
def evaluate(facts: AppFacts, rule: Bound[NoParams]) -> Iterator[Finding]:
    """Speaks where there are no facts but the reason why."""
    if facts.form != "unread":
        return
    case = rule.case()
    for problem in facts.problems:
        case.add("died" if problem.kind in ("limit", "crashed") else "no-app", value=problem.message)
    yield from case.conclude(reason="; ".join(problem.message for problem in facts.problems))
