"""Files that a network offers, rebuilt from what was heard: whole, in parts, or with holes.

Only files that can act on a device are kept: apps, programs, configuration profiles, certificates. Range
requests and resumed downloads of one client are put together; what is missing is said, never guessed.
"""

import hashlib
import posixpath
import re
import zipfile
import zlib
from io import BytesIO
from urllib.parse import unquote

from rogue_scan.wifi.net.http import Head, Message
from rogue_scan.wifi.net.records import Ends, Offer
from rogue_scan.wifi.world import Ref

MAX_FILE = 64 * 1024 * 1024
MAX_TOTAL = 192 * 1024 * 1024
"""Octets of all files kept."""
_MAX_FILES = 256
_MAX_RANGES = 8192
"""Separate parts of one file, more than holes in an answer can leave."""
_MAX_NAMES = 4096
"""Entries of an archive whose names are looked at."""

BY_NAME = {
    "apk": "apk", "xapk": "xapk", "apks": "xapk", "apkm": "xapk", "aab": "xapk", "dex": "dex", "ipa": "ipa",
    "mobileconfig": "profile", "mobileprovision": "profile",
    "exe": "exe", "msi": "exe", "msix": "exe", "appx": "exe", "scr": "exe", "com": "exe", "dll": "exe",
    "dmg": "disk-image", "pkg": "disk-image", "iso": "disk-image", "deb": "exe", "rpm": "exe",
    "appimage": "exe", "jar": "jar", "bat": "script", "cmd": "script", "ps1": "script", "vbs": "script",
    "hta": "script", "wsf": "script", "sh": "script", "lnk": "script",
    "crt": "certificate", "cer": "certificate", "pem": "certificate", "der": "certificate",
    "p12": "certificate",
}  # fmt: skip
"""File ending → kind."""
_BY_TYPE = {
    "application/vnd.android.package-archive": "apk",
    "application/x-apple-aspen-config": "profile",
    "application/x-msdownload": "exe",
    "application/x-msdos-program": "exe",
    "application/vnd.microsoft.portable-executable": "exe",
    "application/x-msi": "exe",
    "application/x-apple-diskimage": "disk-image",
    "application/java-archive": "jar",
    "application/x-x509-ca-cert": "certificate",
    "application/x-x509-user-cert": "certificate",
}
_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")
_NAMED = re.compile(r"filename\*?\s*=\s*(?:[\w-]*'[\w-]*')?\"?([^\";]{1,512})", re.IGNORECASE)


def kind_of_name(name: str) -> str:
    """Kind of a file by its ending; empty for documents, pictures and the like."""
    return BY_NAME.get(posixpath.splitext(name.lower())[1][1:], "")


def kind_of(data: bytes, name: str = "", content_type: str = "") -> str:
    """Kind of a file by its content, then by type and name where the beginning was lost.

    Empty where it cannot act on a device.
    """
    head = data[:4096]
    if head[:4] == b"PK\x03\x04":
        return _archive(data) or kind_of_name(name) or _BY_TYPE.get(content_type, "")
    if head[:2] == b"MZ" and len(head) > 64:
        return "exe"
    if head[:4] == b"\x7fELF":
        return "exe"
    if head[:4] == b"dex\n":
        return "dex"
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" and kind_of_name(name) == "exe":
        return "exe"
    if b"PayloadType" in data[:65536] and b"plist" in data[:65536]:
        return "profile"
    if head[:4] in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
        return "exe"
    if head.startswith((b"<!DOCTYPE", b"<!doctype", b"<html", b"<HTML")) or content_type == "text/html":
        return ""  # a page under a misleading name, such as a "not found"
    return _BY_TYPE.get(content_type, "") or kind_of_name(name)


