"""Channel lists, and live options that do not fit."""

import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from rogue_scan.cli import wifi
from rogue_scan.cli.live import ends_by_signal, frequencies
from rogue_scan.errors import UsageError
from rogue_scan.wifi.live.monitor import Monitor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("1,6,11", [2412, 2437, 2462]),
        ("36-48", [5180, 5200, 5220, 5240]),
        ("6g:5", [5975]),
        ("2437, 5180", [2437, 5180]),
        ("6,6", [2437]),
    ],
)
def test_channels_by_number_range_band_and_frequency(text: str | None, expected: list[int] | None) -> None:
    assert frequencies(text) == expected


@pytest.mark.parametrize("text", ["x", "1-", "15-35", "6g:", "0"])
def test_what_is_no_channel_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="--channels"):
        frequencies(text)


Run = Callable[..., subprocess.CompletedProcess[bytes]]
CAPTURE = Path(__file__).parents[1] / "data" / "wifi" / "weak-c.pcapng"


def test_a_pipe_is_followed_to_its_end_and_gives_the_report_of_the_file(run: Run) -> None:
    live = json.loads(run("wifi", "--follow", "-", "-f", "json", stdin=CAPTURE.read_bytes()).stdout)
    file = json.loads(run("wifi", CAPTURE, "-f", "json").stdout)
    assert [f["fingerprint"] for f in live["findings"]] == [f["fingerprint"] for f in file["findings"]]
    for key in ("wifi", "coverage"):
        assert live["subjects"][0][key] == file["subjects"][0][key]


def test_lines_for_machines_end_with_the_verdict(run: Run) -> None:
    result = run("wifi", "--follow", "-", "-f", "jsonl", stdin=CAPTURE.read_bytes())
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert "opened" in {event["event"] for event in events}
    assert events[-1]["event"] == "ended"
    assert result.stderr.decode() == "rogue-scan: listening; Ctrl-C ends and writes the report\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["wifi"], "name captures, or a live source"),
        (["wifi", "--interface", "wlan1", "some.pcap"], "one of both"),
        (["wifi", "--managed", "--interface", "a", "--interface", "b"], "--managed takes one interface"),
        (["wifi", "--follow", "one", "two"], "--follow reads one capture"),
        (["wifi", "--follow", "-", "--write", "x.pcapng"], "--write records what radios receive"),
        (["wifi", "--interface", "wlan1", "--evidence", "x.pcapng"], "add --write FILE"),
    ],
)
def test_live_options_that_do_not_fit_are_wrong_usage(run: Run, arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert says in result.stderr.decode()


@pytest.mark.parametrize("arguments", [["--interface", "nosuch0"], ["--managed", "--interface", "nosuch0"]])
def test_an_interface_that_is_not_there_is_one_line_and_status_3(run: Run, arguments: list[str]) -> None:
    result = run("wifi", *arguments)
    assert result.returncode == 3
    assert len(result.stderr.decode().splitlines()) == 1
    assert result.stdout == b""


def test_signals_end_a_run_in_order_and_handlers_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGHUP")  # as on Windows
    source = SimpleNamespace(stopped=False, stop=lambda: setattr(source, "stopped", True))
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), ends_by_signal(source):  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGINT)
        assert source.stopped
        signal.raise_signal(signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


class Radio(Monitor):
    """One radio that hears a recording."""

    def __init__(self, interfaces: Any, frequencies: Any, hop: float) -> None:
        super().__init__(interfaces, frequencies, hop)
        self.asked = (list(interfaces), frequencies, hop)

    def __enter__(self) -> "Radio":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def stream(self, *, idle: float = 0.25) -> Iterator[bytes]:
        raw = CAPTURE.read_bytes()
        (section,) = struct.unpack_from("<I", raw, 4)
        (interface,) = struct.unpack_from("<I", raw, section + 4)
        yield raw[: section + interface]
        yield raw[section + interface :]


@pytest.fixture
def radio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr("rogue_scan.wifi.live.monitor.Monitor", Radio)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_live_run_writes_all_that_is_asked_for_and_the_file_says_the_same(radio: Path) -> None:
    arguments = "--interface wlan1 --write walk.pcapng --evidence cited.pcapng --export wigle=walk.csv"
    result = CliRunner().invoke(wifi.command, [*arguments.split(), "-o", "walk.html", "-f", "json"])
    assert result.exit_code == 0, result.output
    live = json.loads(result.stdout)
    file = json.loads(CliRunner().invoke(wifi.command, ["walk.pcapng", "-f", "json"]).stdout)
    assert [f["fingerprint"] for f in live["findings"]] == [f["fingerprint"] for f in file["findings"]] != []
    assert (radio / "walk.pcapng").read_bytes() == CAPTURE.read_bytes()
    assert (radio / "walk.csv").read_text().startswith("WigleWifi-1.6")
    assert (radio / "cited.pcapng").stat().st_size > 100
    assert b"<html" in (radio / "walk.html").read_bytes()
    for name in ("walk.pcapng", "cited.pcapng"):
        assert (radio / name).stat().st_mode & 0o077 == 0


def test_a_live_run_fails_a_gate_as_a_file_does(radio: Path) -> None:
    result = CliRunner().invoke(
        wifi.command, ["--interface", "wlan1", "-q", "--fail-on", "low", "-f", "json"]
    )
    assert result.exit_code == 1
    assert result.stderr == ""


@pytest.mark.parametrize(("term", "kind"), [("xterm-256color", "picture"), ("dumb", "lines")])
def test_a_terminal_gets_what_it_can_show(radio: Path, term: str, kind: str) -> None:
    """Runs in a terminal of its own, as over SSH."""
    script = radio / "run.py"
    script.write_text(
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('played', {str(Path(__file__))!r})\n"
        "played = importlib.util.module_from_spec(spec); spec.loader.exec_module(played)\n"
        "import rogue_scan.wifi.live.monitor as monitor; monitor.Monitor = played.Radio\n"
        "sys.argv = ['rogue-scan', 'wifi', '--interface', 'wlan1', '--no-color']\n"
        "from rogue_scan.cli.main import run; run()\n"
    )
    theirs, ours = pty.openpty()
    environment = {**os.environ, "TERM": term}
    command = [sys.executable, script]
    process = subprocess.Popen(command, stdin=ours, stdout=subprocess.PIPE, stderr=ours, env=environment)
    os.close(ours)
    drawn = b""
    while True:
        try:
            piece = os.read(theirs, 65536)
        except OSError:  # the terminal's other end is closed
            break
        if not piece:
            break
        drawn += piece
    out, _ = process.communicate(timeout=30)
    os.close(theirs)
    assert process.returncode == 0, drawn.decode()
    assert b"What was seen, and what was not" in out
    assert (b"\x1b[?1049h" in drawn) is (kind == "picture")
    assert (b"listening; Ctrl-C ends" in drawn) is (kind == "lines")
    assert b"offers WPA (version 1)" in drawn
    assert not re.search(rb"\x1b\[3[0-7]m", drawn)
