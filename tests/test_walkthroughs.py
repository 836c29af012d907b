"""What CONTRIBUTING and the how-tos tell people to do works, to the letter."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> dict[str, str]:
    """Files that a page tells to write, with their content."""
    return dict(_BLOCK.findall((ROOT / page).read_text()))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what a contributor works in."""
    for name in ("rogue_scan", "signatures", "tests", "pyproject.toml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "lab"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_following_the_walkthroughs_adds_a_rule_and_a_detector(tree: Path) -> None:
    files = blocks("CONTRIBUTING.md")
    assert len(files) == 4
    for name, content in files.items():
        (tree / name).write_text(content)
    checked = python(tree, "-m", "rogue_scan", "rules", "check")
    assert checked.returncode == 0, checked.stderr
    listed = python(tree, "-m", "rogue_scan", "rules", "list").stdout
    assert "apk/battery-whitelist-and-boot" in listed and "wifi/hasty-beacons" in listed
    done = python(
        tree, "-m", "pytest", "-q", "-p", "no:cacheprovider",
        "tests/apk/test_signature_cases.py", "tests/signatures", "tests/wifi/detectors/test_hasty_beacons.py",
        "-k", "battery-whitelist or hasty",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) >= 5, done.stdout


def test_the_rule_of_the_how_to_is_accepted(tmp_path: Path) -> None:
    found = re.search(
        r"```yaml\n(rule: (apk/[\w-]+).*?)```", (ROOT / "docs/howto/rule.md").read_text(), re.DOTALL
    )
    assert found
    path = tmp_path / f"{found[2].partition('/')[2]}.yml"
    path.write_text(found[1])
    done = python(ROOT, "-m", "rogue_scan", "rules", "check", str(tmp_path))
    assert done.returncode == 0, done.stderr
