"""Compiles the signature files when the package is built or installed; see rogue_scan/rules/compiled.py."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SignatureHook(BuildHookInterface[Any]):
    """Writes the compiled signatures into the package's data."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is built, and by an editable installation."""
        sys.path.insert(0, self.root)
        from rogue_scan.rules.compiled import FILE, compile_documents
        from rogue_scan.rules.strict_yaml import parse

        files = sorted((Path(self.root) / "signatures").rglob("*.yml"))
        raws = [(path, path.read_bytes()) for path in files]
        FILE.write_bytes(compile_documents((raw, parse(raw, path, fast=True)) for path, raw in raws))
