"""``rogue-scan completion``."""

import click
from click.shell_completion import get_completion_class


@click.command("completion", short_help="Print the shell completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL; to use it: eval "$(rogue-scan completion bash)"."""
    kind = get_completion_class(shell)
    assert kind is not None, "click knows all shells that the argument allows"
    script = kind(ctx.find_root().command, {}, "rogue-scan", "_ROGUE_SCAN_COMPLETE")
    click.echo(script.source())
