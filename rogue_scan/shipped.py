"""Where the files are that come with the package."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def data_file(name: str) -> Path:
    """A table of ``rogue_scan/data``."""
    return PACKAGE / "data" / name
