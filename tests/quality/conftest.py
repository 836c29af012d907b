"""Loads the tool that measures."""

import importlib
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="session")
def quality():
    """The module ``tools/quality.py``."""
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module("quality")
    finally:
        sys.path.remove(str(TOOLS))


@pytest.fixture(scope="session")
def outcome(quality):
    """What all rules say about all labelled files."""
    return quality.measure(quality.stored())
