"""Keys come one by one from a terminal, and the terminal is put back."""

import os
import pty
import sys
import termios
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rogue_scan.cli.keys import Keys


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    theirs, ours = pty.openpty()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True, fileno=lambda: ours))
    yield theirs, ours
    os.close(theirs)
    os.close(ours)


def local(descriptor: int) -> Any:
    return termios.tcgetattr(descriptor)[3] & (termios.ICANON | termios.ECHO)


def typed(keys: Keys, theirs: int, data: bytes) -> list[str]:
    os.write(theirs, data)
    end = time.monotonic() + 2
    found: list[str] = []
    while not found and time.monotonic() < end:
        found = keys.pressed()
    return found


def test_keys_are_taken_at_once_and_not_shown_and_the_terminal_is_put_back(terminal: tuple[int, int]) -> None:
    theirs, ours = terminal
    before = local(ours)
    with Keys() as keys:
        assert local(ours) == 0
        assert keys.pressed() == []
        assert typed(keys, theirs, b"mp") == ["m", "p"]
    assert local(ours) == before != 0
    assert keys.pressed() == []


def test_characters_of_several_bytes_and_arrows(terminal: tuple[int, int]) -> None:
    theirs, _ = terminal
    with Keys() as keys:
        assert typed(keys, theirs, "室\x1b[A\x1b[1;5Cé\x1bOP".encode()) == ["室", "é"]
        os.write(theirs, "会".encode()[:2])
        time.sleep(0.05)
        assert keys.pressed() == []
        assert typed(keys, theirs, "会".encode()[2:]) == ["会"]
        assert typed(keys, theirs, b"\x1b") == ["\x1b"]


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    with Keys() as keys:
        assert keys.pressed() == []


def test_where_terminals_cannot_be_asked_there_are_no_keys(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""
    monkeypatch.setitem(sys.modules, "termios", None)
    with Keys() as keys:
        assert not keys.known
        assert keys.pressed() == []
