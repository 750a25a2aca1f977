"""Work that others ask of a store while it runs: an import, a deletion, a snapshot. Done in steps between ticks.

Any thread may ask, only the store's thread works. An error ends the work it happened in, and nothing else.
"""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import apsw

from barograph.model.clock import Clock
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.files import StoreFiles
from barograph.tsdb.head import Head
from barograph.tsdb.stats import StoreStats

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreParts:
    """What a work may use, on the store's thread only.

    Attributes:
        files: Open files; ask them for writers anew after each `yield`, since a failed disk closes them.
        head: The newest ticks. After a change to block files call `head.raise_fold_generation(0)`.
        config: How samples are kept.
        clock: Where time comes from.
        stats: The store's figures.
        fold_now: Puts every committed tick of the head into block files, however long it takes.
    """

    files: StoreFiles
    head: Head
    config: StoreConfig
    clock: Clock
    stats: StoreStats
    fold_now: Callable[[], None]


Work = Callable[[StoreParts], Generator[None, None, T]]
"""Steps of a few milliseconds each, one small transaction at most; what the generator returns is the result."""


class WorkQueue:
    """Works in the order they were asked for, one at a time."""

    def __init__(self, parts: StoreParts) -> None:
        self._parts = parts
        self._waiting: deque[tuple[Work[Any], Future[Any]]] = deque()
        self._running: tuple[Generator[None, None, Any], Future[Any]] | None = None

    def submit(self, work: Work[T]) -> "Future[T]":
        """Ask for a work; safe from any thread. A future that is cancelled before its work begins takes it back."""
        future: Future[T] = Future()
        self._waiting.append((work, future))
        return future

    def perform(self, work: Work[T]) -> T:
        """Do a work at once. The store's thread only, and not from within another work."""
        steps = work(self._parts)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            except apsw.Error:
                self._drop_writers()
                raise

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked for."""
        return self._running is None and not self._waiting

    def step(self) -> bool:
        """Do one step; False where nothing is asked for."""
        if self._running is None and not self._begin():
            return False
        assert self._running is not None
        steps, future = self._running
        try:
            next(steps)
        except StopIteration as end:
            self._running = None
            future.set_result(end.value)
        except Exception as error:
            # whatever it is, it is the asker's to hear; the store goes on
            self._running = None
            if isinstance(error, apsw.Error):
                self._drop_writers()
            future.set_exception(error)
        return True

    def refuse_all(self, error: Exception) -> None:
        """End everything that waits or runs: the store is closing."""
        if self._running is not None:
            steps, future = self._running
            self._running = None
            steps.close()
            future.set_exception(error)
        while self._waiting:
            _, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(error)

    def _drop_writers(self) -> None:
        """Close every block file: a handle that failed is not used again, and whose it was is not known here."""
        for name in self._parts.files.open_blocks:
            self._parts.files.close_block(name)

    def _begin(self) -> bool:
        while self._waiting:
            work, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                self._running = (work(self._parts), future)
                return True
        return False
