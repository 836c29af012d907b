"""One app: bytes → facts → rules → scan.

Nothing here reads files or keeps state; :mod:`rogue_scan.apk.isolate` runs it in a child process.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from rogue_scan.apk import endpoint_facts, intake
from rogue_scan.apk.difference import short
from rogue_scan.apk.facts import AppFacts, Problem, Store
from rogue_scan.apk.manifest import Manifest
from rogue_scan.apk.matrix import matrix
from rogue_scan.apk.signing import SigningFacts
from rogue_scan.errors import SourceError
from rogue_scan.model.finding import Finding
from rogue_scan.model.report import Link, ScanError
from rogue_scan.model.scan import Scan, subject_id
from rogue_scan.model.subject import AppView, Component, Coverage, Signer, Signing, Subject
from rogue_scan.rules.load import RuleSet
from rogue_scan.rules.registry import Detector, bind

DETECTORS = "rogue_scan.apk.detectors"
MAX_INNER = 30
"""Apps inside one app, at all depths, that are analysed."""
MAX_DEPTH = 3
"""Apps inside apps inside apps that are still analysed."""


class Analyser:
    """The app rules of a run, bound once and asked for many apps.

    Raises RuleError where a signature is wrong.
    """

    def __init__(self, rules: RuleSet, store: Store | None = None) -> None:
        from rogue_scan.apk import match

        self._detectors: list[Detector[Any]] = bind(rules, "apk", DETECTORS)
        self._conditions = match.compiled(rules, [d.rule.rule for d in self._detectors])
        self._store = store
        self.checked = tuple(
            sorted([d.rule.rule for d in self._detectors] + [rule.rule for rule, _ in self._conditions])
        )

    def scan(self, data: bytes, name: str) -> list[Scan]:
        """The scan of an app, followed by those of the apps found inside it.

        :raises SourceError: it is no app at all.
        """
        return list(self._scan(data, name, None, 0, [MAX_INNER]))

    def scan_or_fail(self, data: bytes, name: str) -> list[Scan]:
        """As :meth:`scan`, but what is no app gives a scan that says so."""
        try:
            return self.scan(data, name)
        except SourceError as error:
            return [self.judge(unread(data, error.kind, str(error)), name)]

    def _scan(
        self, data: bytes, name: str, parent: str | None, depth: int, left: list[int]
    ) -> Iterator[Scan]:
        facts = self._stored(hashlib.sha256(data).hexdigest())
        if facts is not None:
            yield from self._judge_stored(facts, name, parent, depth)
            return
        decoded = intake.decode(data)
        facts = decoded.facts
        scan = self.judge(facts, name, parent)
        links, errors = [], list(scan.errors)
        children: list[Scan] = []
        for item in decoded.inner:
            inside = f"{name}!{item.origin}"
            if depth + 1 > MAX_DEPTH:
                errors.append(_too_deep(inside))
                continue
            if left[0] <= 0:
                errors.append(
                    ScanError(inside, "limit", f"more than {MAX_INNER} apps inside are not analysed")
                )
                break
            left[0] -= 1
            try:
                found = list(self._scan(item.data, inside, scan.subject.id, depth + 1, left))
            except SourceError as error:
                errors.append(ScanError(inside, error.kind, str(error)))
                continue
            links.append(Link(scan.subject.id, found[0].subject.id, "contains", item.origin))
            children += found
        if self._store:
            self._store.put(facts)  # last, so that stored facts mean: the apps inside are stored too
        yield msgspec.structs.replace(scan, links=tuple(links), errors=tuple(errors))
        yield from children

    def _stored(self, sha256: str, depth: int = 0) -> AppFacts | None:
        """Facts of an app, if they and those of the apps inside it (as deep as is analysed) are stored."""
        facts = self._store.get(sha256) if self._store else None
        if facts is None or depth >= MAX_DEPTH:
            return facts
        return facts if all(self._stored(inner.sha256, depth + 1) for inner in facts.nested) else None

    def _judge_stored(self, facts: AppFacts, name: str, parent: str | None, depth: int) -> Iterator[Scan]:
        scan = self.judge(intake.with_kits(facts), name, parent)
        links, errors = [], list(scan.errors)
        children: list[Scan] = []
        for inner in facts.nested:
            inside = f"{name}!{inner.origin}"
            known = self._stored(inner.sha256, depth + 1) if depth < MAX_DEPTH else None
            if known is None:
                errors.append(_too_deep(inside))
                continue
            found = list(self._judge_stored(known, inside, scan.subject.id, depth + 1))
            links.append(Link(scan.subject.id, found[0].subject.id, "contains", inner.origin))
            children += found
        yield msgspec.structs.replace(scan, links=tuple(links), errors=tuple(errors))
        yield from children

    def answer(self, facts: AppFacts, name: str) -> list[Scan]:
        """As :meth:`scan`, from facts that were kept; those of the apps inside have to be in the store."""
        return list(self._judge_stored(facts, name, None, 0))

    def judge(self, facts: AppFacts, name: str, parent: str | None = None) -> Scan:
        """The scan of an app whose facts are known."""
        from rogue_scan.apk import match
        from rogue_scan.apk.index import Index

        subject = subject_id("apk", facts.sha256)
        index = Index(facts)
        findings: list[Finding] = []
        errors = [
            ScanError(name, p.kind, f"{p.part}: {p.message}" if p.part not in p.message else p.message)
            for p in facts.problems
        ]
        asked: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
            (rule.rule, functools.partial(match.evaluate, rule, when, index, subject))
            for rule, when in self._conditions
        ]
        asked += [(d.rule.rule, functools.partial(d, facts, subject)) for d in self._detectors]
        for rule_name, ask in asked:
            try:
                findings += ask()
            except Exception as error:  # a fault of ours in one rule must neither end nor hide in the scan
                errors.append(ScanError(name, "internal", f"{rule_name}: {type(error).__name__}: {error}"))
        findings.sort(key=lambda f: (-f.severity.rank, -f.confidence, f.rule, f.id))
        coverage = Coverage(
            methods=facts.code.methods,
            methods_reachable=facts.code.methods_reachable,
            files_unread=(
                *(f"{p.part}: {p.message}" for p in facts.problems),
                *(f"{name}: not searched, there is too much of it" for name in facts.unsearched),
            ),
            rules_checked=self.checked,
            notes=tuple(_notes(facts)),
        )
        return Scan(
            Subject(
                id=subject, kind="apk", name=name, sha256=facts.sha256, size=facts.size, parent=parent,
                coverage=coverage, apk=view(facts, findings),
            ),
            tuple(findings),
            errors=tuple(errors),
        )  # fmt: skip


def _too_deep(name: str) -> ScanError:
    return ScanError(name, "limit", f"apps nested deeper than {MAX_DEPTH} are not analysed")


def unread(data: bytes, kind: str, message: str) -> AppFacts:
    """Facts of a source that could not be analysed: nothing but the reason, so that it never looks clean."""
    problem = Problem("", kind, short(message))
    return AppFacts(
        sha256=hashlib.sha256(data).hexdigest(), size=len(data), form="unread", problems=(problem,)
    )


def view(facts: AppFacts, findings: Iterable[Finding]) -> AppView:
    """What the report shows of an app."""
    manifest = facts.manifest
    return AppView(
        package=manifest.package,
        label=manifest.labels.get("", ""),
        version_name=manifest.version_name,
        version_code=manifest.version_code,
        min_sdk=manifest.min_sdk if facts.manifests else None,
        target_sdk=manifest.target_sdk if facts.manifests else None,
        permissions=tuple(p.name for p in manifest.permissions if not p.implied),
        components=_components(manifest),
        signing=_signing(facts.signing),
        data=matrix(facts, findings),
        flows=facts.flows,
        endpoints=tuple(endpoint_facts.remarked(endpoint) for endpoint in facts.endpoints),
        kits=tuple(k.name for k in facts.kits),
        code=facts.code.sketch.hex(),
    )


def _components(manifest: Manifest) -> tuple[Component, ...]:
    found = [
        Component(c.name, c.kind, c.exported, c.permission or None, c.actions) for c in manifest.components
    ]
    if manifest.application:
        found.append(Component(manifest.application, "application"))
    return tuple(found)


def _signing(facts: SigningFacts) -> Signing:
    signers = tuple(
        Signer(c.sha256, c.subject, c.issuer, c.not_before, c.not_after, c.known) for c in facts.certificates
    )
    problems = tuple(f"{s.name}: {p}" for s in facts.schemes for p in s.problems)
    return Signing(tuple(sorted(s.name for s in facts.schemes)), facts.verified, signers, problems)


def _notes(facts: AppFacts) -> Iterator[str]:
    """What this package cannot show, for people."""
    if not facts.manifests and facts.form not in ("dex", "unread"):
        yield "The manifest could not be read: components, permissions and entry points are unknown."
    if not facts.dex and facts.form not in ("dex", "unread"):
        yield "There is no readable Java code: what the app does can only be seen in part."
    if facts.code.missing_components:
        yield (
            f"{len(facts.code.missing_components)} components of the manifest have no class in any DEX file: "
            "code is loaded later, so what was seen is not all."
        )
    for library in facts.native:
        if library.packed:
            yield f"{library.entry} cannot be searched: {library.packed}."
            break
    yield from (f"Code analysis stopped early: {limit}" for limit in facts.code.limits)
