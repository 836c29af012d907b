"""Whole runs over the stand-in analyser: resume, quarantine, new rules, order at the end."""

import itertools
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from rogue_scan.fleet.engine import Setup
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.local import LocalEngine
from rogue_scan.fleet.run import Tally, Vetting, run
from rogue_scan.fleet.sources import places
from rogue_scan.fleet.store import Facts
from rogue_scan.model.report import ScanError
from rogue_scan.rules.load import RuleSet

Rules = Callable[..., RuleSet]
Apps = Callable[..., Path]


class Fleet:
    """One run after another on one store."""

    def __init__(self, store: Path, setup: Setup, rules: RuleSet) -> None:
        self.store, self.setup, self.rules = store, setup, rules

    def __call__(self, *sources: Path, retry: bool = False, stop_after: int | None = None) -> Tally:
        with Ledger(self.store, "e1", self.rules) as ledger:
            setup = msgspec.structs.replace(self.setup, digest=self.rules.digest)
            engine = LocalEngine(setup, workers=2)
            vetting = Vetting(ledger, Facts(self.store / "facts"), setup.limits, retry=retry)
            count = itertools.count()
            try:
                self.seen = list(
                    run(
                        places(str(source) for source in sources),
                        vetting,
                        engine,
                        stopping=lambda: stop_after is not None and next(count) >= stop_after,
                    )
                )
            finally:
                engine.close(kill=True)
            self.verdicts = {v.app: v for v in ledger.verdicts()}
            self.scans = {app: ledger.scans(app) for app in self.verdicts}
            self.deaths = {app: ledger.deaths(app) for app in self.verdicts}
            self.changes = list(ledger.changes())
            return vetting.tally


def test_a_second_run_asks_nothing_again(tmp_path: Path, setup: Setup, rule_set: Rules, apps: Apps) -> None:
    folder = apps(one=b"1", two=b"2", copy=b"1", bad=b"bad")
    fleet = Fleet(tmp_path / "store", setup, rule_set())
    first = fleet(folder)
    assert (first.done, first.known, len(fleet.verdicts)) == (3, 1, 3)
    assert sorted(v.verdict for v in fleet.verdicts.values()) == ["clean", "clean", "high"]
    assert len(fleet.seen) == 4  # the copy is named, too
    second = fleet(folder)
    assert (second.done, second.known) == (0, 4)


def test_an_app_that_kills_two_workers_is_set_aside(
    tmp_path: Path, setup: Setup, rule_set: Rules, apps: Apps
) -> None:
    once = b"crash-once:" + str(tmp_path / "flag").encode()
    fleet = Fleet(tmp_path / "store", setup, rule_set())
    tally = fleet(apps(poison=b"crash:", once=once, good=b"good"))
    assert (tally.done, tally.quarantined, tally.failed) == (2, 1, 0)
    (aside,) = [v for v in fleet.verdicts.values() if v.state == "quarantined"]
    assert aside.kind == "crashed"
    assert (
        aside.message
        == "set aside: 2 worker processes died on it; last, its worker process ended (signal SIGSEGV)"
    )
    assert fleet(tmp_path / "apps").known == 3  # and stays aside
    assert fleet(tmp_path / "apps", retry=True).quarantined == 1  # unless asked


def test_new_rules_are_answered_from_facts(tmp_path: Path, setup: Setup, rule_set: Rules, apps: Apps) -> None:
    folder = apps(one=b"slow:0.01:1", two=b"slow:0.01:bad")
    Fleet(tmp_path / "store", setup, rule_set("r1"))(folder)
    fleet = Fleet(tmp_path / "store", setup, rule_set("r2"))
    tally = fleet(folder)
    assert (tally.done, tally.from_facts, tally.changed) == (2, 2, 0)
    assert all(v.from_facts for v in fleet.verdicts.values())


def test_a_source_that_is_not_there_is_an_error_and_the_rest_goes_on(
    tmp_path: Path, setup: Setup, rule_set: Rules, apps: Apps
) -> None:
    fleet = Fleet(tmp_path / "store", setup, rule_set())
    tally = fleet(tmp_path / "missing", apps(one=b"1"))
    assert tally.done == 1
    assert [item.kind for item in fleet.seen if isinstance(item, ScanError)] == ["unreadable"]


