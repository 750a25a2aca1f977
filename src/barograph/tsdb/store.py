"""The embedded store, write side: the one object that the keeper appends to. One thread uses it.

A batch is in the head, visible to readers, when `append` returns; it is durable when `commit` returns. `maintain`,
called in the idle time after a tick, folds old ticks into block files in slices. When the disk is full or failing the
store goes on from memory, says so, and catches up by itself.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Self, TypeVar

import apsw

from barograph.model.batch import Batch
from barograph.model.clock import Clock
from barograph.model.errors import FolderError, ReadOnlyError, StoreError
from barograph.tsdb import sqlite
from barograph.tsdb.classes import RetentionClass
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.files import StoreFiles
from barograph.tsdb.fold import FoldResult, fold
from barograph.tsdb.folder import is_disk_full
from barograph.tsdb.head import Head, HeadRow
from barograph.tsdb.jobs import Work
from barograph.tsdb.limits import SeriesLimits
from barograph.tsdb.log import Log, PendingTick
from barograph.tsdb.replay import replay
from barograph.tsdb.segment import MemorySegments, SegmentFactory
from barograph.tsdb.stats import StoreStats
from barograph.tsdb.upkeep import Upkeep

_RETRY_S = 1.0
_TICKS_PER_COMMIT = 300

T = TypeVar("T")


class Store:
    """Implements `Appender`; made by `Store.open`.

    Attributes:
        stats: What the store says of itself.
    """

    def __init__(self, files: StoreFiles, config: StoreConfig, clock: Clock, segments: SegmentFactory) -> None:
        self.stats = StoreStats()
        self._files = files
        self._config = config
        self._clock = clock
        self._rows: list[HeadRow] = []
        self._pending: deque[PendingTick] = deque()
        self._tick = 1
        self._retry_s = 0.0
        self._was_connected = False
        self._rescue = False
        """Ticks of a live.db that was moved aside are only in the head."""
        log = self._try_connect()
        slots = max(config.ring_slots, log.slots if log else 0)
        self._limits = SeriesLimits(config.limits, clock)
        self._head = Head(segments, slots, self._limits)
        is_behind = log is not None and self._replay(log)
        self._upkeep = Upkeep(files, self._head, config, clock, self.stats)
        if is_behind:
            self._catch_up()
        self._count()

    @classmethod
    def open(  # noqa: PLR0913  everything that a store is built from
        cls,
        folder: Path,
        config: StoreConfig,
        clock: Clock,
        segments: SegmentFactory,
        *,
        vfs: str | None = None,
        classes: Sequence[RetentionClass] = (),
    ) -> Self:
        """Open a data folder for writing, or make it; every tick committed before is there.

        A full disk is no error: the store then opens from memory (`stats.read_only`), and makes its files once there
        is space.

        Args:
            folder: The data folder.
            config: How to keep samples.
            clock: For retries, retention and durations.
            segments: Where the head's memory comes from.
            vfs: Another SQLite virtual file system (tests).
            classes: Series that are kept for another time than the rest.

        Raises:
            FolderError: The folder is held by another process, cannot be written or is on a network file system.
            VersionError: SQLite is too old, or a file in the folder is too new.
        """
        sqlite.check_sqlite_version()
        files = StoreFiles(folder, config, vfs, classes)
        try:
            return cls(files, config, clock, segments)
        except BaseException:
            files.close()
            raise

    def append(self, batch: Batch, *, own: bool = False) -> None:
        """See `Appender`.

        Raises:
            StoreError: The timestamp lies too far before the source's newest, or too far ahead of the clock.
        """
        if not own:
            self._check_time(batch)
        if not self._rows:
            self._make_room()
        self._rows.append(self._head.append(batch, self._tick, own=own))

    def commit(self) -> None:
        """See `Appender`. It raises each time, as long as it cannot be made durable; `stats.reason` tells of a change.

        Raises:
            ReadOnlyError: It cannot be made durable now.
        """
        if self._rows:
            self._pending.append(PendingTick(self._tick, self._rows))
            self._rows = []
            self._tick += 1
        if not self._pending:
            return
        started_s = self._clock.monotonic_s()
        try:
            self._write_pending(self._connected())
        except (apsw.Error, ReadOnlyError, FolderError) as error:
            failure = self._fail(error)
            self._count()
            raise failure from error
        self.stats.read_only, self.stats.reason = False, ""
        self.stats.commits += 1
        self.stats.last_commit_s = self._clock.monotonic_s() - started_s
        self._count()

    def maintain(self, budget_s: float) -> None:
        """Do some of the work that is due: fold, merge, checkpoint, retention. Never raises for a failing disk.

        Args:
            budget_s: Stop after this time; a step takes a few milliseconds, a commit to a block file as long as the
                disk does.
        """
        if self._files.log is not None:
            self._upkeep.run(budget_s)
            self._count()

    def submit(self, work: Work[T]) -> "Future[T]":
        """Ask for a work (an import, a deletion), done in steps by `maintain`. Safe from any thread."""
        return self._upkeep.works.submit(work)

    def perform(self, work: Work[T]) -> T:
        """Do a work at once, however long it takes: offline, where no tick waits.

        Raises:
            ReadOnlyError: Nothing can be written now.
        """
        if self._files.log is None:
            raise ReadOnlyError(self.stats.reason)
        return self._upkeep.works.perform(work)

    def take_notices(self) -> list[str]:
        """Return, and forget, what was found wrong and worked around: a line each for the log."""
        notices, self._files.notices = self._files.notices, []
        return [*notices, *self._limits.take_notices()]

    def close(self) -> None:
        """Stop cleanly: commit, fold and merge everything, empty the ring, leave no write-ahead log behind.

        What a failing disk does not let it do is left for the next start. The store must not be used afterwards.
        """
        self._upkeep.works.refuse_all(ReadOnlyError("the store is closing: ask again when it runs"))
        try:
            self.commit()
            log = self._files.connect()
            self._upkeep.finish()
            log.empty()
            log.checkpoint(truncate=True)
            self._head.clear()
            self._files.space.release()
        except (apsw.Error, StoreError):
            # whatever was committed is in the ring and will be replayed
            return
        finally:
            self._files.close()

    def _check_time(self, batch: Batch) -> None:
        """Refuse what is too late, and what is too early: it would stand in the way of what comes then."""
        newest_ms = self._head.newest_ms_of(batch.source)
        window, limit = self._config.out_of_order_window, self._config.future_limit
        if newest_ms - batch.timestamp_ms > window.ms:
            raise StoreError(
                f"source {batch.source!r}: a sample at {batch.timestamp_ms} ms is more than {window} older than the "
                f"newest one ({newest_ms} ms): raise store.out_of_order_window, or import it"
            )
        now_ms = self._clock.now_ms()
        if batch.timestamp_ms - now_ms > limit.ms:
            raise StoreError(
                f"source {batch.source!r}: a sample at {batch.timestamp_ms} ms is more than {limit} ahead of the clock "
                f"({now_ms} ms): set the sender's clock, or raise store.future_limit"
            )

    def _try_connect(self) -> Log | None:
        try:
            return self._files.connect()
        except ReadOnlyError as error:
            self._fail(error)
            return None

    def _replay(self, log: Log) -> bool:
        """Bring back the ticks that are only in the ring; tells whether block files know newer ones."""
        newest = self._files.newest()
        folded = {source: each.tick for source, each in newest.items()}
        self._head.stored_ms = {source: each.timestamp_ms for source, each in newest.items()}
        is_behind = log.distrust(max(folded.values(), default=0))
        self.stats.damaged += replay(log.connection, self._head, log.folded_tick, folded)
        self._tick = log.last_tick + 1
        self._was_connected = True
        return is_behind

    def _catch_up(self) -> None:
        """Fold the ring of a restored snapshot, whose block files were copied later than it."""
        try:
            self._upkeep.fold_now()
        except apsw.Error as error:
            self._fail(error)
            # the next connection does it
            self._was_connected = False

    def _connected(self) -> Log:
        """Return the log, opened anew if it was closed and a second has passed since the last try."""
        if self._files.log is not None:
            return self._files.log
        now_s = self._clock.monotonic_s()
        if now_s < self._retry_s:
            raise ReadOnlyError(self.stats.reason)
        self._retry_s = now_s + _RETRY_S
        log = self._files.connect()
        if not self._was_connected:
            log.distrust(max((each.tick for each in self._files.newest().values()), default=0))
            self._renumber(log.last_tick)
        if not self._was_connected or any(group.first > group.folded for group in self._head.groups.values()):
            self._fold_from_log(log)
        if self._rescue:
            self._fold_all(self._head, log, self._tick)
        self._was_connected, self._rescue = True, False
        return log

    def _write_pending(self, log: Log) -> None:
        """Commit the ticks that wait, oldest first, as many at once as the ring has room for."""
        self._drop_lost()
        while self._pending:
            # ticks a ring apart would share a slot
            end = self._pending[0].tick + min(log.slots, _TICKS_PER_COMMIT)
            ready = [tick for tick in self._pending if tick.tick < end and log.has_room(tick.tick)]
            if not ready:
                self._upkeep.fold_now()
                continue
            self.stats.log_bytes += log.write(ready)
            for _ in ready:
                self._pending.popleft()

    def _drop_lost(self) -> None:
        """Forget rows that the head has overwritten while nothing could be stored."""
        while self._pending:
            tick = self._pending[0]
            kept = [row for row in tick.rows if row.number >= row.group.first]
            if len(kept) == len(tick.rows):
                return
            self._pending.popleft()
            if kept:
                self._pending.appendleft(PendingTick(tick.tick, kept))
                return
            self.stats.lost_ticks += 1

    def _make_room(self) -> None:
        """Before a tick is taken: it must not overwrite, in head or log, what is not folded."""
        log = self._files.log
        if log is not None and not self._pending and not log.has_room(self._tick):
            try:
                self._upkeep.fold_now()
            except apsw.Error as error:
                self._fail(error)
        if len(self._pending) > self._head.slots:
            self._drop_lost()

    def _fold_from_log(self, log: Log) -> None:
        """Fold the ticks of the ring that the head does not hold: after an outage that outlived it."""
        other = Head(MemorySegments(), max(self._head.slots, log.slots))
        folded = {source: each.tick for source, each in self._files.newest().items()}
        self.stats.damaged += replay(log.connection, other, log.folded_tick, folded)
        self._fold_all(other, log, log.last_tick)
        for group in self._head.groups.values():
            group.folded = max(group.folded, group.rows_until_tick(log.last_tick))

    def _fold_all(self, head: Head, log: Log, until_tick: int) -> None:
        """Fold a head at once, whatever the log holds of it."""
        result = FoldResult()
        for _ in fold(head, until_tick, self._files, result):
            self._was_connected = False
        log.mark_folded(log.last_tick)
        self._head.raise_fold_generation(result.until_ms)

    def _renumber(self, last_tick: int) -> None:
        """Let the ticks taken before live.db could be opened follow on those it holds."""
        shift = last_tick + 1 - (self._pending[0].tick if self._pending else self._tick)
        for group in self._head.groups.values():
            group.ticks += shift
        self._pending = deque(PendingTick(tick.tick + shift, tick.rows) for tick in self._pending)
        self._tick += shift

    def _fail(self, error: Exception) -> ReadOnlyError:
        """Go on from memory: close what failed, say why, and return the error to raise."""
        if self._is_full(error) and self._files.space.release():
            # the next try, a second from now, has what was held back
            self._files.notices.append("the disk is full: the reserve was given up for what must still be written")
        failure = error if isinstance(error, ReadOnlyError) else ReadOnlyError(str(self._explain(error)))
        if self._was_connected or self._files.log is not None:
            self._upkeep.abandon()
        if isinstance(error, sqlite.DAMAGE_ERRORS):
            self._set_aside_log(error)
        self._files.disconnect()
        self._retry_s = max(self._retry_s, self._clock.monotonic_s() + _RETRY_S)
        self.stats.read_only, self.stats.reason = True, str(failure)
        self.stats.commit_failures += 1
        return failure

    @staticmethod
    def _is_full(error: Exception) -> bool:
        cause = error.__cause__ if isinstance(error, ReadOnlyError) else error
        return isinstance(cause, apsw.FullError) or (isinstance(cause, OSError) and is_disk_full(cause))

    def _set_aside_log(self, error: Exception) -> None:
        try:
            self._files.set_aside_log(error)
        except OSError:
            # it cannot be moved now: the next error brings us here again
            return
        self._rescue = True

    def _explain(self, error: Exception) -> Exception:
        return self._files.explain(error) if isinstance(error, apsw.Error) else error

    def _count(self) -> None:
        log, stats = self._files.log, self.stats
        stats.pending_ticks = len(self._pending)
        stats.unfolded_ticks = log.last_tick - log.folded_tick if log else stats.unfolded_ticks
        stats.refused_series = self._limits.refused
        stats.series, stats.head_bytes = self._head.series_count, self._head.size_bytes
