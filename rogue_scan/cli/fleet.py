"""``rogue-scan fleet``: thousands of apps, with resume."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from rogue_scan.cli.exit import Exit
from rogue_scan.cli.options import Output, output_options, rules_option

if TYPE_CHECKING:
    from rogue_scan.fleet.engine import Engine, Setup
    from rogue_scan.fleet.ledger import Ledger
    from rogue_scan.fleet.run import Tally
    from rogue_scan.model.report import ScanError
    from rogue_scan.rules.load import RuleSet

_MIB = 1 << 20


@click.command("fleet", short_help="Vet thousands of apps, with resume.")
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option(
    "--store",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of ledger and facts, made where missing. A run goes on where the last one on it ended.",
)
@click.option(
    "--files-from",
    multiple=True,
    metavar="FILE",
    help="Sources from a list, one a line; - is standard input. Repeatable.",
)
@click.option(
    "--engine",
    "address",
    default="local",
    show_default=True,
    metavar="local|dask://HOST:PORT",
    help="Where the work is done: on this machine, or on a dask.distributed cluster.",
)
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), help="Worker processes; default one for each core."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=120.0,
    show_default=True,
    help="Seconds for one app.",
)
@click.option(
    "--max-memory",
    type=click.IntRange(min=256),
    default=2048,
    show_default=True,
    help="MiB for one worker.",
)
@click.option(
    "--retry-failed", is_flag=True, help="Try apps again that failed or were set aside in an earlier run."
)
@click.option(
    "--overview",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the whole picture (campaigns, prevalence, changes) to FILE.html or FILE.json. Repeatable.",
)
@click.option(
    "--export",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write one row an app to FILE.csv or FILE.parquet. Repeatable.",
)
@rules_option
@output_options
def command(
    sources: tuple[str, ...],
    store: Path,
    files_from: tuple[str, ...],
    address: str,
    jobs: int | None,
    timeout: float,
    max_memory: int,
    retry_failed: bool,
    overview: tuple[Path, ...],
    export: tuple[Path, ...],
    rules: tuple[Path, ...],
    output: Output,
) -> int:
    """Vet every app that SOURCE names: files, folders, patterns, and URLs (s3, gs, http …).

    What has a verdict from these rules and this version in the store is not asked again; when the rules
    changed, apps are answered from stored facts. The report covers every app that the sources name, with
    verdicts of earlier runs. The first Ctrl-C finishes what is at work, the second ends at once; either way
    nothing is lost.
    """
    if not sources and not files_from:
        raise click.UsageError("name at least one SOURCE, or a list with --files-from")
    for path, endings in [(p, (".html", ".json")) for p in overview] + [
        (p, (".csv", ".parquet")) for p in export
    ]:
        if path.suffix.lower() not in endings:
            raise click.UsageError(f"{path}: has to end in {' or '.join(endings)}")

    from rogue_scan.fleet.engine import ENGINE, Limits, Setup
    from rogue_scan.fleet.ledger import Ledger
    from rogue_scan.fleet.run import Vetting, run
    from rogue_scan.fleet.sources import is_url, places
    from rogue_scan.fleet.store import Facts
    from rogue_scan.fleet.work import check, pack_rules
    from rogue_scan.model.report import ScanError
    from rogue_scan.rules.load import load

    rule_set = load(rules)
    check(rule_set)
    limits = Limits(seconds=timeout, memory=max_memory * _MIB)
    setup = Setup(
        rules=pack_rules(rule_set),
        digest=rule_set.digest,
        version=ENGINE,
        limits=limits,
        network=bool(files_from) or any(map(is_url, sources)),
    )
    errors: list[ScanError] = []
    with Ledger(store, ENGINE, rule_set) as ledger:
        vetting = Vetting(ledger, Facts(store / "facts"), limits, retry=retry_failed)
        engine = _engine(address, setup, jobs)
        killed = True
        try:
            with _interrupts() as stopping, _progress(output) as progress:
                found = run(
                    places(sources, files_from), vetting, engine, stopping=stopping, progress=progress
                )
                for item in found:
                    if isinstance(item, ScanError):
                        errors.append(item)
                    else:
                        ledger.name(item[1], item[0].name)
            killed = False
        finally:
            engine.close(kill=killed)
        _say(output, vetting.tally)
        if vetting.tally.stopped:
            return Exit.INTERRUPTED
        return _report(ledger, rule_set, errors, overview, export, output)


def _report(
    ledger: "Ledger",
    rule_set: "RuleSet",
    errors: "list[ScanError]",
    overview: tuple[Path, ...],
    export: tuple[Path, ...],
    output: Output,
) -> int:
    from rogue_scan.cli.emit import emit, write
    from rogue_scan.fleet import export as table
    from rogue_scan.fleet import overview as whole
    from rogue_scan.fleet.report import report

    picture = whole.overview(ledger)
    for path in overview:
        if path.suffix.lower() == ".json":
            write(path, whole.encode(picture).decode())
        else:
            from rogue_scan.fleet import page

            write(path, page.render(picture))
    for path in export:
        table.write(ledger, path)
    return emit(report(ledger, rule_set, errors), output)


def _engine(address: str, setup: "Setup", jobs: int | None) -> "Engine":
    if address == "local":
        from rogue_scan.fleet.local import LocalEngine

        return LocalEngine(setup, jobs)
    scheme, separator, host = address.partition("://")
    if scheme != "dask" or not separator or not host:
        raise click.UsageError(f"--engine {address}: is neither local nor dask://HOST:PORT")
    if jobs:
        raise click.UsageError("--jobs is for the local engine; a cluster has the workers that it has")
    from rogue_scan.fleet.cluster import ClusterEngine

    # dask://tls://HOST:PORT keeps dask's own scheme; the keys come from dask's configuration.
    return ClusterEngine(host, setup)


@contextlib.contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """A switch that the first Ctrl-C or SIGTERM turns; the second one interrupts as usual."""
    count = 0

    def turn(number: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise KeyboardInterrupt
        click.echo("rogue-scan: finishing the apps at work; once more to end at once", err=True)

    before = {number: signal.signal(number, turn) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: count > 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _progress(output: Output) -> Iterator[Callable[["Tally"], None]]:
    if not output.progress or output.quiet or not sys.stderr.isatty():
        yield lambda tally: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("looking for apps")
        yield lambda tally: bar.update(task, description=_sentence(tally))


def _say(output: Output, tally: "Tally") -> None:
    if not output.quiet:
        stopped = "; stopped, run it again to go on" if tally.stopped else ""
        click.echo(f"rogue-scan: {_sentence(tally)}{stopped}", err=True)


def _sentence(tally: "Tally") -> str:
    parts = [
        f"{tally.done} vetted" + (f" ({tally.from_facts} from stored facts)" if tally.from_facts else ""),
        f"{tally.partly} of them in part" if tally.partly else "",
        f"{tally.known} known" if tally.known else "",
        f"{tally.failed} failed" if tally.failed else "",
        f"{tally.quarantined} set aside" if tally.quarantined else "",
        f"{tally.changed} changed" if tally.changed else "",
    ]
    return ", ".join(part for part in parts if part)
