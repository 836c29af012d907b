"""The fixed report of the renderers' golden file, read back."""

from pathlib import Path

import pytest

from rogue_scan.model.report import Report, decode

GOLDEN = Path(__file__).parents[1] / "render" / "__snapshots__" / "test_golden" / "test_golden[json].json"


@pytest.fixture
def full() -> Report:
    return decode(GOLDEN.read_bytes())
