"""Facts on disk: named by digest, whole or not there."""

import stat
from pathlib import Path

import pytest

from rogue_scan.fleet.store import Facts

APP = "ab" * 32


def test_facts_are_kept_by_digest_for_the_owner_alone(tmp_path: Path) -> None:
    facts = Facts(tmp_path / "facts")
    assert facts.path(APP) is None
    facts.put(APP, b"facts")
    path = facts.path(APP)
    assert path == tmp_path / "facts" / "ab" / APP
    assert path.read_bytes() == b"facts"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "AB" * 32, APP + "/", "place-" + "0" * 58])
def test_no_other_name_reaches_the_disk(tmp_path: Path, name: str) -> None:
    facts = Facts(tmp_path / "facts")
    assert facts.path(name) is None
    with pytest.raises(ValueError, match="SHA-256"):
        facts.put(name, b"x")


def test_halves_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    Facts(tmp_path / "facts")
    (tmp_path / "facts" / "new" / APP).write_bytes(b"half")
    Facts(tmp_path / "facts")
    assert not list((tmp_path / "facts" / "new").iterdir())
