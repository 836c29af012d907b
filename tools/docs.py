"""Writes what is made from the code: a page for each rule, the command line, the report schema, man pages.

They go to docs/generated, which is not kept under version control: `make docs` makes them anew.
"""

from pathlib import Path
from typing import Any

import click

from rogue_scan import __version__
from rogue_scan.cli.main import main as command_line
from rogue_scan.life.schema import json_schema
from rogue_scan.rules.load import load
from rogue_scan.rules.rule import Rule

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "generated"
_ATTACK = "https://attack.mitre.org/techniques/"


def rule_page(rule: Rule) -> str:
    """One rule for people: what it means, what looks like it, what it weighs."""
    lines = [
        f"# {rule.rule}",
        "",
        f"**{rule.title}.** Severity {rule.severity.value}, {rule.status}, revision {rule.revision}.",
        "",
        rule.explanation.strip(),
        "",
        "## What may look like it and is harmless",
        "",
        *(f"- {cause}" for cause in rule.benign_causes),
        "",
        "## What to do",
        "",
        rule.remediation.strip(),
        "",
    ]
    if rule.evidence:
        lines += [
            "## Evidence",
            "",
            f"Weights are log-likelihood ratios: added to the rule's prior ({rule.prior:+.1f}) they give the",
            "confidence. A finding needs at least one item marked *structural*.",
            "",
            "| weight | | statement |",
            "| ---: | --- | --- |",
        ]
        for spec in sorted(rule.evidence.values(), key=lambda spec: -spec.weight):
            kind = "structural" if spec.structural else ""
            source = f" ({spec.provenance})" if spec.provenance else ""
            lines.append(f"| {spec.weight:+.1f} | {kind} | {_cell(spec.says + source)} |")
        lines.append("")
    if rule.unsure:
        below, severity = rule.unsure.below, rule.unsure.severity.value
        lines += [f"Below a confidence of {below:.2f} it is {severity}: a question, not an alarm.", ""]
    if rule.params:
        lines += [
            "## Thresholds",
            "",
            *(f"- `{name}`: {_cell(str(value))}" for name, value in rule.params.items()),
            "",
        ]
    if rule.attack or rule.references:
        lines += ["## References", ""]
        lines += [f"- ATT&CK [{name}]({_ATTACK}{name.replace('.', '/')}/)" for name in rule.attack]
        lines += [f"- <{reference}>" for reference in rule.references]
        lines.append("")
    return "\n".join(lines)


def command_pages() -> str:
    """The help of all commands, as they print it."""
    lines = ["# The command line", "", "```text", _help(command_line, "rogue-scan"), "```", ""]
    context = click.Context(command_line)
    for name in command_line.list_commands(context):
        lines += _command(command_line.get_command(context, name), f"rogue-scan {name}")
    return "\n".join(lines)


def _command(command: click.Command | None, path: str) -> list[str]:
    assert command is not None
    lines = [f"## {path}", "", "```text", _help(command, path), "```", ""]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            lines += _command(command.get_command(context, name), f"{path} {name}")
    return lines


def _help(command: click.Command, path: str) -> str:
    with click.Context(command, info_name=path, max_content_width=100) as context:
        return command.get_help(context)


def schema_page() -> str:
    """The types of the report as tables."""
    schema = json_schema()
    lines = [
        "# The JSON report",
        "",
        "Schema `rogue-scan/report/1`. Fields are added freely; a change of what is there raises the number,",
        "and older reports stay readable. The JSON Schema itself is `rogue_scan/data/report.schema.json`.",
        "",
    ]
    for name, part in sorted(schema["$defs"].items()):
        lines += [f"## {name}", "", _cell(str(part.get("description", ""))), ""]
        if "enum" in part:
            lines += [", ".join(f"`{value}`" for value in part["enum"]), ""]
        if part.get("properties"):
            lines += ["| field | type | |", "| --- | --- | --- |"]
            needed = set(part.get("required", ()))
            for field, kind in part["properties"].items():
                lines.append(f"| `{field}` | {_type(kind)} | {'always there' if field in needed else ''} |")
            lines.append("")
    return "\n".join(lines)


def _type(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        return str(kind["$ref"]).rpartition("/")[2]
    if "anyOf" in kind:
        return " or ".join(_type(each) for each in kind["anyOf"])
    if kind.get("type") == "array":
        return (
            f"list of {_type(kind['items'])}"
            if isinstance(kind.get("items"), dict) and kind["items"]
            else "list"
        )
    return str(kind.get("type", "any"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def man_pages(folder: Path) -> None:
    """Manual pages of all commands, for man(1)."""
    from click_man.core import write_man_pages

    folder.mkdir(parents=True, exist_ok=True)
    context = click.Context(command_line)
    loaded = {name: command_line.get_command(context, name) for name in command_line.list_commands(context)}
    # The lazy group lists its commands by a method; click-man looks at the attribute.
    whole = click.Group("rogue-scan", loaded, help=command_line.help, params=command_line.params)
    write_man_pages("rogue-scan", whole, version=__version__, target_dir=str(folder), date="")


def main() -> None:
    """Write everything."""
    man_pages(TARGET / "man")
    rules = load()
    (TARGET / "rules").mkdir(parents=True, exist_ok=True)
    for old in (TARGET / "rules").glob("*.md"):
        old.unlink()
    index = ["# All rules", "", "| rule | severity | status | |", "| --- | --- | --- | --- |"]
    names = []
    for rule in rules:
        name = rule.rule.replace("/", "-")
        names.append(f"rules/{name}")
        (TARGET / "rules" / f"{name}.md").write_text(rule_page(rule))
        index.append(
            f"| [{rule.rule}](rules/{name}.md) | {rule.severity.value} | {rule.status} "
            f"| {_cell(rule.title)} |"
        )
    index += ["", "```{toctree}", ":hidden:", "", *names, "```", ""]
    (TARGET / "rules.md").write_text("\n".join(index))
    (TARGET / "cli.md").write_text(command_pages())
    (TARGET / "schema.md").write_text(schema_page())


if __name__ == "__main__":
    main()
