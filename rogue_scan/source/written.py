"""Files that are written: whole or not there, readable by their owner alone."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_STANDS_FOR = ("/dev/", "/proc/")
"""Where names stand for what the system or a process holds open."""


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file to write ``path`` through; it takes its place when all has gone well. Raises OSError.

    What reports, evidence and facts hold is nobody else's business, so the mode is 0600, whatever the
    process would give. A pipe or a device is not replaced but written as it is, and so is what stands for
    an open file (``/dev/stdout``).
    """
    if str(path.absolute()).startswith(_STANDS_FOR) or (path.exists() and not path.is_file()):
        with path.open("wb") as file:
            yield file
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".rogue-scan.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
