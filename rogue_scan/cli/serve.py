"""``rogue-scan serve``: vetting behind an HTTP API."""

import importlib.util
import tempfile
from pathlib import Path

import click

from rogue_scan.cli.exit import Exit
from rogue_scan.cli.options import rules_option
from rogue_scan.errors import UsageError

_MIB = 1 << 20


@click.command("serve", short_help="Vet apps behind an HTTP API.")
@click.option(
    "--store",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of ledger and facts, as for fleet.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="0 takes a free one; it is printed.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the token; default ROGUE_SCAN_SERVE_TOKEN, else one is made in the store.",
)
@click.option(
    "--url-prefix",
    multiple=True,
    metavar="URL",
    help="Let clients name apps at URLs under this folder. Default: uploads only. Repeatable.",
)
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), help="Worker processes; default one for each core."
)
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=120.0, show_default=True, help="Seconds for one app."
)
@click.option(
    "--max-memory", type=click.IntRange(min=256), default=2048, show_default=True, help="MiB for one worker."
)
@click.option(
    "--max-size", type=click.IntRange(min=1), default=512, show_default=True, help="MiB of one upload."
)
@click.option(
    "--max-waiting", type=click.IntRange(min=1), default=256, show_default=True, help="Apps in the queue."
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0.01),
    default=20.0,
    show_default=True,
    help="Requests a second from one address; ten times as many at once.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Seconds that apps at work have to finish when the server is asked to end.",
)
@rules_option
def command(
    store: Path,
    host: str,
    port: int,
    token_file: Path | None,
    url_prefix: tuple[str, ...],
    jobs: int | None,
    timeout: float,
    max_memory: int,
    max_size: int,
    max_waiting: int,
    rate: float,
    grace: float,
    rules: tuple[Path, ...],
) -> int:
    """Vet apps behind an HTTP API: POST one to /v1/apps, then poll or wait; /openapi.json says all.

    Every request needs the token (Authorization: Bearer …). There is no TLS: to be reached from other
    machines, put it behind a proxy that has.
    """
    if importlib.util.find_spec("uvicorn") is None or importlib.util.find_spec("starlette") is None:
        raise UsageError("the server needs the extra 'serve': pip install 'rogue-scan[serve]'")

    from rogue_scan.fleet.engine import ENGINE, Limits, Setup
    from rogue_scan.fleet.ledger import Ledger
    from rogue_scan.fleet.local import LocalEngine
    from rogue_scan.fleet.work import check, pack_rules
    from rogue_scan.rules.load import load
    from rogue_scan.serve.access import Rate, token
    from rogue_scan.serve.app import Service
    from rogue_scan.serve.desk import Desk
    from rogue_scan.serve.server import serve

    rule_set = load(rules)
    check(rule_set)
    limits = Limits(seconds=timeout, memory=max_memory * _MIB, size=max_size * _MIB)
    with Ledger(store, ENGINE, rule_set) as ledger:
        secret, made = token(store, token_file)
        if made is not None:
            click.echo(f"rogue-scan: the token is in {made}", err=True)
        engine = LocalEngine(
            Setup(rules=pack_rules(rule_set), digest=rule_set.digest, version=ENGINE, limits=limits), jobs
        )
        desk = Desk(
            ledger,
            store,
            engine,
            limits,
            most_waiting=max_waiting,
            most_bytes=max(8, max_waiting // 8) * limits.size,
        )
        # Parts of forms that outgrow memory belong on the store's disk, not in a small /tmp.
        tempfile.tempdir = str(store / "uploads")
        service = Service(
            desk,
            rule_set,
            secret,
            Rate(rate, int(rate * 10) + 1),
            prefixes=url_prefix,
            most_bytes=limits.size,
            grace=grace,
        )
        try:
            serve(service, desk, host, port, grace)
        finally:
            engine.close(kill=True)
    return Exit.OK
