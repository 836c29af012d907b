"""Folders are walked in order; what cannot be scanned is named."""

import os
from pathlib import Path

import pytest

from rogue_scan.errors import LimitExceeded, Unreadable
from rogue_scan.model.report import ScanError
from rogue_scan.source.sniff import Kind
from rogue_scan.source.walk import Source, expand

PCAP = bytes.fromhex("d4c3b2a1020004000000000000000000ffff00007f000000")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.txt").write_bytes(PCAP)
    (tmp_path / "a.apk").write_bytes(b"dex\n035\0")
    (tmp_path / "notes.md").write_text("hello")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c").write_bytes(PCAP)
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    return tmp_path


def test_a_folder_gives_what_can_be_scanned_in_order(folder: Path) -> None:
    assert [(Path(s.location).name, s.kind) for s in expand([str(folder)]) if isinstance(s, Source)] == [
        ("a.apk", Kind.APP),
        ("b.txt", Kind.CAPTURE),
        ("c", Kind.CAPTURE),
    ]


def test_the_other_kind_is_left_out(folder: Path) -> None:
    assert [Path(s.name).name for s in expand([str(folder)], Kind.APP) if isinstance(s, Source)] == ["a.apk"]


def test_each_bad_argument_is_one_error_and_the_rest_goes_on(folder: Path) -> None:
    (folder / "empty").write_bytes(b"")
    found = list(
        expand(
            [str(folder / "missing"), str(folder / "empty"), str(folder / "notes.md"), str(folder / "b.txt")]
        )
    )
    assert [item.kind for item in found if isinstance(item, ScanError)] == [
        "unreadable",
        "unsupported",
        "unsupported",
    ]
    assert isinstance(found[-1], Source)


def test_a_folder_without_anything_says_so(tmp_path: Path) -> None:
    (error,) = expand([str(tmp_path)], Kind.CAPTURE)
    assert isinstance(error, ScanError)
    assert "no capture" in error.message


def test_names_that_are_no_text_can_still_be_reported(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xff\xfe"
    Path(os.fsdecode(raw)).write_bytes(b"dex\n035\0")
    (source,) = expand([os.fsdecode(raw)])
    source.name.encode()


def test_reading_is_bounded(folder: Path) -> None:
    source = Source(str(folder / "a.apk"), Kind.APP)
    assert source.read() == b"dex\n035\0"
    with pytest.raises(LimitExceeded):
        source.read(most=3)
    with pytest.raises(Unreadable):
        Source(str(folder / "none"), Kind.APP).read()
