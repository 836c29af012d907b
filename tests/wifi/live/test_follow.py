import os
import threading

import pytest

from rogue_scan.errors import Unreadable
from rogue_scan.rules.load import load
from rogue_scan.wifi.live.follow import Follow
from rogue_scan.wifi.live.run import Live


def test_a_growing_file_is_read_as_it_grows(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"one")
    follow = Follow(str(path))
    found = []
    for data in follow.stream(idle=0.01):
        if data:
            found.append(data)
        elif len(found) == 1:
            with path.open("ab") as file:
                file.write(b"two")
        else:
            follow.stop()
    assert found == [b"one", b"two"]


def test_a_pipe_ends_by_itself(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(b"x" * 300_000))
    writer.start()
    assert b"".join(Follow(str(path)).stream(idle=0.01)) == b"x" * 300_000
    writer.join()


def test_a_missing_file_is_unreadable(tmp_path):
    with pytest.raises(Unreadable):
        list(Follow(str(tmp_path / "nowhere")).stream())


def test_findings_appear_before_the_file_ends(wire, frames, tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(wire.pcap(frames)[:-7])
    follow = Follow(str(path))
    live = Live(follow, load(), name="growing")
    for _ in live.steps():
        if live.seconds > 0.5:
            follow.stop()
    scan = live.scan()
    assert scan.subject.coverage.frames == len(frames) - 1
    assert "wifi/weak-encryption" in {f.rule for f in scan.findings}
