"""Signature files as the YAML reader left them, kept by the digest of each file when the package is built.

Reading YAML takes longer than the rest of a short run. A file that was changed since, or that a user
brought, is not found here and is read as YAML: only the digest of its bytes counts.
"""

import functools
import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from rogue_scan.shipped import data_file

FILE = data_file("signatures.msgpack")
"""Written by ``hatch_build.py`` whenever the package is built or installed; not in the repository."""


def compile_documents(documents: Iterable[tuple[bytes, Any]]) -> bytes:
    """The content of :data:`FILE` for the bytes of files and what they say."""
    found = {
        hashlib.sha256(raw).digest(): msgspec.Raw(msgspec.msgpack.encode(document))
        for raw, document in documents
    }
    return msgspec.msgpack.encode(found)


def find(raw: bytes) -> msgspec.Raw | None:
    """The document of a file's bytes as MessagePack, None where it was not compiled."""
    return _documents().get(hashlib.sha256(raw).digest())


@functools.cache
def _documents() -> dict[bytes, msgspec.Raw]:
    try:
        return msgspec.msgpack.decode(FILE.read_bytes(), type=dict[bytes, msgspec.Raw])
    except (OSError, msgspec.DecodeError):
        return {}
