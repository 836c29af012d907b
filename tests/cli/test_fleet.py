"""``rogue-scan fleet`` as a user runs it."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import click
import pytest

from rogue_scan.cli.fleet import command

APPS = Path(__file__).parents[1] / "data" / "apk"
COMMAND = [sys.executable, "-m", "rogue_scan", "--no-config", "fleet"]


def fleet(*arguments: object, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False, input=given
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "apps"
    folder.mkdir()
    for path in sorted(APPS.glob("code-*.apk"))[:3]:
        shutil.copy(path, folder)
    return folder


def test_a_run_its_report_and_a_second_run(folder: Path, tmp_path: Path) -> None:
    (folder / "garbage.apk").write_bytes(b"no package")
    first = fleet(
        folder, "--store", tmp_path / "store", "-f", "json", "--overview", tmp_path / "o.json",
        "--overview", tmp_path / "o.html", "--export", tmp_path / "e.csv",
    )  # fmt: skip
    assert first.returncode == 3, first.stderr
    report = json.loads(first.stdout)
    assert report["schema"] == "rogue-scan/report/1"
    assert sorted(Path(s["name"]).name for s in report["subjects"] if not s["parent"]) == sorted(
        path.name for path in folder.iterdir()
    )
    assert [error["kind"] for error in report["errors"]] == ["malformed"]
    assert "3 vetted, 1 failed" in first.stderr
    picture = json.loads((tmp_path / "o.json").read_text())
    assert (picture["schema"], picture["apps"]) == ("rogue-scan/fleet/1", 4)
    assert (tmp_path / "o.html").read_text().startswith("<!DOCTYPE html>")
    assert len((tmp_path / "e.csv").read_text().splitlines()) == 5

    second = fleet(folder, "--store", tmp_path / "store", "-f", "json")
    assert "0 vetted, 4 known" in second.stderr
    assert second.stdout == first.stdout


def test_the_report_covers_what_the_sources_name_and_no_more(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    fleet(folder, "--store", store)
    one = min(folder.iterdir())
    again = fleet("--files-from", "-", "--store", store, "-f", "json", given=f"{one}\n")
    assert [s["name"] for s in json.loads(again.stdout)["subjects"] if not s["parent"]] == [str(one)]


def test_new_rules_are_answered_from_facts(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    fleet(folder, "--store", store)
    from rogue_scan.rules.files import builtin

    rule = next(path for path in sorted((builtin() / "apk").glob("*.yml")))
    text = rule.read_text().replace("revision: 1", "revision: 2")
    mine = tmp_path / rule.name
    mine.write_text(text)
    again = fleet(folder, "--store", store, "--rules", mine)
    assert "3 vetted (3 from stored facts)" in again.stderr, again.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--store", "STORE"], "at least one SOURCE"),
        (["APPS"], "--store"),
        (["APPS", "--store", "STORE", "--engine", "spark://x"], "neither local nor dask"),
        (["APPS", "--store", "STORE", "--engine", "dask://"], "neither local nor dask"),
        (["APPS", "--store", "STORE", "--engine", "dask://h:1", "-j", "2"], "--jobs is for the local engine"),
        (["APPS", "--store", "STORE", "--overview", "x.pdf"], "has to end in"),
        (["APPS", "--store", "STORE", "--export", "x.xlsx"], "has to end in"),
    ],
)
def test_wrong_use(arguments: list[str], says: str, folder: Path, tmp_path: Path) -> None:
    places = {"APPS": str(folder), "STORE": str(tmp_path / "store")}
    with pytest.raises(click.UsageError) as caught:
        command.main([places.get(word, word) for word in arguments], standalone_mode=False)
    assert says in caught.value.format_message()


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    done = fleet(tmp_path / "missing", "--store", tmp_path / "store")
    assert done.returncode == 3
    assert "no such file or folder" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_control_c_ends_in_order_and_the_next_run_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "apps"
    folder.mkdir()
    base = min(APPS.glob("code-*.apk")).read_bytes()
    for number in range(120):
        path = folder / f"{number:03}.apk"
        path.write_bytes(base)
        with zipfile.ZipFile(path, "a") as package:
            package.writestr("assets/number", str(number))
    store = tmp_path / "store"
    with subprocess.Popen(
        [*COMMAND, str(folder), "--store", str(store), "-f", "json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        while not (store / "ledger.sqlite").exists() or not recorded(store):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stderr
        said = process.stderr.read()
        assert process.wait(timeout=30) == 130
    assert "stopped, run it again to go on" in said
    done = recorded(store)
    assert 0 < done < 120
    again = fleet(folder, "--store", store, "-f", "json")
    assert f"{120 - done} vetted, {done} known" in again.stderr


def recorded(store: Path) -> int:
    db = sqlite3.connect(f"file:{store / 'ledger.sqlite'}?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT count(*) FROM verdict").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()
