"""The API as a client sees it: a real process behind a real socket."""

import hashlib
import json
import signal
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Make = Callable[[str], bytes]
TYPE = "application/octet-stream"


def test_an_upload_gets_its_verdict(server: Any, make_app: Make) -> None:
    app = make_app("one")
    answer = server.upload(app)
    assert answer.status == 200
    status = answer.json
    assert status["id"] == hashlib.sha256(app).hexdigest()
    assert (status["state"], status["size"]) == ("done", len(app))
    assert answer.headers["location"] == f"/v1/apps/{status['id']}"
    again = server.ask("GET", answer.headers["location"])
    assert again.json == status
    assert any(item["id"] == status["id"] for item in server.ask("GET", "/v1/apps").json["apps"])


def test_polling_ends_with_the_verdict(server: Any, make_app: Make) -> None:
    answer = server.upload(make_app("polled"), "")
    assert answer.status in (200, 202)
    until = time.monotonic() + 15
    while answer.json["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.02)
        answer = server.ask("GET", f"/v1/apps/{answer.json['id']}")
    assert answer.json["state"] == "done"


def test_a_form_as_browsers_and_curl_send_it(server: Any, make_app: Make) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="app"; filename="../../etc/shop.apk"\r\n\r\n'
        + make_app("form")
        + b"\r\n--b--\r\n"
    )
    answer = server.ask("POST", "/v1/apps?wait=20", body, content_type="multipart/form-data; boundary=b")
    assert answer.status == 200
    report = server.ask("GET", f"/v1/apps/{answer.json['id']}/report").json
    assert report["subjects"][0]["name"] == "../../etc/shop.apk"  # shown, and never used as a path


def test_the_report_comes_in_every_format(server: Any, make_app: Make) -> None:
    app = server.upload(make_app("report")).json["id"]
    from rogue_scan.render.formats import FORMATS

    for name in FORMATS:
        answer = server.ask("GET", f"/v1/apps/{app}/report?format={name}")
        assert answer.status == 200, name
        assert answer.body, name
    page = server.ask("GET", f"/v1/apps/{app}/report?format=html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("sandbox")
    assert page.headers["x-content-type-options"] == "nosniff"


def test_what_is_no_app_fails_with_the_cause(server: Any) -> None:
    answer = server.upload(b"no package")
    assert answer.json["state"] == "failed"
    assert answer.json["error"]["kind"] == "malformed"
    report = server.ask("GET", answer.json["report"]).json
    assert report["errors"][0]["kind"] == "malformed"


def test_relatives_of_an_app(server: Any, make_app: Make) -> None:
    app = server.upload(make_app("relatives")).json["id"]
    assert server.ask("GET", f"/v1/apps/{app}/relatives").json == {"campaign": None, "relatives": []}


def test_only_the_token_lets_in(server: Any, make_app: Make) -> None:
    for token in (None, "", "wrong", "a token of the tests, long enougH"):
        answer = server.ask("GET", "/v1/apps", token=token)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert server.ask("GET", "/metrics", token=None).status == 401
    assert server.ask("GET", "/health", token=None).status == 200


def test_a_basic_login_with_the_token_is_not_enough(server: Any) -> None:
    answer = server.ask("GET", "/v1/apps", token=None, authorization=f"Basic {server.secret}")
    assert answer.status == 401


def test_an_app_beyond_the_limit_is_refused(server: Any) -> None:
    answer = server.upload(bytes((1 << 20) + 1))
    assert (answer.status, answer.json["error"]["kind"]) == (413, "limit")
    assert not [path for path in (server.store / "uploads").iterdir() if path.is_file()]


def test_a_length_that_lies_is_refused_all_the_same(server: Any) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(
            f"POST /v1/apps HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.secret}\r\n"
            f"content-type: {TYPE}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )
        try:
            for _ in range(40):
                client.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        except OSError:
            pass  # the server has hung up
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_wrong_requests_are_told_what_is_wrong(server: Any) -> None:
    digest = "0" * 64
    for method, path, status in [
        ("GET", "/v1/apps/../../etc/passwd", 404),
        ("GET", "/v1/apps/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/apps/ABC", 400),
        ("GET", f"/v1/apps/{digest}", 404),
        ("GET", f"/v1/apps/{digest}/report", 404),
        ("GET", f"/v1/apps/{digest}/report?format=pdf", 404),
        ("GET", "/v1/apps?limit=0", 400),
        ("GET", "/v1/apps?limit=1e9", 400),
        ("GET", "/v1/apps?verdict=bad", 400),
        ("GET", "/v1/apps?after=x", 400),
        ("GET", f"/v1/apps/{digest}?wait=-1", 400),
        ("DELETE", f"/v1/apps/{digest}", 405),
        ("GET", "/nowhere", 404),
    ]:
        answer = server.ask(method, path)
        assert answer.status == status, path
        assert answer.json["error"]["message"]


def test_bodies_that_are_not_as_described(server: Any) -> None:
    for media, body, status in [
        ("text/plain", b"x", 415),
        ("application/json", b"{}", 400),
        ("application/json", b'{"url": 1}', 400),
        ("application/json", b'{"url": "http://x/", "more": 1}', 400),
        ("application/json", b"\xff", 400),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"--b--", 400),
    ]:
        answer = server.ask("POST", "/v1/apps", body, content_type=media)
        assert (answer.status, bool(answer.json["error"]["message"])) == (status, True), (media, body)


def test_only_urls_under_the_prefix_are_fetched(server: Any) -> None:
    for url in [
        "http://127.0.0.1:9/other/x.apk",
        "http://127.0.0.1:9/apps/../other/x.apk",
        "http://127.0.0.1:9/apps/%2e%2e/other/x.apk",
        "http://127.0.0.1:9/apps/%252e%252e/x.apk",
        "http://127.0.0.1:9@evil.example/apps/x.apk",
        "http://127.0.0.1:99/apps/x.apk",
        "file:///etc/passwd",
        "/etc/passwd",
        "simplecache::http://127.0.0.1:9/apps/x.apk",
        "http://127.0.0.1:9/appsx/x.apk",
    ]:
        body = json.dumps({"url": url}).encode()
        assert server.ask("POST", "/v1/apps", body, content_type="application/json").status == 403, url
    body = json.dumps({"url": "http://127.0.0.1:9/apps/x.apk"}).encode()
    answer = server.ask("POST", "/v1/apps?wait=20", body, content_type="application/json")
    assert answer.json["state"] == "failed"  # nobody listens there
    assert answer.json["error"]["kind"] == "unreadable"


def test_pages_of_the_list(server: Any, make_app: Make) -> None:
    for number in range(4):
        server.upload(make_app(f"page {number}"))
    seen = []
    path = "/v1/apps?limit=3"
    while True:
        page = server.ask("GET", path).json
        seen += [item["id"] for item in page["apps"]]
        if page["next"] is None:
            break
        path = f"/v1/apps?limit=3&after={page['next']}"
    assert len(seen) >= 4
    assert seen == sorted(set(seen))


def test_metrics_and_document(server: Any, make_app: Make) -> None:
    server.upload(make_app("metrics"))
    answer = server.ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    assert any(line.startswith('rogue_scan_apps{state="done"') for line in lines)
    assert any(line.startswith("rogue_scan_vetting_seconds_count") for line in lines)
    assert all(line.startswith("#") or len(line.split(" ")) >= 2 for line in lines)
    document = server.ask("GET", "/openapi.json", token=None).json
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) >= {"/v1/apps", "/v1/apps/{app}", "/v1/apps/{app}/report"}


