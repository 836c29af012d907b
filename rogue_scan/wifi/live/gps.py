"""Position from gpsd, spoken to in its JSON (gpsd_json(5)); nothing happens where none runs."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator

import msgspec

PORT = 2947
_MOST_LINE = 64 << 10


class Fix(msgspec.Struct, frozen=True):
    """A position."""

    latitude: float
    longitude: float
    altitude: float | None = None
    """Metres."""
    accuracy: float | None = None
    """Metres, horizontally."""


class Gps:
    """Follows gpsd in a thread; :attr:`fix` is the newest position, None without one."""

    def __init__(self, host: str = "127.0.0.1", port: int = PORT) -> None:
        self.fix: Fix | None = None
        self._socket: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._socket = socket.create_connection((host, port), timeout=0.5)
        if self._socket is not None:
            self._socket.settimeout(None)
            threading.Thread(target=self._follow, args=(self._socket,), name="gpsd", daemon=True).start()

    @property
    def connected(self) -> bool:
        """Whether a gpsd answered."""
        return self._socket is not None

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _follow(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(b'?WATCH={"enable":true,"json":true}\n')
            for line in _lines(connection):
                found, fix = position(line)
                if found:
                    self.fix = fix
        self.fix = None


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
    except (ValueError, KeyError, TypeError, RecursionError):
        return False, None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _lines(connection: socket.socket) -> Iterator[bytes]:
    rest = b""
    while data := connection.recv(4096):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
        if len(rest) > _MOST_LINE:
            return  # not gpsd