def _archive(data: bytes) -> str:
    """What a zip file is, by the names inside; by its first local headers where the end is missing."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [info.filename for info in archive.infolist()[:_MAX_NAMES]]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, zlib.error, RuntimeError, EOFError):
        names = [n.decode("utf-8", "replace") for n in _LOCAL.findall(data[: 1 << 20])[:_MAX_NAMES]]
    if "AndroidManifest.xml" in names or "classes.dex" in names:
        return "apk"
    if any(n.endswith(".apk") for n in names) or "base/manifest/AndroidManifest.xml" in names:
        return "xapk"
    if any(n.startswith("Payload/") and ".app/" in n for n in names):
        return "ipa"
    return "jar" if "META-INF/MANIFEST.MF" in names else ""


_LOCAL = re.compile(rb"PK\x03\x04.{26}(AndroidManifest\.xml|classes\.dex|META-INF/MANIFEST\.MF)", re.DOTALL)


class _Assembly:
    """One file of one client, as far as it came."""

    def __init__(self, ends: Ends, host: str, path: str, name: str, content_type: str, first: Ref) -> None:
        self.ends, self.host, self.path, self.name, self.content_type = ends, host, path, name, content_type
        self.first = self.last = first
        self.total: int | None = None
        self.data = bytearray()
        self.have: list[tuple[int, int]] = []
        """Ranges that were received, sorted, apart from each other."""
        self.ended = False
        """Whether a message without announced length came to its end."""
        self.lost = False
        """Whether octets had to be given up."""
        self.length = 0
        """Octets laid out so far; ``data`` is empty while an offer holds them."""

    @property
    def received(self) -> int:
        return sum(end - begin for begin, end in self.have)

    @property
    def complete(self) -> bool:
        size = self.total if self.total is not None else self.length
        return (
            not self.lost and (self.total is not None or self.ended) and self.have == [(0, size)] and size > 0
        )

    def put(self, begin: int, piece: bytes, holes: tuple[tuple[int, int], ...]) -> None:
        """Lays a piece in its place; ranges in ``holes`` (relative to the piece) were lost."""
        end = begin + len(piece)
        if len(self.data) < end:
            self.data += bytes(end - len(self.data))
        self.length = len(self.data)
        at = 0
        for start, stop in (*holes, (len(piece), len(piece))):
            if start > at:
                self.data[begin + at : begin + start] = piece[at:start]
                self.have = _joined([*self.have, (begin + at, begin + start)])
            at = max(at, min(stop, len(piece)))

    def offer(self) -> Offer | None:
        raw = bytes(self.data)
        kind = kind_of(raw, self.name, self.content_type)
        if not kind:
            return None
        return Offer(
            self.ends, kind, self.name, self.host, self.path, self.content_type,
            self.total if self.total is not None else len(raw), self.received, self.complete,
            hashlib.sha256(raw).hexdigest(), self.first, self.last, raw,
        )  # fmt: skip


class Carver:
    """Gathers offered files over all conversations of a capture."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str, str, str, int], _Assembly] = {}
        self._made: dict[tuple[str, str, str, str, int], Offer] = {}
        self._held = 0
        self.refused = 0
        """Files not kept because the space for them was full."""

    def take(
        self, ends: Ends, host: str, path: str, message: Message, body: bytes, whole: bool, holes_known: bool
    ) -> None:
        """Looks at one answer with a body; keeps it if it is (a part of) a file that can act on a device.

        ``body`` is the content without its coding. With a content coding, holes cannot be placed
        (``holes_known`` is false): a damaged body is then kept as far as it could be decoded.
        """
        head = message.head
        if head is None or head.status not in (200, 203, 206) or not body:
            return
        name = file_name(head, path)
        content_type = head.content_type
        begin, total = 0, None
        span = _RANGE.match(head.get("content-range")) if head.status == 206 else None
        if span:
            begin = int(span[1])
            total = int(span[3]) if span[3] != "*" else None
        elif head.status == 206:
            return
        elif holes_known and head.get("content-length").isdecimal():
            total = int(head.get("content-length"))
        known = self._of(ends, host, path, total, body if begin == 0 and whole else b"")
        if known is None and not kind_of(b"" if begin else body, name, content_type):
            return
        grows = max(0, begin + len(body) - (self._files[known].length if known else 0))
        if begin + len(body) > MAX_FILE or self._held + grows > MAX_TOTAL or (
            len(self._files[known].have) > _MAX_RANGES if known else len(self._files) >= _MAX_FILES
        ):  # fmt: skip
            self.refused += 1
            return
        first = Ref(message.frame, message.time)
        key = known or self._new_key(ends, host, path)
        file = self._files.get(key)
        if file is None:
            file = self._files[key] = _Assembly(ends, host, path, name, content_type, first)
        made = self._made.pop(key, None)
        if made:
            file.data = bytearray(made.data)
        before = len(file.data)
        file.total = file.total if file.total is not None else total
        file.put(begin, body, message.holes if holes_known else ())
        file.ended = file.ended or whole
        if not holes_known and not whole:
            file.lost = True
        elif whole and begin == 0:
            file.lost = False
        file.first = min(file.first, first)
        file.last = max(file.last, Ref(message.last_frame, message.last_time))
        self._held += len(file.data) - before

    def offers(self) -> list[Offer]:
        """All files, by first frame."""
        for key, file in self._files.items():
            if key not in self._made:
                offer = file.offer()
                if offer:
                    self._made[key] = offer
                    file.data = bytearray()  # held once only: in the offer
        return sorted(self._made.values(), key=lambda o: (o.first, o.ends.client, o.path))

    def _of(
        self, ends: Ends, host: str, path: str, total: int | None, whole: bytes
    ) -> tuple[str, str, str, str, int] | None:
        """The file that a message belongs to: the same place and client, nothing that contradicts."""
        for number in range(_MAX_FILES):
            key = (ends.bssid, ends.client, host, path, number)
            file = self._files.get(key)
            if file is None:
                return None
            if total is not None and file.total is not None and total != file.total:
                continue
            if whole and file.complete:
                held = self._made[key].data if key in self._made else file.data
                if held != whole:
                    continue  # another file under the same name
            return key
        return None

    def _new_key(self, ends: Ends, host: str, path: str) -> tuple[str, str, str, str, int]:
        number = 0
        while (ends.bssid, ends.client, host, path, number) in self._files:
            number += 1
        return ends.bssid, ends.client, host, path, number


def file_name(head: Head, path: str) -> str:
    """What the server calls a file: by its disposition, else the end of the path."""
    named = _NAMED.search(head.get("content-disposition"))
    name = unquote(named[1].strip()) if named else unquote(posixpath.basename(path))
    return name.replace("\\", "/").rsplit("/", 1)[-1][:255]


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found
