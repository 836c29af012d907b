"""What the process prints, where, and with which status it ends."""

import fcntl
import gzip
import json
import os
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]

DATA = Path(__file__).parents[1] / "data"
HOTSPOT = DATA / "wifi" / "lure-a.pcapng"
HONEST = DATA / "wifi" / "transition-a.pcapng"
APP = DATA / "apk" / "code-forwarder.apk"


def test_the_main_job_names_access_point_app_and_endpoint(run: Run) -> None:
    """One capture in; the trap, the app it pushed and the app's endpoint out, as one incident."""
    done = run("audit", HOTSPOT, "-f", "json", "-o", "report.html")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    capture, app = report["subjects"]
    assert (capture["kind"], app["kind"], app["parent"]) == ("capture", "apk", capture["id"])
    assert any(endpoint["hidden"] for endpoint in app["apk"]["endpoints"])
    (incident,) = report["incidents"]
    assert incident["access_points"] == ["00:c0:ca:82:0c:11"]
    assert incident["apps"] and incident["endpoints"] and incident["victims"] == ["5a:c1:09:73:20:01"]
    assert app["id"] in incident["subjects"]
    assert {"served-by"} <= {link["kind"] for link in report["links"]}


def test_results_go_to_standard_output_and_nothing_else_does(run: Run) -> None:
    done = run("wifi", HONEST, "-f", "json")
    json.loads(done.stdout)
    assert done.stderr == b""


def test_the_same_input_gives_the_same_bytes(run: Run) -> None:
    first, second = (run("audit", HOTSPOT, "-f", "json", "--reproducible").stdout for _ in range(2))
    assert first == second
    assert str(DATA).encode() not in first


@pytest.mark.parametrize(("gate", "status"), [("none", 0), ("low", 1), ("critical", 1)])
def test_the_gate_decides_the_status_whatever_is_shown(run: Run, gate: str, status: int) -> None:
    assert run("wifi", HOTSPOT, "--fail-on", gate, "--min-severity", "critical").returncode == status
    assert run("wifi", HONEST, "--fail-on", "medium").returncode == 0


def test_bad_sources_are_one_line_each_and_the_good_ones_are_reported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(os.urandom(5000))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "cut.pcapng").write_bytes(HONEST.read_bytes()[:20_001])
    done = run("audit", "garbage", "empty", "missing", "cut.pcapng", HONEST, APP, "-f", "json")
    assert done.returncode == 3
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 4
    assert all(line.startswith("rogue-scan: ") for line in lines)
    report = json.loads(done.stdout)
    assert {Path(error["source"]).name for error in report["errors"]} == {
        "garbage",
        "empty",
        "missing",
        "cut.pcapng",
    }
    names = {Path(subject["name"]).name for subject in report["subjects"]}
    assert {"cut.pcapng", HONEST.name, APP.name} <= names


def test_a_finding_wins_over_a_bad_source(run: Run) -> None:
    assert run("audit", "missing", HOTSPOT, "--fail-on", "high").returncode == 1


def test_standard_input_packed_or_not_gives_the_same_findings(run: Run) -> None:
    def found(done: subprocess.CompletedProcess[bytes]) -> list[str]:
        assert done.returncode == 0, done.stderr
        return sorted(finding["fingerprint"] for finding in json.loads(done.stdout)["findings"])

    raw = HOTSPOT.read_bytes()
    plain = found(run("wifi", HOTSPOT, "-f", "json"))
    assert plain
    assert found(run("wifi", "-", "-f", "json", stdin=raw)) == plain
    assert found(run("wifi", "-", "-f", "json", stdin=gzip.compress(raw))) == plain
    assert found(run("audit", "-", "-f", "json", stdin=raw)) == plain_and_app(run)


def plain_and_app(run: Run) -> list[str]:
    report = json.loads(run("audit", HOTSPOT, "-f", "json").stdout)
    return sorted(finding["fingerprint"] for finding in report["findings"])


def test_an_app_comes_by_standard_input_too(run: Run) -> None:
    done = run("apk", "-", "-f", "json", stdin=APP.read_bytes())
    assert done.returncode == 0
    assert json.loads(done.stdout)["subjects"][0]["apk"]["package"]


