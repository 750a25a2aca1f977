"""The embedded store, write side: the one object that the keeper appends to. One thread uses it.

A batch is in the head, visible to readers, when `append` returns; it is durable when `commit` returns. `maintain`, called
in the idle time after a tick, folds old ticks into block files in slices. When the disk is full or failing the store
goes on from memory, says so, and catches up by itself.
"""

from pathlib import Path
from typing import Self

import apsw

from barograph.model.batch import Batch
from barograph.model.clock import Clock
from barograph.model.errors import ReadOnlyError
from barograph.tsdb import filenames, sqlite
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.folder import FolderLock
from barograph.tsdb.head import Head, HeadRow
from barograph.tsdb.log import Log, PendingTick
from barograph.tsdb.replay import replay
from barograph.tsdb.segment import SegmentFactory
from barograph.tsdb.stats import StoreStats


class Store:
    """Implements `Appender`; see `Store.open`."""

    def __init__(self, folder: Path, config: StoreConfig, clock: Clock, segments: SegmentFactory) -> None:
        self.folder = folder
        self.stats = StoreStats()
        self._config = config
        self._clock = clock
        self._lock = FolderLock.acquire(folder)
        self._log = Log(folder / filenames.LIVE, config.ring_slots, 1)
        self._head = Head(segments, max(config.ring_slots, self._log.slots))
        replay(self._log.connection, self._head, {})
        self._tick = self._log.last_tick + 1
        self._rows: list[HeadRow] = []

    @classmethod
    def open(cls, folder: Path, config: StoreConfig, clock: Clock, segments: SegmentFactory) -> Self:
        """Open a data folder for writing; every tick committed before is there."""
        sqlite.check_sqlite_version()
        return cls(folder, config, clock, segments)

    def append(self, batch: Batch) -> None:
        """See `Appender`."""
        self._rows.append(self._head.append(batch, self._tick))

    def commit(self) -> None:
        """See `Appender`."""
        if not self._rows:
            return
        started_s = self._clock.monotonic_s()
        try:
            self.stats.log_bytes += self._log.write([PendingTick(self._tick, self._rows)])
        except apsw.Error as error:
            raise ReadOnlyError(str(error)) from error
        self._rows = []
        self._tick += 1
        self.stats.commits += 1
        self.stats.last_commit_s = self._clock.monotonic_s() - started_s

    def maintain(self, budget_s: float) -> None:
        """Do some of the work that is due."""

    def close(self) -> None:
        """Stop cleanly."""
        self._log.close()
        self._lock.close()
