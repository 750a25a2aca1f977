"""What the store does between ticks: folds, merges, checkpoints and retention, in steps that fit a budget.

Work is a chain of generators; between two steps the store takes ticks. A failed fold is tried again later and loses
nothing, since its ticks stay in the ring until they are marked.
"""

from collections.abc import Generator, Iterator

import apsw

from barograph.model.clock import Clock
from barograph.tsdb import filenames, sqlite
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.files import StoreFiles
from barograph.tsdb.fold import FoldResult, fold
from barograph.tsdb.head import Head
from barograph.tsdb.jobs import StoreParts, WorkQueue
from barograph.tsdb.merge import MergeRules, merge
from barograph.tsdb.retention import measure, remove_block, rules_of, size_cap, to_drop
from barograph.tsdb.space import LOW_SHARE
from barograph.tsdb.stats import StoreStats
from barograph.tsdb.tierkeeping import TierKeeping
from barograph.tsdb.trim import trim

_RETRY_S = 5.0
_RETENTION_EVERY_S = 10.0


class Upkeep:
    """Decides what is due and does it a step at a time. Used by the store's thread."""

    def __init__(self, files: StoreFiles, head: Head, config: StoreConfig, clock: Clock, stats: StoreStats) -> None:
        self._files = files
        self._head = head
        self._config = config
        self._clock = clock
        self._stats = stats
        self._job: Iterator[None] | None = None
        self._fold_after_s = 0.0
        self._retention_after_s = 0.0
        self._to_merge: set[BlockName] = set()
        self._commits_at_checkpoint = 0
        self.works = WorkQueue(
            StoreParts(files=files, head=head, config=config, clock=clock, stats=stats, fold_now=self.fold_now)
        )
        """What others ask for; done when nothing more urgent is due."""
        self.tiers = TierKeeping(files, head, config, clock, stats)
        """Done last of all."""

    def run(self, budget_s: float) -> None:
        """Do what is due until the budget is spent; does at least one step."""
        deadline_s = self._clock.monotonic_s() + budget_s
        while self.step() and self._clock.monotonic_s() < deadline_s:
            pass

    def step(self) -> bool:
        """Do one step; False where nothing is due."""
        if self._job is None:
            self._job = self._next_job()
            if self._job is None:
                return self._files.log is not None and (self.works.step() or self.tiers.step())
        self._advance(self._job)
        return True

    def fold_now(self) -> None:
        """Fold at once, however long it takes: the ring has no room for the next tick, or the store is closing.

        Raises:
            apsw.Error: A block file or the log could not be written.
        """
        self.abandon()
        for _ in self._fold_job(everything=True):
            pass

    def finish(self) -> None:
        """Fold and merge everything, as a clean stop does.

        Raises:
            apsw.Error: A file could not be written.
        """
        self.fold_now()
        while (name := self._pop_merge()) is not None:
            for _ in self._merge_job(name):
                pass
        for name in self._files.open_blocks:
            self._files.block(name).shrink()

    def abandon(self) -> None:
        """Drop a job half done: its files were closed, or someone does it all at once now."""
        job, self._job = self._job, None
        if job is not None:
            # closing the generator runs its cleanup
            del job

    def _advance(self, job: Iterator[None]) -> None:
        try:
            next(job)
        except StopIteration:
            self._job = None
        except apsw.Error as error:
            self._job = None
            self._stats.fold_failures += 1
            self._stats.fold_reason = f"blocks cannot be written ({error}): ticks stay in the ring until they can"
            self._fold_after_s = self._clock.monotonic_s() + _RETRY_S
            self._to_merge.clear()
            # a handle that failed is not used again
            for name in self._files.open_blocks:
                self._files.close_block(name)

    def _next_job(self) -> Iterator[None] | None:
        log, now_s = self._files.log, self._clock.monotonic_s()
        if log is None:
            return None
        if now_s >= self._retention_after_s:
            return self._retention_job()
        if log.last_tick - log.folded_tick >= self._config.fold_ticks and now_s >= self._fold_after_s:
            return self._fold_job(everything=False)
        if self._stats.commits - self._commits_at_checkpoint >= self._config.checkpoint_ticks:
            return self._checkpoint_job()
        if (name := self._pop_merge()) is not None:
            return self._merge_job(name)
        return None

    def _pop_merge(self) -> BlockName | None:
        return self._to_merge.pop() if self._to_merge else None

    def _fold_job(self, everything: bool) -> Iterator[None]:
        log = self._files.log
        assert log is not None
        until = log.last_tick if everything else min(log.folded_tick + self._config.fold_ticks, log.last_tick)
        result = FoldResult()
        self._head.pinned = True
        try:
            yield from fold(self._head, until, self._files, result)
        finally:
            self._head.pinned = False
        log.mark_folded(until)
        yield
        self._count(result)
        # whatever grows the folder is looked at before the next of it
        self._retention_after_s = 0.0
        self._stats.folds += 1
        self._stats.fold_reason = ""
        self._to_merge.update(name for name in self._files.open_blocks if not name.tier)

    def _merge_job(self, name: BlockName) -> Iterator[None]:
        newest = all(each.period <= name.period for each in self._files.open_blocks if not each.tier)
        result = FoldResult()
        try:
            rules = MergeRules(
                samples=self._config.merge_samples, is_over=not newest, tombstones=self._files.tombstones
            )
            yield from merge(self._files.block(name), rules, result)
        except sqlite.DAMAGE_ERRORS as error:
            # it is read as far as it goes; the next fold that cannot write to it moves it aside
            self._files.notices.append(f"{name.file_name} is damaged and is not merged: {error}")
            return
        if result.merges:
            self._count(result)
        if not newest:
            self._files.block(name).shrink()
            yield
            self._files.close_block(name)

    def _checkpoint_job(self) -> Iterator[None]:
        log = self._files.log
        assert log is not None
        # before, not after: a disk too full for it is not asked again at once, but with the next checkpoint
        self._commits_at_checkpoint = self._stats.commits
        log.checkpoint()
        yield

    def _retention_job(self) -> Iterator[None]:
        self._retention_after_s = self._clock.monotonic_s() + _RETENTION_EVERY_S
        space, folder = self._files.space, self._files.folder
        try:
            space.look()
            blocks, other_bytes = measure(folder)
            cap_bytes = size_cap(folder, self._config)
        except OSError as error:
            self._files.notices.append(f"retention could not look through {folder}: {error}")
            return
        size_bytes = other_bytes + sum(each.size_bytes for each in blocks)
        # whole days make room on a disk that others fill; today is not given up for them
        lean_bytes = min(cap_bytes, size_bytes - space.missing_bytes)
        rules = rules_of(self._config, self._files.classes.all, lean_bytes, self._clock.now_ms())
        for name in to_drop(blocks, other_bytes, rules):
            self._files.close_block(name)
            size_bytes -= remove_block(folder, name)
            self._files.notices.append(f"{name.file_name} dropped by retention")
            self._stats.days_dropped += 1
            self._head.raise_fold_generation(0)
        if size_bytes > cap_bytes:
            size_bytes -= yield from self._trim(size_bytes - cap_bytes)
        space.reserve(cap_bytes)
        self._note_space(size_bytes)

    def _trim(self, excess_bytes: int) -> Generator[None, None, int]:
        """Take the oldest spans out of the files that are left: even today alone is more than may be kept."""
        freed = 0
        for name in filenames.block_names(self._files.folder):
            if freed >= excess_bytes or name.tier:
                continue
            taken = trim(self._files.block(name), excess_bytes - freed)
            if taken:
                freed += taken
                self._stats.spans_trimmed += 1
                self._files.notices.append(f"the oldest samples of {name.file_name} dropped: max_size is reached")
                self._head.raise_fold_generation(0)
            yield
        return freed

    def _note_space(self, size_bytes: int) -> None:
        """Say once when little space is left, and once when there is enough again."""
        space, stats = self._files.space, self._stats
        stats.folder_bytes, stats.free_bytes = size_bytes, space.free_bytes
        is_low = space.free_share < LOW_SHARE
        if is_low != stats.low_space:
            stats.low_space = is_low
            words = "little space is left: nothing is loaded in bulk until there is more" if is_low else "enough again"
            self._files.notices.append(f"{self._files.folder} has {space.free_bytes:,} bytes free: {words}")

    def _count(self, result: FoldResult) -> None:
        self._stats.folded_samples += result.samples
        self._stats.block_bytes += result.written_bytes
        self._stats.merges += result.merges
        self._head.raise_fold_generation(result.until_ms)
