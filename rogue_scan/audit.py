"""The main job: sources → scans → incidents → risk → one report.

Captures go to the Wi-Fi scanner, apps to the app scanner, and apps that a capture carried are vetted as
its children. The two scanners know nothing of each other; they meet here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rogue_scan import __version__
from rogue_scan.errors import SourceError
from rogue_scan.model.report import Report, ScanError, Tool
from rogue_scan.model.scan import Scan
from rogue_scan.rules.load import RuleSet
from rogue_scan.source import sniff
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source, expand

if TYPE_CHECKING:
    from rogue_scan.apk.isolate import Isolated

Progress = Callable[[str, float | None], None]
"""Told the name of the source at work, and the share that is done (None: not known)."""


class Options(msgspec.Struct, frozen=True):
    """What a run may do and cost."""

    rules: tuple[Path, ...] = ()
    keys: tuple[str, ...] = ()
    """``SSID:PASSPHRASE`` or ``SSID:HEX-PMK`` of networks that the auditor owns."""
    join: bool = False
    """All captures are one, in order of time."""
    site: Any = None
    """A learnt site, which sharpens what is said of access points."""
    facts: Path | None = None
    """Folder of stored facts of apps."""
    timeout: float = 120.0
    """Seconds for one app."""
    memory: int = 2 << 30
    """Bytes for one app."""


def audit(
    arguments: Iterable[str],
    rules: RuleSet,
    options: Options,
    wanted: Kind | None = None,
    progress: Progress = lambda name, share: None,
) -> tuple[list[Scan], list[ScanError]]:
    """Scan everything that ``arguments`` name; ``wanted`` forces the scanner.

    One bad source is one error; the rest goes on. Raises RuleError where a signature is wrong.
    """
    scans: list[Scan] = []
    errors: list[ScanError] = []
    together: list[Source] = []
    with contextlib.ExitStack() as stack:
        vet = _Vetter(stack, options)
        for item in expand(arguments, wanted):
            if isinstance(item, ScanError):
                errors.append(item)
                continue
            if options.join and item.kind is Kind.CAPTURE:
                together.append(item)
                continue
            progress(item.name, None)
            try:
                scans += _scan([item], rules, options, vet, progress, children=wanted is None)
            except SourceError as error:
                errors.append(ScanError(item.name, error.kind, str(error)))
        if together:
            try:
                scans += _scan(together, rules, options, vet, progress, children=wanted is None)
            except SourceError as error:
                errors.append(ScanError(together[0].name, error.kind, str(error)))
    return scans, errors


def assemble(
    scans: Sequence[Scan], errors: Sequence[ScanError], rules: RuleSet, language: str = "en"
) -> Report:
    """One report of all scans: their findings, and the stories that they tell together."""
    from rogue_scan.life.retell import tell

    scans = _distinct(scans)
    report = Report(
        tool=Tool(version=__version__, rules=rules.digest),
        subjects=tuple(scan.subject for scan in scans),
        findings=tuple(finding for scan in scans for finding in scan.findings),
        errors=tuple(dict.fromkeys([*errors, *(error for scan in scans for error in scan.errors)])),
    )
    return tell(report, scans, language)


def bind_all(rules: RuleSet) -> None:
    """Join every active rule to its logic, to find what does not fit. Raises RuleError."""
    from rogue_scan.apk.analyse import Analyser
    from rogue_scan.rules.registry import bind
    from rogue_scan.wifi.analyse import DETECTORS

    bind(rules, "wifi", DETECTORS)
    Analyser(rules)


class _Vetter:
    """The child process for apps, started when the first app turns up."""

    def __init__(self, stack: contextlib.ExitStack, options: Options) -> None:
        self._stack, self._options = stack, options
        self._isolated: Isolated | None = None

    def __call__(self, data: bytes, name: str) -> list[Scan]:
        if self._isolated is None:
            from rogue_scan.apk.isolate import Isolated, Limits

            options = self._options
            limits = Limits(wall=options.timeout, cpu=int(options.timeout), memory=options.memory)
            self._isolated = self._stack.enter_context(Isolated(options.rules, limits, options.facts))
        return self._isolated.scan(data, name)


def _scan(
    sources: Sequence[Source],
    rules: RuleSet,
    options: Options,
    vet: _Vetter,
    progress: Progress,
    *,
    children: bool,
) -> Iterator[Scan]:
    """The scans of one source (or of captures that are one); with ``children`` of apps in them, too."""
    source, kind = sources[0], sources[0].kind
    if kind is Kind.UNKNOWN:  # standard input or a URL, given to `audit`: only its bytes can tell
        from rogue_scan.wifi.capture.open import Stream

        kind = Stream(source).kind()
    if kind is Kind.APP:
        from rogue_scan.apk import idsig

        data = source.read()
        first, *inner = vet(data, source.name)
        signature = source.beside(idsig.ENDING, idsig.MAX_SIZE)
        yield idsig.with_scheme(first, signature, data) if signature else first
        yield from inner
        return
    from rogue_scan.wifi import analyse

    settings: dict[str, Any] = {"keys": options.keys, "site": options.site, "progress": progress}
    if options.join:
        scan = analyse.analyse_together(sources, rules, **settings)
    else:
        scan = analyse.analyse(source, rules, **settings)
    yield scan
    for carved in scan.carved if children else ():
        if carved.complete and sniff.kind(carved.data[: sniff.HEAD], carved.data[-sniff.HEAD :]) is Kind.APP:
            app, *inner = vet(carved.data, f"{scan.subject.name}!{carved.origin}")
            own = msgspec.structs.replace(app.subject, parent=scan.subject.id)
            yield msgspec.structs.replace(app, subject=own)
            yield from inner


def _distinct(scans: Sequence[Scan]) -> list[Scan]:
    """One scan for each subject: the same bytes under several names are one subject with a note."""
    first: dict[str, Scan] = {}
    for scan in scans:
        known = first.get(scan.subject.id)
        if known is None:
            first[scan.subject.id] = scan
            continue
        coverage = msgspec.structs.replace(
            known.subject.coverage,
            notes=(*known.subject.coverage.notes, f"the same content was also given as {scan.subject.name}"),
        )
        first[scan.subject.id] = msgspec.structs.replace(
            known,
            subject=msgspec.structs.replace(
                known.subject, coverage=coverage, parent=known.subject.parent or scan.subject.parent
            ),
            links=tuple(dict.fromkeys([*known.links, *scan.links])),
        )
    return list(first.values())
