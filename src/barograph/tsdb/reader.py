"""The read side of the store, for any process: the head in shared memory and the block files, as one `Querier`.

The front opens one on the data folder and gives it each new head segment; offline commands open one that reads the ring
of live.db itself. It never writes, and holds no read transaction longer than it takes to copy a blob out.
"""

from collections.abc import Callable, Sequence

import numpy as np

from barograph.model.errors import BudgetError, StoreError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.series import ReadBudget, SelectHints, SeriesSet
from barograph.model.tiers import BucketSet, Column
from barograph.tsdb.assemble import Found, assemble
from barograph.tsdb.bucketjoining import BucketJoining
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.filereads import Reading
from barograph.tsdb.folderview import FolderView, lacks_rows
from barograph.tsdb.headreads import read_head, with_late
from barograph.tsdb.openfiles import MovedError
from barograph.tsdb.plans import Plan
from barograph.tsdb.tierreads import plan_days, read_thinned, read_tier, thinned_days

_MOVING = "blocks were merged faster than they could be read; ask again"
_ATTEMPTS = 5
_NO_HINTS = SelectHints()


class StoreReader(FolderView):
    """Implements `TieredQuerier`: what `FolderView` knows of, read. `attach` may be called from any thread too."""

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
                self._look_again()
                continue
            return joining.finish(self._index.labels, self._offline_warnings)
        raise StoreError(_MOVING)

    def _samples(
        self,
        key: tuple[Matcher, ...] | list[Labels],
        start_ms: int,
        end_ms: int,
        *,
        with_thinned: bool,
        hints: SelectHints = _NO_HINTS,
    ) -> Found:
        """Return every sample of the range by source, with what a tier keeps of those that are gone if asked to."""
        for _ in range(_ATTEMPTS):
            with self._lock:
                plan = self._plan(key) if isinstance(key, tuple) else self._plan_of(key)
                views, in_files = self._plans.views, self._rows_in_files
            if hints.budget is not None:
                self._require_few(key, plan, (start_ms, end_ms), hints.budget)
            in_head, covered = read_head(plan, start_ms, end_ms, hints)
            found = Found()
            found.counts.head_samples = sum(piece.values.size for piece in in_head.values())
            reading = Reading(plan.number, plan.wanted, start_ms, end_ms, covered, hints, found.counts)
            try:
                if not self._is_in_head(reading, found, with_thinned=with_thinned):
                    with self._files_lock:
                        if with_thinned:
                            read_thinned(self._files, self._widths_ms, plan.wanted, (start_ms, end_ms), found)
                        for source, pieces in self._reads.read(reading, found.warnings).items():
                            found.pieces.setdefault(source, []).extend(pieces)
            except MovedError:
                self._look_again()
                continue
            if lacks_rows(views, in_files):
                # perhaps before they were read there, and after the files were looked at
                self._look_again()
                continue
            for source, piece in in_head.items():
                found.pieces.setdefault(source, []).append(piece)
            found.pieces = with_late(found.pieces)
            return found
        raise StoreError(_MOVING)

    def _is_in_head(self, reading: Reading, found: Found, *, with_thinned: bool) -> bool:
        """Tell whether files have nothing of a range that the head has not; what is wrong with files is found as well.

        Not under the lock of files, which may be held for seconds: what there is changes under both locks only.
        """
        with self._lock:
            found.warnings += self._file_warnings
            asked = self._files, self._widths_ms, reading.start_ms, reading.end_ms
            return self._reads.has_none(reading) and not (with_thinned and thinned_days(*asked))

    def _require_few(
        self, key: tuple[Matcher, ...] | list[Labels], plan: Plan, time_range: tuple[int, int], budget: ReadBudget
    ) -> None:
        """See that no more series are selected than may be.

        Raises:
            BudgetError: They are more.
        """
        if isinstance(key, tuple) and np.count_nonzero(plan.wanted) > budget.max_series:
            found = len(self._matching(key, *time_range))
            if found > budget.max_series:
                raise BudgetError("series", found)

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
            plan = self._plan(key)
            unfolded = self._unfolded()
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
