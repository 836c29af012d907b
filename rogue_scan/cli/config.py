"""The configuration file: the same names as the command line, one table for each command.

::

    [audit]
    fail-on = "high"
    rules = ["our-rules"]

Order of power: command line, environment (``ROGUE_SCAN_AUDIT_FAIL_ON``), file, default.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

import click

from rogue_scan.errors import UsageError

_MOST_BYTES = 1 << 20


def read(path: Path | None, group: click.Group) -> dict[str, Any]:
    """Defaults for click, from ``path`` or the first file that exists; unknown keys are errors.

    Raises UsageError naming the file and the key.
    """
    path = path or next((candidate for candidate in _places() if candidate.is_file()), None)
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            document = tomllib.loads(file.read(_MOST_BYTES).decode())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from error
    context = click.Context(group)
    result: dict[str, Any] = {}
    for name, table in document.items():
        command = group.get_command(context, name)
        if command is None or not isinstance(table, dict):
            raise UsageError(f"{path}: {name}: no such command")
        result[name] = _options(path, name, command, table)
    return result


def _options(path: Path, name: str, command: click.Command, table: dict[str, Any]) -> dict[str, Any]:
    """One table, keys turned into the names of click's parameters; sub-commands are sub-tables."""
    known = {
        option.lstrip("-"): parameter.name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }
    result: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and isinstance(command, click.Group):
            sub = command.get_command(click.Context(command), key)
            if sub is not None:
                result[key] = _options(path, f"{name}.{key}", sub, value)
                continue
        if key not in known:
            raise UsageError(f"{path}: {name}.{key}: no such option")
        result[str(known[key])] = value
    return result


def _places() -> list[Path]:
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return [Path("rogue-scan.toml"), Path(home).expanduser() / "rogue-scan" / "config.toml"]
