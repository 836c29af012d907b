"""The ledger: what it promises across runs, kills and new rules."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from rogue_scan.errors import UsageError
from rogue_scan.fleet.engine import Feature, Mark, Result
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.rules.load import RuleSet

Rules = Callable[..., RuleSet]
APP = "a" * 64


def found(name: str, rule: str = "apk/made-up", severity: str = "high") -> Mark:
    return Mark(name, rule, severity, 0.9, name.title())


def verdict(*marks: Mark, verdict: str = "high", app: str = APP) -> Result:
    return Result(app, sha256=app, size=5, verdict=verdict, score=60, marks=marks, scans=b"scans", facts=b"f")


def test_a_verdict_is_kept_by_app_engine_and_rules(tmp_path: Path, rule_set: Rules) -> None:
    with Ledger(tmp_path, "1", rule_set("r1")) as ledger:
        ledger.record(verdict(found("x")))
        kept = ledger.verdict(APP)
        assert kept and (kept.state, kept.verdict, kept.score, kept.size) == ("done", "high", 60, 5)
        assert ledger.scans(APP) == b"scans"
    for engine, rules in (("2", "r1"), ("1", "r2")):
        with Ledger(tmp_path, engine, rule_set(rules)) as ledger:
            assert ledger.verdict(APP) is None
    with Ledger(tmp_path, "1", rule_set("r1")) as ledger:
        assert ledger.verdict(APP)


def test_the_first_verdict_stands(tmp_path: Path, rule_set: Rules) -> None:
    with Ledger(tmp_path, "1", rule_set()) as ledger:
        ledger.record(verdict(found("x")))
        ledger.record(verdict(verdict="clean"))
        kept = ledger.verdict(APP)
        assert kept and kept.verdict == "high"
        assert ledger.counts() == {("done", "high"): 1}


def test_a_failure_gives_way_to_a_verdict(tmp_path: Path, rule_set: Rules) -> None:
    with Ledger(tmp_path, "1", rule_set()) as ledger:
        ledger.record(Result(APP, sha256=APP, kind="limit", message="slow"))
        assert ledger.counts() == {("failed", ""): 1}
        ledger.record(verdict())
        assert ledger.counts() == {("done", "high"): 1}


def test_new_rules_change_verdicts_and_the_ledger_says_why(tmp_path: Path, rule_set: Rules) -> None:
    with Ledger(tmp_path, "1", rule_set("r1", made_up=1, stays=1, gone=1)) as ledger:
        ledger.record(
            verdict(
                found("a"), found("b", "apk/stays"), found("c", "apk/gone"), found("w", "apk/stays", "low")
            )
        )
    with Ledger(tmp_path, "1", rule_set("r2", made_up=2, stays=1, gone=0, fresh=1)) as ledger:
        change = ledger.record(
            verdict(
                found("d", "apk/fresh"), found("b", "apk/stays"), found("w", "apk/stays"), verdict="critical"
            )
        )
        assert change is not None
        assert (change.verdict_before, change.verdict, change.rules_before) == ("high", "critical", "r1")
        assert [(cause.what, cause.rule, cause.rule_change) for cause in change.why] == [
            ("found", "apk/fresh", "new rule"),
            ("no longer found", "apk/gone", "rule removed"),
            ("no longer found", "apk/made-up", "revision 1 → 2"),
            ("weighed differently", "apk/stays", "rule unchanged"),
        ]
        assert list(ledger.changes()) == [change]


def test_new_rules_that_change_nothing_leave_no_change(tmp_path: Path, rule_set: Rules) -> None:
    with Ledger(tmp_path, "1", rule_set("r1")) as ledger:
        ledger.record(verdict(found("a")))
    with Ledger(tmp_path, "1", rule_set("r2")) as ledger:
        assert ledger.record(verdict(found("a"))) is None
        assert list(ledger.changes()) == []


def test_deaths_are_counted_for_one_engine_version(tmp_path: Path, rule_set: Rules) -> None:
    with Ledger(tmp_path, "1", rule_set()) as ledger:
        assert [ledger.died(APP, "SIGSEGV"), ledger.died(APP, "SIGSEGV")] == [1, 2]
    with Ledger(tmp_path, "2", rule_set()) as ledger:
        assert ledger.deaths(APP) == 0


def test_a_place_is_known_by_its_mark(tmp_path: Path, rule_set: Rules) -> None:
    with Ledger(tmp_path, "1", rule_set()) as ledger:
        ledger.put_place("/a.apk", "5:1", APP)
        assert ledger.app_at("/a.apk", "5:1") == APP
        assert ledger.app_at("/a.apk", "5:2") is None


def test_features_can_be_asked_both_ways(tmp_path: Path, rule_set: Rules) -> None:
    with Ledger(tmp_path, "1", rule_set()) as ledger:
        for app, values in (("a", "xy"), ("b", "y")):
            features = tuple(Feature("signer", value) for value in values)
            ledger.record(msgspec.structs.replace(verdict(app=app * 64), features=features))
        assert ledger.sharing(Feature("signer", "y"), 10) == ["a" * 64, "b" * 64]
        assert ledger.features_of("a" * 64) == [Feature("signer", "x"), Feature("signer", "y")]


def test_only_one_program_at_a_time(tmp_path: Path, rule_set: Rules) -> None:
    with (
        Ledger(tmp_path, "1", rule_set()),
        pytest.raises(UsageError, match=f"in use by process {os.getpid()}"),
    ):
        Ledger(tmp_path, "1", rule_set())


def test_only_the_owner_can_read_the_store(tmp_path: Path, rule_set: Rules) -> None:
    folder = tmp_path / "store"
    with Ledger(folder, "1", rule_set()) as ledger:
        ledger.record(verdict())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert modes.keys() >= {"ledger.sqlite", "ledger.sqlite-wal", "lock"}
        assert set(modes.values()) == {0o600}


def test_a_file_that_is_no_ledger(tmp_path: Path, rule_set: Rules) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(UsageError, match="not a database"):
        Ledger(tmp_path, "1", rule_set())


def test_a_newer_ledger_is_refused(tmp_path: Path, rule_set: Rules) -> None:
    import sqlite3

    Ledger(tmp_path, "1", rule_set()).close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(UsageError, match="version 99"):
        Ledger(tmp_path, "1", rule_set())


WRITER = """
import os, sys
from pathlib import Path
from rogue_scan.fleet.engine import Result
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.rules.load import RuleSet
ledger = Ledger(Path(sys.argv[1]), "1", RuleSet([], "r1"))
for number in range(50):
    ledger.record(Result(f"{number}", sha256=f"{number:064}", verdict="low", scans=bytes(20000)))
os.kill(os.getpid(), 9)
"""


def test_what_was_recorded_survives_a_kill(tmp_path: Path, rule_set: Rules) -> None:
    subprocess.run([sys.executable, "-c", WRITER, str(tmp_path)], check=False)
    with Ledger(tmp_path, "1", rule_set("r1")) as ledger:
        assert ledger.counts() == {("done", "low"): 50}
