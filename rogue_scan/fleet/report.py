"""From the ledger to the report: one scan after another, as if they had all been made just now."""

from collections.abc import Iterable, Iterator

import msgspec

from rogue_scan.apk.analyse import Analyser
from rogue_scan.apk.facts import AppFacts, Problem
from rogue_scan.audit import assemble
from rogue_scan.fleet.ledger import Ledger, Verdict
from rogue_scan.fleet.work import unpack
from rogue_scan.model.report import Link, Report, ScanError
from rogue_scan.model.scan import Scan, subject_id
from rogue_scan.rules.load import RuleSet


def report(ledger: Ledger, rules: RuleSet, errors: Iterable[ScanError]) -> Report:
    """The report on every app that this run's sources named."""
    analyser = Analyser(rules)
    scans = [
        scan
        for name, verdict in ledger.named()
        for scan in scans_of(verdict, ledger.scans(verdict.app), name, analyser)
    ]
    made = assemble(scans, list(errors), rules)
    known = {subject.id for subject in made.subjects}
    links = [link for link in _campaigns(ledger) if link.source in known and link.target in known]
    return msgspec.structs.replace(made, links=(*made.links, *links))


def _campaigns(ledger: Ledger) -> Iterator[Link]:
    """Every app of a campaign tied to its first one, since pages and code show nowhere else in the report."""
    first = campaign = ""
    for name, verdict in ledger.members():
        subject = subject_id("apk", verdict.app)
        if name != campaign:
            campaign, first = name, subject
        else:
            yield Link(first, subject, "same-campaign", campaign)


def scans_of(verdict: Verdict, packed: bytes, name: str | None, analyser: Analyser) -> Iterator[Scan]:
    """The scans of one app and of those inside it, under the name it has now (None: that of the time).

    An app without a verdict gives a scan that says why, so that it never looks clean.
    """
    if verdict.done:
        kept: list[Scan] = unpack(packed, list[Scan])
        old = kept[0].subject.name
        name = old if name is None else name
        yield from (_renamed(scan, old, name) for scan in kept)
    else:
        problem = Problem("", verdict.kind, verdict.message)
        facts = AppFacts(sha256=verdict.app, size=verdict.size, form="unread", problems=(problem,))
        yield analyser.judge(facts, name or verdict.app[:16])


def _renamed(scan: Scan, old: str, new: str) -> Scan:
    """The same app may have been vetted at another place: names of apps inside follow."""
    if old == new:
        return scan

    def name(text: str) -> str:
        return new + text.removeprefix(old) if text == old or text.startswith(old + "!") else text

    return msgspec.structs.replace(
        scan,
        subject=msgspec.structs.replace(scan.subject, name=name(scan.subject.name)),
        errors=tuple(msgspec.structs.replace(error, source=name(error.source)) for error in scan.errors),
    )
