"""``python -m rogue_scan``."""

from rogue_scan.cli.main import run

run()
