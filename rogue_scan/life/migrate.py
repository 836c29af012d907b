"""Reads reports of this and older schema numbers."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from rogue_scan.errors import Malformed
from rogue_scan.model.report import SCHEMA, Report, decode

Converter = Callable[[dict[str, Any]], dict[str, Any]]

CONVERTERS: dict[int, Converter] = {}
"""Number of a schema to the pure function that makes the next one of it. Whoever raises the number in
``model.report.SCHEMA`` adds one here and keeps an old report under ``tests/data/reports``."""

_CURRENT = int(SCHEMA.rpartition("/")[2])


class _Head(msgspec.Struct):
    schema: str


def read(raw: bytes, converters: Mapping[int, Converter] | None = None) -> Report:
    """The report in ``raw``, brought up to the current schema.

    Raises :class:`~rogue_scan.errors.Malformed` for what is no report, for one from a newer version,
    and for one too old to convert.
    """
    steps = CONVERTERS if converters is None else converters
    try:
        found = re.fullmatch(r"rogue-scan/report/(\d{1,6})", msgspec.json.decode(raw, type=_Head).schema)
        if not found:
            raise Malformed("no rogue-scan report: another schema")
        number = int(found[1])
        if number == _CURRENT:
            return decode(raw)
        if number > _CURRENT:
            raise Malformed(f"report has schema {number}, this version reads up to {_CURRENT}; please update")
        document = msgspec.json.decode(raw, type=dict[str, Any])
        while number < _CURRENT:
            if number not in steps:
                raise Malformed(f"report has schema {number}, too old to read")
            document = steps[number](document)
            number += 1
        document["schema"] = SCHEMA
        return decode(msgspec.json.encode(document))
    except (msgspec.DecodeError, RecursionError, UnicodeError, KeyError, TypeError) as error:
        raise Malformed(f"no rogue-scan report: {error}") from error
