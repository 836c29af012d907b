"""Findings that are known: ignore files with a reason, and baselines.

An ignore file is a YAML list; each entry needs a reason and at least one of the patterns::

    - rule: wifi/open-network
      actor: "a0:40:a0:*"
      reason: the guest network of the café next door
      expires: 2027-06-30
"""

import datetime
import fnmatch
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Report, Suppressed
from rogue_scan.model.subject import Subject
from rogue_scan.rules.files import read_yaml


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of an ignore file. Patterns have ``*``, ``?`` and ``[…]``; letters' case counts."""

    reason: str
    rule: str | None = None
    subject: str | None = None
    """Against the source's name or id, or an app's package."""
    actor: str | None = None
    """Against each of the accused; one is enough."""
    ssid: str | None = None
    fingerprint: str | None = None
    expires: datetime.date | None = None
    """The last day on which the entry holds."""


class Applied(msgspec.Struct, frozen=True):
    """What suppressing came to."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    notes: tuple[str, ...]
    """Sentences on entries that have expired or match nothing, for the log."""


def read_ignore_file(path: Path) -> list[Entry]:
    """The entries of an ignore file.

    Raises :class:`~rogue_scan.errors.RuleError` that names the file and the field.
    """
    document, _ = read_yaml(path)
    try:
        entries = msgspec.convert(document if document is not None else [], list[Entry])
    except msgspec.ValidationError as error:
        problem, _, field = str(error).partition(" - at ")
        raise RuleError(str(path), field.strip("`").removeprefix("$"), problem) from None
    for number, entry in enumerate(entries):
        if not entry.reason.strip():
            raise RuleError(str(path), f"[{number}].reason", "may not be empty")
        if not any((entry.rule, entry.subject, entry.actor, entry.ssid, entry.fingerprint)):
            raise RuleError(
                str(path), f"[{number}]", "needs one of rule, subject, actor, ssid or fingerprint"
            )
    return entries


def ignore(
    findings: Iterable[Finding],
    subjects: Iterable[Subject],
    entries: Sequence[Entry],
    *,
    by: str,
    today: datetime.date,
) -> Applied:
    """Findings split by an ignore file called ``by``; the first entry that matches gives the reason."""
    names = {subject.id: _names(subject) for subject in subjects}
    living = [entry for entry in entries if entry.expires is None or entry.expires >= today]
    kept, suppressed = [], []
    used: set[Entry] = set()
    for finding in findings:
        entry = next((item for item in living if _matches(item, finding, names)), None)
        if entry is None:
            kept.append(finding)
        else:
            used.add(entry)
            suppressed.append(Suppressed(finding, entry.reason, by))
    notes = [
        f"{by}: entry {number} ({entry.reason}) expired on {entry.expires}"
        for number, entry in enumerate(entries, 1)
        if entry not in living
    ]
    notes += [
        f"{by}: entry {number} ({entry.reason}) matches nothing"
        for number, entry in enumerate(entries, 1)
        if entry in living and entry not in used
    ]
    return Applied(tuple(kept), tuple(suppressed), tuple(notes))


def _names(subject: Subject) -> list[str]:
    names = [subject.id, subject.name, Path(subject.name).name]
    if subject.apk:
        names.append(subject.apk.package)
    return names


def _matches(entry: Entry, finding: Finding, names: dict[str, list[str]]) -> bool:
    wanted = (
        (entry.rule, [finding.rule]),
        (entry.subject, names.get(finding.subject, [finding.subject])),
        (entry.actor, finding.actors),
        (entry.ssid, finding.ssids),
        (entry.fingerprint, [finding.fingerprint]),
    )
    return all(
        pattern is None or any(fnmatch.fnmatchcase(value, pattern) for value in values)
        for pattern, values in wanted
    )


def baseline(findings: Iterable[Finding], known: Report, *, by: str) -> Applied:
    """Findings split by an earlier report: what has a fingerprint of it is known, the rest is new.

    The earlier report may be of another visit or another version of the app: fingerprints do not hold
    the source. What it had suppressed is known as well.
    """
    old = Counter(finding.fingerprint for finding in known.findings)
    old.update(item.finding.fingerprint for item in known.suppressed)
    kept, suppressed = [], []
    seen = set()
    for finding in findings:
        if finding.fingerprint in old:
            seen.add(finding.fingerprint)
            suppressed.append(Suppressed(finding, "known from the baseline", by))
        else:
            kept.append(finding)
    gone = sum(count for name, count in old.items() if name not in seen)
    notes = (f"{by}: {gone} findings of the baseline are gone",) if gone else ()
    return Applied(tuple(kept), tuple(suppressed), notes)


def with_applied(report: Report, applied: Applied) -> Report:
    """``report`` with the split put in; risks and incidents are left for :func:`~.retell.retell`."""
    return msgspec.structs.replace(
        report, findings=applied.findings, suppressed=(*report.suppressed, *applied.suppressed)
    )
