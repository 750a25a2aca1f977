"""Which rows topk and bottomk keep where several at the edge are equal: those that Prometheus' heap leaves.

Prometheus keeps the k best seen so far in a binary heap with the worst at its top (Go's container/heap) and puts a row
that is better in the place of that top; which of several equal ones is on top depends on how the heap lies. All steps
are worked through at once, row by row.
"""

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import BoolArray, FloatArray, IntArray

Places = NDArray[np.intp]


def keep_best(values: FloatArray, present: BoolArray | None, counts: IntArray) -> BoolArray:
    """Mark the rows that are left of `[rows, steps]`, the greatest values; NaN is worse than any number.

    Args:
        values: The values, in the order in which Prometheus would see the rows.
        present: Where there is a value; None: everywhere.
        counts: How many are kept at each step: int64 `[steps]`.
    """
    heaps = _Heaps(int(counts.max(initial=0)), values.shape[1])
    for row, line in enumerate(values):
        here = np.ones(len(line), np.bool_) if present is None else present[row]
        growing = here & (heaps.sizes < counts)
        heaps.push(np.flatnonzero(growing), row, line)
        worst = heaps.values[0] if len(heaps.values) else line
        better = (worst < line) | (np.isnan(worst) & ~np.isnan(line))
        heaps.replace(np.flatnonzero(here & ~growing & (counts > 0) & better), row, line)
    return heaps.kept(values.shape)


class _Heaps:
    """A heap of values and their rows for each step: `[places, steps]`, the worst at place 0."""

    def __init__(self, places: int, steps: int) -> None:
        self.values = np.zeros((places, steps))
        self.sizes = np.zeros(steps, np.int64)
        self._rows = np.zeros((places, steps), np.intp)

    def push(self, steps: Places, row: int, line: FloatArray) -> None:
        """Put a row into the heaps of some steps, which have room."""
        if not len(steps):
            return
        places = self.sizes[steps]
        self.values[places, steps], self._rows[places, steps] = line[steps], row
        self.sizes[steps] += 1
        while len(steps):
            above = (places - 1) // 2
            rising = (places > 0) & self._is_worse(places, above, steps)
            places, above, steps = places[rising], above[rising], steps[rising]
            self._swap(places, above, steps)
            places = above

    def replace(self, steps: Places, row: int, line: FloatArray) -> None:
        """Put a row in the place of the worst in the heaps of some steps."""
        if not len(steps):
            return
        self.values[0, steps], self._rows[0, steps] = line[steps], row
        places = np.zeros(len(steps), np.int64)
        while len(steps):
            inside = 2 * places + 1 < self.sizes[steps]
            places, steps = places[inside], steps[inside]
            below = 2 * places + 1
            right = np.minimum(below + 1, len(self.values) - 1)
            below = np.where((below + 1 < self.sizes[steps]) & self._is_worse(right, below, steps), right, below)
            sinking = self._is_worse(below, places, steps)
            places, below, steps = places[sinking], below[sinking], steps[sinking]
            self._swap(places, below, steps)
            places = below

    def kept(self, shape: tuple[int, ...]) -> BoolArray:
        """Return where of `[rows, steps]` a row is in a heap."""
        mask = np.zeros(shape, np.bool_)
        places, steps = np.nonzero(np.arange(len(self.values))[:, np.newaxis] < self.sizes)
        mask[self._rows[places, steps], steps] = True
        return mask

    def _is_worse(self, one: IntArray, other: IntArray, steps: Places) -> BoolArray:
        value = self.values[one, steps]
        worse: BoolArray = np.isnan(value) | (value < self.values[other, steps])
        return worse

    def _swap(self, one: IntArray, other: IntArray, steps: Places) -> None:
        for array in (self.values, self._rows):
            array[one, steps], array[other, steps] = array[other, steps], array[one, steps]
