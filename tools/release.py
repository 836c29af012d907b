"""One command to release: version, changelog, checks, packages and notes.

    python tools/release.py 1.2.3

Works on a clean tree. Leaves a commit and a tag to look at before they are pushed, and dist/ with the
packages and notes.md; where a step fails, it leaves the tree as it was.
"""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"


def run(*command: str) -> None:
    """Run a step; the first that fails ends the release."""
    print("$", *command)
    subprocess.run(command, cwd=ROOT, check=True)


def release(version: str) -> None:
    """All steps that change something."""
    init = ROOT / "rogue_scan" / "__init__.py"
    init.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', init.read_text()))
    run(sys.executable, "-m", "towncrier", "build", "--yes", "--version", version)
    run("make", "lint", "test", "docs")
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", str(DIST))
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, DIST.glob("*")))
    (wheel,) = DIST.glob("*.whl")
    assert f"-{version}-" in wheel.name, wheel.name
    assert any("signatures/wifi" in name for name in zipfile.ZipFile(wheel).namelist())
    found = re.search(
        rf"^## {re.escape(version)} .*?(?=^## |\Z)", (ROOT / "CHANGELOG.md").read_text(), re.M | re.S
    )
    assert found, "the changelog has no section for this version"
    (DIST / "notes.md").write_text(found[0])
    run("git", "commit", "-qam", f"Release {version}")
    run("git", "tag", f"v{version}")


def main() -> int:
    """Release, or leave all as it was."""
    if len(sys.argv) != 2 or not re.fullmatch(r"\d+\.\d+\.\d+", sys.argv[1]):
        print("usage: make release VERSION=1.2.3")
        return 2
    version = sys.argv[1]
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=True).stdout:
        print("the tree is not clean: commit first")
        return 1
    try:
        release(version)
    except subprocess.CalledProcessError as error:
        run("git", "reset", "--hard", "--quiet")
        print(f"nothing is released: {' '.join(error.cmd)} failed")
        return 1
    print(f"look at dist/ and at `git show v{version}`, then push both")
    return 0


if __name__ == "__main__":
    sys.exit(main())
