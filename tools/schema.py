"""Writes the published JSON Schema of reports anew: ``python tools/schema.py``."""

from rogue_scan.life import schema

schema.PATH.write_text(schema.text(), encoding="utf-8")
