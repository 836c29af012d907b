"""Who made a radio, by its address: the IEEE registry as a table that is shipped along.

``rogue_scan/data/vendors.npz`` is made by ``tools/refresh_vendors.py``; :func:`about` tells its source
and date. Blocks of 36 bits go before those of 28 and 24, since they are parts of them.
"""

from __future__ import annotations

import functools
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.dot11.frame import is_group, is_local

LOCAL = "locally administered"
_SIZES = (36, 28, 24)


@functools.cache
def _table() -> dict[str, NDArray[np.generic]]:
    with resources.files("rogue_scan.data").joinpath("vendors.npz").open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        return {name: archive[name] for name in archive.files}


@functools.cache
def _names() -> list[str]:
    return _table()["names"].tobytes().decode("utf-8").split("\n")


def about() -> str:
    """Source and date of the table."""
    return _table()["about"].tobytes().decode("utf-8")


@functools.lru_cache(maxsize=65536)
def vendor_of(address: str) -> str:
    """Holder of the block that an address lies in; empty where there is none.

    Locally administered addresses lie in no block, whatever their first bytes look like.
    """
    value = int(address.replace(":", ""), 16)
    table = _table()
    for size in _SIZES:
        blocks = table[f"block{size}"]
        prefix = blocks.dtype.type(value >> (48 - size))
        place = int(np.searchsorted(blocks, prefix))
        if place < len(blocks) and blocks[place] == prefix:
            name = _names()[int(table[f"name{size}"][place])]
            return "" if name == "IEEE Registration Authority" else name
    return ""


def vendor(address: str) -> str:
    """The maker for people: also says that an address is locally administered, or a group's."""
    if is_group(address):
        return "group address"
    return LOCAL if is_local(address) else vendor_of(address)
