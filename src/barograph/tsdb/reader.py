"""The read side of the store, for any process: the head in shared memory and the block files, as one `Querier`.

The front opens one on the data folder and gives it each new head segment; offline commands open one that reads the ring
of live.db itself. It never writes, and holds no read transaction longer than it takes to copy a blob out.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import apsw
import numpy as np
from numpy.typing import NDArray

from barograph.model.batch import Family
from barograph.model.errors import BudgetError, FolderError, StoreError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.sample import BoolArray, is_absent, is_stale
from barograph.model.series import ReadBudget, ReadCounts, SelectHints, SeriesSet
from barograph.model.tiers import BucketSet, Column
from barograph.model.units import Duration
from barograph.tsdb import filenames, log, sqlite
from barograph.tsdb.assemble import LabelRows, Piece, assemble
from barograph.tsdb.bucketjoining import BucketJoining
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.dayfiles import DayFiles
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.filereads import FileReads, Reading
from barograph.tsdb.head import Head
from barograph.tsdb.headview import Columns, GroupView, HeadView
from barograph.tsdb.index import LabelIndex, SeriesIds
from barograph.tsdb.late import base_source, is_late
from barograph.tsdb.openfiles import MovedError
from barograph.tsdb.replay import replay
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.tierreads import (
    THINNED_COLUMNS,
    newest_samples,
    plan_days,
    read_tier,
    thinned_days,
    thinned_series,
    time_text,
)

_MOVING = "blocks were merged faster than they could be read; ask again"
_PLANS = 512
_PLANS_BYTES = 64 << 20
"""What plans take together: with a million series one of them is a megabyte."""
_ATTEMPTS = 5
_FIRST_MS = -(1 << 62)
_NO_HINTS = SelectHints()
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What a set of matchers selects, as long as no series joins; `number` is 0 where nothing of it is kept."""

    number: int
    wanted: BoolArray
    in_head: tuple[tuple[GroupView, Columns, SeriesIds], ...]

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        return self.wanted.nbytes + sum(2 * series.nbytes for _, _, series in self.in_head)


@dataclass(slots=True, eq=False)
class _Samples:
    """What was read of a range, by source."""

    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    thinned_until_ms: int = 0
    thinned_ms: int = 0
    counts: ReadCounts = field(default_factory=ReadCounts)


