"""What windows over samples and buckets come to: states that can be put side by side, and what functions make of them.

A window is cut into stretches: buckets of the widest tier in its middle, finer ones around these, samples at its very
edges. A sample counts as a bucket of itself. Pure; `tiered` selects the data and calls this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import BoolArray, FloatArray, IntArray, is_absent, is_stale
from barograph.model.series import SeriesGroup
from barograph.model.tiers import BucketGroup, Column

F = TypeVar("F", np.float64, np.longdouble)
Columns = Mapping[Column, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Buckets of some series: what ends at one instant, and what it holds, `[rows, buckets]` each."""

    ends_ms: IntArray
    columns: Columns


@dataclass(slots=True, eq=False)
class State:
    """What windows hold so far, `[rows, steps]` each; where `count` is 0 the rest has no meaning."""

    count: FloatArray
    total: NDArray[np.longdouble]
    lowest: FloatArray
    highest: FloatArray
    first: FloatArray
    last: FloatArray
    first_ms: IntArray
    last_ms: IntArray
    lost: NDArray[np.longdouble]
    """What counters had reached where they began again."""

    @classmethod
    def empty(cls, rows: int, steps: int) -> "State":
        """Return the state of windows without a sample."""
        shape = (rows, steps)
        return cls(
            count=np.zeros(shape),
            total=np.zeros(shape, np.longdouble),
            lowest=np.full(shape, np.nan),
            highest=np.full(shape, np.nan),
            first=np.zeros(shape),
            last=np.zeros(shape),
            first_ms=np.zeros(shape, np.int64),
            last_ms=np.zeros(shape, np.int64),
            lost=np.zeros(shape, np.longdouble),
        )

    def follow(self, rows: NDArray[np.intp], steps: NDArray[np.intp], later: "State") -> None:
        """Put what comes after in time behind what is there.

        Args:
            rows: Which rows `later` is about.
            steps: Which steps.
            later: `[len(rows), len(steps)]`.
        """
        here = np.ix_(rows, steps)
        had, has = self.count[here] > 0, later.count > 0
        fell = had & has & (later.first < self.last[here])
        self.lost[here] += np.where(has, later.lost, 0) + np.where(fell, self.last[here], 0)
        self.count[here] += later.count
        self.total[here] += np.where(has, later.total, 0)
        self.lowest[here] = np.where(has, np.fmin(self.lowest[here], later.lowest), self.lowest[here])
        self.highest[here] = np.where(has, np.fmax(self.highest[here], later.highest), self.highest[here])
        self.first[here] = np.where(had, self.first[here], later.first)
        self.first_ms[here] = np.where(had, self.first_ms[here], later.first_ms)
        self.last[here] = np.where(has, later.last, self.last[here])
        self.last_ms[here] = np.where(has, later.last_ms, self.last_ms[here])


def of_samples(group: SeriesGroup) -> Stretch:
    """Take each sample as a bucket that ends with it; stale markers are none."""
    gone: BoolArray = np.zeros(group.values.shape, np.bool_)
    if group.has_absent:
        gone |= is_absent(group.values)
    if group.has_stale:
        gone |= is_stale(group.values)
    zero = np.zeros(group.values.shape)
    columns = {Column.COUNT: (~gone).astype(np.float64), Column.FIRST_AGE: zero, Column.LAST_AGE: zero}
    for column in (Column.SUM, Column.MIN, Column.MAX, Column.FIRST, Column.LAST):
        columns[column] = group.values
    return Stretch(group.timestamps_ms, {**columns, Column.FALLS: zero})


def of_buckets(group: BucketGroup) -> Stretch:
    """Take buckets as they are."""
    return Stretch(group.ends_ms, group.columns)


