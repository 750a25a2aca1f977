"""Range functions and instant selectors from tiers: buckets where they will do, samples at the edges of windows.

An answer equals that from samples alone. Whether it is worth while is decided from times alone, so that short ranges
pay nothing; what the store no longer has as finely as it should is in its warnings, which the answer carries.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.model.tiers import Column
from barograph.promql.grid import Grid
from barograph.promql.run import Run
from barograph.promql.tierstates import State, Stretch, of_buckets, of_samples, over
from barograph.promql.value import StepVector

LEAST_SPAN_MS = 24 * 3_600_000
"""Less than this is read as samples: it costs a millisecond a series at most, and today's are in no tier yet."""
LEAST_WINDOW_MS = 6 * 3_600_000
"""Windows as long as this are put together from buckets however short the whole is."""
_LEAST_BUCKETS = 4
"""A window of fewer whole buckets is read as samples."""
_MOST_EDGES = 64
"""With more separate stretches of samples than this at the edges, all of them are read at once."""
SPARSE_SPAN_MS = 2 * 86_400_000
"""From here on all samples at once are too many: stretches are read one by one."""
_MOST_SPARSE_EDGES = 4096

Finish = Callable[[State, IntArray, int], tuple[FloatArray, BoolArray]]
"""State, the ends of windows and their length in ms -> values and where there is one, `[rows, steps]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposed:
    """A range function that can be put together from parts of its windows.

    Attributes:
        columns: What it needs of each bucket.
        finish: What it makes of a state.
    """

    columns: tuple[Column, ...]
    finish: Finish


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """A stretch of each window: `(start, end]` at each step, empty where the end is not after the start."""

    width_ms: int
    """Of the buckets it is read from; 0 for samples."""
    starts_ms: IntArray
    ends_ms: IntArray

    @property
    def steps(self) -> NDArray[np.intp]:
        """The steps at which it is not empty."""
        return np.flatnonzero(self.ends_ms > self.starts_ms)


def over_time(
    run: Run, matchers: tuple[Matcher, ...], ends: Grid, range_ms: int, function: Decomposed
) -> StepVector | None:
    """Evaluate a range function from tiers; None where samples are the better source."""
    widths_ms = run.querier.tier_widths_ms
    if not widths_ms or range_ms < _LEAST_BUCKETS * widths_ms[0]:
        return None
    if ends.end_ms - ends.start_ms + range_ms < LEAST_SPAN_MS and range_ms < LEAST_WINDOW_MS:
        return None
    cuts = _cuts(ends.times_ms - range_ms, ends.times_ms, widths_ms)
    most = _MOST_SPARSE_EDGES if ends.end_ms - ends.start_ms >= SPARSE_SPAN_MS else _MOST_EDGES
    if len(_merged(cut for cut in cuts if not cut.width_ms)) > most:
        return None
    parts = list(_read(run, matchers, cuts, function.columns))
    labels = sorted({one for _, some, _, _ in parts for one in some}, key=lambda one: one.pairs)
    place = {one: row for row, one in enumerate(labels)}
    state = State.empty(len(labels), ends.steps)
    for cut, some, stretch, within in parts:
        run.check()
        later = over(stretch, cut.starts_ms[within], cut.ends_ms[within])
        state.follow(np.array([place[one] for one in some], np.intp), within, later)
    values, present = function.finish(state, ends.times_ms, range_ms)
    kept = np.flatnonzero(present.any(axis=1))
    mask = present[kept]
    return StepVector(tuple(labels[row] for row in kept), values[kept], None if mask.all() else mask)


def newest(run: Run, matchers: tuple[Matcher, ...], ends: Grid, *, stamps: bool) -> StepVector | None:
    """Return the newest sample within the lookback at each step (or its timestamp in seconds); None as above."""
    width_ms = _instant_width_ms(run, ends)
    if not width_ms:
        return None
    reach_ms = -(-run.lookback_ms // width_ms) * width_ms
    wanted = (Column.COUNT, Column.LAST, Column.LAST_AGE, Column.STALE)
    found = run.select_buckets(matchers, ends.start_ms - reach_ms, ends.end_ms, width_ms, wanted)
    labels: list[Labels] = []
    rows: list[FloatArray] = []
    masks: list[BoolArray] = []
    for group in found.groups:
        labels += group.labels
        value, age_ms, alive = _newest_in(group.ends_ms, group.columns, ends, reach_ms)
        mask = alive & (age_ms < run.lookback_ms)
        rows.append((ends.times_ms - age_ms) / 1000.0 if stamps else value)
        masks.append(mask)
    if not labels:
        return StepVector((), np.empty((0, ends.steps)))
    order = sorted(range(len(labels)), key=lambda row: labels[row].pairs)
    values, present = np.concatenate(rows)[order], np.concatenate(masks)[order]
    kept = np.flatnonzero(present.any(axis=1))
    mask = present[kept]
    return StepVector(tuple(labels[order[row]] for row in kept), values[kept], None if mask.all() else mask)


def _newest_in(
    ends_ms: IntArray, columns: Mapping[Column, FloatArray], ends: Grid, reach_ms: int
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return each step's newest value, how old it is in ms, and whether the series was there at all and not ended."""
    stale = columns[Column.STALE] > 0
    told = (columns[Column.COUNT] > 0) | stale
    hi = np.searchsorted(ends_ms, ends.times_ms, side="right")
    lo = np.searchsorted(ends_ms, ends.times_ms - reach_ms, side="right")
    newest_told = np.maximum.accumulate(np.where(told, np.arange(len(ends_ms)), -1), axis=1)
    place = np.where(hi > 0, np.take(newest_told, np.maximum(hi - 1, 0), axis=1), -1)
    index = np.maximum(place, 0)
    alive = (place >= lo) & ~np.take_along_axis(stale, index, axis=1)
    age = ends.times_ms - ends_ms[index] + np.take_along_axis(columns[Column.LAST_AGE], index, axis=1)
    return np.take_along_axis(columns[Column.LAST], index, axis=1), np.where(alive, age, 0.0), alive


