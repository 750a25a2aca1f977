"""Buckets: from samples, and from finer buckets. Pure arithmetic on matrices `[series, samples]`.

Tiers are made with it and queries use it where no tier stands, so both give the same. `model/tiers.py` says what each
column is; what is read here is never written to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import ABSENT, BoolArray, FloatArray, IntArray, absent_array, is_absent, is_stale
from barograph.model.tiers import Column

KEPT = tuple(column for column in Column if column is not Column.INCREASE)
"""The columns that a tier keeps: an increase is made of three of them."""
ZERO_WHERE_EMPTY = (Column.COUNT, Column.STALE)
"""The columns that are 0, not absent, in a bucket without samples."""

_NEEDED = {
    Column.INCREASE: (Column.FIRST, Column.LAST, Column.FALLS),
    Column.FALLS: (Column.FIRST, Column.LAST),
}
_LARGEST = 2.0**1000
"""Beyond this a sum is left to plain addition: what splits it would overflow."""

_Indexes = NDArray[np.intp]
_N = TypeVar("_N", np.float64, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Buckets of some series.

    Attributes:
        ends_ms: int64 `[buckets]`, where each ends; never falls, and may repeat: parts of one bucket, oldest first.
        columns: float64 `[series, buckets]` each.
    """

    ends_ms: IntArray
    columns: Mapping[Column, FloatArray]


def columns_for(wanted: Iterable[Column]) -> tuple[Column, ...]:
    """Return the kept columns that are needed to make, join and widen buckets of the wanted ones; COUNT always."""
    found = {Column.COUNT}
    for column in wanted:
        found.update(_NEEDED.get(column, ()), () if column is Column.INCREASE else (column,))
    return tuple(sorted(found))


def increase_of(columns: Mapping[Column, FloatArray]) -> FloatArray:
    """Return the INCREASE of buckets: what LAST, FIRST and FALLS say together."""
    with np.errstate(invalid="ignore", over="ignore"):
        increase = columns[Column.LAST] - columns[Column.FIRST] + columns[Column.FALLS]
    # arithmetic does not keep what marks an absent value
    increase[columns[Column.COUNT] == 0] = ABSENT
    return increase