class StoreReader:
    """Implements `TieredQuerier`. `attach` may be called from any thread too."""

    def __init__(self, folder: Path, config: StoreConfig, *, plans: int = _PLANS) -> None:
        """Look at a data folder, which need not exist yet; nothing is opened before the first use.

        Args:
            folder: The data folder.
            config: How samples are kept.
            plans: Of how many sets of matchers it remembers what they select.
        """
        self._lock = threading.Lock()
        self._files_lock = threading.Lock()
        self._index = LabelIndex()
        self._files = DayFiles(folder, config, self._index)
        self._reads = FileReads(self._files, config.decoded_cache.bytes // 2)
        self._widths_ms = config.tier_widths_ms
        self._label_rows = LabelRows(self._index.labels)
        self._generation = -1
        self._file_warnings: list[str] = []
        self._head: HeadView | None = None
        self._head_series: list[SeriesIds] = []
        self._plans_made = 0
        self._plans: dict[tuple[Matcher, ...], _Plan] = {}
        self._most_plans = plans
        self._plans_bytes = 0
        self._epoch = 0
        self._planned_series = 0
        self._offline_warnings: tuple[str, ...] = ()

    @classmethod
    def open_offline(cls, folder: Path, config: StoreConfig) -> Self:
        """Open a folder without its keeper: what was committed until now, ticks that are only in the ring included.

        Raises:
            FolderError: There is no store in this folder, or it cannot be read.
            VersionError: A file was written by a newer program.
        """
        sqlite.check_sqlite_version()
        path = folder / filenames.LIVE
        if not path.exists() and not filenames.block_names(folder):
            raise FolderError(f"{folder} holds no Barograph store: name the data folder of a `barograph serve`")
        reader = cls(folder, config)
        reader.read_ring(folder)
        return reader

    def read_ring(self, folder: Path) -> None:
        """Take in what a folder holds now, where no keeper gives its head.

        Raises:
            FolderError, VersionError: The ring cannot be read.
        """
        path = folder / filenames.LIVE
        head = self._read_ring(path) if path.exists() else None
        if head is not None:
            self.attach(head)
            return
        with self._lock:
            self._head, self._head_series, self._generation = None, [], -1
            self._forget_plans()

    def attach(self, buffer: memoryview) -> None:
        """Take a (new) head segment.

        Raises:
            VersionError: Its writer is another version of the program.
        """
        view = HeadView(buffer)
        with self._lock:
            self._head = view
            self._head_series = []
            self._generation = -1
            self._forget_plans()

    @property
    def damaged(self) -> int:
        """How often something damaged was met in block files."""
        return self._files.damaged

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, hints: SelectHints | None = None
    ) -> SeriesSet:
        """See `Querier`. A range that lies inside the head touches no file."""
        hints = hints or _NO_HINTS
        found = self._samples(tuple(matchers), start_ms, end_ms, with_thinned=True, hints=hints)
        groups = assemble(found.pieces, self._label_rows)
        warnings = (*self._offline_warnings, *dict.fromkeys(found.warnings))
        return SeriesSet(groups, warnings, found.thinned_until_ms, found.counts)

    def select_series(self, labels: list[Labels], start_ms: int, end_ms: int) -> SeriesSet:
        """Return every sample in the range of these very series, which `series` has named; never a tier's instead."""
        found = self._samples(labels, start_ms, end_ms, with_thinned=False)
        warnings = (*self._offline_warnings, *dict.fromkeys(found.warnings))
        return SeriesSet(assemble(found.pieces, self._label_rows), warnings)

    def in_head(self, selections: Sequence[tuple[Matcher, ...]]) -> tuple[int, list[tuple[GroupView, list[Places]]]]:
        """Return which columns of each source of the head some matchers select.

        Returns:
            A number that rises when the answer may be another one, and for each source the columns of each selection.
        """
        with self._lock:
            self._sync_plans()
            views = list(self._head.groups) if self._head is not None else []
            columns: list[list[Places]] = [[] for _ in views]
            for key in selections:
                wanted = self._index.match(key)
                for number, series in enumerate(self._head_series):
                    columns[number].append(np.flatnonzero(wanted[series]))
            return self._epoch, list(zip(views, columns, strict=True))

    def head_has_all(self, start_ms: int, end_ms: int) -> bool:
        """Tell whether the head has every sample of a range, so that no file need be looked at."""
        with self._lock:
            self._sync()
            covered = {view.source: view.covers() for view in (self._head.groups if self._head is not None else ())}
            with self._files_lock:
                spans = list(self._files.spans_between(start_ms, end_ms))
        for _, span in spans:
            oldest_ms, newest_ms = covered.get(span.source, (0, -1))
            if max(span.first_ms, start_ms) < oldest_ms or min(span.last_ms, end_ms) > newest_ms:
                return False
        return True

    def time_range(self) -> tuple[int, int]:
        """Return the oldest and the newest timestamp; the first is greater where the store is empty."""
        with self._lock:
            self._sync()
            ranges = [view.covers() for view in (self._head.groups if self._head is not None else ())]
            ranges.append(self._files.bounds())
        ranges = [(oldest, newest) for oldest, newest in ranges if oldest <= newest] or [(0, -1)]
        return min(oldest for oldest, _ in ranges), max(newest for _, newest in ranges)

    def days(self) -> list[int]:
        """Return the UTC days since 1970 that may have samples, in order."""
        with self._lock:
            self._sync()
            found = {file.name.start_ms // filenames.DAY_MS for file in self._files.of_samples}
            for view in self._head.groups if self._head is not None else ():
                oldest, newest = view.covers()
                found.update(range(oldest // filenames.DAY_MS, newest // filenames.DAY_MS + 1))
        return sorted(found)

    @property
    def tier_widths_ms(self) -> tuple[int, ...]:
        """See `TieredQuerier`."""
        return tuple(self._widths_ms.values())

    def select_buckets(  # noqa: PLR0913  as the protocol has it
        self,
        matchers: Sequence[Matcher],
        start_ms: int,
        end_ms: int,
        width_ms: int,
        columns: Sequence[Column],
        *,
        budget: ReadBudget | None = None,
    ) -> BucketSet:
        """See `TieredQuerier`. Samples are decoded a slice of time at a time.

        Raises:
            ValueError: There is no such width, or the range is no multiple of it.
        """
        if width_ms not in self.tier_widths_ms or start_ms % width_ms or end_ms % width_ms:
            raise ValueError(f"no tier has buckets of {width_ms} ms that begin at {start_ms} and end at {end_ms}")
        key, asked = tuple(matchers), range(start_ms, end_ms, width_ms)
        if budget is not None:
            self._require_few_buckets(key, asked, len(columns), budget)
        for _ in range(_ATTEMPTS):
            joining = BucketJoining(width_ms, columns)
            try:
                self._read_buckets(key, asked, joining, budget.check if budget is not None else lambda: None)
            except MovedError:
                self._generation = -1
                continue
            return joining.finish(self._index.labels, self._offline_warnings)
        raise StoreError(_MOVING)

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        return sorted(self._index.labels[number] for number in found.tolist())

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        with self._lock:
            return self._index.names_of(found)

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        with self._lock:
            return self._index.values_of(name, found)

    def metadata(self) -> dict[str, Family]:
        """See `Querier`."""
        with self._lock:
            self._sync()
            head = self._head
            families = self._files.families()
        for view in head.groups if head is not None else ():
            families.update((info.family.name, info.family) for info in view.columns)
        return families

    @property
    def newest_ms(self) -> int:
        """See `Querier`."""
        with self._lock:
            if self._head is not None and self._head.newest_ms:
                return self._head.newest_ms
            self._sync()
            return self._files.newest_ms()

    def close(self) -> None:
        """Close what is open; the reader must not be used afterwards."""
        with self._lock, self._files_lock:
            self._files.close()
            self._head = None

    def _plan(self, key: tuple[Matcher, ...]) -> _Plan:
        """Return what the matchers select. The lock is held."""
        self._sync_plans()
        plan = self._plans.get(key)
        if plan is None:
            wanted = self._index.match(key)
            self._plans_made += 1
            plan = self._new_plan(wanted, self._plans_made)
            if len(self._plans) >= self._most_plans or self._plans_bytes + plan.size_bytes > _PLANS_BYTES:
                self._plans.clear()
                self._plans_bytes = 0
            self._plans[key] = plan
            self._plans_bytes += plan.size_bytes
        return plan

    def _sync_plans(self) -> None:
        """Take in what has changed, and drop plans that new series may belong to. The lock is held."""
        self._sync()
        # whoever took them in: a plan knows the series that there were when it was made
        if len(self._index) != self._planned_series:
            self._forget_plans()

    def _forget_plans(self) -> None:
        """Drop what matchers select: series have joined, or the head is another. The lock is held."""
        self._plans.clear()
        self._plans_bytes = 0
        self._planned_series = len(self._index)
        self._epoch += 1

    def _plan_of(self, labels: Sequence[Labels]) -> _Plan:
        """Return a plan of single series. The lock is held."""
        self._sync()
        numbers = self._index.add_all(labels)
        wanted = np.zeros(len(self._index), np.bool_)
        wanted[numbers] = True
        return self._new_plan(wanted, 0)

    def _new_plan(self, wanted: BoolArray, number: int) -> _Plan:
        return _Plan(number, wanted, tuple(self._head_columns(wanted)))

    def _sync(self) -> None:
        """Take in what has changed: new columns of the head, and block files after a fold. The lock is held."""
        head = self._head
        if head is not None and (head.refresh() or not self._head_series):
            self._head_series = [self._index.add_all(info.labels for info in view.columns) for view in head.groups]
            self._forget_plans()
        generation = head.fold_generation if head is not None else 0
        if generation != self._generation:
            self._refresh_files(generation)

    def _refresh_files(self, generation: int) -> None:
        with self._files_lock:
            self._file_warnings = []
            self._files.refresh(self._file_warnings)
            self._reads.forget()
        self._generation = generation

    def _head_columns(self, wanted: BoolArray) -> list[tuple[GroupView, Columns, SeriesIds]]:
        found: list[tuple[GroupView, Columns, SeriesIds]] = []
        for view, series in zip(self._head.groups if self._head else (), self._head_series, strict=True):
            rows = np.flatnonzero(wanted[series])
            rows = rows[np.argsort(series[rows], kind="stable")]
            columns: Columns = rows
            if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
                columns = slice(int(rows[0]), int(rows[0]) + len(rows))
            found.append((view, columns, series[rows]))
        return found

    def _samples(
        self,
        key: tuple[Matcher, ...] | list[Labels],
        start_ms: int,
        end_ms: int,
        *,
        with_thinned: bool,
        hints: SelectHints = _NO_HINTS,
    ) -> "_Samples":
        """Return every sample of the range by source, with what a tier keeps of those that are gone if asked to."""
        for _ in range(_ATTEMPTS):
            with self._lock:
                plan = self._plan(key) if isinstance(key, tuple) else self._plan_of(key)
                head, generation = self._head, self._generation
            if hints.budget is not None:
                self._require_few(key, plan, (start_ms, end_ms), hints.budget)
            in_head, covered = _read_head(plan, start_ms, end_ms, hints)
            found = _Samples()
            try:
                if with_thinned:
                    self._read_thinned(plan, start_ms, end_ms, found)
                found.counts.head_samples = sum(piece.values.size for piece in in_head.values())
                with self._files_lock:
                    found.warnings += self._file_warnings
                    reading = Reading(plan.number, plan.wanted, start_ms, end_ms, covered, hints, found.counts)
                    for source, pieces in self._reads.read(reading, found.warnings).items():
                        found.pieces.setdefault(source, []).extend(pieces)
            except MovedError:
                self._generation = -1
                continue
            if head is not None and head.fold_generation != generation:
                # rows may have left the head after the files were looked at
                continue
            for source, piece in in_head.items():
                found.pieces.setdefault(source, []).append(piece)
            found.pieces = _with_late(found.pieces)
            return found
        raise StoreError(_MOVING)

    def _require_few(
        self, key: tuple[Matcher, ...] | list[Labels], plan: _Plan, time_range: tuple[int, int], budget: ReadBudget
    ) -> None:
        """See that no more series are selected than may be.

        Raises:
            BudgetError: They are more.
        """
        if isinstance(key, tuple) and np.count_nonzero(plan.wanted) > budget.max_series:
            found = len(self._matching(key, *time_range))
            if found > budget.max_series:
                raise BudgetError("series", found)

    def _read_thinned(self, plan: _Plan, start_ms: int, end_ms: int, found: "_Samples") -> None:
        """Read the newest sample of each bucket where there is nothing finer.

        Raises:
            MovedError: Blocks were merged since the files were looked at.
        """
        with self._files_lock:
            for tier in thinned_days(self._files, self._widths_ms, start_ms, end_ms):
                for part in read_tier(self._files, tier, plan.wanted, THINNED_COLUMNS, found.warnings):
                    piece = newest_samples(part, start_ms, end_ms)
                    if piece is not None:
                        found.pieces.setdefault(part.source, []).append(piece)
                        found.thinned_until_ms = max(found.thinned_until_ms, int(piece.timestamps_ms[-1]))
                        found.thinned_ms = max(found.thinned_ms, tier.width_ms)
        if found.thinned_until_ms:
            found.warnings.append(
                f"up to {time_text(found.thinned_until_ms)} samples are gone, and the newest one of every "
                f"{Duration(found.thinned_ms)} stands for them"
            )

    def _require_few_buckets(self, key: tuple[Matcher, ...], asked: range, columns: int, budget: ReadBudget) -> None:
        """See that no more buckets are selected than may be.

        Raises:
            BudgetError: They are more.
        """
        with self._lock:
            series = int(np.count_nonzero(self._plan(key).wanted))
        if series > budget.max_series or series * len(asked) * columns > budget.max_samples:
            series = len(self._matching(key, asked.start, asked.stop))
            if series > budget.max_series:
                raise BudgetError("series", series)
            if series * len(asked) * columns > budget.max_samples:
                raise BudgetError("samples", series * len(asked) * columns)

    def _read_buckets(
        self, key: tuple[Matcher, ...], asked: range, joining: BucketJoining, check: Callable[[], None]
    ) -> None:
        """Read buckets from tiers where these are as new as the samples, and make them of samples elsewhere.

        Raises:
            MovedError: Files have changed meanwhile.
        """
        with self._lock:
            # before the files are looked at: what is folded between the two is then seen at least once
            unfolded = [view.unfolded() for view in self._head.groups] if self._head is not None else []
            plan = self._plan(key)
            with self._files_lock:
                files = self._files.names()
                days = plan_days(self._files, self._widths_ms, unfolded, asked)
            oldest_ms, newest_ms = self._bounds()
        slice_ms = joining.slice_ms(int(plan.wanted.sum()))
        next_ms = max(asked.start + 1, oldest_ms)
        for day in days:
            check()
            self._make_buckets(key, range(next_ms, day.day_ms, slice_ms), joining, check)
            next_ms = max(next_ms, day.day_ms if day.with_samples else day.day_ms + DAY_MS)
            with self._files_lock:
                for tier in day.tiers:
                    for part in read_tier(self._files, tier, plan.wanted, joining.columns, joining.warnings):
                        joining.add_tier(part, tier.width_ms, asked)
        self._make_buckets(key, range(next_ms, min(asked.stop, newest_ms) + 1, slice_ms), joining, check)
        with self._files_lock:
            if not files <= self._files.names():
                raise MovedError

    def _make_buckets(
        self, key: tuple[Matcher, ...], instants: range, joining: BucketJoining, check: Callable[[], None]
    ) -> None:
        """Make buckets of the samples at `start <= instant < stop`, in slices of `step` milliseconds."""
        for low in instants:
            check()
            found = self._samples(key, low, min(low + instants.step, instants.stop) - 1, with_thinned=False)
            joining.add_samples(found.pieces, found.warnings)

    def _bounds(self) -> tuple[int, int]:
        """Return between which instants there may be samples. The lock is held."""
        with self._files_lock:
            oldest_ms, newest_ms = self._files.bounds()
        for view in self._head.groups if self._head else ():
            first_ms, last_ms = view.covers()
            if last_ms >= first_ms:
                oldest_ms, newest_ms = min(oldest_ms, first_ms), max(newest_ms, last_ms)
        return oldest_ms, newest_ms

    def _matching(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesIds:
        """Return the numbers of matching series that may have samples in the range, sorted."""
        with self._lock:
            plan = self._plan(tuple(matchers))
            parts = self._files.series_between(start_ms, end_ms)
            parts += thinned_series(self._files, self._widths_ms, start_ms, end_ms)
            for view, series in zip(self._head.groups if self._head else (), self._head_series, strict=True):
                oldest, newest = view.covers()
                if oldest <= end_ms and newest >= start_ms and newest >= oldest:
                    parts.append(series)
        # a mask and no sorting: a million series are looked through in milliseconds
        present = np.zeros(len(plan.wanted), np.bool_)
        for part in parts:
            # series that joined after the matchers were evaluated are not asked for
            present[part[(part >= 0) & (part < len(present))]] = True
        return np.flatnonzero(present & plan.wanted)

    def _read_ring(self, path: Path) -> memoryview | None:
        """Replay the ring of a live.db into a head of our own; None where it holds nothing."""
        self._offline_warnings = ()
        segments = MemorySegments()
        try:
            connection = sqlite.open_reading(path)
            try:
                if sqlite.check_format(connection, path, log.FORMAT) == 0:
                    return None
                with connection:
                    meta = log.read_meta(connection)
                    damaged = replay(connection, Head(segments, meta["slots"]), meta["folded_tick"], {})
            finally:
                connection.close(True)
        except (*sqlite.DAMAGE_ERRORS, KeyError) as error:
            self._offline_warnings = (f"{path} is damaged ({error}): the newest samples are shown as a gap",)
            return None
        except apsw.Error as error:
            raise FolderError(
                f"{path} cannot be read ({error}): is it a Barograph store, and yours to read?"
            ) from error
        if damaged:
            self._offline_warnings = (f"{damaged} damaged records of {path} are shown as gaps",)
        return segments.current.buffer if segments.current is not None else None


def _with_late(pieces: dict[str, list[Piece]]) -> dict[str, list[Piece]]:
    """Return the pieces of each source, those of late rows behind the others: they were written later."""
    joined: dict[str, list[Piece]] = {}
    for source in sorted(pieces, key=is_late):
        joined.setdefault(base_source(source), []).extend(pieces[source])
    return joined


def _read_head(
    plan: _Plan, start_ms: int, end_ms: int, hints: SelectHints
) -> tuple[dict[str, Piece], dict[str, tuple[int, int]]]:
    """Return for each source the head's piece, and the range of time that the head has whole.

    Raises:
        BudgetError: The head alone has more than may be read.
    """
    budget = hints.budget
    left = budget.max_samples if budget is not None else 0
    # of an instant's lookback only the newest row counts, which saves copying some hundred others
    is_instant = hints.newest is not None and hints.newest.steps == 1 and hints.newest.start_ms >= end_ms
    pieces: dict[str, Piece] = {}
    covered: dict[str, tuple[int, int]] = {}
    for view, columns, series in plan.in_head:
        oldest, newest = view.covers()
        if newest < oldest:
            continue
        if len(series) and start_ms <= newest and end_ms >= oldest:
            if budget is not None:
                budget.check()
                left -= len(series) * view.count_between(start_ms, end_ms)
                if left < 0:
                    raise BudgetError("samples", budget.max_samples - left)
            times, values = (view.read_last if is_instant else view.read)(start_ms, end_ms, columns)
            if len(times):
                has_absent, has_stale = bool(is_absent(values).any()), bool(is_stale(values).any())
                rises = not has_absent and not has_stale and not bool((values[:, 1:] < values[:, :-1]).any())
                pieces[view.source] = Piece(series, times, values, has_absent, has_stale, rises)
        if view.is_late:
            # what has left this ring may lie anywhere in time
            continue
        # what the ring holds after reading was all there while it was read; what joined since then was perhaps not
        oldest, still = view.covers()
        if still >= oldest:
            covered[view.source] = (oldest, newest)
    return pieces, covered
