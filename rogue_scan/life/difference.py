"""Two reports compared: what is new, gone, worse and better."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report
from rogue_scan.model.subject import Risk

_SMALL = 0.05
"""Change of confidence that is no change."""


class Change(msgspec.Struct, frozen=True):
    """One finding that both reports have, weighed differently."""

    before: Finding
    after: Finding


class Difference(msgspec.Struct, frozen=True):
    """What changed from one report to the other."""

    risk_before: Risk
    risk_after: Risk
    new: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()
    changed: tuple[Change, ...] = ()
    same: int = 0
    sources_new: tuple[str, ...] = ()
    sources_gone: tuple[str, ...] = ()


def compare(before: Report, after: Report) -> Difference:
    """Findings matched by fingerprint, so that two visits or two versions of an app can be compared.

    Suppressed findings are left out on both sides.
    """
    old, new = _by_fingerprint(before.findings), _by_fingerprint(after.findings)
    fresh: list[Finding] = []
    lost: list[Finding] = []
    changed: list[Change] = []
    same = 0
    for name in sorted(old.keys() | new.keys()):
        pairs = list(zip(old[name], new[name], strict=False))
        lost += old[name][len(pairs) :]
        fresh += new[name][len(pairs) :]
        for first, second in pairs:
            if first.severity is not second.severity or abs(first.confidence - second.confidence) >= _SMALL:
                changed.append(Change(first, second))
            else:
                same += 1
    names_before = {subject.id: subject.name for subject in before.subjects}
    names_after = {subject.id: subject.name for subject in after.subjects}
    return Difference(
        risk_before=before.risk,
        risk_after=after.risk,
        new=tuple(sorted(fresh, key=_worst_first)),
        gone=tuple(sorted(lost, key=_worst_first)),
        changed=tuple(sorted(changed, key=lambda change: _worst_first(change.after))),
        same=same,
        sources_new=tuple(sorted(names_after[name] for name in names_after.keys() - names_before.keys())),
        sources_gone=tuple(sorted(names_before[name] for name in names_before.keys() - names_after.keys())),
    )


def _by_fingerprint(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    table: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(findings, key=lambda item: item.id):
        table[finding.fingerprint].append(finding)
    return table


def _worst_first(finding: Finding) -> tuple[int, float, str, str]:
    return -finding.severity.rank, -finding.confidence, finding.rule, finding.id
