"""``rogue-scan baseline``: learn a site, and tell what changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rogue_scan.cli.exit import Exit
from rogue_scan.errors import Malformed, UsageError

if TYPE_CHECKING:
    from rogue_scan.model.scan import Scan
    from rogue_scan.model.site import Change, Site

_sources = click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")


@click.group("baseline", short_help="Learn the access points of a site, and tell what changed.")
def command() -> None:
    """Learn which access points belong to a site, review that, and tell what changed on the next visit.

    The learnt site is a JSON file to read and edit: take out what does not belong there, or set "accepted" to
    false for what must not be there. Give it to scans by --baseline.
    """


@command.command()
@_sources
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE"
)
@click.option("--name", default="", help="What to call the site.")
@click.option("-q", "--quiet", is_flag=True, help="Say only errors on standard error.")
def learn(sources: Sequence[str], output: Path, name: str, quiet: bool) -> None:
    """Learn the access points of SOURCE, captures of one place.

    A FILE that exists is added to: several visits become one site, and what you wrote into it stays.
    """
    from rogue_scan.cli.emit import write
    from rogue_scan.model import site as sites
    from rogue_scan.wifi.baseline import merge

    scans, failed = _scans(sources)
    known = [_read(output)] if output.exists() else []
    learnt = merge([*known, *(scan.site for scan in scans if scan.site is not None)], name)
    write(output, sites.encode(learnt).decode())
    if not quiet:
        before = len(known[0].access_points) if known else 0
        click.echo(
            f"{output}: {len(learnt.access_points)} access points from {len(learnt.visits)} visits"
            f" ({len(learnt.access_points) - before} new); review it before you use it",
            err=True,
        )
    sys.exit(Exit.SOURCE if failed else Exit.OK)


@command.command()
@click.argument("site", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_sources
@click.option("-f", "--format", type=click.Choice(["terminal", "json"]), default="terminal")
@click.option("--exit-code", is_flag=True, help="Exit 1 where anything is new, gone, changed or unwanted.")
def diff(site: Path, sources: Sequence[str], format: str, exit_code: bool) -> None:  # noqa: A002 (the option's name)
    """Tell what SOURCE, captures of the place, show otherwise than SITE says."""
    from rogue_scan.render.escape import terminal

    scans, failed = _scans(sources, _read(site))
    changes = [change for scan in scans if scan.subject.wifi for change in scan.subject.wifi.changes]
    if format == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(changes), indent=2))
    else:
        for change in changes:
            click.echo(terminal(line(change)))
        counts = {
            kind: sum(c.kind == kind for c in changes) for kind in ("new", "gone", "changed", "unwanted")
        }
        click.echo(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    if failed:
        sys.exit(Exit.SOURCE)
    sys.exit(Exit.FINDING if exit_code and changes else Exit.OK)


def line(change: Change) -> str:
    """One change in words."""
    name = ", ".join(change.ssids) or "(hidden)"
    text = f"{change.kind:8} {change.bssid}  {name}"
    if change.kind == "changed":
        return f"{text}: {change.what}: {change.before or 'nothing'} → {change.after or 'nothing'}"
    detail = change.after or change.before
    return f"{text}: {detail}" if detail else text


def read_site(path: Path | None) -> Site | None:
    """The learnt site in a ``--baseline`` file; None where it is an earlier report instead."""
    from rogue_scan.model import site as sites

    if path is None:
        return None
    try:
        raw = path.read_bytes()
        return sites.decode(raw) if sites.is_site(raw) else None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Malformed as error:
        raise UsageError(f"{path}: {error}") from error


def _read(path: Path) -> Site:
    found = read_site(path)
    if found is None:
        raise UsageError(f"{path}: no learnt site; rogue-scan baseline learn makes one")
    return found


def _scans(sources: Sequence[str], site: Site | None = None) -> tuple[list[Scan], bool]:
    """Scans of captures; whether a source could not be analysed."""
    from rogue_scan import audit
    from rogue_scan.render.escape import terminal
    from rogue_scan.rules.load import load
    from rogue_scan.source.sniff import Kind

    scans, errors = audit.audit(sources, load(), audit.Options(site=site), Kind.CAPTURE)
    for error in errors:
        click.echo(f"rogue-scan: {terminal(error.source)}: {terminal(error.message)}", err=True)
    return scans, bool(errors)
