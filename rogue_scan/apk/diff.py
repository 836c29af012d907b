"""Two versions of an app compared by what they do: behaviours, data, endpoints, rights, parts, signer."""

from collections.abc import Iterable, Sequence

import msgspec

from rogue_scan.model.data import DataCategory
from rogue_scan.model.finding import Finding
from rogue_scan.model.severity import Severity
from rogue_scan.model.subject import AppView, Subject


class Changed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came and what went, of one kind."""

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.gone)


class Behaviour(msgspec.Struct, frozen=True):
    """A rule whose judgement changed."""

    rule: str
    title: str
    before: Severity | None
    """None: it said nothing."""
    after: Severity | None
    message: str
    """About the version in which it speaks, the newer one if both."""


class VersionDiff(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the newer version does that the older did not, and the other way round."""

    package: str
    before: str
    """Version name and code."""
    after: str
    other_package: str = ""
    """Name of the older app where it is another one."""
    signer_changed: bool = False
    """Neither version shares a signer with the other: not from the same hands."""
    behaviours: tuple[Behaviour, ...] = ()
    findings: tuple[Finding, ...] = ()
    """New findings."""
    data_taken: Changed = Changed()
    """Categories."""
    data_leaving: Changed = Changed()
    """``contacts → host.example (http)``."""
    endpoints: Changed = Changed()
    permissions: Changed = Changed()
    components: Changed = Changed()
    kits: Changed = Changed()

    def __bool__(self) -> bool:
        return self.signer_changed or any(
            (
                self.other_package, self.behaviours, self.findings, self.data_taken, self.data_leaving,
                self.endpoints, self.permissions, self.components, self.kits,
            )
        )  # fmt: skip


def compare(
    old: Subject, old_findings: Sequence[Finding], new: Subject, new_findings: Sequence[Finding]
) -> VersionDiff:
    """What changed from one app to the other.

    Findings are matched by fingerprint, so a behaviour that moved to other classes counts as new as well
    as in its rule, where only the severity tells.
    """
    before, after = old.apk or AppView(), new.apk or AppView()
    known = {finding.fingerprint for finding in old_findings}
    signers_before = {signer.sha256 for signer in before.signing.signers}
    signers_after = {signer.sha256 for signer in after.signing.signers}
    return VersionDiff(
        package=after.package,
        before=f"{before.version_name} ({before.version_code})",
        after=f"{after.version_name} ({after.version_code})",
        other_package=before.package if before.package != after.package else "",
        signer_changed=bool(signers_before and signers_after) and signers_before.isdisjoint(signers_after),
        behaviours=tuple(_behaviours(old_findings, new_findings)),
        findings=tuple(finding for finding in new_findings if finding.fingerprint not in known),
        data_taken=_changed(_taken(before), _taken(after)),
        data_leaving=_changed(_leaving(before), _leaving(after)),
        endpoints=_changed((e.value for e in before.endpoints), (e.value for e in after.endpoints)),
        permissions=_changed(before.permissions, after.permissions),
        components=_changed((c.name for c in before.components), (c.name for c in after.components)),
        kits=_changed(before.kits, after.kits),
    )


def _behaviours(old: Sequence[Finding], new: Sequence[Finding]) -> Iterable[Behaviour]:
    before, after = _worst(old), _worst(new)
    changes = []
    for rule in before.keys() | after.keys():
        first, second = before.get(rule), after.get(rule)
        if first and second and first.severity is second.severity:
            continue
        told = second or first
        assert told is not None
        changes.append(
            Behaviour(
                rule,
                told.title,
                first.severity if first else None,
                second.severity if second else None,
                told.message,
            )
        )
    return sorted(changes, key=lambda c: (-(c.after.rank if c.after else -1), c.rule))


def _worst(findings: Sequence[Finding]) -> dict[str, Finding]:
    worst: dict[str, Finding] = {}
    for finding in findings:
        if finding.rule not in worst or finding.severity > worst[finding.rule].severity:
            worst[finding.rule] = finding
    return worst


def _taken(view: AppView) -> Iterable[str]:
    return (use.category.value for use in view.data if use.collected)


def _leaving(view: AppView) -> Iterable[str]:
    leaving: set[tuple[DataCategory, str, str]] = {
        (flow.data, flow.endpoint or "an unresolved place", flow.sink.value)
        for flow in view.flows
        if flow.sink.leaves_device
    }
    return (f"{data.value} → {end} ({sink})" for data, end, sink in leaving)


def _changed(before: Iterable[str], after: Iterable[str]) -> Changed:
    first, second = set(before), set(after)
    return Changed(tuple(sorted(second - first)), tuple(sorted(first - second)))