def test_too_many_requests_are_told_to_wait(
    start: Callable[..., Any], tmp_path: Path, make_app: Make
) -> None:
    slow = start(tmp_path / "store", "--rate", "0.5")
    answers = [slow.ask("GET", "/health") for _ in range(10)]
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1
    assert slow.end() == 0


def test_ending_in_order_and_going_on(start: Callable[..., Any], tmp_path: Path, make_app: Make) -> None:
    store = tmp_path / "store"
    first = start(store)
    app = first.upload(make_app("kept")).json["id"]
    assert first.end(signal.SIGINT) == 0
    assert stat.S_IMODE((store / "ledger.sqlite").stat().st_mode) == 0o600
    # As if the server had been killed with one upload whole and one half done.
    left = make_app("left behind")
    digest = hashlib.sha256(left).hexdigest()
    (store / "uploads" / digest).write_bytes(left)
    (store / "uploads" / "part-0").write_bytes(b"half")
    second = start(store)
    assert second.ask("GET", f"/v1/apps/{app}").json["state"] == "done"
    assert second.ask("GET", f"/v1/apps/{digest}?wait=20").json["state"] == "done"
    assert not [path for path in (store / "uploads").iterdir() if path.is_file()]
    assert second.end() == 0


def test_new_rules_are_answered_from_facts(start: Callable[..., Any], tmp_path: Path, make_app: Make) -> None:
    from rogue_scan.rules.files import builtin

    first = start(tmp_path / "store")
    app = first.upload(make_app("asked twice")).json["id"]
    assert first.end() == 0
    rule = min((builtin() / "apk").glob("*.yml"))
    mine = tmp_path / rule.name
    mine.write_text(rule.read_text() + "\n# edited\n")
    second = start(tmp_path / "store", "--rules", str(mine))
    assert second.ask("GET", "/v1/apps").json["apps"] == []
    assert second.ask("GET", f"/v1/apps/{app}?wait=20").json["state"] == "done"
    assert second.end() == 0


def test_a_store_in_use_and_a_short_token(start: Callable[..., Any], server: Any, tmp_path: Path) -> None:
    import subprocess
    import sys

    short = tmp_path / "token"
    short.write_text("short")
    for options, says in [
        (["--store", str(server.store)], "in use by process"),
        (["--store", str(tmp_path / "s"), "--token-file", str(short)], "at least 16"),
    ]:
        command = [sys.executable, "-m", "rogue_scan", "serve", "--port", "0", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
