"""The work of one worker, in this process: bytes or facts to a verdict."""

import hashlib
import http.server
import threading
import zipfile
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from rogue_scan.fleet.engine import ENGINE, Feature, Job, Limits, Setup
from rogue_scan.fleet.work import KEPT, Kept, pack, pack_rules, unpack, vet
from rogue_scan.model.scan import Scan
from rogue_scan.rules.load import load

APPS = Path(__file__).parents[1] / "data" / "apk"


@pytest.fixture(scope="module")
def real() -> Setup:
    rules = load()
    return Setup(rules=pack_rules(rules), digest=rules.digest, version=ENGINE)


def package(**entries: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("AndroidManifest.xml", b"\x03\x00\x08\x00\x08\x00\x00\x00")
        for name, content in entries.items():
            file.writestr(name, content)
    return out.getvalue()


def job(path: Path) -> Job:
    return Job(hashlib.sha256(path.read_bytes()).hexdigest(), path.name, str(path))


@pytest.mark.parametrize("path", sorted(APPS.glob("code-*.apk")), ids=lambda path: path.stem)
def test_facts_answer_as_the_app_itself_does(real: Setup, path: Path) -> None:
    from_file = vet(job(path), real)
    assert not from_file.failed
    assert not from_file.from_facts
    from_facts = vet(msgspec.structs.replace(job(path), location="/gone", facts_data=from_file.facts), real)
    assert from_facts.from_facts
    same = ("verdict", "score", "marks", "features", "sketch", "scans", "package", "size")
    assert [getattr(from_facts, field) for field in same] == [getattr(from_file, field) for field in same]


def test_scans_come_back_whole(real: Setup) -> None:
    path = min(APPS.glob("code-*.apk"))
    result = vet(job(path), real)
    (scan,) = unpack(result.scans, list[Scan])
    assert scan.subject.sha256 == result.sha256
    assert scan.subject.name == path.name


def test_apps_inside_an_app_are_vetted_and_kept_with_it(real: Setup, tmp_path: Path) -> None:
    outer = tmp_path / "outer.apk"
    outer.write_bytes(package(**{"assets/inner.apk": min(APPS.glob("code-*.apk")).read_bytes()}))
    from_file = vet(job(outer), real)
    scans = unpack(from_file.scans, list[Scan])
    assert [scan.subject.parent is None for scan in scans] == [True, False]
    kept = unpack(from_file.facts, Kept)
    assert len(kept.apps) == 2
    again = vet(msgspec.structs.replace(job(outer), facts_data=from_file.facts), real)
    assert [scan.subject.sha256 for scan in unpack(again.scans, list[Scan])] == [
        scan.subject.sha256 for scan in scans
    ]


@pytest.mark.parametrize(
    "facts",
    [b"", b"damaged", pack(Kept(KEPT + 1, (), None)), pack(Kept(KEPT, (b"\x00",), None))],  # type: ignore[arg-type]
)
def test_facts_that_do_not_fit_are_left_alone(real: Setup, facts: bytes) -> None:
    path = min(APPS.glob("code-*.apk"))
    result = vet(msgspec.structs.replace(job(path), facts_data=facts), real)
    assert not result.from_facts
    assert result.facts


def test_what_cannot_be_read(real: Setup, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.apk"
    garbage.write_bytes(b"not a package")
    result = vet(job(garbage), real)
    assert (result.kind, result.sha256) == ("malformed", job(garbage).identity)

    missing = vet(Job("0" * 64, "x", str(tmp_path / "missing")), real)
    assert (missing.kind, missing.absent) == ("unreadable", True)

    changed = vet(Job("0" * 64, "x", str(garbage)), real)
    assert (changed.kind, changed.message) == ("unreadable", "its content changed while it was read")

    small = msgspec.structs.replace(real, limits=Limits(size=5))
    assert vet(job(garbage), small).kind == "limit"


def test_a_url_is_fetched_by_the_worker(real: Setup) -> None:
    fsspec = pytest.importorskip("fsspec", reason="needs the extra 'urls'")
    data = min(APPS.glob("code-*.apk")).read_bytes()
    memory = fsspec.filesystem("memory")
    memory.pipe("/work/a.apk", data)
    try:
        result = vet(Job("place-1", "a", "memory://work/a.apk", remote=True), real)
        assert result.sha256 == hashlib.sha256(data).hexdigest()
        gone = vet(Job("place-2", "b", "memory://work/b.apk?key=secret", remote=True), real)
        assert (gone.kind, gone.sha256, gone.absent) == ("unreadable", "", False)
        assert "secret" not in gone.message
        small = msgspec.structs.replace(real, limits=Limits(size=5))
        assert vet(Job("place-1", "a", "memory://work/a.apk", remote=True), small).kind == "limit"
    finally:
        memory.rm("/work", recursive=True)


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Sends everybody from /here to /there, and keeps count of who went."""

    went = 0

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        data = min(APPS.glob("code-*.apk")).read_bytes() if self.path == "/there" else b""
        type(self).went += self.path == "/there"
        self.send_response(200 if self.path == "/there" else 302)
        self.send_header("Location", "/there")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def test_a_worker_goes_elsewhere_only_where_it_may(real: Setup) -> None:
    pytest.importorskip("aiohttp", reason="needs the extra 'urls'")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        here = Job("place-1", "x", f"http://127.0.0.1:{server.server_port}/here", remote=True)
        assert vet(msgspec.structs.replace(here, redirects=False), real).failed
        assert Elsewhere.went == 0
        assert not vet(here, real).failed
        assert Elsewhere.went > 0
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_pages_that_ask_for_secrets_tie_apps_however_they_look(real: Setup, tmp_path: Path) -> None:
    def page(title: str, color: str, extra: str = "") -> bytes:
        return (
            f"<html><title>{title}</title><body style='color:{color}'><form action='/x'>"
            f"<input name='password' type='password' placeholder='Password'>{extra}</form></body></html>"
        ).encode()

    ties = []
    for number, content in enumerate(
        [
            page("Bank A", "red"),
            page("Bank B", "blue"),
            page("Bank C", "red", "<input name='pin' type='tel'>"),
        ]
    ):
        path = tmp_path / f"{number}.apk"
        path.write_bytes(package(**{"assets/login.html": content}))
        ties.append([f for f in vet(job(path), real).features if f.kind == "page"])
    assert ties[0] == ties[1] != ties[2]
    assert ties[0] and isinstance(ties[0][0], Feature) and ties[0][0].strong
