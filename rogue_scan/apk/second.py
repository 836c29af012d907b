"""A second reader for odd manifests: where androguard sees another app, that is evidence.

It is asked only where our own reader found something abnormal, since its import alone costs more than
the rest of the intake, and only with limits of its own: a padded file once cost it gigabytes.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rogue_scan.apk.manifest import Manifest

MOST_BYTES = 1 << 20
SECONDS = 4.0


class _TooSlow(Exception):
    """The second reader used up its time."""


def disagreement(data: bytes, ours: Manifest) -> str:
    """What androguard sees otherwise in a binary manifest; empty where it agrees or was not asked.

    It is not asked outside the main thread, where nothing could stop it.
    """
    if len(data) > MOST_BYTES or threading.current_thread() is not threading.main_thread():
        return ""
    try:
        with _deadline(SECONDS):
            return _compare(data, ours)
    except _TooSlow:
        return f"androguard does not come to an end in {SECONDS:g} s"
    except MemoryError:
        return "androguard runs out of memory"


def _compare(data: bytes, ours: Manifest) -> str:
    from androguard.core.axml import AXMLPrinter
    from loguru import logger

    logger.disable("androguard")
    try:
        printer = AXMLPrinter(data)
        root = printer.get_xml_obj() if printer.is_valid() else None
    except (_TooSlow, MemoryError):
        raise
    except Exception as error:  # it raises whatever its parsing stumbles on
        return f"androguard fails: {type(error).__name__}"
    if root is None:
        return "androguard calls the file invalid"
    name = "{http://schemas.android.com/apk/res/android}name"
    asked = {p.name for p in ours.permissions if not p.implied}
    seen = {e.get(name) or e.get("name") or "" for e in root.findall("uses-permission")}
    parts = len(ours.components)
    app = root.find("application")
    kinds = ("activity", "activity-alias", "service", "receiver", "provider")
    theirs = 0 if app is None else sum(len(app.findall(kind)) for kind in kinds)
    if (root.get("package") or "") != ours.package:
        return f"androguard reads the package name {root.get('package')!r}"
    if asked - seen:
        return f"androguard misses {len(asked - seen)} of {len(asked)} permissions"
    if parts != theirs:
        return f"androguard sees {theirs} components, Android {parts}"
    return ""


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise :class:`_TooSlow` in the main thread after this much time."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
