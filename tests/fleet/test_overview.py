"""The whole picture, its page and the exports, from a ledger written by hand."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from rogue_scan.errors import UsageError
from rogue_scan.fleet import export, page
from rogue_scan.fleet.engine import Feature, Mark, Result
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.overview import Overview, encode, overview
from rogue_scan.rules.load import RuleSet

EVIL = "<script>alert(1)</script>\u202e"


def app(number: int) -> str:
    return f"{number:064x}"


def result(
    number: int, verdict: str, *features: Feature, marks: tuple[Mark, ...] = (), label: str = ""
) -> Result:
    return Result(
        app(number), sha256=app(number), size=10, verdict=verdict, score=50, package="com.shop",
        label=label, features=features, marks=marks, scans=b"x",
    )  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path, rule_set: Callable[..., RuleSet]) -> Iterator[Ledger]:
    mark = Mark("f", "apk/made-up", "high", 0.9, "Sends messages " + EVIL)
    with Ledger(tmp_path / "store", "1", rule_set("r1")) as before:
        before.record(result(1, "clean"))
    with Ledger(tmp_path / "store", "1", rule_set("r2", made_up=2)) as ledger:
        same = Feature("endpoint", "evil.example")
        ads = Feature("kit", "ads", strong=False)
        ledger.record(result(1, "critical", same, ads, marks=(mark,), label="=cmd()" + EVIL))
        ledger.record(result(2, "low", same, ads))
        ledger.record(result(3, "clean", ads))
        ledger.record(Result(app(4), sha256=app(4), kind="crashed", message=EVIL), quarantined=True)
        ledger.record(result(5, "clean", ads))  # not named by this run
        for number in (1, 2, 3, 4):
            ledger.name(app(number), f"{number}.apk")
        ledger.name(app(1), "0.apk")
        yield ledger


def test_the_picture_covers_what_the_sources_name(ledger: Ledger) -> None:
    picture = overview(ledger)
    assert (picture.apps, picture.states) == (4, {"done": 3, "quarantined": 1})
    assert picture.verdicts == {"critical": 1, "low": 1, "clean": 1}
    (campaign,) = picture.campaigns
    assert (campaign.verdict, campaign.apps, campaign.at_risk) == ("critical", 2, 1)
    assert [member.sha256 for member in campaign.members] == [app(1), app(2)]
    assert [(c.value, c.apps, c.at_risk) for c in picture.endpoints] == [("evil.example", 2, 1)]
    assert [(c.value, c.apps, c.at_risk) for c in picture.kits] == [("ads", 3, 1)]
    assert [(f.app, f.state, f.kind) for f in picture.failures] == [(app(4), "quarantined", "crashed")]
    (change,) = picture.changes
    assert (change.verdict_before, change.verdict, change.why[0].rule_change) == (
        "clean", "critical", "revision 1 → 2",
    )  # fmt: skip


def test_json_can_be_read_back(ledger: Ledger) -> None:
    picture = overview(ledger)
    assert msgspec.json.decode(encode(picture), type=Overview) == picture
    assert encode(overview(ledger)) == encode(picture)


def test_the_page_loads_nothing_and_runs_nothing(ledger: Ledger) -> None:
    text = page.render(overview(ledger))
    assert "4 apps, 1 campaigns" in text
    assert "evil.example" in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text
    assert "default-src 'none'" in text
    assert " src=" not in text
    assert "http" not in text.partition("</style>")[2]


def test_csv_for_spreadsheets(ledger: Ledger, tmp_path: Path) -> None:
    overview(ledger)
    export.write(ledger, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["sha256"] for row in rows] == [app(1), app(2), app(3), app(4)]
    assert rows[0]["name"] == "0.apk"
    assert rows[0]["verdict"] == "critical"
    assert not rows[0]["label"].startswith("=")
    assert rows[0]["campaign"] == rows[1]["campaign"] != rows[2]["campaign"] == ""
    assert (rows[3]["state"], rows[3]["error_kind"]) == ("quarantined", "crashed")
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_parquet_for_other_systems(ledger: Ledger, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra 'parquet'")
    export.write(ledger, tmp_path / "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table.column_names == list(export.COLUMNS)
    assert table["score"].to_pylist() == [50, 50, 50, 0]
    assert table["label"].to_pylist()[0] == "=cmd()" + EVIL  # as it is: no spreadsheet runs this


def test_an_export_that_cannot_be_written(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv or \.parquet"):
        export.write(ledger, tmp_path / "out.xlsx")
    with pytest.raises(UsageError, match="No such file"):
        export.write(ledger, tmp_path / "no" / "out.csv")
