"""Facts of apps, kept by the digest of the app: new rules are answered from these, not from the files.

A file is called by its digest and nothing else, so no name from outside reaches the file system. What is
in it is checked where it is read (:mod:`~rogue_scan.fleet.work`): facts of another version count as none.
"""

import contextlib
import os
import re
from pathlib import Path

from rogue_scan.fleet.ledger import private_folder

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Facts:
    """The folder of facts in one store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new = folder / "new"
        private_folder(folder)
        private_folder(self._new)
        for path in self._new.iterdir():  # half-written by a run that was killed
            with contextlib.suppress(OSError):
                path.unlink()

    def path(self, app: str) -> Path | None:
        """Where the facts of ``app`` are, if there are any."""
        if not _DIGEST.fullmatch(app):
            return None
        path = self._folder / app[:2] / app
        return path if path.is_file() else None

    def put(self, app: str, facts: bytes) -> None:
        """Keep facts; a reader sees all of them or none. Raises OSError, for example on a full disk."""
        if not _DIGEST.fullmatch(app):
            raise ValueError("facts are named by a SHA-256")
        private_folder(self._folder / app[:2])
        path = self._new / app
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(facts)
        path.replace(self._folder / app[:2] / app)
