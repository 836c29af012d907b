"""Who may ask, and how often."""

import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from pathlib import Path

from rogue_scan.errors import UsageError

_LEAST_TOKEN = 16
_MOST_CLIENTS = 4096


class Token:
    """The secret that every request has to show."""

    def __init__(self, secret: str) -> None:
        """Raises UsageError for one that could be guessed."""
        if len(secret) < _LEAST_TOKEN:
            raise UsageError(f"the token has to have at least {_LEAST_TOKEN} characters")
        self._digest = hashlib.sha256(secret.encode()).digest()

    def fits(self, header: str | None) -> bool:
        """Whether an ``Authorization`` header carries the token; takes the same time for any wrong one."""
        scheme, _, shown = (header or "").partition(" ")
        given = hashlib.sha256(shown.strip().encode("utf-8", "replace")).digest()
        return hmac.compare_digest(given, self._digest) and scheme.lower() == "bearer"


def token(
    store: Path, file: Path | None, environment: str = "ROGUE_SCAN_SERVE_TOKEN"
) -> tuple[Token, Path | None]:
    """The token: of ``file``, else of the environment, else one made and kept in the store.

    Also gives the file that a made one is in. Raises UsageError.
    """
    try:
        if file is not None:
            return Token(file.read_text("utf-8").strip()), None
        if os.environ.get(environment):
            return Token(os.environ[environment]), None
        kept = store / "token"
        if not kept.exists():
            handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as out:
                out.write(secrets.token_urlsafe(32) + "\n")
        return Token(kept.read_text("utf-8").strip()), kept
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the token cannot be read: {error}") from error


class Rate:
    """A bucket of requests for each client: ``burst`` at once, then ``rate`` a second."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, float(burst)
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._now = time.monotonic

    def wait(self, client: str) -> float:
        """Count one request; 0 where it may go on, else the seconds until one may."""
        now = self._now()
        left, since = self._clients.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        allowed = left >= 1
        self._clients[client] = (left - 1 if allowed else left, now)
        while len(self._clients) > _MOST_CLIENTS:
            self._clients.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate
