"""Verdicts as tables."""

import csv
from pathlib import Path

import pytest

from rogue_scan.errors import UsageError
from rogue_scan.fleet import export
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.overview import overview

EVIL = "<script>alert(1)</script>\u202e"


def app_name(number: int) -> str:
    return f"{number:064x}"


def test_csv_for_spreadsheets(pictured: Ledger, tmp_path: Path) -> None:
    overview(pictured)
    export.write(pictured, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["sha256"] for row in rows] == [app_name(1), app_name(2), app_name(3), app_name(4)]
    assert rows[0]["name"] == "0.apk"
    assert rows[0]["verdict"] == "critical"
    assert not rows[0]["label"].startswith("=")
    assert rows[0]["campaign"] == rows[1]["campaign"] != rows[2]["campaign"] == ""
    assert (rows[3]["state"], rows[3]["error_kind"]) == ("quarantined", "crashed")
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_parquet_for_other_systems(pictured: Ledger, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra 'parquet'")
    export.write(pictured, tmp_path / "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.column_names == list(export.COLUMNS)
    assert table["score"].to_pylist() == [50, 50, 50, 0]
    assert table["label"].to_pylist()[0] == "=cmd()" + EVIL  # as it is: no spreadsheet runs this


def test_an_export_that_cannot_be_written(pictured: Ledger, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv or \.parquet"):
        export.write(pictured, tmp_path / "out.xlsx")
    with pytest.raises(UsageError, match="No such file"):
        export.write(pictured, tmp_path / "no" / "out.csv")
