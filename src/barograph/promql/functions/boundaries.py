"""Kernels of `anchored` and `smoothed` ranges: differences between what a series is worth at a window's two ends.

`anchored` takes the sample at or before the start (the first one inside, where none is near) and the last one inside;
`smoothed` interpolates at both ends. Nothing is extrapolated.
"""

from dataclasses import dataclass

import numpy as np

from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.promql.functions.rate import changed_pairs, fallen_pairs
from barograph.promql.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """The windows of the steps that have a result, over rows without gaps.

    Attributes:
        timestamps_ms: int64 `[samples]`.
        values: float64 `[rows, samples]`.
        starts_ms: Where each window starts: `[steps]`.
        ends_ms: Where it ends.
        first: The sample that stands for the start: at or before it, or the first inside.
        last: The sample that stands for the end: the last inside; smoothed, the first at or after the end, if any.
        is_smoothed: Whether values at the ends are interpolated.
    """

    timestamps_ms: IntArray
    values: FloatArray
    starts_ms: IntArray
    ends_ms: IntArray
    first: IntArray
    last: IntArray
    is_smoothed: bool

    def left(self, *, is_counter: bool) -> FloatArray:
        """Return the values at the starts: `[rows, steps]`."""
        held = self.values[:, self.first]
        between = self.timestamps_ms[self.first] < self.starts_ms
        if not self.is_smoothed or not between.any():
            return held
        after = np.minimum(self.first + 1, len(self.timestamps_ms) - 1)
        return np.where(between, self._between(self.first, after, self.starts_ms, is_counter=is_counter), held)

    def right(self, *, is_counter: bool) -> FloatArray:
        """Return the values at the ends: `[rows, steps]`."""
        held = self.values[:, self.last]
        between = self.timestamps_ms[self.last] > self.ends_ms
        if not self.is_smoothed or not between.any():
            return held
        before = np.maximum(self.last - 1, 0)
        return np.where(between, self._between(before, self.last, self.ends_ms, is_counter=is_counter), held)

    def _between(self, before: IntArray, after: IntArray, at_ms: IntArray, *, is_counter: bool) -> FloatArray:
        stamps, values = self.timestamps_ms, self.values
        return interpolated(
            (values[:, before], values[:, after]), (stamps[before], stamps[after]), at_ms, is_counter=is_counter
        )

    def inside(self) -> tuple[IntArray, IntArray]:
        """Return the first and the last sample strictly between the ends; where there is none, the last is before."""
        first = self.first + (self.timestamps_ms[self.first] <= self.starts_ms)
        last = self.last - (self.timestamps_ms[self.last] >= self.ends_ms)
        return first, last


def boundaries(
    samples: tuple[IntArray, FloatArray], ends: Grid, range_ms: int, lookback_ms: int, *, is_smoothed: bool
) -> tuple[IntArray, Boundaries] | None:
    """Find the windows that have a result.

    Args:
        samples: Timestamps `[samples]` and values `[rows, samples]`, without gaps.
        ends: The ends of the windows.
        range_ms: Their length.
        lookback_ms: How far around the windows samples are looked at.
        is_smoothed: Whether values at the ends are interpolated, and samples after the end count.

    Returns:
        The steps and their windows, or None where there are none.
    """
    timestamps_ms, values = samples
    ends_ms = ends.times_ms
    starts_ms = ends_ms - range_ms
    lo = timestamps_ms.searchsorted(starts_ms - lookback_ms, "right")
    hi = timestamps_ms.searchsorted(ends_ms + (lookback_ms if is_smoothed else 0), "right")
    first = np.maximum(timestamps_ms.searchsorted(starts_ms, "right") - 1, lo)
    last = hi - 1
    if is_smoothed:
        last = np.minimum(timestamps_ms.searchsorted(ends_ms, "left"), last)
    # a window counts that has a sample after its start, and one before its end or at it
    steps = np.flatnonzero(lo < hi)
    kept = (timestamps_ms[last[steps]] > starts_ms[steps]) & (timestamps_ms[first[steps]] <= ends_ms[steps])
    steps = steps[kept]
    if not len(steps):
        return None
    return steps, Boundaries(
        timestamps_ms, values, starts_ms[steps], ends_ms[steps], first[steps], last[steps], is_smoothed
    )


def interpolated(
    values: tuple[FloatArray, FloatArray], stamps_ms: tuple[IntArray, IntArray], at_ms: IntArray, *, is_counter: bool
) -> FloatArray:
    """Return the values between two samples, along a straight line; a counter that fell starts from zero."""
    before, after = values
    if is_counter:
        before = np.where(after < before, 0.0, before)
    elapsed = (at_ms - stamps_ms[0]).astype(np.float64)
    return np.asarray(before + (after - before) * elapsed / (stamps_ms[1] - stamps_ms[0]).astype(np.float64))


def delta(windows: Boundaries) -> FloatArray:
    """Difference of a gauge between the ends."""
    return np.asarray(windows.right(is_counter=False) - windows.left(is_counter=False))


def increase(windows: Boundaries) -> FloatArray:
    """Increase of a counter between the ends; what a reset took away is added."""
    left, right = windows.left(is_counter=True), windows.right(is_counter=True)
    first, last = windows.inside()
    some = first <= last
    first, last = np.where(some, first, 0), np.where(some, last, 0)
    start, end = windows.values[:, first], windows.values[:, last]
    lost = np.where(start < left, left, 0.0) + np.where(right < end, end, 0.0) + _lost_between(windows, first, last)
    direct = np.where(right < left, left, 0.0)
    return np.asarray(right - left + np.where(some, lost, direct))


def rate(windows: Boundaries) -> FloatArray:
    """Per-second increase of a counter between the ends."""
    seconds = (windows.ends_ms - windows.starts_ms) / 1000.0
    return np.asarray(increase(windows) / seconds)


def changes(windows: Boundaries) -> FloatArray:
    """How often the value changed, from the first sample on."""
    return _counted(windows, changed_pairs(windows.values))


def resets(windows: Boundaries) -> FloatArray:
    """How often the value fell, from the first sample on."""
    return _counted(windows, fallen_pairs(windows.values))


def _counted(windows: Boundaries, flags: BoolArray) -> FloatArray:
    running = np.zeros(windows.values.shape)
    np.cumsum(flags, axis=1, out=running[:, 1:])
    return np.asarray(running[:, windows.last] - running[:, windows.first])


def _lost_between(windows: Boundaries, first: IntArray, last: IntArray) -> FloatArray:
    """Sum the values before each fall between two samples: `[rows, steps]`."""
    values = windows.values
    falls = fallen_pairs(values)
    if not falls.any():
        return np.zeros((len(values), len(first)))
    lost_at = np.zeros(values.shape)
    lost_at[:, :-1] = np.where(falls, values[:, :-1], 0.0)
    # a fall is kept at its first sample; equal bounds would give that sample instead of nothing
    sums: FloatArray = np.add.reduceat(lost_at, np.stack([first, last], axis=1).ravel(), axis=1)[:, ::2]
    return np.where(first < last, sums, 0.0)
