"""What other tools say of the labelled captures and apps, for docs/comparison.md.

    python benchmarks/peers.py [--kismet KISMET] [--quark QUARK --rules RULES] [--fxapk FXAPK]

The tools are the user's own, given by their commands; RULES is a checkout of quark-rules. Without a tool its
row is left out. The files are those of the tests: a few dozen, made for this project, and no sample of the
world. A tool that was made for something else (secure coding, gathering of leads) is not worse for what it
does not say here.

Of captures with an attack and of harmless ones, how many are accused (rogue-scan: verdict medium or above;
Kismet: any alert but the one about its own rights), and in how many of the attacks an address of the attacker
stands in what is said.

Of malicious and of harmless apps, how many are accused (rogue-scan: verdict medium or above; Quark:
threat level above low; fxapk gives no verdict); of the hosts that malicious apps send data to, how many
stand in the report; of tampered packages, from how many a report came whose package name is right (Quark's
reports name no package: there, that one came at all).
"""

import argparse
import contextlib
import json
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import zstandard

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
SETTLE = 3
"""Seconds that Kismet is given to judge what it has read."""
LOUD = {"medium", "high", "critical"}
Said = tuple[bool | None, str]
"""(whether the tool accuses, all that it said)."""


def labelled(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each labelled file with its truth."""
    for path in sorted(folder.glob("*.json")):
        (source,) = [other for other in folder.glob(f"{path.stem}.*") if other != path]
        yield source, json.loads(path.read_text())


def run(*command: str) -> str:
    """Standard output of a command; empty where it failed or took more than two minutes."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode in (0, 1) else ""


def rogue_scan(path: Path) -> Said:
    """Our own verdict."""
    text = run(sys.executable, "-m", "rogue_scan", "audit", "-q", "-f", "json", str(path))
    subjects = json.loads(text)["subjects"] if text else []
    return any(s["risk"]["verdict"] in LOUD for s in subjects), text


def quark(command: str, rules: str) -> Callable[[Path], Said]:
    """Quark's threat level over the rules of a folder."""

    def ask(path: Path) -> Said:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            run(command, "-a", str(path), "-r", rules, "-s", "-o", str(report))
            text = report.read_text() if report.exists() else ""
        return bool(text) and json.loads(text)["threat_level"] != "Low Risk", text

    return ask


def fxapk(command: str) -> Callable[[Path], Said]:
    """The report of fxapk, which gives leads and no verdict."""

    def ask(path: Path) -> Said:
        with tempfile.TemporaryDirectory() as folder:
            run(command, "analyze", str(path), "--offline", "--fmt", "json", "--out", folder)
            return None, "".join(found.read_text() for found in Path(folder).rglob("*.json"))

    return ask


def androguard(path: Path) -> Said:
    """What androguard's reader of packages gives: it judges nothing."""
    code = "import sys; from androguard.core.apk import APK; a = APK(sys.argv[1]); print(a.get_package())"
    return None, run(sys.executable, "-c", code, str(path))


def findings(path: Path) -> Said:
    """Our own verdict on a capture, and whom the findings accuse."""
    text = run(sys.executable, "-m", "rogue_scan", "audit", "-q", "-f", "json", str(path))
    report = json.loads(text) if text else {"subjects": [], "findings": []}
    loud = [f for f in report["findings"] if f["severity"] in LOUD]
    accused = any(s["risk"]["verdict"] in LOUD for s in report["subjects"])
    return accused, json.dumps([f["actors"] for f in loud])


def kismet(command: str) -> Callable[[Path], Said]:
    """Alerts of Kismet, which goes on running when a capture ends and is stopped then."""

    def ask(path: Path) -> Said:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / path.name.removesuffix(".zst")
            if path.suffix == ".zst":
                with path.open("rb") as packed, plain.open("wb") as out:
                    zstandard.ZstdDecompressor().copy_stream(packed, out)
            else:
                shutil.copy(path, plain)
            given = ("--no-ncurses", "--no-line-wrap", "-T", "kismet", "-p", folder, "-t", "said")
            source = f"{plain}:type=pcapfile,realtime=false"
            with subprocess.Popen(
                (*shlex.split(command), *given, "-c", source),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            ) as process:  # fmt: skip
                late = threading.Timer(120, process.kill)
                late.start()
                assert process.stdout is not None
                for line in process.stdout:
                    if "end of pcapfile" in line:
                        time.sleep(SETTLE)
                        process.send_signal(signal.SIGINT)
                late.cancel()
            alerts: list[str] = []
            for log in Path(folder).glob("*.kismet"):
                with contextlib.closing(sqlite3.connect(log)) as database:
                    alerts += [
                        str(row[0])
                        for row in database.execute("select json from alerts where header != 'ROOTUSER'")
                    ]
        return bool(alerts), "\n".join(alerts)

    return ask


def of_captures(tools: dict[str, Callable[[Path], Said]]) -> None:
    """Print the table of captures."""
    print("| | attacks accused | harmless accused | attacker named |")
    print("| --- | --- | --- | --- |")
    for name, ask in tools.items():
        accused: dict[str, list[bool | None]] = {"attack": [], "benign": []}
        named: list[bool] = []
        for path, truth in labelled(DATA / "wifi"):
            verdict, text = ask(path)
            accused[truth["label"]].append(verdict)
            attackers = {*truth["rogue_bssids"], *truth["attacker_macs"]}
            if truth["label"] == "attack" and attackers:
                named.append(any(address in text.lower() for address in attackers))
        cells = [share(accused["attack"]), share(accused["benign"]), share(named)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def of_apps(tools: dict[str, Callable[[Path], Said]]) -> None:
    """Print the table of apps."""
    print("| | malicious accused | harmless accused | hosts named | tampered packages read |")
    print("| --- | --- | --- | --- | --- |")
    for name, ask in tools.items():
        accused: dict[str, list[bool | None]] = {"malicious": [], "benign": []}
        hosts: list[bool] = []
        read: list[bool] = []
        for path, truth in labelled(DATA / "apk"):
            verdict, text = ask(path)
            if truth["label"] == "malformed":
                named = truth.get("package")
                read += [named in text or '"crimes"' in text] if named else []
                continue
            if truth["label"] not in accused:
                continue  # weak in itself, and nobody's trap
            accused[truth["label"]].append(verdict)
            if truth["label"] == "malicious":
                wanted = {flow["endpoint"].rpartition(":")[0] or flow["endpoint"]
                          for flow in truth["flows"] if flow.get("endpoint")}  # fmt: skip
                hosts += [host in text for host in wanted]
        cells = [share(accused["malicious"]), share(accused["benign"]), share(hosts), share(read)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def share(found: list[Any]) -> str:
    """``3 of 5``; a dash where there is nothing to count."""
    known = [value for value in found if value is not None]
    return f"{sum(map(bool, known))} of {len(known)}" if known else "–"


def main() -> None:
    """Ask, count, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kismet")
    parser.add_argument("--quark")
    parser.add_argument("--rules", default="quark-rules/rules")
    parser.add_argument("--fxapk")
    given = parser.parse_args()
    watchers: dict[str, Callable[[Path], Said]] = {"rogue-scan": findings}
    if given.kismet:
        watchers["Kismet"] = kismet(given.kismet)
    of_captures(watchers)
    tools: dict[str, Callable[[Path], Said]] = {"rogue-scan": rogue_scan, "androguard": androguard}
    if given.quark:
        tools["Quark"] = quark(given.quark, given.rules)
    if given.fxapk:
        tools["fxapk"] = fxapk(given.fxapk)
    of_apps(tools)


if __name__ == "__main__":
    main()
