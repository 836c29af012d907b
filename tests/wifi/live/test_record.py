"""Recordings: whole blocks, bounded files, a bounded total, and readable by the user only."""

import errno
import os
import stat

import pytest

from rogue_scan.errors import Unreadable
from rogue_scan.wifi.live.record import Recorder

HEAD = b"H" * 10


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_file_holds_everything_at_once(tmp_path):
    path = tmp_path / "walk.pcapng"
    with Recorder(path, 1 << 20) as recorder:
        recorder.write(HEAD)
        recorder.write(b"")
        recorder.write(b"one")
        assert path.read_bytes() == HEAD + b"one", "nothing waits in a buffer that a crash would lose"


def test_each_further_file_begins_with_the_headers_and_blocks_stay_whole(tmp_path):
    with Recorder(tmp_path / "walk.pcapng", 1 << 20, file_bytes=30) as recorder:
        recorder.write(HEAD)
        for number in range(4):
            recorder.write(bytes([97 + number]) * 12)
    assert names(tmp_path) == ["walk-0002.pcapng", "walk-0003.pcapng", "walk-0004.pcapng", "walk.pcapng"]
    assert (tmp_path / "walk.pcapng").read_bytes() == HEAD + b"a" * 12
    assert (tmp_path / "walk-0003.pcapng").read_bytes() == HEAD + b"c" * 12


def test_a_batch_larger_than_a_file_is_written_all_the_same(tmp_path):
    with Recorder(tmp_path / "walk.pcapng", 1 << 20, file_bytes=30) as recorder:
        recorder.write(HEAD)
        recorder.write(b"x" * 100)
        recorder.write(b"y")
    assert (tmp_path / "walk.pcapng").read_bytes() == HEAD + b"x" * 100
    assert (tmp_path / "walk-0002.pcapng").read_bytes() == HEAD + b"y"


def test_the_oldest_goes_when_the_limit_is_reached(tmp_path):
    with Recorder(tmp_path / "walk.pcapng", 200, file_bytes=50) as recorder:
        recorder.write(HEAD)
        for _ in range(60):
            recorder.write(b"z" * 20)
            assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200
    assert recorder.given_up == 26, "30 files were begun, of which 4 fit"
    assert not (tmp_path / "walk.pcapng").exists()
    assert f"walk-{recorder._number:04}.pcapng" in names(tmp_path)


def test_only_the_user_may_read_even_where_a_file_was_open_to_all(tmp_path):
    path = tmp_path / "walk.pcapng"
    path.write_bytes(b"an older one")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        with Recorder(path, 1 << 20, file_bytes=30) as recorder:
            recorder.write(HEAD)
            for _ in range(3):
                recorder.write(b"x" * 15)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    assert len(names(tmp_path)) > 1 and modes == {0o600}


def test_a_link_is_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.write_bytes(b"mine")
    (tmp_path / "walk.pcapng").symlink_to(target)
    with pytest.raises(Unreadable, match="cannot be written"):
        Recorder(tmp_path / "walk.pcapng", 1 << 20)
    assert target.read_bytes() == b"mine"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unreadable, match="nowhere"):
        Recorder(tmp_path / "nowhere" / "walk.pcapng", 1 << 20)


def test_a_full_disk_leaves_whole_blocks(tmp_path, monkeypatch):
    path = tmp_path / "walk.pcapng"
    with Recorder(path, 1 << 20) as recorder:
        recorder.write(HEAD + b"block")
        real = os.write
        calls = []

        def short(handle: int, data: memoryview) -> int:
            calls.append(len(data))
            if len(calls) > 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(handle, data[:3])

        monkeypatch.setattr(os, "write", short)
        with pytest.raises(Unreadable, match="No space left"):
            recorder.write(b"another block")
        monkeypatch.undo()
    assert path.read_bytes() == HEAD + b"block"