def test_stopping_finishes_what_was_begun_and_takes_no_more(
    tmp_path: Path, setup: Setup, rule_set: Rules, apps: Apps
) -> None:
    folder = apps(**{f"a{number}": b"slow:0.05:%d" % number for number in range(40)})
    fleet = Fleet(tmp_path / "store", setup, rule_set())
    tally = fleet(folder, stop_after=6)
    assert tally.stopped
    assert 0 < tally.done < 40
    assert tally.done == len(fleet.verdicts)  # nothing half-done
    assert fleet(folder).done == 40 - tally.done


def test_places_are_taken_only_as_workers_come_free(
    tmp_path: Path, setup: Setup, rule_set: Rules, apps: Apps
) -> None:
    folder = apps(**{f"a{number:02}": b"slow:0.02:%d" % number for number in range(30)})
    taken = 0
    ahead = []

    def counted() -> Iterator[object]:
        nonlocal taken
        for place in places([str(folder)]):
            taken += 1
            yield place

    with Ledger(tmp_path / "store", "e1", rule_set()) as ledger:
        engine = LocalEngine(setup, workers=2)
        vetting = Vetting(ledger, Facts(tmp_path / "store" / "facts"), setup.limits)
        for _ in run(counted(), vetting, engine):  # type: ignore[arg-type]
            ahead.append(taken - vetting.tally.done)
        engine.close()
    assert max(ahead) <= 5  # two at work, two waiting, one in hand


PROGRAM = """
import sys
from pathlib import Path
from rogue_scan.fleet.engine import Limits, Setup
from rogue_scan.fleet.ledger import Ledger
from rogue_scan.fleet.local import LocalEngine
from rogue_scan.fleet.run import Vetting, run
from rogue_scan.fleet.sources import places
from rogue_scan.fleet.store import Facts
from rogue_scan.rules.load import RuleSet
if __name__ == "__main__":
    store = Path(sys.argv[1])
    limits = Limits(seconds=20)
    with Ledger(store, "e1", RuleSet([], "r1")) as ledger:
        engine = LocalEngine(Setup(b"", "r1", "e1", limits, "standin:vet"), workers=2)
        for _ in run(places(sys.argv[2:]), Vetting(ledger, Facts(store / "facts"), limits), engine):
            pass
        engine.close()
"""


def recorded(store: Path) -> int:
    """Verdicts in the ledger of a program that may be at work on it."""
    if not (store / "ledger.sqlite").exists():
        return 0
    db = sqlite3.connect(store / "ledger.sqlite")
    try:
        return int(db.execute("SELECT count(*) FROM verdict").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()


def test_ten_kills_at_random_moments_lose_and_repeat_nothing(
    tmp_path: Path, setup: Setup, rule_set: Rules, apps: Apps
) -> None:
    contents = {
        f"a{number:03}": b"slow:0.06:%d %s" % (number, b"bad" * (number % 3 == 0)) for number in range(80)
    }
    folder = apps(**contents, poison=b"crash:", broken=b"garbage:")
    undisturbed = Fleet(tmp_path / "reference", setup, RuleSet([], "r1"))
    undisturbed(folder)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, str(program), str(tmp_path / "store"), str(folder)]
    progress = [0]
    moment = random.Random(7)
    while len(progress) <= 10:
        with subprocess.Popen(command, env=environment) as process:
            while process.poll() is None and recorded(tmp_path / "store") <= progress[-1]:
                time.sleep(0.01)
            time.sleep(moment.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
        progress.append(recorded(tmp_path / "store"))
    assert progress == sorted(progress)
    assert progress[4] < 82, "the kills hit no work"
    subprocess.run(command, env=environment, check=True, timeout=60)
    resumed = Fleet(tmp_path / "store", setup, RuleSet([], "r1"))
    assert resumed(folder).done == 0  # all there

    def essence(fleet: Fleet) -> dict[str, object]:
        return {
            app: (v.state, v.verdict, v.score, v.kind, fleet.scans[app]) for app, v in fleet.verdicts.items()
        }

    assert essence(resumed) == essence(undisturbed)
    assert len(resumed.verdicts) == 82
