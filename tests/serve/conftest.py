"""A real server process, and a plain client for it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra 'serve'")
pytest.importorskip("uvicorn", reason="needs the extra 'serve'")

SECRET = "a token of the tests, long enough"


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """``rogue-scan serve`` as a user starts it."""

    secret = SECRET

    def __init__(self, store: Path, *options: str) -> None:
        self.store = store
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "rogue_scan",
                "serve",
                "--store",
                store,
                "--port",
                "0",
                "-j",
                "2",
                *options,
            ],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"ROGUE_SCAN_SERVE_TOKEN": SECRET},
        )
        self.said: list[str] = []
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        else:
            raise AssertionError("".join(self.said))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, token: str | None = SECRET, **headers: str
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def upload(self, app: bytes, query: str = "?wait=20") -> Answer:
        return self.ask("POST", f"/v1/apps{query}", app, content_type="application/octet-stream")

    def end(self, sent: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sent)
        status = self.process.wait(timeout=20)
        assert self.process.stderr
        self.said += self.process.stderr.readlines()
        self.process.stderr.close()
        return status

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., Server]]:
    """Start servers that end with the tests."""
    servers = []

    def begin(store: Path, *options: str) -> Server:
        servers.append(Server(store, *options))
        return servers[-1]

    yield begin
    for server in servers:
        server.kill()


@pytest.fixture(scope="module")
def server(start: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    return start(
        tmp_path_factory.mktemp("served") / "store", "--rate", "1000", "--max-size", "1",
        "--url-prefix", "http://127.0.0.1:9/apps/",
    )  # fmt: skip


def small_app(mark: str = "") -> bytes:
    """A package with next to nothing in it: Android would refuse it, the analyser says so."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("AndroidManifest.xml", b"\x03\x00\x08\x00\x08\x00\x00\x00")
        package.writestr("assets/mark.txt", mark)
    return out.getvalue()


@pytest.fixture(scope="session")
def make_app() -> Callable[[str], bytes]:
    return small_app
