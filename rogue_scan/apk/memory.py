"""How the C library takes memory from the system."""

import functools
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Parameters of mallopt(3)."""
_HUGEPAGE = 14
"""Advice of madvise(2)."""
_HUGE = 2 << 20
_RESERVED = 64 << 20
"""Bytes of address space that the heap grows by at a time; those not used take no memory."""


@functools.cache
def large_pages() -> None:
    """Let memory come in large pages, and keep it until the next app (glibc on Linux, elsewhere nothing).

    The tables of an app take tens of MiB. To get them from the system in pages of 4 KiB takes a tenth of
    an analysis, and as much again for all that was given back in between.
    """
    if sys.platform != "linux":
        return
    import ctypes

    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return
    pointer = ctypes.c_void_p
    libc.malloc.restype = libc.sbrk.restype = pointer
    libc.free.argtypes, libc.madvise.argtypes = (pointer,), (pointer, ctypes.c_size_t, ctypes.c_int)
    libc.mallopt(_TRIM_THRESHOLD, 2 * _RESERVED)
    libc.mallopt(_TOP_PAD, _RESERVED)
    libc.mallopt(_MMAP_THRESHOLD, _RESERVED // 2)
    begin = libc.sbrk(0)
    libc.free(libc.malloc(_HUGE))  # the heap grows
    begin += -begin % _HUGE
    libc.madvise(begin, max(0, libc.sbrk(0) - begin), _HUGEPAGE)