def over(stretch: Stretch, starts_ms: IntArray, ends_ms: IntArray) -> State:
    """Return the state of windows `(start, end]` over buckets that end in them.

    Args:
        stretch: The buckets; columns that are not there are not reckoned with.
        starts_ms: Of each step, int64 `[steps]`.
        ends_ms: Of each step.
    """
    columns = stretch.columns
    count = columns[Column.COUNT]
    lo = np.searchsorted(stretch.ends_ms, starts_ms, side="right")
    hi = np.searchsorted(stretch.ends_ms, ends_ms, side="right")
    state = State.empty(len(count), len(lo))
    some = count > 0
    state.count = _reduced(np.add, count, lo, hi)
    if Column.SUM in columns:
        wide = np.where(some, columns[Column.SUM], 0).astype(np.longdouble)
        state.total = _reduced(np.add, wide, lo, hi)
    if Column.MIN in columns:
        state.lowest = _reduced(np.fmin, np.where(some, columns[Column.MIN], np.nan), lo, hi)
    if Column.MAX in columns:
        state.highest = _reduced(np.fmax, np.where(some, columns[Column.MAX], np.nan), lo, hi)
    if Column.FIRST in columns or Column.LAST in columns:
        _add_ends(state, stretch, some, (lo, hi))
    return state


def _add_ends(state: State, stretch: Stretch, some: BoolArray, bounds: tuple[IntArray, IntArray]) -> None:
    columns, (lo, hi) = stretch.columns, bounds
    buckets = len(stretch.ends_ms)
    place = np.arange(buckets)
    following = np.minimum.accumulate(np.where(some, place, buckets)[:, ::-1], axis=1)[:, ::-1]
    before = np.maximum.accumulate(np.where(some, place, -1), axis=1)
    first = np.minimum(np.take(following, np.minimum(lo, buckets - 1), axis=1), buckets - 1)
    last = np.maximum(np.take(before, np.maximum(hi - 1, 0), axis=1), 0)
    if Column.FIRST in columns:
        state.first = np.take_along_axis(columns[Column.FIRST], first, axis=1)
        age = np.take_along_axis(columns[Column.FIRST_AGE], first, axis=1)
        state.first_ms = stretch.ends_ms[first] - np.where(state.count > 0, age, 0).astype(np.int64)
    if Column.LAST in columns:
        state.last = np.take_along_axis(columns[Column.LAST], last, axis=1)
        age = np.take_along_axis(columns[Column.LAST_AGE], last, axis=1)
        state.last_ms = stretch.ends_ms[last] - np.where(state.count > 0, age, 0).astype(np.int64)
    if Column.FALLS in columns and Column.FIRST in columns and Column.LAST in columns:
        state.lost = _lost(stretch, some, (before, first), bounds)


def _lost(
    stretch: Stretch, some: BoolArray, places: tuple[IntArray, IntArray], bounds: tuple[IntArray, IntArray]
) -> NDArray[np.longdouble]:
    """Sum what counters had reached where they began again: within buckets, and between one and the next."""
    before, first_of_step = places
    first, last = stretch.columns[Column.FIRST], stretch.columns[Column.LAST]
    within = np.where(some, stretch.columns[Column.FALLS], 0.0).astype(np.longdouble)
    earlier = np.concatenate([np.full((len(before), 1), -1), before[:, :-1]], axis=1)
    reached = np.take_along_axis(last, np.maximum(earlier, 0), axis=1)
    between = np.where(some & (earlier >= 0) & (first < reached), reached, 0.0).astype(np.longdouble)
    lo, hi = bounds
    summed = _reduced(np.add, within + between, lo, hi)
    # what fell before the window's first sample is not the window's
    return summed - np.take_along_axis(between, first_of_step, axis=1)


def _reduced(ufunc: np.ufunc, values: NDArray[F], lo: IntArray, hi: IntArray) -> NDArray[F]:
    """Reduce the columns `lo` to `hi - 1` of each row, at each step; 0 where there are none."""
    padded = np.concatenate([values, np.zeros((len(values), 1), values.dtype)], axis=1)
    pairs = np.stack([lo, np.maximum(lo, hi)], axis=1).ravel()
    reduced = ufunc.reduceat(padded, pairs, axis=1)[:, ::2]
    empty = hi <= lo
    if empty.any():
        reduced[:, empty] = 0
    return np.asarray(reduced)
