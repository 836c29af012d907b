"""The guarding process restores when its standard input ends, however that comes about."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from rogue_scan.errors import Unreadable
from rogue_scan.wifi.live import guard as module
from rogue_scan.wifi.live import link, nl80211
from rogue_scan.wifi.live.guard import Guard, Restore, restore

NOWHERE = Restore(interface="roguetest99", added=True)
"""An interface that no machine has: there is nothing to restore."""


class Kernel:
    def __init__(self, *names: str) -> None:
        self.names, self.log = names, []  # type: ignore[var-annotated]

    def __call__(self) -> "Kernel":
        return self

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        pass

    def radios(self) -> list[Any]:
        return [SimpleNamespace(interfaces=[SimpleNamespace(name=name, index=7) for name in self.names])]

    def remove(self, index: int) -> None:
        self.log.append(f"remove {index}")

    def set_kind(self, index: int, kind: str) -> None:
        self.log.append(f"{index} becomes {kind}")


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel("rogue0", "wlan0")
    monkeypatch.setattr(nl80211, "Nl80211", made)
    monkeypatch.setattr(
        link, "set_up", lambda index, up: made.log.append(f"{index} {'up' if up else 'down'}")
    )
    return made


def test_an_interface_of_ours_is_removed(kernel: Kernel) -> None:
    restore(Restore(interface="rogue0", added=True))
    assert kernel.log == ["remove 7"]


@pytest.mark.parametrize(("was_up", "last"), [(True, "7 up"), (False, "7 down")])
def test_an_interface_of_the_user_becomes_what_it_was(kernel: Kernel, was_up: bool, last: str) -> None:
    restore(Restore(interface="wlan0", added=False, kind="managed", was_up=was_up))
    assert kernel.log == ["7 down", "7 becomes managed", last]


def test_a_card_that_was_pulled_needs_nothing(kernel: Kernel) -> None:
    restore(Restore(interface="rogue5", added=True))
    assert kernel.log == []


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the guard's main in this process over a given standard input; gives what it wrote."""

    def run(what: Restore) -> Any:
        class Input:
            buffer = io.BytesIO(msgspec.json.encode(what) + b"\n" + b"x" * 9000)

        monkeypatch.setattr(sys, "stdin", Input)
        handlers = {
            number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            module.main()
            ignored = [signal.getsignal(number) for number in handlers]
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        assert set(ignored) == {signal.SIG_IGN}, "Ctrl-C in the terminal must not reach it"
        return capsys.readouterr()

    return run


def test_it_says_ready_before_anything_is_changed_and_restores_after(kernel: Kernel, played: Any) -> None:
    assert played(Restore(interface="rogue0", added=True)).out == "ready\n"
    assert kernel.log == ["remove 7"]


def test_what_cannot_be_restored_is_said(
    kernel: Kernel, played: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(index: int) -> None:
        raise Unreadable("not permitted")

    monkeypatch.setattr(kernel, "remove", refuse)
    said = played(Restore(interface="rogue0", added=True))
    assert said.err == "rogue-scan: rogue0 could not be restored: not permitted\n"


def test_the_process_stands_before_the_run_begins_and_ends_with_it() -> None:
    with Guard(NOWHERE) as guard:
        process = guard._process
        assert process.poll() is None
    assert process.returncode == 0


def test_it_outlives_interrupts_and_ends_when_its_parent_is_killed() -> None:
    """The parent is a process of its own, killed without a chance to clean up."""
    script = (
        "import sys, time; from rogue_scan.wifi.live.guard import Guard, Restore\n"
        "guard = Guard(Restore(interface='roguetest99', added=True))\n"
        "print(guard._process.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout
    guard = int(parent.stdout.readline())
    try:
        os.kill(guard, signal.SIGINT)
        os.kill(guard, signal.SIGHUP)
        time.sleep(0.1)
        os.kill(guard, 0)
        assert os.getsid(guard) == guard, "a session of its own: Ctrl-C in the terminal does not reach it"
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    end = time.monotonic() + 20
    while _runs(guard):
        assert time.monotonic() < end, "the guard did not end"
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text("ascii", "replace")
        return stat.rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_a_slow_machine_is_left_to_restore_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with Guard(NOWHERE) as guard:
        process = guard._process
        monkeypatch.setattr(module, "_SECONDS_TO_RESTORE", 0.0)
        os.kill(process.pid, signal.SIGSTOP)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(20) == 0
