"""Files that are written: whole or not there, readable by their owner alone."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file to write ``path`` through; it takes its place when all has gone well. Raises OSError.

    What reports, evidence and facts hold is nobody else's business, so the mode is 0600, whatever the
    process would give. A pipe or a device cannot be replaced: it is written as it is.
    """
    if path.exists() and not path.is_file():
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
