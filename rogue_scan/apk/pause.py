"""Pauses Python's search for cyclic rubbish."""

import functools
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Do not look for cyclic rubbish meanwhile.

    Facts and the state of an analysis are many small objects that all stay; looking for rubbish among
    them again and again costs a tenth of an analysis and doubles the time of reading stored facts.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            _set_apart()
            gc.enable()


@functools.cache
def _set_apart() -> None:
    """Take modules, tables and all else that lives now out of later searches, that at exit among them.

    Only once: what later apps leave behind has to be found.
    """
    gc.freeze()