def test_content_decides_and_not_the_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(HONEST.read_bytes())
    (tmp_path / "notes.txt").write_bytes(APP.read_bytes())
    report = json.loads(run("audit", "holiday.jpg", "notes.txt", "-f", "json").stdout)
    assert [subject["kind"] for subject in report["subjects"]] == ["capture", "apk"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("wifi",),
        ("wifi", "--no-such-option", "x"),
        ("nonsense",),
        ("wifi", HONEST, "-o", "report.unknown"),
        ("wifi", HONEST, "-o", "no/such/folder/report.json"),
        ("wifi", HONEST, "--rules", "missing.yml"),
        ("rules", "show", "wifi/no-such-rule"),
        ("report", "missing.json"),
    ],
)
def test_wrong_usage_is_status_2_and_never_a_traceback(run: Run, arguments: tuple[object, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"Usage" in done.stderr or done.stderr.startswith(b"rogue-scan: ") or b"Error" in done.stderr


def test_an_internal_error_is_70_and_never_1(run: Run, tmp_path: Path) -> None:
    """A broken installation, here: a module of ours that cannot be imported."""
    (tmp_path / "broken.py").write_text(
        "import sys\n"
        "import rogue_scan.audit\n"
        "def fail(*a, **k): raise RuntimeError('boom \\x1b[31m')\n"
        "rogue_scan.audit.audit = fail\n"
        "from rogue_scan.cli.main import run\n"
        "sys.argv = ['rogue-scan', 'audit', 'x', '--fail-on', 'low']\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "broken.py"], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 70
    assert done.stderr.startswith(b"rogue-scan: internal error: RuntimeError: boom")
    assert b"\x1b" not in done.stderr


def test_an_interrupt_is_130(tmp_path: Path) -> None:
    """Ctrl-C while standard input is still open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rogue_scan", "wifi", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert process.stdin and process.stderr
    process.stdin.write(HONEST.read_bytes()[:30_000])
    process.stdin.flush()
    # The scanner has begun once it has read what there is; before that the interrupt would hit imports, and
    # some of them make the interpreter end by the signal itself.
    for _ in range(300):
        if not struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)))[0]:
            break
        time_to_start()
    time_to_start()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def time_to_start() -> None:
    import time

    time.sleep(0.1)


def test_a_reader_that_goes_away_is_no_error(run: Run, tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m rogue_scan audit {HOTSPOT} | head -1; echo"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert b"Traceback" not in done.stderr
    assert b"RISK" in done.stdout


def test_no_color_and_pipes_have_no_escapes(run: Run) -> None:
    assert b"\x1b" not in run("wifi", HOTSPOT).stdout
    assert b"\x1b[" in run("wifi", HOTSPOT, "--color", "always").stdout
    assert b"\x1b" not in run("wifi", HOTSPOT, "--color", "auto", env={"NO_COLOR": "1"}).stdout


def test_reports_are_written_whole_and_for_their_owner_alone(run: Run, tmp_path: Path) -> None:
    endings = ["a.json", "a.jsonl", "a.sarif", "a.html", "a.md", "a.csv", "stix=s.json", "junit=j.xml"]
    done = run("audit", HOTSPOT, *(part for ending in endings for part in ("-o", ending)))
    assert done.returncode == 0, done.stderr
    for ending in endings:
        path = tmp_path / ending.rpartition("=")[2]
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_size > 100
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_report_can_be_joined_rendered_and_compared_later(run: Run, tmp_path: Path) -> None:
    run("wifi", HOTSPOT, "-o", "one.json")
    run("wifi", HONEST, "-o", "two.json")
    joined = json.loads(run("report", "one.json", "two.json", "-f", "json").stdout)
    assert len(joined["subjects"]) == 2
    assert joined["incidents"]
    assert b"0 new, 0 gone" in run("diff", "one.json", "one.json").stdout
    assert run("diff", "two.json", "one.json", "--fail-on", "high").returncode == 1


def test_what_a_baseline_knows_is_set_aside_and_counted(run: Run) -> None:
    run("wifi", HOTSPOT, "-o", "known.json")
    done = run("wifi", HOTSPOT, "--baseline", "known.json", "--fail-on", "low", "-f", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["findings"] == []
    assert len(report["suppressed"]) > 3
    assert report["risk"]["verdict"] == "clean"


def test_an_ignore_file_needs_a_reason(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ignore.yml").write_text("- rule: wifi/*\n  reason: a test network of ours\n")
    done = run("wifi", HOTSPOT, "--ignore", "ignore.yml", "-f", "json")
    assert {item["reason"] for item in json.loads(done.stdout)["suppressed"]} == {"a test network of ours"}
    (tmp_path / "ignore.yml").write_text("- rule: wifi/*\n")
    assert run("wifi", HOTSPOT, "--ignore", "ignore.yml").returncode == 2


def test_carved_files_are_kept_under_names_that_cannot_hurt(run: Run, tmp_path: Path) -> None:
    run("wifi", HOTSPOT, "--carve", "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.name == "ee8890dea06e4791f082acd500c0b8e6e87d00503a8a0f762811d41a70f7f709.bin"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_key_goes_into_nothing_that_is_written(run: Run, tmp_path: Path) -> None:
    key = "City Free WiFi:not-for-others"
    more = ("--evidence", "e.pcapng", "--export", "clients=c.csv", "--facts", "facts", "-v")
    done = run("audit", HOTSPOT, "--key", key, "-o", "a.json", "-o", "a.html", *more)
    assert done.returncode == 0, done.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 5
    assert not [path.name for path in files if b"not-for-others" in path.read_bytes()]
    assert b"not-for-others" not in done.stdout + done.stderr
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_anonymised_reports_hold_no_address_of_the_capture(run: Run) -> None:
    out = run("audit", HOTSPOT, "--anonymise", "-f", "json").stdout
    for secret in (b"00:c0:ca:82:0c:11", b"5a:c1:09:73:20:01", b"City Free WiFi", HOTSPOT.name.encode()):
        assert secret not in out


def test_configuration_comes_from_file_and_environment_and_the_command_line_wins(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "rogue-scan.toml").write_text('[wifi]\nfail-on = "low"\n')
    assert run("wifi", HOTSPOT).returncode == 1
    assert run("wifi", HOTSPOT, "--fail-on", "none").returncode == 0
    assert run("--no-config", "wifi", HOTSPOT).returncode == 0
    assert run("wifi", HOTSPOT, env={"ROGUE_SCAN_WIFI_FAIL_ON": "none"}).returncode == 0
    (tmp_path / "rogue-scan.toml").write_text("[wifi]\nfail-onn = 1\n")
    done = run("wifi", HOTSPOT)
    assert done.returncode == 2
    assert b"wifi.fail-onn" in done.stderr


def test_help_is_there_for_every_command(run: Run) -> None:
    listed = run("--help").stdout.decode()
    for name in ("audit", "wifi", "apk", "report", "diff", "rules", "baseline", "fleet", "serve", "doctor"):
        assert name in listed
        assert run(name, "--help").returncode == 0, name


def test_help_imports_nothing_heavy() -> None:
    """What makes `--help` slow is what it imports; so no stopwatch is needed."""
    code = (
        "import sys\n"
        "from rogue_scan.cli.main import main\n"
        "try: main.main(['--help'], standalone_mode=False)\n"
        "finally: print(sorted(sys.modules))\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=30
    ).stdout.decode()
    loaded = out.splitlines()[-1]
    for name in (
        "rich",
        "jinja2",
        "scapy",
        "androguard",
        "numpy",
        "yaml",
        "rogue_scan.wifi",
        "rogue_scan.apk",
    ):
        assert f"'{name}'" not in loaded


def test_rules_can_be_listed_shown_and_checked(run: Run) -> None:
    assert b"wifi/evil-twin-open" in run("rules", "list").stdout
    shown = run("rules", "show", "wifi/open-network").stdout
    assert b"What may look like it" in shown
    assert b"did you mean wifi/karma" in run("rules", "show", "wifi/carma").stderr
    assert run("rules", "check").returncode == 0


def test_completion_scripts_are_printed(run: Run) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert b"_ROGUE_SCAN_COMPLETE" in run("completion", shell).stdout


def test_doctor_speaks_to_people_and_machines(run: Run) -> None:
    assert b"python" in run("doctor").stdout
    checks = json.loads(run("doctor", "-f", "json").stdout)
    assert {"area", "what", "state", "says", "mend"} == set(checks[0])
