"""The JSON Schema of reports, generated from the types."""

import inspect
from pathlib import Path
from typing import Any

import msgspec

from rogue_scan.model.report import SCHEMA, Report

PATH = Path(__file__).parents[1] / "data" / "report.schema.json"
"""Where the published schema stands; ``tools/schema.py`` writes it and a test compares it."""


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the report, with the types' own documentation."""
    schema = msgspec.json.schema(Report)
    for described in schema["$defs"].values():
        if "description" in described:  # msgspec before 0.23 keeps the indentation of docstrings
            described["description"] = inspect.cleandoc(described["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        "title": "Risk report of rogue-scan",
        **schema,
    }


def text() -> str:
    """The schema as it is published."""
    return msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"
