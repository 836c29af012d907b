"""The wheel holds everything: installed in a fresh environment, it scans from another folder."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOTSPOT = ROOT / "tests" / "data" / "wifi" / "lure-a.pcapng"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.timeout(400)
def test_signatures_and_data_are_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / "signatures").rglob("*") if path.is_file()}
    assert {f"rogue_scan/{name}" for name in here} <= names
    assert "rogue_scan/py.typed" in names
    assert "rogue_scan/data/report.schema.json" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "benchmarks/"))]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_fresh_environment_scans_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel],
        check=True,
        timeout=500,
        capture_output=True,
    )
    done = subprocess.run(
        [python.with_name("rogue-scan"), "audit", HOTSPOT, "-f", "json"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["risk"]["verdict"] == "critical"
    assert {subject["kind"] for subject in report["subjects"]} == {"capture", "apk"}
