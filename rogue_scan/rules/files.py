"""Signature files and the tables beside them: where they are, and what their YAML says.

Files that were compiled with the package are not read as YAML again, see :mod:`.compiled`.
"""

from pathlib import Path
from typing import Any

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.rules import compiled
from rogue_scan.shipped import PACKAGE

_MOST_BYTES = 1 << 20
"""Of one signature file."""


def builtin() -> Path:
    """Folder of the signatures that come with the package, installed or in a source tree."""
    installed = PACKAGE / "signatures"
    return installed if installed.is_dir() else PACKAGE.parent / "signatures"


def read_yaml(path: Path, *, trusted: bool = False) -> tuple[Any, bytes]:
    """A YAML document of plain values, and the file's bytes. Raises RuleError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RuleError(str(path), "", error.strerror or str(error)) from error
    if len(raw) > _MOST_BYTES:
        raise RuleError(str(path), "", f"larger than {_MOST_BYTES} bytes")
    known = compiled.find(raw) if trusted else None
    if known is not None:
        return msgspec.msgpack.decode(known), raw
    from rogue_scan.rules.strict_yaml import parse

    return parse(raw, path, fast=trusted), raw
