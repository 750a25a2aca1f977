"""A place for every bucket of some series, filled a part at a time: what was cut through becomes whole again."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import BoolArray, FloatArray, IntArray, absent_array
from barograph.model.tiers import Column
from barograph.tsdb.buckets import ZERO_WHERE_EMPTY, Buckets, widen


class BucketGrid:
    """Buckets of a number of series over some ends, all empty at first.

    Attributes:
        ends_ms: int64 `[buckets]`, strictly increasing.
        columns: float64 `[series, buckets]` each.
    """

    def __init__(self, series: int, ends_ms: IntArray, columns: Iterable[Column]) -> None:
        """Make an empty grid of columns as `columns_for` gives them."""
        self.ends_ms = ends_ms
        shape = (series, len(ends_ms))
        self.columns: dict[Column, FloatArray] = {
            column: np.zeros(shape) if column in ZERO_WHERE_EMPTY else absent_array(*shape) for column in columns
        }

    def put(self, rows: NDArray[np.intp], buckets: Buckets) -> None:
        """Put in what comes next in time for some series; a bucket that has a part already is completed.

        Args:
            rows: Which rows they are.
            buckets: With ends that the grid has, none twice.
        """
        places = np.searchsorted(self.ends_ms, buckets.ends_ms)
        box = np.ix_(rows, places)
        begun = self._some(box)
        if begun.any():
            buckets = self._complete(rows, places, np.logical_or.reduce(begun, axis=0), buckets)
        for column, values in self.columns.items():
            values[box] = buckets.columns[column]

    def filled(self) -> BoolArray:
        """Tell which series have something in some bucket."""
        some: BoolArray = np.logical_or.reduce(self._some((slice(None), slice(None))), axis=1)
        return some

    def _some(self, box: tuple[NDArray[np.intp] | slice, ...]) -> BoolArray:
        some: BoolArray = np.asarray(self.columns[Column.COUNT][box] > 0)
        if Column.STALE in self.columns:
            some |= self.columns[Column.STALE][box] > 0
        return some

    def _complete(
        self, rows: NDArray[np.intp], places: NDArray[np.intp], begun: BoolArray, buckets: Buckets
    ) -> Buckets:
        """Return the buckets, with those that have begun joined to what is there."""
        at = np.flatnonzero(begun)
        ends = np.repeat(buckets.ends_ms[at], 2)
        both: dict[Column, FloatArray] = {}
        for column, values in self.columns.items():
            pair = np.stack((values[np.ix_(rows, places[at])], buckets.columns[column][:, at]), axis=2)
            both[column] = pair.reshape(len(rows), -1)
        joined = widen(Buckets(ends, both), 1)
        columns = {column: values.copy() for column, values in buckets.columns.items()}
        for column, values in columns.items():
            values[:, at] = joined.columns[column]
        return Buckets(buckets.ends_ms, columns)
