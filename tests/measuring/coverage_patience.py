"""Keeps coverage from hanging a process: a plugin of coverage that pyproject.toml names and every process loads.

Its lock is taken by each thread that meets a new file. A whole run was seen in which no thread had it and none could
take it (coveragepy issue 1892 tells of the like): every test that met a new file waited until its timeout. Here nobody
waits longer than a second.
"""

import threading
from contextlib import suppress
from typing import Any

from coverage.collector import Collector

_PATIENCE_S = 1.0


class PatientLock:
    """A lock that is given up on, and may be released by who never had it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Take it, or go on without it."""
        self._lock.acquire(timeout=_PATIENCE_S)

    def release(self) -> None:
        """Give it back, if it is taken."""
        with suppress(RuntimeError):
            self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def coverage_init(reg: Any, options: Any) -> None:
    """Have every collector that is made from now on be patient."""
    ordinary = Collector.reset

    def reset(self: Collector) -> None:
        ordinary(self)
        if self.data_lock is not None:
            self.data_lock = PatientLock()

    Collector.reset = reset  # type: ignore[method-assign]  # there is no hook for it
