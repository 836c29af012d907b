"""The command line's front door: finds the command, loads it alone, and turns errors into exit status.

Nothing heavy is imported here: ``rogue-scan --help`` has to answer at once.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from rogue_scan import __version__
from rogue_scan.cli.exit import Exit
from rogue_scan.errors import RogueScanError, UsageError

_COMMANDS = {
    "audit": "Scan captures and apps alike into one risk report (the main job).",
    "wifi": "Find rogue access points in captures, or live.",
    "apk": "Vet Android apps.",
    "report": "Join and re-render earlier JSON reports.",
    "diff": "Tell what changed between two JSON reports.",
    "rules": "List, show and check what is detected.",
    "baseline": "Learn the access points of a site, and tell what changed.",
    "fleet": "Vet thousands of apps, with resume.",
    "serve": "Vet apps behind an HTTP API.",
    "doctor": "Tell what this machine can do, and how to mend what is missing.",
    "completion": "Print the shell completion script.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command object, from the module of the same name."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"rogue_scan.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but ``wifi locate`` is a command of its own: ``wifi`` takes any sources."""
        if args[:2] == ["wifi", "locate"]:
            from rogue_scan.cli import locate

            return "wifi locate", locate.command, args[2:]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"auto_envvar_prefix": "ROGUE_SCAN", "help_option_names": ["-h", "--help"]},
    epilog="Nothing is sent anywhere, and the network is not used unless a source is a URL. "
    "Exit status: 0 ran to the end, 1 a finding at or above --fail-on, 2 wrong usage, "
    "3 a source could not be analysed.",
)
@click.version_option(__version__, "-V", "--version", prog_name="rogue-scan")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Configuration file; default ./rogue-scan.toml, else the user's.",
)
@click.option("--no-config", is_flag=True, help="Read no configuration file.")
@click.pass_context
def main(ctx: click.Context, config: Path | None, no_config: bool) -> None:
    """Find the traps that take personal data: rogue Wi-Fi and data-harvesting apps."""
    if not no_config:
        from rogue_scan.cli.config import read

        ctx.default_map = read(config, main)


def run() -> NoReturn:
    """Entry point of the console script."""
    try:
        status = main.main(prog_name="rogue-scan", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        status = exit_.exit_code
    except click.UsageError as error:
        error.show()
        status = Exit.USAGE
    except click.ClickException as error:
        error.show()
        status = Exit.USAGE
    except UsageError as error:
        status = _fail(str(error), Exit.USAGE)
    except RogueScanError as error:
        status = _fail(str(error), Exit.SOURCE)
    except (KeyboardInterrupt, click.Abort):
        status = _fail("interrupted", Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our standard output went away (`| head`); the rest has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = Exit.OK
    except Exception as error:
        status = _internal(error)
    sys.exit(int(status or 0))


def _fail(message: str, status: int) -> int:
    from rogue_scan.render.escape import terminal

    click.echo(f"rogue-scan: {terminal(message)}", err=True)
    return status


def _internal(error: Exception) -> int:
    """An error of ours: never status 1, which would read as a finding."""
    if os.environ.get("ROGUE_SCAN_DEBUG"):
        import traceback

        traceback.print_exception(error)
    what: Any = type(error).__name__
    return _fail(
        f"internal error: {what}: {error} (ROGUE_SCAN_DEBUG=1 shows where; please report it)", Exit.INTERNAL
    )
