"""What a fleet run is asked to vet: files, folders, globs, lists of these, and URLs (fsspec).

Everything is a generator: a store of a million apps is walked, never listed. Nothing is read here but the
first bytes of files in folders; what is a URL is listed, and fetched by the worker that vets it.
"""

import contextlib
import glob
import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rogue_scan.errors import LimitExceeded, Unreadable, Unsupported, UsageError
from rogue_scan.model.report import ScanError
from rogue_scan.source import sniff

ENDINGS = (".apk", ".apks", ".apkm", ".xapk", ".aab", ".dex")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|[a-z][a-z0-9+-]*::", re.IGNORECASE)
_LONGEST_LINE = 1 << 16
_MARKS = (
    "ETag", "etag", "md5Hash", "content_md5", "Content-MD5", "Digest", "generation", "VersionId",
    "LastModified", "Last-Modified", "last_modified", "mtime", "updated", "size",
)  # fmt: skip
"""What stores say about an object that changes with its content."""
_CHUNK = 1 << 20
_DEEPEST = 32
"""Folders below the one named by a URL; pages can link in circles."""


class Place(msgspec.Struct, frozen=True):
    """Where one app is."""

    location: str
    """Absolute path or URL."""
    name: str
    """For people: as the user wrote it, without what is secret in a URL."""
    mark: str
    """Changes when the content may have changed; with it, files are not hashed again."""
    remote: bool = False
    size: int = 0

    @property
    def key(self) -> str:
        """``location`` as text that every file format can hold."""
        return readable(self.location)

    @property
    def identity(self) -> str:
        """Name of the place and its present content, for as long as that was not read."""
        return "place-" + hashlib.sha256(f"{self.key}\0{self.mark}".encode()).hexdigest()[:32]


def readable(text: str) -> str:
    """Text without the lone surrogates that stand for bytes outside UTF-8 in file names."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def places(sources: Iterable[str], lists: Iterable[str] = ()) -> Iterator[Place | ScanError]:
    """Every app that ``sources`` and the lines of the files ``lists`` name, in a fixed order.

    A source that does not exist, or a pattern that fits nothing, gives a ScanError and not silence.
    """
    for source in sources:
        yield from _expand(source)
    for name in lists:
        for source in _lines(name):
            yield from _expand(source)


def sha256(path: str, most: int) -> tuple[str, int]:
    """Digest and size of a file. Raises Unreadable and LimitExceeded."""
    state = hashlib.sha256()
    size = 0
    try:
        with Path(path).open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise LimitExceeded(f"larger than {most} bytes")
                state.update(chunk)
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    return state.hexdigest(), size


def is_url(source: str) -> bool:
    """Whether ``source`` is for fsspec and no path."""
    return bool(_URL.match(source))


def filesystem(url: str, *, redirects: bool = True) -> tuple[Any, str]:
    """The fsspec file system for a URL, and the path in it. Raises UsageError where a part is missing."""
    try:
        import fsspec
    except ImportError:
        raise UsageError("URLs need the extra 'urls': pip install 'rogue-scan[urls]'") from None
    try:
        web = url.lower().startswith(("http://", "https://"))
        fs, path = fsspec.core.url_to_fs(url, **({"allow_redirects": redirects} if web else {}))
    except ImportError as error:
        raise UsageError(f"{redacted(url)}: {error}") from None
    except ValueError as error:
        raise UsageError(f"{redacted(url)}: {error}") from None
    return fs, path


def redacted(url: str) -> str:
    """A URL without user, password, query and fragment: these carry keys and signatures."""
    if "::" in url:
        return "::".join(redacted(part) if "://" in part else part for part in url.split("::"))
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _expand(source: str) -> Iterator[Place | ScanError]:
    if is_url(source):
        yield from _remote(source)
        return
    path = os.path.expanduser(source)  # noqa: PTH111 (paths stay strings: they may not be UTF-8)
    if os.path.isdir(path):  # noqa: PTH112
        yield from _folder(path)
    elif os.path.lexists(path):
        yield _file(path)
    elif glob.has_magic(path):
        found = False
        # A file whose name holds a pattern was taken as it is above.
        for match in sorted(glob.iglob(path, recursive=True)):  # noqa: PTH207
            found = True
            yield from _folder(match) if os.path.isdir(match) else [_file(match)]  # noqa: PTH112
        if not found:
            yield ScanError(readable(source), Unreadable.kind, "the pattern fits no file")
    else:
        yield ScanError(readable(source), Unreadable.kind, "no such file or folder")


def _file(path: str) -> Place | ScanError:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError as error:
        return ScanError(readable(path), Unreadable.kind, error.strerror or str(error))
    if not stat.S_ISREG(status.st_mode):
        return ScanError(readable(path), Unreadable.kind, "not a regular file")
    mark = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
    return Place(os.path.abspath(path), readable(path), mark, size=status.st_size)  # noqa: PTH100


def _folder(folder: str) -> Iterator[Place | ScanError]:
    """Apps under a folder; that there are none is an error, as for a file that is not there."""
    found = False
    for item in _walk(folder):
        found = True
        yield item
    if not found:
        yield ScanError(readable(folder), Unsupported.kind, "the folder holds no app")


def _walk(folder: str) -> Iterator[Place | ScanError]:
    """Apps by content, and by name where the content is no longer recognised.

    Links are not followed: they can lead out of the folder, or in circles.
    """
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield ScanError(readable(folder), Unreadable.kind, error.strerror or str(error))
        return
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        elif entry.is_file(follow_symlinks=False) and (
            entry.name.lower().endswith(ENDINGS) or _sniff(entry.path)
        ):
            yield _file(entry.path)


def _sniff(path: str) -> bool:
    with contextlib.suppress(OSError), Path(path).open("rb") as file:
        return sniff.of_file(file) is sniff.Kind.APP
    return False


def _remote(url: str) -> Iterator[Place | ScanError]:
    fs, path = filesystem(url)
    name = redacted(url)
    found = False
    try:
        for key, info in _listed(fs, path, url):
            found = True
            location = url if key == path else str(fs.unstrip_protocol(key))
            mark = ";".join(f"{field}={info[field]}" for field in _MARKS if info.get(field) is not None)
            yield Place(location, redacted(location), mark, remote=True, size=int(info.get("size") or 0))
    except Exception as error:  # each file system raises its own kinds
        yield ScanError(name, Unreadable.kind, str(error) or type(error).__name__)
        return
    if not found:
        yield ScanError(name, Unreadable.kind, "nothing there that is an app")


def _listed(fs: Any, path: str, url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a URL names, folder by folder: a bucket is never listed as a whole."""
    if glob.has_magic(path):
        found = fs.glob(path, detail=True)
        yield from ((key, found[key]) for key in sorted(found) if found[key].get("type") == "file")
    elif url.endswith("/") or fs.isdir(path):
        for _, _, files in fs.walk(path, maxdepth=_DEEPEST, detail=True):
            for name in sorted(files):
                if _plain(name).lower().endswith(ENDINGS):
                    yield files[name]["name"], files[name]
    else:
        yield path, fs.info(path)


def _plain(key: str) -> str:
    return key.partition("?")[0].partition("#")[0]


def _lines(name: str) -> Iterator[str]:
    """Sources in a list: one a line; empty lines and lines that begin with ``#`` are left out."""
    try:
        with contextlib.ExitStack() as stack:
            file = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
            while line := file.readline(_LONGEST_LINE):
                text = os.fsdecode(line).strip("\r\n")
                if text.strip() and not text.startswith("#"):
                    yield text
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