def make_buckets(timestamps_ms: IntArray, values: FloatArray, width_ms: int, columns: Iterable[Column]) -> Buckets:
    """Make buckets of samples.

    Args:
        timestamps_ms: int64 `[samples]`, strictly increasing, at least one.
        values: float64 `[series, samples]`; may hold absent and stale values.
        width_ms: The width.
        columns: What is wanted, as `columns_for` gives it.
    """
    wanted = frozenset(columns)
    ends = -(-timestamps_ms // width_ms) * width_ms
    starts = _starts(ends)
    grid = ends[starts]
    special = np.isnan(values)
    if special.any():
        absent, stale = is_absent(values), is_stale(values)
        masked = absent | stale
        if masked.any():
            return _make_masked(timestamps_ms, values, grid, (absent, stale), (width_ms, wanted))
    return Buckets(grid, _make_whole(timestamps_ms, values, grid, starts, wanted))


def widen(buckets: Buckets, width_ms: int) -> Buckets:
    """Make wider buckets of finer ones, and whole ones of parts.

    Args:
        buckets: With all columns that `columns_for` names for those it has.
        width_ms: A multiple of the width they have, or that width itself.
    """
    ends = -(-buckets.ends_ms // width_ms) * width_ms
    starts = _starts(ends)
    if len(starts) == len(ends):
        # each stands alone: only what is measured from the end can change
        shift = (ends - buckets.ends_ms).astype(np.float64)
        if not shift.any():
            return buckets
    return Buckets(ends[starts], _Widening(buckets, ends, starts).columns())


class _Widening:
    """What several columns of wider buckets are made from."""

    def __init__(self, buckets: Buckets, ends_ms: IntArray, starts: _Indexes) -> None:
        self._from = buckets.columns
        self._starts = starts
        self._shift = (ends_ms - buckets.ends_ms).astype(np.float64)
        count = self._from[Column.COUNT]
        self._some: BoolArray = count > 0
        places = np.broadcast_to(np.arange(count.shape[1]), count.shape)
        self._newest_until = np.where(self._some, places, -1)
        self._last = np.maximum.reduceat(self._newest_until, starts, axis=1)
        self._first = np.minimum.reduceat(np.where(self._some, places, count.shape[1] - 1), starts, axis=1)
        self._empty: BoolArray = self._last < 0

    def columns(self) -> dict[Column, FloatArray]:
        makers = {
            Column.COUNT: lambda: np.add.reduceat(self._from[Column.COUNT], self._starts, axis=1),
            Column.SUM: lambda: self._total(_quiet(self._from[Column.SUM])),
            Column.MIN: lambda: self._without_nan(np.fmin, Column.MIN),
            Column.MAX: lambda: self._without_nan(np.fmax, Column.MAX),
            Column.FIRST: lambda: self._take(self._from[Column.FIRST], self._first),
            Column.LAST: lambda: self._take(self._from[Column.LAST], self._last),
            Column.FIRST_AGE: lambda: self._take(self._from[Column.FIRST_AGE] + self._shift, self._first),
            Column.LAST_AGE: lambda: self._take(self._from[Column.LAST_AGE] + self._shift, self._last),
            Column.FALLS: self._falls,
            Column.STALE: self._stale,
        }
        # what marks an absent value is a NaN that signals
        with np.errstate(invalid="ignore", over="ignore"):
            return {column: makers[column]() for column in self._from}

    def _take(self, values: FloatArray, places: _Indexes) -> FloatArray:
        return _blank(_gather(values, np.maximum(places, 0)), self._empty)

    def _total(self, values: FloatArray) -> FloatArray:
        return _blank(_sums(np.where(self._some, values, 0.0), self._starts), self._empty)

    def _without_nan(self, least: np.ufunc, column: Column) -> FloatArray:
        return _blank(least.reduceat(_quiet(self._from[column]), self._starts, axis=1), self._empty)

    def _falls(self) -> FloatArray:
        newest = np.full(self._some.shape, -1)
        newest[:, 1:] = np.maximum.accumulate(self._newest_until, axis=1)[:, :-1]
        first_in_bucket = np.repeat(self._starts, np.diff(self._starts, append=self._some.shape[1]))
        before = _gather(self._from[Column.LAST], np.maximum(newest, 0))
        fell = self._some & (newest >= first_in_bucket) & (self._from[Column.FIRST] < before)
        within = np.where(self._some, self._from[Column.FALLS], 0.0)
        if fell.any():
            # each place twice, so that both are added without rounding in between
            both = np.stack((within, np.where(fell, before, 0.0)), axis=2).reshape(len(within), -1)
            return _blank(_sums(both, self._starts * 2), self._empty)
        return _blank(_sums(within, self._starts), self._empty)

    def _stale(self) -> FloatArray:
        stale = self._from[Column.STALE]
        places = np.arange(stale.shape[1])
        newest = np.maximum.reduceat(np.where(self._some | (stale > 0), places, -1), self._starts, axis=1)
        return np.where(newest >= 0, _gather(stale, np.maximum(newest, 0)), 0.0)


def _make_masked(
    timestamps_ms: IntArray,
    values: FloatArray,
    grid: IntArray,
    masks: tuple[BoolArray, BoolArray],
    how: tuple[int, frozenset[Column]],
) -> Buckets:
    """Make buckets where some values are no samples: rows that miss the same ones together."""
    (absent, stale), (width_ms, wanted) = masks, how
    columns = {
        column: np.zeros((len(values), len(grid)))
        if column in ZERO_WHERE_EMPTY
        else absent_array(len(values), len(grid))
        for column in wanted
    }
    present = ~(absent | stale)
    alike: dict[bytes, list[int]] = {}
    for row, bits in enumerate(np.packbits(present, axis=1)):
        alike.setdefault(bits.tobytes(), []).append(row)
    for numbers in alike.values():
        rows = np.array(numbers, np.intp)
        kept = np.flatnonzero(present[rows[0]])
        if not len(kept):
            continue
        times = timestamps_ms[kept]
        ends = -(-times // width_ms) * width_ms
        starts = _starts(ends)
        places = np.searchsorted(grid, ends[starts])
        whole = _make_whole(times, values[np.ix_(rows, kept)], ends[starts], starts, wanted)
        for column, made in whole.items():
            columns[column][np.ix_(rows, places)] = made
    if Column.STALE in wanted:
        every = np.arange(len(timestamps_ms))
        starts = _starts(-(-timestamps_ms // width_ms) * width_ms)
        rows_with = np.flatnonzero(stale.any(axis=1))
        marker = np.maximum.reduceat(np.where(stale[rows_with], every, -1), starts, axis=1)
        newest = np.maximum.reduceat(np.where(present[rows_with], every, -1), starts, axis=1)
        columns[Column.STALE][rows_with] = marker > newest
    return Buckets(grid, columns)


def _make_whole(
    timestamps_ms: IntArray, values: FloatArray, grid: IntArray, starts: _Indexes, wanted: frozenset[Column]
) -> dict[Column, FloatArray]:
    """Make buckets of series that have a sample at every timestamp."""
    shape = (len(values), len(grid))
    last = np.append(starts[1:], len(timestamps_ms)) - 1
    quiet = _quiet(values)
    least, greatest = (np.minimum, np.maximum) if quiet is values else (np.fmin, np.fmax)
    found: dict[Column, FloatArray] = {}
    for column in wanted:
        match column:
            case Column.COUNT:
                found[column] = _for_all((last - starts + 1).astype(np.float64), shape)
            case Column.SUM:
                found[column] = _sums(quiet, starts)
            case Column.MIN:
                found[column] = _reduce(least, quiet, starts)
            case Column.MAX:
                found[column] = _reduce(greatest, quiet, starts)
            case Column.FIRST:
                found[column] = values[:, starts]
            case Column.LAST:
                found[column] = values[:, last]
            case Column.FIRST_AGE:
                found[column] = _for_all((grid - timestamps_ms[starts]).astype(np.float64), shape)
            case Column.LAST_AGE:
                found[column] = _for_all((grid - timestamps_ms[last]).astype(np.float64), shape)
            case Column.FALLS:
                found[column] = _falls(quiet, starts)
            case Column.STALE:
                found[column] = np.zeros(shape)
    return found


def _falls(values: FloatArray, starts: _Indexes) -> FloatArray:
    falls = np.zeros((len(values), len(starts)))
    fell = values[:, 1:] < values[:, :-1]
    # from one bucket to the next is nobody's fall yet
    fell[:, starts[1:] - 1] = False
    rows = np.flatnonzero(fell.any(axis=1))
    if len(rows):
        before = np.zeros((len(rows), values.shape[1]))
        np.copyto(before[:, 1:], values[rows, :-1], where=fell[rows])
        falls[rows] = _sums(before, starts)
    return falls


def _sums(values: FloatArray, starts: _Indexes) -> FloatArray:
    """Sum each bucket as if without rounding.

    Each value is split into a part that is a multiple of a unit so large that adding these is exact, and the rest,
    whose rounding is far below the result's. (Rump, Ogita and Oishi, "Accurate floating-point summation", 2008.)
    """
    with np.errstate(invalid="ignore", over="ignore"):
        largest = np.maximum(np.fmax.reduce(values, axis=1), -np.fmin.reduce(values, axis=1))
        endless = np.flatnonzero(np.isinf(largest))
        for row in endless:
            largest[row] = np.abs(values[row]).max(initial=0.0, where=np.isfinite(values[row]))
        longest = int(np.diff(starts, append=values.shape[1]).max())
        # NaN compares false, so a row of NaN alone is plain too, and stays NaN
        splits = (largest > 0) & (largest < _LARGEST)
        unit = np.where(splits, np.exp2(np.ceil(np.log2(np.where(splits, largest, 1.0)))), 0.0)
        unit *= 1.5 * 2.0 ** int(longest).bit_length()
        upper = values + unit[:, None]
        upper -= unit[:, None]
        lower = values - upper
        lower[endless] = np.where(np.isinf(values[endless]), 0.0, lower[endless])
        plain = ~splits
        if plain.any():
            upper[plain], lower[plain] = values[plain], 0.0
        total = _reduce(np.add, upper, starts)
        if lower.any():
            total += _reduce(np.add, lower, starts)
    return total


def _reduce(function: np.ufunc, values: FloatArray, starts: _Indexes) -> FloatArray:
    """Reduce each bucket; several times as fast where all but the outer ones have as many values."""
    sizes = np.diff(starts, append=values.shape[1])
    inner = sizes[1:-1]
    if len(inner) < 2 or (inner != inner[0]).any():
        reduced: FloatArray = function.reduceat(values, starts, axis=1)
        return reduced
    out = np.empty((len(values), len(starts)))
    low, high = int(starts[1]), int(starts[-1])
    function.reduce(values[:, :low], axis=1, out=out[:, 0])
    function.reduce(values[:, high:], axis=1, out=out[:, -1])
    middle = values[:, low:high].reshape(len(values), len(inner), int(inner[0]))
    function.reduce(middle, axis=2, out=out[:, 1:-1])
    return out


def _starts(ends_ms: IntArray) -> _Indexes:
    """Return where each run of equal ends begins."""
    return np.concatenate(([0], np.flatnonzero(ends_ms[1:] != ends_ms[:-1]) + 1))


def _for_all(line: FloatArray, shape: tuple[int, int]) -> FloatArray:
    return np.broadcast_to(line, shape).copy()


def _gather(values: FloatArray, places: _Indexes) -> FloatArray:
    gathered: FloatArray = np.take_along_axis(values, places, axis=1)
    return gathered


def _quiet(values: FloatArray) -> FloatArray:
    """Return values whose NaN do not signal: one that does would stand out in `fmin`, where others stand back."""
    odd = np.isnan(values)
    return np.where(odd, np.nan, values) if odd.any() else values


def _blank(values: FloatArray, empty: BoolArray) -> FloatArray:
    values[empty] = ABSENT
    return values
