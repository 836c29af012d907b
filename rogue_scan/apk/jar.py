"""Manifests of JAR signatures (scheme v1): sections of attributes (JAR File Specification)."""

import base64
import hashlib
import re
from collections.abc import Iterator

from rogue_scan.apk.difference import short
from rogue_scan.errors import Malformed

DIGESTS = {
    b"sha1-digest": "sha1",
    b"sha-digest": "sha1",
    b"sha-256-digest": "sha256",
    b"sha-384-digest": "sha384",
    b"sha-512-digest": "sha512",
}
"""Attributes (in lower case) with the name of their hash for ``hashlib``, the strongest last."""


def unbase64(value: bytes) -> bytes:
    """Decoded value; empty where it is not base64."""
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return b""


def raw_sections(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Sections of a JAR manifest as (entry name, bytes with their closing blank line)."""
    at = 0
    for blank in re.finditer(rb"(?>\r\n|\n|\r){2}", text):
        section = text[at : blank.end()]
        at = blank.end()
        yield _attributes(section).get(b"name", b""), section
    if at < len(text):
        yield _attributes(text[at:]).get(b"name", b""), text[at:]


def main_attributes(text: bytes) -> dict[bytes, bytes]:
    """Attributes of the first section, keys in lower case."""
    return next((_attributes(section) for _, section in raw_sections(text.lstrip())), {})


def digests(text: bytes) -> dict[bytes, dict[str, bytes]]:
    """Digests in base64 of each entry that has a section, by the name of their hash for ``hashlib``.

    :raises Malformed: an entry has several sections, of which readers would take one or another.
    """
    text = _line_feeds(text.lstrip())
    found = _usual_digests(text)
    if found is None:
        found = {}
        for section in text.split(b"\n\n")[1:]:
            told = _attributes(section)
            if b"name" in told:
                if told[b"name"] in found:
                    where = short(told[b"name"].decode(errors="replace"), 80)
                    raise Malformed(f"more than one section for {where}")
                found[told[b"name"]] = known(told)
    return found


def _usual_digests(text: bytes) -> dict[bytes, dict[str, bytes]] | None:
    """Digests where each section has just a name and a digest by one and the same hash; None elsewhere.

    Most manifests are so, and with thousands of sections: each step here is one over all of them.
    """
    lines = text.partition(b"\n\n")[2].replace(b"\n ", b"").split(b"\n")
    names, told, blanks = lines[:-1:3], lines[1::3], lines[2::3]
    if b"\n\n " in text or len(lines) % 3 != 1 or lines[-1] or any(blanks) or not told:
        return None
    key = told[0].partition(b":")[0]
    start, name = key + b": ", DIGESTS.get(key.lower())
    if not name or {x[:6] for x in names} != {b"Name: "} or {x[: len(start)] for x in told} != {start}:
        return None
    found = {entry[6:]: {name: value[len(start) :]} for entry, value in zip(names, told, strict=True)}
    return found if len(found) == len(names) else None


def _line_feeds(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _attributes(section: bytes) -> dict[bytes, bytes]:
    """Attributes of a section; keys in lower case, continued lines joined."""
    lines = _line_feeds(section).replace(b"\n ", b"").split(b"\n")
    parts = [line.partition(b":") for line in lines]
    return {key.strip().lower(): value.removeprefix(b" ") for key, colon, value in parts if colon}


def known(attributes: dict[bytes, bytes], of: bytes = b"") -> dict[str, bytes]:
    """Digests among attributes in base64, by the name of their hash; ``of``: such as ``-manifest``."""
    return {name: attributes[key + of] for key, name in DIGESTS.items() if key + of in attributes}


def fits(digests: dict[str, bytes], data: bytes) -> bool:
    """Whether there are digests, and all are those of ``data``."""
    return bool(digests) and all(
        hashlib.new(name, data).digest() == unbase64(value) for name, value in digests.items()
    )
