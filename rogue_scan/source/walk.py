"""Arguments of the command line to sources: files, folders, URLs, standard input.

A folder is walked in a fixed order; in it, what is neither a capture nor an app is left out without a
word, while a file that was named is an error when it cannot be scanned.
"""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from rogue_scan.errors import LimitExceeded, SourceError, Unreadable, Unsupported
from rogue_scan.model.report import ScanError
from rogue_scan.source import sniff
from rogue_scan.source.sniff import Kind

STDIN = "-"
MOST_APP_BYTES = 2 << 30
"""Size from which an app is not read: larger than any store takes."""

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Source(msgspec.Struct, frozen=True):
    """One thing to scan."""

    location: str
    """Path, URL, or ``-`` for standard input."""
    kind: Kind

    @property
    def name(self) -> str:
        """For people, in text that every format can hold."""
        return self.location.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    @property
    def is_stdin(self) -> bool:
        """Whether it is standard input, which can be read once only."""
        return self.location == STDIN

    def read(self, most: int = MOST_APP_BYTES) -> bytes:
        """All bytes of an app. Raises Unreadable and LimitExceeded."""
        try:
            if self.is_stdin:
                data = sys.stdin.buffer.read(most + 1)
            elif is_url(self.location):
                data = _fetch(self.location, most)
            else:
                path = Path(self.location)
                with path.open("rb") as file:
                    # read(n) reserves n bytes at once: ask for what is there, not for what is allowed.
                    size = path.stat().st_size
                    data = file.read(min(most, size) + 1) if path.is_file() else file.read(most + 1)
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from error
        if len(data) > most:
            raise LimitExceeded(f"larger than {most} bytes")
        return data

    def beside(self, ending: str, most: int) -> bytes | None:
        """The file of the same name with ``ending`` behind it, where there is one of at most that size."""
        if self.is_stdin or is_url(self.location):
            return None
        path = Path(self.location + ending)
        try:
            return path.read_bytes() if path.is_file() and path.stat().st_size <= most else None
        except OSError:
            return None


def is_url(text: str) -> bool:
    """Whether ``text`` names something that fsspec opens."""
    return _URL.match(text) is not None


def expand(arguments: Iterable[str], wanted: Kind | None = None) -> Iterator[Source | ScanError]:
    """Sources that ``arguments`` name, in order; ``wanted`` leaves out the other kind in folders.

    What cannot be scanned comes as a ScanError, so that the rest of the run goes on.
    """
    for argument in arguments:
        name = Source(argument, Kind.UNKNOWN).name
        try:
            if argument == STDIN or is_url(argument):
                yield Source(argument, wanted or Kind.UNKNOWN)
                continue
            path = Path(argument)
            if path.is_dir():
                yield from _folder(path, wanted)
                continue
            found = of_path(path)
            if found is Kind.UNKNOWN and wanted is None and path.is_file():
                raise Unsupported(_what_is_read(path))
            yield Source(argument, wanted or found)
        except SourceError as error:
            yield ScanError(name, error.kind, str(error))


def of_path(path: Path) -> Kind:
    """Kind of a file. A pipe is not read from, so its kind is unknown. Raises Unreadable."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            return Kind.UNKNOWN
        with path.open("rb") as file:
            return sniff.of_file(file)
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error


def _folder(path: Path, wanted: Kind | None) -> Iterator[Source | ScanError]:
    found = False
    for file in sorted(path.rglob("*")):
        try:
            # Links are not followed: they can lead out of the folder, or in circles.
            if file.is_symlink() or not file.is_file():
                continue
            kind = of_path(file)
        except (OSError, SourceError) as error:
            yield ScanError(Source(str(file), Kind.UNKNOWN).name, "unreadable", str(error))
            continue
        if kind is not Kind.UNKNOWN and wanted in (None, kind):
            found = True
            yield Source(str(file), kind)
    if not found:
        what = {Kind.CAPTURE: "capture", Kind.APP: "app"}.get(wanted or Kind.UNKNOWN, "capture and no app")
        yield ScanError(Source(str(path), Kind.UNKNOWN).name, "unsupported", f"the folder holds no {what}")


def _what_is_read(path: Path) -> str:
    if path.stat().st_size == 0:
        return "the file is empty"
    return "neither a capture (pcap, pcapng, kismetdb, or these as gz, xz, zst) nor an app (APK, bundle, DEX)"


def _fetch(url: str, most: int) -> bytes:
    try:
        import fsspec
    except ImportError as error:
        raise Unsupported("a URL needs the extra: pip install 'rogue-scan[urls]'") from error
    try:
        with fsspec.open(url, "rb") as file:
            return bytes(file.read(most + 1))
    except Exception as error:  # every file system of fsspec has errors of its own
        raise Unreadable(f"cannot fetch: {error}") from error
