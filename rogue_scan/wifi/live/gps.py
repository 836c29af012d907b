"""Position from gpsd, spoken to in its JSON (gpsd_json(5)); nothing happens where none runs."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import threading
import time

import msgspec

PORT = 2947
_MOST_LINE = 64 << 10
_STALE = 10.0
"""Seconds after which a position is no longer where we are: receivers report once a second."""
_RETRY = 5.0
"""Seconds between attempts to reach gpsd: it may be started, or its receiver plugged in, later."""


class Fix(msgspec.Struct, frozen=True):
    """A position."""

    latitude: float
    longitude: float
    altitude: float | None = None
    """Metres."""
    accuracy: float | None = None
    """Metres, horizontally."""


class Gps:
    """Follows gpsd in a thread, and comes back to it when it was gone."""

    def __init__(self, host: str = "127.0.0.1", port: int = PORT, *, retry: float = _RETRY) -> None:
        self.connected = False
        """Whether a gpsd answers."""
        self._where, self._retry = (host, port), retry
        self._fix: tuple[float, Fix] | None = None
        self._socket: socket.socket | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gpsd", daemon=True)
        self._thread.start()

    @property
    def fix(self) -> Fix | None:
        """The newest position; None without one, or when the last one is old."""
        fix = self._fix
        return fix[1] if fix is not None and time.monotonic() - fix[0] <= _STALE else None

    def close(self) -> None:
        """End the connection."""
        self._closed.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(OSError), socket.create_connection(self._where, timeout=2.0) as one:
                self._socket = one
                one.settimeout(1.0)
                one.sendall(b'?WATCH={"enable":true,"json":true}\n')
                self._follow(one)
            self._socket, self._fix, self.connected = None, None, False
            self._closed.wait(self._retry)

    def _follow(self, connection: socket.socket) -> None:
        rest = b""
        while not self._closed.is_set():
            try:
                data = connection.recv(16 << 10)
            except TimeoutError:
                continue
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > _MOST_LINE:
                return  # not gpsd
            self.connected = True
            # The newest position alone counts, so however much is sent, little is decoded.
            for line in reversed(lines):
                found, fix = position(line) if len(line) <= _MOST_LINE else (False, None)
                if found:
                    self._fix = None if fix is None else (time.monotonic(), fix)
                    break


def position(line: bytes) -> tuple[bool, Fix | None]:
    """(whether the line tells of a position, the position): a TPV report without a fix gives (True, None)."""
    try:
        report = json.loads(line)
        if not isinstance(report, dict) or report.get("class") != "TPV":
            return False, None
        if int(report.get("mode", 0)) < 2:
            return True, None
        latitude, longitude = float(report["lat"]), float(report["lon"])
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            return False, None
        return True, Fix(
            latitude,
            longitude,
            _number(report.get("altMSL", report.get("alt"))),
            _number(report.get("eph")),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return False, None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
