"""A process of its own that puts a radio back as it was, whatever happens to the scanner.

It waits until its standard input ends: at the normal end, after Ctrl-C, and when the scanner was killed.
There is one way of restoring, so the one that is tested is the one that runs after a crash. Run as
``python -m rogue_scan.wifi.live.guard`` with a :class:`Restore` as JSON in the first line.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from types import TracebackType

import msgspec

from rogue_scan.errors import RogueScanError

_SECONDS_TO_RESTORE = 15


class Restore(msgspec.Struct, frozen=True):
    """What has to be undone."""

    interface: str
    """Name of the interface that is used for monitoring."""
    added: bool
    """True: it was made for us and is removed. False: it was ours to change and is changed back."""
    kind: str = "managed"
    was_up: bool = False


class Guard:
    """Starts the guarding process; closing it restores and waits until that is done."""

    def __init__(self, restore: Restore) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rogue_scan.wifi.live.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C goes to the terminal's foreground group: the guard must outlive it.
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(msgspec.json.encode(restore) + b"\n")
        self._process.stdin.flush()
        self._process.stdout.readline()  # it stands: from here on nothing can be left changed

    def __enter__(self) -> Guard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        # A slow machine may need longer: the guard then goes on by itself, as it does after a crash.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_RESTORE)
        self._process.stdout.close()


def restore(what: Restore) -> None:
    """Undo; an interface that is gone (the card was pulled) needs nothing."""
    from rogue_scan.wifi.live.link import set_up
    from rogue_scan.wifi.live.nl80211 import Nl80211

    with Nl80211() as kernel:
        found = next(
            (each for radio in kernel.radios() for each in radio.interfaces if each.name == what.interface),
            None,
        )
        if found is None:
            return
        if what.added:
            kernel.remove(found.index)
            return
        set_up(found.index, up=False)
        kernel.set_kind(found.index, what.kind)
        set_up(found.index, up=what.was_up)


def _prepare() -> None:
    """Load now what restoring needs: at the end it has to be quick, and the disk may be gone."""
    from pyroute2 import IPRoute  # noqa: F401

    from rogue_scan.wifi.live.nl80211 import Nl80211

    with contextlib.suppress(RogueScanError):
        Nl80211().close()


def main() -> None:
    """Wait for the end of standard input, then restore."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    what = msgspec.json.decode(sys.stdin.buffer.readline(), type=Restore)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    _prepare()
    while sys.stdin.buffer.read(4096):
        pass
    try:
        restore(what)
    except RogueScanError as error:
        sys.stderr.write(f"rogue-scan: {what.interface} could not be restored: {error}\n")


if __name__ == "__main__":
    main()
