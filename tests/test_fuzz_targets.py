"""The fuzzing command's targets: each has real files to start from and survives a short run of damage.

Hours of it are run by ``make fuzz SECONDS=…``; this is the short run of every change.
"""

import importlib.util
import random
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"


@pytest.fixture(scope="module")
def fuzz():
    sys.path.insert(0, str(TOOLS))
    try:
        spec = importlib.util.spec_from_file_location("fuzz", TOOLS / "fuzz.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(TOOLS))


NAMES = (
    "zip", "manifest", "resources", "dex", "elf", "signing", "cms", "jar", "compiled", "script",
    "app", "app-entry", "capture", "decrypt", "kismetdb", "packing", "radiotap", "elements",
    "security", "eapol", "link", "tcp", "http", "html", "dns", "dhcp", "tls", "neighbour", "quic",
    "websocket", "report", "site",
    "policy", "declaration", "declaration-csv", "ignore", "signature",
)  # fmt: skip
SLOW = {"app": 6, "app-entry": 6, "capture": 4, "decrypt": 4, "dex": 15, "signing": 15}
"""Mutations of what takes a whole analysis each; others get 60."""


def test_every_reader_is_a_target(fuzz):
    assert set(fuzz.TARGETS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_damage_is_survived(fuzz, name):
    target, rng = fuzz.TARGETS[name], random.Random(20240229)
    seeds = target.seeds()
    assert seeds
    inputs = seeds[:5] + [fuzz.mutated(rng, seeds) for _ in range(SLOW.get(name, 60))]
    for data in inputs:
        try:
            target.run(data)
        except fuzz.OURS:
            continue


def test_mutations_are_bounded_and_differ(fuzz):
    rng = random.Random(1)
    made = {fuzz.mutated(rng, [b"", bytes(range(256)) * 4, b"\x10\0\0\0abc"]) for _ in range(300)}
    assert len(made) > 150
    assert max(map(len, made)) <= fuzz.MAX_INPUT


def test_a_reader_that_breaks_is_told(fuzz, monkeypatch, tmp_path):
    """A crash, an endless loop and a refusal: the first two are findings."""
    monkeypatch.setattr(fuzz.signal, "setitimer", lambda *_: None)
    crash = fuzz.Target(lambda data: {}[data], lambda: [b"x"])
    fine = fuzz.Target(lambda data: (_ for _ in ()).throw(fuzz.OURS[0]("no")), lambda: [b"x"])

    def late(data):
        raise fuzz.Slow

    def greedy(data):
        raise MemoryError

    assert "KeyError" in fuzz.attempt(crash, b"x")
    assert fuzz.attempt(fine, b"x") == ""
    assert "more than 3 s" in fuzz.attempt(fuzz.Target(late, list), b"x")
    assert "MB" in fuzz.attempt(fuzz.Target(greedy, list), b"x")
    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(fuzz, "ROOT", tmp_path)
    assert fuzz.keep("zip", b"x", "why").read_bytes() == b"x"
