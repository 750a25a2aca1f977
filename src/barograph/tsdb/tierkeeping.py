"""When tiers are made: of each day that is over, and again when something came into it afterwards.

The store steps through it when nothing else is due. A day's file is looked at when its signature has changed; its
small spans are merged first, since nothing more is expected.
"""

from collections.abc import Generator, Iterator

import apsw

from barograph.model.clock import Clock
from barograph.model.errors import CorruptError
from barograph.tsdb import blocks, filenames, sqlite
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.files import StoreFiles
from barograph.tsdb.fold import FoldResult
from barograph.tsdb.head import Head
from barograph.tsdb.merge import MergeRules, merge
from barograph.tsdb.stats import StoreStats
from barograph.tsdb.tiers import TierResult, is_made, make_tiers

_LOOK_EVERY_S = 60.0


class TierKeeping:
    """Finds days whose tiers are missing or out of date, and makes them a step at a time. For the store's thread."""

    def __init__(self, files: StoreFiles, head: Head, config: StoreConfig, clock: Clock, stats: StoreStats) -> None:
        self._files = files
        self._head = head
        self._config = config
        self._clock = clock
        self._stats = stats
        self._steps: Iterator[None] | None = None
        self._look_after_s = 0.0
        self._seen: dict[BlockName, tuple[int, ...]] = {}
        """The signature of each day's file whose tiers were found, or made, complete."""

    def step(self) -> bool:
        """Do one step; False where nothing is to be done now."""
        if self._steps is None:
            now_s = self._clock.monotonic_s()
            if not self._config.tiers or now_s < self._look_after_s:
                return False
            self._look_after_s = now_s + _LOOK_EVERY_S
            self._steps = self._look()
        try:
            next(self._steps)
        except StopIteration:
            self._steps = None
        except (apsw.Error, OSError, *sqlite.UNREADABLE) as error:
            self._steps = None
            self._stats.tier_failures += 1
            # a writer that failed counts series that were not stored
            for name in self._files.open_blocks:
                self._files.close_block(name)
            self._files.notices.append(f"tiers cannot be made now and are tried again in a minute: {error}")
        return True

    def _look(self) -> Iterator[None]:
        """Go through the days, newest first: yesterday is asked for more often than the week before."""
        for name in reversed(filenames.block_names(self._files.folder)):
            signature = filenames.signature(self._files.folder / name.file_name)
            if name.tier or self._seen.get(name) == signature or not self._is_complete(name):
                continue
            if not self._is_made(name):
                yield from self._make(name)
                signature = filenames.signature(self._files.folder / name.file_name)
            self._seen[name] = signature
            yield

    def _is_complete(self, name: BlockName) -> bool:
        """Tell whether a day is over, and all of it folded."""
        if self._clock.now_ms() < name.end_ms:
            return False
        for group in self._head.groups.values():
            # rows that came late stand in no order of time
            slots = group.slots_of(max(group.folded, group.first), group.count)
            if len(slots) and int(group.timestamps[slots].min()) < name.end_ms:
                return False
        return True

    def _is_made(self, name: BlockName) -> bool:
        with _Look(self._files, name) as connection:
            made_from = blocks.sequence(connection)
        for tier in self._config.tier_widths_ms:
            month = filenames.month_block(name.start_ms, tier, name.retention_class)
            if not (self._files.folder / month.file_name).exists():
                return False
            with _Look(self._files, month) as connection:
                if not is_made(connection, name.start_ms, made_from):
                    return False
        return True

    def _make(self, name: BlockName) -> Generator[None, None, None]:
        merged, made = FoldResult(), TierResult()
        try:
            rules = MergeRules(samples=self._config.merge_samples, is_over=True, tombstones=self._files.tombstones)
            yield from merge(self._files.block(name), rules, merged)
            yield from make_tiers(name, self._config.tier_widths_ms, self._files, made)
        except (CorruptError, *sqlite.DAMAGE_ERRORS) as error:
            # its signature is remembered, so it is not tried again as long as it stays as it is
            self._files.notices.append(f"{name.file_name} is damaged and no tiers are made of it: {error}")
            return
        finally:
            self._stats.merges += merged.merges
            self._stats.block_bytes += merged.written_bytes + made.written_bytes
        self._stats.tier_buckets += made.buckets
        self._stats.tiers_rebuilt += made.rebuilt
        self._stats.tier_days += 1
        self._head.raise_fold_generation(0)
        if merged.merges:
            self._files.block(name).shrink()
        yield
        self._files.close_block(name)
        for tier in self._config.tier_widths_ms:
            self._files.close_block(filenames.month_block(name.start_ms, tier, name.retention_class))


class _Look:
    """A file's connection for a moment: the one that writes it where it is open, since that may lock others out."""

    def __init__(self, files: StoreFiles, name: BlockName) -> None:
        self._files = files
        self._name = name
        self._own: apsw.Connection | None = None

    def __enter__(self) -> apsw.Connection:
        if self._name in self._files.open_blocks:
            return self._files.block(self._name).connection
        self._own = sqlite.open_reading(self._files.folder / self._name.file_name)
        return self._own

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            self._own.close(True)
