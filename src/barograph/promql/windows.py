"""Windows over samples: the arithmetic under every range function and instant selector.

Windows are left-open: `(end - range, end]`. Rows of a group share timestamps, so the bounds of all windows are found
once: by arithmetic alone where time is regular and the steps are a multiple of it (a window is then a strided slice),
by binary search elsewhere. Rows with gaps are treated in classes that share the same gaps.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from barograph.model.sample import FloatArray, IntArray
from barograph.promql.grid import Grid
from barograph.promql.run import Run

T = TypeVar("T", bound=np.generic)
Steps = slice | IntArray
Cells = tuple[slice, Steps, FloatArray]

CHUNK_CELLS = 2_000_000
"""How many cells are handed out at once: bounds memory, and the time between two checks of the deadline."""


class Window:
    """The windows of some steps over rows without gaps. Every window holds at least one sample.

    Either strided (`lo is None`: the window of step k is `[base + k * stride, base + k * stride + width)`) or given by
    the bound arrays `lo` and `hi`. `begin` is the place of its first sample among those it was cut from.
    """

    __slots__ = (
        "base",
        "begin",
        "ends",
        "hi",
        "lo",
        "never_falls",
        "range_ms",
        "run",
        "steps",
        "stride",
        "timestamps_ms",
        "values",
        "width",
    )

    def __init__(
        self, run: Run, timestamps_ms: IntArray, values: FloatArray, ends: IntArray | Grid, range_ms: int
    ) -> None:
        self.run = run
        self.timestamps_ms = timestamps_ms
        self.values = values
        self.ends = ends
        self.range_ms = range_ms
        self.steps = ends.steps if isinstance(ends, Grid) else len(ends)
        self.never_falls = False
        """True promises that no value is less than the one before it in its row."""
        self.base = self.stride = self.width = self.begin = 0
        self.lo: IntArray | None = None
        self.hi: IntArray | None = None

    def pick(self, matrix: NDArray[T], back: int | None = None) -> NDArray[T]:
        """Return the columns of `[rows, samples]` at each window's first sample, or `back` samples before its end."""
        if self.lo is None or self.hi is None:
            first = self.base if back is None else self.base + self.width - back
            return matrix[:, first : first + self.stride * (self.steps - 1) + 1 : self.stride]
        return matrix[:, self.lo if back is None else self.hi - back]

    def first(self) -> FloatArray:
        """Return the first value of each window: `[rows, steps]`, perhaps a view."""
        return self.pick(self.values)

    def last(self) -> FloatArray:
        """Return the last value of each window: `[rows, steps]`, perhaps a view."""
        return self.pick(self.values, 1)

    @property
    def count(self) -> int | IntArray:
        """How many samples each window holds: one number where all hold the same."""
        if self.lo is None or self.hi is None:
            return self.width
        return self.hi - self.lo

    def stamps(self, back: int | None = None) -> IntArray:
        """Return the timestamp of each window's first sample, or of that `back` samples before its end: `[steps]`."""
        if self.lo is None or self.hi is None:
            first = self.base if back is None else self.base + self.width - back
            return self.timestamps_ms[first : first + self.stride * (self.steps - 1) + 1 : self.stride]
        return self.timestamps_ms[self.lo if back is None else self.hi - back]

    def gaps_ms(self) -> tuple[int, int, int] | tuple[IntArray, IntArray, IntArray]:
        """Return how long after its start each window's first sample is, how long it spans, how long before its end.

        Three numbers where they are the same at every step.
        """
        if isinstance(self.ends, Grid):
            first = int(self.timestamps_ms[self.base])
            last = int(self.timestamps_ms[self.base + self.width - 1])
            end = self.ends.start_ms
            return first - (end - self.range_ms), last - first, end - last
        first_ms, last_ms = self.stamps(), self.stamps(1)
        return first_ms - (self.ends - self.range_ms), last_ms - first_ms, self.ends - last_ms

    def bounds(self) -> tuple[IntArray, IntArray]:
        """Return the bound arrays, made where the windows are strided."""
        if self.lo is None or self.hi is None:
            lo = self.base + self.stride * np.arange(self.steps, dtype=np.int64)
            return lo, lo + self.width
        return self.lo, self.hi

    def cells(self, values: NDArray[Any] | None = None) -> Iterator[Cells]:
        """Hand out all windows as arrays `[rows, steps, width]` (views where strided), in chunks.

        Yields:
            The rows and the steps that the cells belong to, and the cells.
        """
        matrix: NDArray[Any] = self.values if values is None else values
        if self.lo is None or self.hi is None:
            every = np.arange(self.steps) if self.steps * self.width > CHUNK_CELLS else None
            for rows, steps in self._chunks(len(matrix), self.steps, self.width):
                yield rows, steps if every is None else every[steps], self._strided(matrix[rows], steps)
            return
        counts = self.hi - self.lo
        for width in np.unique(counts):
            same = np.flatnonzero(counts == width)
            index = self.lo[same, None] + np.arange(width)
            for rows, steps in self._chunks(len(matrix), len(same), int(width)):
                yield rows, same[steps], matrix[rows][:, index[steps]]

    def reduce(self, function: Callable[[FloatArray], FloatArray], values: FloatArray | None = None) -> FloatArray:
        """Apply a function that reduces the last axis to each window: `[rows, steps]`."""
        result = np.empty((len(self.values), self.steps))
        for rows, steps, cells in self.cells(values):
            result[rows, steps] = function(cells)
        return result

    def _strided(self, matrix: FloatArray, steps: slice) -> FloatArray:
        row_bytes, bytes_ = matrix.strides
        first = self.base + self.stride * steps.start
        shape = (len(matrix), steps.stop - steps.start, self.width)
        return as_strided(matrix[:, first:], shape, (row_bytes, bytes_ * self.stride, bytes_), writeable=False)

    def _chunks(self, rows: int, steps: int, width: int) -> Iterator[tuple[slice, slice]]:
        """Cut rows and steps so that a chunk stays within `CHUNK_CELLS`; the deadline is checked before each."""
        row_cells = max(1, steps * width)
        rows_each = max(1, CHUNK_CELLS // row_cells)
        steps_each = steps if row_cells <= CHUNK_CELLS else max(1, CHUNK_CELLS // max(1, width))
        for row in range(0, rows, rows_each):
            for step in range(0, steps, steps_each):
                self.run.check()
                yield slice(row, min(row + rows_each, rows)), slice(step, min(step + steps_each, steps))


def windows(
    run: Run, series: tuple[IntArray, FloatArray, int], ends: Grid, range_ms: int
) -> Iterator[tuple[Steps, Window]]:
    """Cut the steps into runs of equal shape.

    Args:
        run: The evaluation.
        series: Timestamps, values `[rows, samples]` without gaps, and the constant distance of timestamps or 0.
        ends: The ends of the windows.
        range_ms: Their length.

    Yields:
        The steps and their windows. Steps whose window is empty are in none of them.
    """
    timestamps_ms, values, sample_step_ms = series
    count = len(timestamps_ms)
    if not count:
        return
    if ends.steps == 1:
        yield from _single(run, series, ends, range_ms)
        return
    first, last = 0, 0
    if sample_step_ms and ends.step_ms and ends.step_ms % sample_step_ms == 0:
        start_ms = int(timestamps_ms[0])
        stride = ends.step_ms // sample_step_ms
        hi = (ends.start_ms - start_ms) // sample_step_ms + 1
        lo = (ends.start_ms - range_ms - start_ms) // sample_step_ms + 1
        # the steps whose window lies whole within the samples: lo + k * stride >= 0, hi + k * stride <= count
        first = max(0, -(lo // stride))
        last = min(ends.steps, (count - hi) // stride + 1)
        if first < last and lo < hi:
            inner = Window(run, timestamps_ms, values, ends.part(first, last), range_ms)
            inner.base, inner.stride, inner.width = lo + first * stride, stride, hi - lo
            yield slice(first, last), inner
        elif first >= last:
            first, last = 0, 0
    yield from _searched(run, series, (ends, 0, first), range_ms)
    yield from _searched(run, series, (ends, last, ends.steps), range_ms)


def _single(
    run: Run, series: tuple[IntArray, FloatArray, int], ends: Grid, range_ms: int
) -> Iterator[tuple[Steps, Window]]:
    """Give the window of a single step: an instant query."""
    timestamps_ms, values, _ = series
    hi = int(timestamps_ms.searchsorted(ends.start_ms, "right"))
    lo = int(timestamps_ms.searchsorted(ends.start_ms - range_ms, "right"))
    if lo < hi:
        window = Window(run, timestamps_ms, values, ends, range_ms)
        window.base, window.stride, window.width = lo, 1, hi - lo
        yield slice(0, 1), window


def _searched(
    run: Run, series: tuple[IntArray, FloatArray, int], part: tuple[Grid, int, int], range_ms: int
) -> Iterator[tuple[Steps, Window]]:
    """Give the windows of some steps by binary search."""
    ends, first, last = part
    if first >= last:
        return
    timestamps_ms, values, _ = series
    ends_ms = ends.times_ms[first:last]
    lo = timestamps_ms.searchsorted(ends_ms - range_ms, "right")
    hi = timestamps_ms.searchsorted(ends_ms, "right")
    some = np.flatnonzero(lo < hi)
    if len(some) == 0:
        return
    lo, hi = lo[some], hi[some]
    begin, end = int(lo[0]), int(hi[-1])
    # kernels look at all samples of a window object: at those of these steps only, then
    window = Window(run, timestamps_ms[begin:end], values[:, begin:end], ends_ms[some], range_ms)
    window.lo, window.hi, window.begin = lo - begin, hi - begin, begin
    yield slice(first, last) if len(some) == last - first else first + some, window
