"""What a file of a package is, by its content and not by its name."""

import base64
import binascii
import zlib

from rogue_scan.apk.container import DEFLATED, Container, Entry

OPAQUE = 0.97
"""A file that deflates to more than this share of its size and has no known format is called opaque."""
OPAQUE_LEAST = 4096
"""Bytes below which that says nothing."""
PLAIN = (
    ".png", ".webp", ".jpg", ".jpeg", ".gif", ".ttf", ".otf", ".ogg", ".mp3", ".mp4", ".wav", ".m4a",
    ".woff", ".woff2", ".svg", ".arsc",
)  # fmt: skip
"""Endings of packed media, which deflate no further either."""
WEB = (".js", ".mjs", ".html", ".htm", ".jsbundle", ".bundle", ".xhtml", ".vue", ".wxs", ".hbc")
"""Endings of pages and scripts."""
COMPILED = (".dll", ".blob", "/global-metadata.dat")
"""Endings of compiled app logic."""
DATA = (
    ".json", ".xml", ".properties", ".txt", ".cfg", ".conf", ".ini", ".yml", ".yaml", ".css", ".dat", ".bin",
    ".dll", ".blob", ".lua", ".py",
)  # fmt: skip
"""Endings of other files with texts."""

_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"dex\n", "dex"), (b"dey\n", "dex"), (b"cdex", "dex"), (b"\x7fELF", "elf"), (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"), (b"GIF8", "picture"), (b"#!", "script"),
    (b"\x03\x00\x08\x00", "axml"),
    (b"\x02\x00\x0c\x00", "arsc"), (b"MZ", "windows program"), (b"7z\xbc\xaf", "archive"), (b"Rar!",
    "archive"), (b"\x1f\x8b\x08", "archive"),
    (b"SQLite format 3", "database"), (b"\xca\xfe\xba\xbe", "java class"), (b"\xc6\x1f\xbc\x03", "hermes"),
    (b"-----BEGIN", "pem"),
)  # fmt: skip
_BY_START = {
    start: tuple(item for item in _MAGICS if item[0].startswith(start))
    for start in {magic[:2] for magic, _ in _MAGICS}
}


def kind(head: bytes) -> str:
    """Kind of content by its first bytes; empty if unknown."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "picture"
    for magic, what in _BY_START.get(head[:2], ()):
        if head.startswith(magic):
            return what
    return ""


_HIDDEN = {
    ord("d") ^ ord("e"): (b"dex\n03",),
    ord("P") ^ ord("K"): (b"PK\x03\x04\x14\0", b"PK\x03\x04\x0a\0"),
    0x7F ^ ord("E"): (b"\x7fELF\x01\x01\x01", b"\x7fELF\x02\x01\x01"),
}
"""Beginnings of code and archives, long enough that no key fits by chance, by the exclusive or of their first
two bytes, which is the same under every key."""


def encoding(head: bytes) -> str:
    """How code or an archive is encoded, as ``gzip``, ``base64`` or ``xor 0x5a``; empty if it is not."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith((b"ZGV4CjAz", b"UEsDBBQA", b"UEsDBAoA")):
        return "base64"
    for plain in _HIDDEN.get(head[0] ^ head[1], ()) if len(head) > 1 else ():
        key = head[0] ^ plain[0]
        if key and bytes(byte ^ key for byte in head[: len(plain)]) == plain:
            return f"xor 0x{key:02x}"
    return ""


def decoded(data: bytes, how: str, most: int) -> bytes:
    """The plain content, at most ``most`` bytes; empty where it cannot be decoded."""
    try:
        if how == "gzip":
            return zlib.decompressobj(31).decompress(data, most)
        if how == "base64":
            return base64.b64decode(data[: most // 3 * 4])
    except (zlib.error, binascii.Error):
        return b""
    key = int(how.removeprefix("xor "), 0)
    return data[:most].translate(bytes(byte ^ key for byte in range(256)))


_CLAIMS = {
    "dex": (".dex", ".jar", ".apk", ".zip"), "elf": (".so", ".bin", "", ".node"), "apk": (".apk", ".zip",
    ".jar", ".apks", ".xapk"),
    "dex archive": (".jar", ".apk", ".zip", ".dex", ".aar"),
}  # fmt: skip


def disguised(name: str, found: str) -> bool:
    """Whether a file of code has the name of something else (``logo.png`` that is a DEX file)."""
    claims = _CLAIMS.get(found)
    if claims is None:
        return False
    file = name.rpartition("/")[2]
    ending = f".{file.rpartition('.')[2]}" if "." in file else ""
    return ending not in claims and ".so" not in file


def is_opaque(container: Container, entry: Entry) -> bool:
    """Whether a file looks encrypted: it cannot be deflated further."""
    if entry.method == DEFLATED:
        return entry.packed >= OPAQUE * entry.size
    sample = container.peek(entry, 1 << 16)
    return len(sample) >= OPAQUE_LEAST and len(zlib.compress(sample, 1)) > OPAQUE * len(sample)
