"""``rogue-scan doctor``."""

import click


@click.command("doctor", short_help="Tell what this machine can do, and how to mend what is missing.")
@click.option(
    "-f", "--format", type=click.Choice(["terminal", "json"]), default="terminal", help="json for machines."
)
def command(format: str) -> None:  # noqa: A002 (the option's name)
    """Look at radios, rights, services in the way and optional parts; nothing is changed."""
    from rogue_scan.doctor import examine

    checks = examine()
    if format == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(checks), indent=2))
        return
    from rogue_scan.render.escape import terminal

    signs = {"ok": ("+", "green"), "missing": ("x", "red"), "note": ("!", "yellow")}
    area = ""
    for check in checks:
        if check.area != area:
            area = check.area
            click.echo(f"\n{area}" if area != checks[0].area else area)
        sign, colour = signs[check.state]
        click.echo(f"  {click.style(sign, fg=colour)} {terminal(check.what)}: {terminal(check.says)}")
        if check.mend:
            click.echo(f"      {terminal(check.mend)}")
    missing = sum(check.state == "missing" for check in checks)
    click.echo(f"\n{missing} missing" if missing else "\nnothing is missing")
