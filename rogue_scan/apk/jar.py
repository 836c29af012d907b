"""Manifests of JAR signatures (scheme v1): sections of attributes (JAR File Specification)."""

import base64
import re
from collections.abc import Iterator


def hash_name(key: bytes) -> str | None:
    """Name for ``hashlib`` of a hash as manifests write it (lower case); None if unknown."""
    return {
        b"sha1": "sha1",
        b"sha": "sha1",
        b"sha-256": "sha256",
        b"sha-384": "sha384",
        b"sha-512": "sha512",
    }.get(key)


def unbase64(value: bytes) -> bytes:
    """Decoded value; empty where it is not base64."""
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return b""


_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r(?!\n)\r(?!\n)")


def raw_sections(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Sections of a JAR manifest as (entry name, bytes with their closing blank line)."""
    at = 0
    for blank in _BLANK_LINE.finditer(text):
        section = text[at : blank.end()]
        at = blank.end()
        yield _attributes(section).get(b"name", b""), section
    if at < len(text):
        yield _attributes(text[at:]).get(b"name", b""), text[at:]


def sections(text: bytes) -> tuple[dict[bytes, bytes], dict[bytes, dict[bytes, bytes]]]:
    """Main attributes and those of each entry; keys in lower case, continued lines joined."""
    parts = [part for part in _BLANK_LINE.split(text) if part.strip()]
    main = _attributes(parts[0]) if parts else {}
    found: dict[bytes, dict[bytes, bytes]] = {}
    for part in parts[1:]:
        attributes = _attributes(part)
        if b"name" in attributes:
            found.setdefault(attributes[b"name"], attributes)
    return main, found


def _attributes(section: bytes) -> dict[bytes, bytes]:
    if b"\n " in section or b"\r " in section:
        section = re.sub(rb"(?:\r\n|\r|\n) ", b"", section)
    out: dict[bytes, bytes] = {}
    for line in section.splitlines():
        key, colon, value = line.partition(b":")
        if colon:
            out[key.strip().lower()] = value.removeprefix(b" ")
    return out