def _instant_width_ms(run: Run, ends: Grid) -> int:
    """Return the widest buckets that all steps are ends of; 0 where samples are the better source."""
    widths_ms = run.querier.tier_widths_ms
    if not widths_ms or ends.steps < 2 or ends.step_ms < widths_ms[0]:
        return 0
    if ends.end_ms - ends.start_ms < LEAST_SPAN_MS:
        return 0
    fitting = [width for width in widths_ms if ends.start_ms % width == 0 and ends.step_ms % width == 0]
    return max(fitting, default=0)


def _cuts(starts_ms: IntArray, ends_ms: IntArray, widths_ms: Sequence[int]) -> list[_Cut]:
    """Cut windows: samples, narrow buckets, wide ones in the middle, narrow ones, samples; in order of time."""
    left, right = starts_ms, ends_ms
    before: list[_Cut] = []
    after: list[_Cut] = []
    finer_ms = 0
    for width_ms in widths_ms:
        low = -(-left // width_ms) * width_ms
        high = right // width_ms * width_ms
        # where no whole bucket fits, all of it is the finer ones'
        none = high <= low
        low, high = np.where(none, right, low), np.where(none, right, high)
        before.append(_Cut(finer_ms, left, low))
        after.append(_Cut(finer_ms, high, right))
        left, right, finer_ms = low, high, width_ms
    return [*before, _Cut(finer_ms, left, right), *reversed(after)]


def _merged(cuts: Iterable[_Cut]) -> list[tuple[int, int]]:
    """Return the ranges `(start, end]` that cuts cover together, ascending."""
    pairs = sorted(
        pair
        for cut in cuts
        for pair in zip(cut.starts_ms[cut.steps].tolist(), cut.ends_ms[cut.steps].tolist(), strict=True)
    )
    merged: list[tuple[int, int]] = []
    for start, end in pairs:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


_Part = tuple[_Cut, tuple[Labels, ...], Stretch, NDArray[np.intp]]


def _read(run: Run, matchers: tuple[Matcher, ...], cuts: Sequence[_Cut], columns: Sequence[Column]) -> Iterator[_Part]:
    """Yield what each cut is made of, in order of time: the cut, some series and their stretch, the steps it is for."""
    samples = [
        (low, high, [(group.labels, of_samples(group)) for group in run.select(matchers, low + 1, high).groups])
        for low, high in _merged(cut for cut in cuts if not cut.width_ms)
    ]
    buckets: dict[int, list[tuple[tuple[Labels, ...], Stretch]]] = {}
    for width_ms in sorted({cut.width_ms for cut in cuts if cut.width_ms and len(cut.steps)}):
        ranges = _merged(cut for cut in cuts if cut.width_ms == width_ms)
        found = run.select_buckets(matchers, ranges[0][0], ranges[-1][1], width_ms, columns)
        buckets[width_ms] = [(group.labels, of_buckets(group)) for group in found.groups]
    for cut in cuts:
        steps = cut.steps
        if cut.width_ms:
            for labels, stretch in buckets.get(cut.width_ms, ()):
                yield cut, labels, stretch, steps
            continue
        for low, high, groups in samples:
            inside = steps[(cut.starts_ms[steps] >= low) & (cut.ends_ms[steps] <= high)]
            if len(inside):
                for labels, stretch in groups:
                    yield cut, labels, stretch, inside
