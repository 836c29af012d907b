"""What a run is asked to vet, from arguments to places."""

import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from rogue_scan.errors import LimitExceeded, Unreadable, UsageError
from rogue_scan.fleet.sources import Place, places, redacted, sha256
from rogue_scan.model.report import ScanError

ZIP = b"PK\x03\x04 and more"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for name, content in {
        "a.apk": ZIP,
        "b.txt": b"words",
        "no-ending": ZIP,
        "broken.apk": b"no zip",
        "deep/down/c.xapk": ZIP,
        "deep/code": b"dex\n035\0",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def found(*sources: object, lists: tuple[str, ...] = ()) -> list[str]:
    return [item.name for item in places(map(str, sources), lists) if isinstance(item, Place)]


def errors(*sources: object) -> list[str]:
    return [item.message for item in places(map(str, sources)) if isinstance(item, ScanError)]


def test_a_folder_gives_apps_by_content_and_by_name(store: Path) -> None:
    names = [os.path.relpath(name, store) for name in found(store)]
    assert names == ["a.apk", "broken.apk", "deep/code", "deep/down/c.xapk", "no-ending"]


def test_a_file_that_is_named_is_taken_whatever_it_holds(store: Path) -> None:
    assert found(store / "b.txt") == [str(store / "b.txt")]


def test_patterns_and_lists(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(store / "*.apk") == [str(store / "a.apk"), str(store / "broken.apk")]
    assert found(store / "**/*.xapk") == [str(store / "deep/down/c.xapk")]
    listing = store / "list"
    listing.write_text(f"# apps of today\n\n{store / 'a.apk'}\n{store}/deep/down/*\n")
    assert found(lists=(str(listing),)) == [str(store / "a.apk"), str(store / "deep/down/c.xapk")]


def test_a_name_that_looks_like_a_pattern_is_a_file_first(store: Path) -> None:
    (store / "x[1].apk").write_bytes(ZIP)
    assert found(store / "x[1].apk") == [str(store / "x[1].apk")]


def test_what_is_not_there_is_told(store: Path) -> None:
    assert errors(store / "missing.apk") == ["no such file or folder"]
    assert errors(store / "*.none") == ["the pattern fits no file"]
    empty = store / "empty"
    empty.mkdir()
    assert errors(empty) == ["the folder holds no app"]
    os.mkfifo(store / "pipe.apk")
    assert errors(store / "pipe.apk") == ["not a regular file"]
    with pytest.raises(UsageError, match="No such file"):
        found(lists=(str(store / "no-list"),))


def test_links_lead_neither_out_nor_round(store: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "other.apk").write_bytes(ZIP)
    before = found(store)
    (store / "round").symlink_to(store)
    (store / "out.apk").symlink_to(outside / "other.apk")
    assert found(store) == before


def test_names_that_are_no_text(store: Path) -> None:
    raw = os.fsencode(store) + b"/\xff.apk"
    Path(os.fsdecode(raw)).write_bytes(ZIP)
    (place,) = [p for p in places([str(store)]) if isinstance(p, Place) and "xff" in p.name]
    assert place.name.endswith("\\xff.apk")
    assert place.key.encode()  # fit for every file format
    assert sha256(place.location, 100)[0] == hashlib.sha256(ZIP).hexdigest()


def test_the_mark_changes_with_the_file(store: Path) -> None:
    def mark() -> str:
        (place,) = [p for p in places([str(store / "a.apk")]) if isinstance(p, Place)]
        return place.mark

    before = mark()
    assert mark() == before
    (store / "a.apk").write_bytes(ZIP + b"!")
    assert mark() != before


def test_files_are_not_read_beyond_the_limit(store: Path) -> None:
    with pytest.raises(LimitExceeded):
        sha256(str(store / "a.apk"), 5)
    with pytest.raises(Unreadable):
        sha256(str(store / "missing"), 5)


def test_secrets_in_urls_are_not_shown() -> None:
    assert redacted("https://user:key@host.example/a.apk?sig=secret#x") == "https://host.example/a.apk"
    assert redacted("simplecache::http://u:p@h.example/x?k=1") == "simplecache::http://h.example/x"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(store: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(store)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_web_server_can_be_a_source(web: str) -> None:
    pytest.importorskip("aiohttp", reason="needs the extra 'urls'")
    items = list(places([f"{web}/a.apk?key=secret", f"{web}/missing.apk", f"{web}/"]))
    (single, *listed) = [item for item in items if isinstance(item, Place)]
    assert (single.name, single.size, single.remote) == (f"{web}/a.apk", len(ZIP), True)
    assert "secret" in single.location
    assert "secret" not in single.name
    assert single.mark
    assert {f"{web}/a.apk", f"{web}/deep/down/c.xapk"} <= {place.name for place in listed}
    (error,) = [item for item in items if isinstance(item, ScanError)]
    assert (error.source, error.kind) == (f"{web}/missing.apk", "unreadable")


def test_any_file_system_of_fsspec(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="needs the extra 'urls'")
    memory = fsspec.filesystem("memory")
    memory.pipe({"/shop/a.apk": ZIP, "/shop/sub/b.apk": ZIP, "/shop/note.txt": b"x"})
    try:
        assert found("memory://shop/") == ["memory:///shop/a.apk", "memory:///shop/sub/b.apk"]
        assert found("memory://shop/*.apk") == ["memory:///shop/a.apk"]
        assert errors("memory://shop/*.none") == ["nothing there that is an app"]
    finally:
        memory.rm("/shop", recursive=True)
    with pytest.raises(UsageError):
        list(places(["no-such-protocol://x/y"]))
