"""Large pages for the heap."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from rogue_scan.apk.memory import large_pages

CHECK = """
from rogue_scan.apk.memory import large_pages
large_pages()
with open("/proc/self/smaps") as file:
    print(sum(line.startswith("VmFlags:") and " hg" in line for line in file))
"""


@pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").exists() or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="asks for glibc, and for a kernel with large pages",
)
def test_heap_is_advised_to_use_large_pages() -> None:
    said = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=True)
    assert int(said.stdout) >= 1


def test_other_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    large_pages.__wrapped__()
