"""The whole picture of a fleet: campaigns, prevalence, what failed, what new rules changed."""

from collections import Counter, defaultdict

import msgspec

from rogue_scan.fleet.campaigns import Tie, cluster, ties
from rogue_scan.fleet.ledger import Change, Ledger, Verdict
from rogue_scan.model.report import Tool
from rogue_scan.model.severity import Verdict as Level

SCHEMA = "rogue-scan/fleet/1"
_MOST = 50
"""Rows of each table of prevalence."""
_MOST_MEMBERS = 500
_MOST_CHANGES = 2000
_MOST_FAILED = 500


class Member(msgspec.Struct, frozen=True):
    """One app of a campaign."""

    sha256: str
    package: str
    label: str
    verdict: str
    score: int


class Campaign(msgspec.Struct, frozen=True):
    """Apps that belong together, at least one of them at risk."""

    id: str
    verdict: str
    """The worst of its apps."""
    apps: int
    at_risk: int
    ties: tuple[Tie, ...]
    members: tuple[Member, ...]
    """The worst first, capped."""


class Common(msgspec.Struct, frozen=True):
    """How common something is among the apps."""

    value: str
    apps: int
    at_risk: int


class Failure(msgspec.Struct, frozen=True):
    """An app without a verdict, or with one that does not cover all of it (state ``done``)."""

    app: str
    name: str
    state: str
    kind: str
    message: str


class Overview(msgspec.Struct, frozen=True):
    """The fleet report, schema ``rogue-scan/fleet/1``."""

    schema: str = SCHEMA
    tool: Tool = Tool()
    apps: int = 0
    states: dict[str, int] = {}
    verdicts: dict[str, int] = {}
    campaigns: tuple[Campaign, ...] = ()
    endpoints: tuple[Common, ...] = ()
    kits: tuple[Common, ...] = ()
    signers: tuple[Common, ...] = ()
    pages: tuple[Common, ...] = ()
    failures: tuple[Failure, ...] = ()
    changed: int = 0
    changes: tuple[Change, ...] = ()
    """Verdicts that these rules and this version changed, and why; capped."""


def overview(ledger: Ledger) -> Overview:
    """The picture of the apps that this run's sources named, campaigns drawn from the whole ledger."""
    cluster(ledger)
    states: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    failures: list[Failure] = []
    named = set()
    for name, verdict in ledger.named():
        named.add(verdict.app)
        states[verdict.state] += 1
        if verdict.done:
            verdicts[verdict.verdict] += 1
        if verdict.kind and len(failures) < _MOST_FAILED:
            failures.append(Failure(verdict.app, name, verdict.state, verdict.kind, verdict.message))
    changes: list[Change] = []
    changed = 0
    for change in ledger.changes():
        if change.app in named:
            changed += 1
            if len(changes) < _MOST_CHANGES:
                changes.append(change)
    return Overview(
        tool=Tool(version=ledger.engine, rules=ledger.rules),
        apps=len(named),
        states=dict(sorted(states.items())),
        verdicts={level.value: verdicts[level.value] for level in reversed(Level) if verdicts[level.value]},
        campaigns=tuple(_campaigns(ledger, named)),
        endpoints=_common(ledger, "endpoint"),
        kits=_common(ledger, "kit"),
        signers=_common(ledger, "signer"),
        pages=_common(ledger, "page"),
        failures=tuple(failures),
        changed=changed,
        changes=tuple(changes),
    )


def encode(picture: Overview) -> bytes:
    """JSON, indented; equal pictures give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(picture), indent=2) + b"\n"


def _campaigns(ledger: Ledger, named: set[str]) -> list[Campaign]:
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for name, verdict in ledger.members():
        groups[name].append(verdict)
    campaigns = []
    for name, members in groups.items():
        if named.isdisjoint(member.app for member in members):
            continue
        members.sort(key=lambda member: (-member.score, member.app))
        at_risk = [m for m in members if m.done and Level(m.verdict) >= Level.MEDIUM]
        campaigns.append(
            Campaign(
                name,
                max((Level(m.verdict) for m in members if m.done), default=Level.CLEAN).value,
                len(members),
                len(at_risk),
                ties(ledger, [member.app for member in members]),
                tuple(Member(m.app, m.package, m.label, m.verdict, m.score) for m in members[:_MOST_MEMBERS]),
            )
        )
    return sorted(campaigns, key=lambda c: (-Level(c.verdict).rank, -c.apps, c.id))


def _common(ledger: Ledger, kind: str) -> tuple[Common, ...]:
    return tuple(Common(*row) for row in ledger.prevalence(kind, _MOST))
