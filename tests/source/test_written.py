import os
import stat
import threading
from pathlib import Path

import pytest

from rogue_scan.source.written import written


def test_a_file_is_its_owner_s_alone_whatever_was_there(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o644)
    with written(path) as file:
        file.write(b"new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_goes_wrong_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(RuntimeError), written(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_stays_a_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    with written(path) as file:
        file.write(b"through")
    reader.join(timeout=10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")
def test_a_name_for_an_open_file_is_written_through(tmp_path):
    with (tmp_path / "out.txt").open("wb") as out:
        name = Path(f"/proc/{os.getpid()}/fd/{out.fileno()}")
        with written(name) as file:
            file.write(b"through")
        assert name.is_symlink()
    assert (tmp_path / "out.txt").read_bytes() == b"through"


def test_a_place_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(OSError), written(tmp_path / "missing" / "report.json"):
        pass
