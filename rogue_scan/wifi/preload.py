"""Sites that browsers only ever use with encryption: the HSTS preload list (RFC 6797, section 12.3).

``rogue_scan/data/hsts_preload.zst`` is made by ``tools/refresh_hsts_preload.py``; :func:`about` tells its
source and date. It is read when the first name is looked up: few captures hold a page that makes anybody ask.
"""

import functools
from importlib import resources

_MAX_LABELS = 12
"""Nobody registers deeper names; a hostile one costs no more than this many looks."""


@functools.cache
def _names() -> bytes:
    """The list: one name a line, ``=`` in front of those whose subdomains are not meant."""
    import zstandard

    packed = resources.files("rogue_scan.data").joinpath("hsts_preload.zst").read_bytes()
    return zstandard.ZstdDecompressor().decompress(packed)


def about() -> str:
    """Source and date of the list."""
    line = next(line for line in _names().split(b"\n", 8) if line.startswith(b"# Source: "))
    return line.decode().removeprefix("# Source: ")


@functools.lru_cache(maxsize=4096)
def is_preloaded(host: str) -> bool:
    """Whether browsers refuse to use a host without encryption, by its own entry or that of a parent."""
    labels = host.lower().rstrip(".").split(".")[-_MAX_LABELS:]
    if not labels[0] or not host.isascii():
        return False
    names = _names()
    if f"\n={'.'.join(labels)}\n".encode() in names:
        return True
    return any(f"\n{'.'.join(labels[at:])}\n".encode() in names for at in range(len(labels)))
