"""Gives freed memory back to the system now and then, in keeper and front.

glibc's allocator keeps what was freed: holes between what is used, and, once one large block was freed, up to twice the
size of that at the end of its heap (mallopt(3), M_MMAP_THRESHOLD). After one large query, or many small ones at once, a
process would stay as large as it ever was.
"""

import ctypes
from collections.abc import Callable

from barograph.model.clock import Clock

EVERY_S = 30.0


def libc_trim() -> Callable[[], None]:
    """Return what gives back all that can be given back; it does nothing where the C library has no such thing."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return lambda: None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return lambda: trim(0)


class FreedMemory:
    """Gives memory back, at most once in `EVERY_S` seconds: some milliseconds, in which no other thread allocates.

    Args:
        clock: For the time between.
        trim: Gives back.
    """

    def __init__(self, clock: Clock, trim: Callable[[], None] | None = None) -> None:
        self._clock = clock
        self._trim = trim or libc_trim()
        self._last_s = clock.monotonic_s()

    def give_back(self) -> None:
        """Give back what is free, if it is time."""
        now_s = self._clock.monotonic_s()
        if now_s - self._last_s >= EVERY_S:
            self._last_s = now_s
            self._trim()
