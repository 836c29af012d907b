"""Verdicts as a table for other systems: CSV, or Parquet (extra ``parquet``)."""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from rogue_scan.errors import UsageError
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.render import escape
from rogue_scan.source.written import written

COLUMNS = (
    "sha256", "name", "package", "label", "size", "state", "verdict", "score", "error_kind", "error",
    "campaign", "seconds", "engine", "rules",
)  # fmt: skip
_NUMBERS = {"size": "int64", "score": "int32", "seconds": "float64"}
_BATCH = 10_000


def write(ledger: Ledger, path: Path) -> None:
    """One row for each app that this run's sources named; the file appears whole or not at all.

    Raises UsageError where the ending is unknown, a part is missing, or the file cannot be written.
    """
    writers = {".csv": _csv, ".parquet": _parquet}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise UsageError(f"{path}: an export ends in .csv or .parquet")
    try:
        with written(path) as file:
            writer(_rows(ledger), file)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _rows(ledger: Ledger) -> Iterator[tuple[Any, ...]]:
    for name, v in ledger.named():
        # An app that could never be read has no digest.
        sha256 = v.app if len(v.app) == 64 else ""
        yield (
            sha256, name, v.package, v.label, v.size, v.state, v.verdict, v.score, v.kind, v.message,
            ledger.campaign_of(v.app) or "", v.seconds, ledger.engine, ledger.rules,
        )  # fmt: skip


def _csv(rows: Iterator[tuple[Any, ...]], file: IO[bytes]) -> None:
    import io

    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        # Spreadsheets run what looks like a formula.
        writer.writerow([escape.csv(value) if isinstance(value, str) else value for value in row])
    text.detach()


def _parquet(rows: Iterator[tuple[Any, ...]], file: IO[bytes]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError("Parquet needs the extra 'parquet': pip install 'rogue-scan[parquet]'") from None
    schema = pyarrow.schema([(name, getattr(pyarrow, _NUMBERS.get(name, "string"))()) for name in COLUMNS])
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(itertools.islice(rows, _BATCH)):
            columns = zip(*batch, strict=True)
            arrays = [
                pyarrow.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
