"""The HTML report in headless Chromium: it draws, logs no error and asks the network nothing."""

import http.server
import json
import re
import shutil
import subprocess
import threading

import pytest

from rogue_scan.render.formats import Options, render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture
def browse(tmp_path):
    """Runs Chromium with a new profile and returns (standard output, log)."""

    def run(page, *options):
        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars",
            f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--v=0", *options, page,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, timeout=100, check=True)
        shutil.rmtree(tmp_path / "profile", ignore_errors=True)
        return done.stdout.decode(), done.stderr.decode(errors="replace")

    return run


@pytest.fixture
def served():
    """A local server that notes what is asked of it."""
    asked, pages = [], {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = pages.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", pages, asked
    server.shutdown()
    server.server_close()


def _console(log):
    return [line for line in log.splitlines() if "CONSOLE" in line]


def _png_size(raw):
    return int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_page_works_alone(report, browse, served, language):
    address, pages, asked = served
    pages["/report.html"] = render("html", report, Options(language=language)).encode()
    page, log = browse(f"{address}/report.html", "--dump-dom")
    assert _console(log) == []
    assert [path for path in asked if path != "/favicon.ico"] == ["/report.html"]
    assert 'id="search"' in page, "the filter is there where scripts run"
    assert re.search(r"<output[^>]*>7 ", page) or "7" in re.search(r"<output[^>]*>(.*?)</output>", page)[1]


@pytest.mark.parametrize("width", [1280, 420])
def test_it_draws_at_two_widths(report, browse, tmp_path, width):
    source, picture = tmp_path / "report.html", tmp_path / "report.png"
    source.write_text(render("html", report), encoding="utf-8")
    browse(source.as_uri(), f"--window-size={width},1600", f"--screenshot={picture}")
    raw = picture.read_bytes()
    assert _png_size(raw) == (width, 1600)
    assert len(raw) > 40_000, "an empty page is far smaller"


def test_nothing_is_wider_than_a_telephone(report, browse, tmp_path):
    probe = "<script>document.title = document.documentElement.scrollWidth</script></body>"
    text = render("html", report).replace("</body>", probe)
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    source = tmp_path / "report.html"
    frame = tmp_path / "frame.html"
    source.write_text(text, encoding="utf-8")
    frame.write_text(
        f'<iframe src="{source.name}" width="390" height="800" style="border:0" onload="'
        "document.body.append('width=' + this.contentDocument.documentElement.scrollWidth)\"></iframe>"
    )
    page, _ = browse(frame.as_uri(), "--allow-file-access-from-files", "--dump-dom")
    assert re.search(r"width=(\d+)", page.split("</iframe>")[1])[1] == "390"


def test_hostile_names_run_nothing(browse, served):
    from .test_hostile import hostile_report

    address, pages, asked = served
    attack = f"\"><img src={address}/leak><script>fetch('{address}/leak')</script>"
    pages["/report.html"] = render("html", hostile_report(lambda text: attack + text)).encode()
    _, log = browse(f"{address}/report.html", "--dump-dom")
    assert _console(log) == []
    assert "/leak" not in json.dumps(asked)
