"""Channel lists, and live options that do not fit."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from rogue_scan.cli.live import ends_by_signal, frequencies
from rogue_scan.errors import UsageError


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
