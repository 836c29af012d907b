"""``rogue-scan audit``, and what ``wifi`` and ``apk`` share with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rogue_scan.cli.exit import Exit
from rogue_scan.cli.options import Output, output_options, rules_option
from rogue_scan.cli.progress import progress
from rogue_scan.errors import Unreadable, UsageError

if TYPE_CHECKING:
    from rogue_scan.model.report import Report
    from rogue_scan.model.scan import Scan
    from rogue_scan.rules.load import RuleSet
    from rogue_scan.source.sniff import Kind

C = TypeVar("C", bound=Callable[..., Any])

sources_argument = click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")

_CAPTURE = [
    click.option(
        "--join",
        is_flag=True,
        help="Take all captures as one, in order of time: a rotating capture, or radios side by side.",
    ),
    click.option(
        "--key",
        "keys",
        multiple=True,
        metavar="SSID:PASSPHRASE",
        help="Decrypt a WPA2 network of yours; 64 hex digits are taken as its PMK. Repeatable.",
    ),
    click.option(
        "--key-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File with one --key on each line: keeps them out of the list of processes.",
    ),
    click.option(
        "--evidence",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the frames that findings cite, with comments, to a pcapng file.",
    ),
    click.option(
        "--carve",
        type=click.Path(file_okay=False, path_type=Path),
        help="Keep files that hotspots offered in this folder.",
    ),
    click.option(
        "--export",
        "exports",
        multiple=True,
        metavar="KIND=FILE",
        help="Write a table of a capture: wigle, access-points or clients (CSV). Repeatable.",
    ),
]

_APPS = [
    click.option(
        "--facts",
        type=click.Path(file_okay=False, path_type=Path),
        help="Keep what was decoded of apps in this folder; later runs answer from it.",
    ),
    click.option("--timeout", type=click.FloatRange(1), default=120.0, help="Seconds for one app."),
    click.option("--max-memory", type=click.IntRange(256), default=2048, help="MiB for one app."),
]


def capture_options(function: C) -> C:
    """Add the options on captures."""
    for option in reversed(_CAPTURE):
        function = option(function)
    return function


def app_options(function: C) -> C:
    """Add the options on apps."""
    for option in reversed(_APPS):
        function = option(function)
    return function


@click.command("audit", short_help="Scan captures and apps alike into one risk report.")
@sources_argument
@rules_option
@capture_options
@app_options
@output_options
def command(sources: Sequence[str], output: Output, **options: Any) -> None:
    """Scan every SOURCE by its content and join all into one risk report.

    A SOURCE is a capture (pcap, pcapng, kismetdb, or these as gz, xz, zst), an app (APK, bundle, DEX), a
    folder of such files, a URL, or - for standard input. Apps that a hotspot pushed are rebuilt from the
    capture and vetted, too.
    """
    sys.exit(run(sources, output, None, **options))


def run(
    sources: Sequence[str],
    output: Output,
    wanted: Kind | None,
    *,
    rules: Sequence[Path],
    keys: Sequence[str] = (),
    key_file: Path | None = None,
    join: bool = False,
    evidence: Path | None = None,
    carve: Path | None = None,
    exports: Sequence[str] = (),
    facts: Path | None = None,
    timeout: float = 120.0,
    max_memory: int = 2048,
    policy: Path | None = None,
    declared: Path | None = None,
) -> int:
    """Scan, join, write and print; returns the exit status."""
    from rogue_scan import audit
    from rogue_scan.cli.baseline import read_site
    from rogue_scan.cli.emit import emit
    from rogue_scan.rules.load import load

    if join and evidence:
        raise UsageError("--evidence cites the frames of single captures: leave out --join")
    tables = tables_of(exports)
    loaded = load(rules)
    settings = audit.Options(
        rules=tuple(rules),
        join=join,
        keys=(*keys, *key_lines(key_file)),
        site=read_site(output.baseline),
        facts=facts,
        timeout=timeout,
        memory=max_memory << 20,
    )
    with progress(output) as show:
        scans, errors = audit.audit(sources, loaded, settings, wanted, show)
    keep(scans, carve, tables)
    scans, broken = _against_rules(scans, loaded, policy, declared)
    report = audit.assemble(scans, errors, loaded, output.language)
    if evidence:
        from rogue_scan.wifi.evidence import write

        write(evidence, sources, report)
    code = emit(report, output)
    return Exit.FINDING if broken else code


def report_of(sources: Sequence[str], output: Output, *, rules: Sequence[Path], **options: Any) -> Report:
    """The report on apps alone, neither written nor printed."""
    from rogue_scan import audit
    from rogue_scan.rules.load import load
    from rogue_scan.source.sniff import Kind

    loaded = load(rules)
    settings = audit.Options(
        rules=tuple(rules),
        facts=options["facts"],
        timeout=options["timeout"],
        memory=options["max_memory"] << 20,
    )
    with progress(output) as show:
        scans, errors = audit.audit(sources, loaded, settings, Kind.APP, show)
    scans, _ = _against_rules(scans, loaded, options["policy"], options["declared"])
    return audit.assemble(scans, errors, loaded, output.language)


def _against_rules(
    scans: list[Scan], rules: RuleSet, policy_file: Path | None, declared: Path | None
) -> tuple[list[Scan], bool]:
    """Scans with what a policy and a declaration have to say, and whether the policy was broken."""
    if policy_file is None and declared is None:
        return scans, False
    import msgspec

    from rogue_scan.apk import policy
    from rogue_scan.risk import subject_risk

    wanted = policy.load_policy(policy_file) if policy_file else None
    says = policy.load_declaration(declared) if declared else None
    judged = []
    broken = False
    for scan in scans:
        verdict = subject_risk(scan.findings).verdict
        found = policy.judge(scan, verdict, rules, wanted, says if scan.subject.parent is None else None)
        broken |= any(finding.rule == policy.VIOLATION for finding in found)
        judged.append(msgspec.structs.replace(scan, findings=(*scan.findings, *found)))
    return judged, broken


def key_lines(path: Path | None) -> list[str]:
    """The keys in a file, one a line."""
    return [line for line in path.read_text().splitlines() if line.strip()] if path else []


def tables_of(exports: Sequence[str]) -> list[tuple[str, Path]]:
    """Kind and file of each ``--export``. Raises UsageError."""
    found = []
    for text in exports:
        kind, _, name = text.partition("=")
        if kind not in ("wigle", "access-points", "clients") or not name:
            raise UsageError(f"--export {text}: wigle=FILE, access-points=FILE or clients=FILE")
        found.append((kind, Path(name)))
    return found


def keep(scans: Sequence[Scan], carve: Path | None, tables: Sequence[tuple[str, Path]]) -> None:
    """Write what a capture yields besides the report: carved files, and tables. Raises Unreadable."""
    if carve:
        _keep(carve, scans)
    for kind, path in tables:
        _export(kind, path, scans)


def _export(kind: str, path: Path, scans: Sequence[Scan]) -> None:
    """Write one table of all captures; each begins with its own head line. Raises Unreadable."""
    from rogue_scan.source.written import written
    from rogue_scan.wifi import export

    parts = []
    for scan in scans:
        if scan.subject.wifi is None:
            continue
        if kind == "wigle":
            parts.append(export.wigle_csv(scan.subject.wifi, scan.started_ns))
        elif kind == "access-points":
            parts.append(export.access_points_csv(scan.subject.wifi))
        else:
            parts.append(export.clients_csv(scan.subject.wifi))
    try:
        with written(path) as file:
            file.write("\n".join(parts).encode())
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error


def _keep(folder: Path, scans: Sequence[Scan]) -> None:
    """Write carved files under names made of their digests alone, readable by the user only."""
    import hashlib
    import os

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for scan in scans:
        for carved in scan.carved:
            name = hashlib.sha256(carved.data).hexdigest() + (".bin" if carved.complete else ".part")
            try:
                handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            except FileExistsError:
                continue  # the name is the digest of the content: it is there already
            with os.fdopen(handle, "wb") as file:
                file.write(carved.data)
