"""The command line, run as users run it."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run rogue-scan in an empty folder, without the user's configuration."""

    def call(
        *arguments: object, stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "rogue_scan", *map(str, arguments)],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            timeout=60,
            env={"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(tmp_path / "config"), **(env or {})},
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def wire() -> Any:
    """The builders of frames that the tests of the Wi-Fi scanner use."""
    place = Path(__file__).parents[1] / "wifi" / "conftest.py"
    spec = importlib.util.spec_from_file_location("wire_builders", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Wire()
