"""``rogue-scan rules``."""

import sys
from pathlib import Path

import click

from rogue_scan.cli.exit import Exit
from rogue_scan.cli.options import rules_option
from rogue_scan.errors import RuleError, UsageError
from rogue_scan.rules.load import RuleSet, load, load_file, signature_files
from rogue_scan.rules.rule import Rule


@click.group("rules", short_help="List, show and check what is detected.")
def command() -> None:
    """What is detected, and how to check signature files of your own."""


@command.command("list")
@click.option("-f", "--format", type=click.Choice(["terminal", "json"]), default="terminal")
@rules_option
def list_(format: str, rules: tuple[Path, ...]) -> None:  # noqa: A002 (the option's name)
    """List all rules: name, severity, status, title."""
    loaded = load(rules)
    if format == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(list(loaded)), indent=2))
        return
    width = max(len(rule.rule) for rule in loaded)
    for rule in loaded:
        click.echo(f"{rule.rule:{width}}  {rule.severity.value:8}  {rule.status:12}  {rule.title}")
    planned = sum(rule.status == "planned" for rule in loaded)
    click.echo(f"\n{len(loaded)} rules, {planned} of them planned: described, not yet checked for")


@command.command()
@click.argument("rule")
@rules_option
def show(rule: str, rules: tuple[Path, ...]) -> None:
    """Show RULE in full: what it means, what may look like it, what to do."""
    loaded = load(rules)
    if rule not in loaded:
        raise UsageError(f"{rule}: no such rule{_nearest(rule, loaded)}")
    click.echo(_page(loaded[rule]))


@command.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
def check(path: Path | None) -> None:
    """Check the signature files under PATH (default: the built-in ones)."""
    from rogue_scan.audit import bind_all
    from rogue_scan.rules.attack import check_techniques
    from rogue_scan.rules.files import builtin

    problems = 0
    files = signature_files(path or builtin())
    for file in files:
        try:
            check_techniques(load_file(file, trusted=path is None)[0], str(file))
        except RuleError as error:
            problems += 1
            click.echo(str(error), err=True)
    if not problems:
        bind_all(load([path] if path else []))
    click.echo(f"{len(files)} signature files, {problems} wrong")
    sys.exit(Exit.USAGE if problems else Exit.OK)


def _nearest(name: str, rules: RuleSet) -> str:
    import difflib

    near = difflib.get_close_matches(name, [rule.rule for rule in rules], n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _page(rule: Rule) -> str:
    lines = [
        f"{rule.rule}: {rule.title}",
        f"severity {rule.severity.value}, {rule.status}, {rule.kind}, revision {rule.revision}"
        + (f", ATT&CK {', '.join(rule.attack)}" if rule.attack else ""),
        "",
        rule.explanation.strip(),
        "",
        "What may look like it and is harmless:",
        *(f"  - {cause}" for cause in rule.benign_causes),
        "",
        "What to do:",
        *(f"  {line}" for line in rule.remediation.strip().splitlines()),
    ]
    if rule.evidence:
        lines += ["", "Evidence it weighs (log-likelihood; * can carry a finding alone):"]
        for spec in sorted(rule.evidence.values(), key=lambda spec: -spec.weight):
            lines.append(f"  {spec.weight:+.1f}{'*' if spec.structural else ' '} {spec.says}")
    if rule.references:
        lines += ["", "References:", *(f"  {reference}" for reference in rule.references)]
    return "\n".join(lines)
