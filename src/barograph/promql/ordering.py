"""Aggregations that keep rows, or make rows of values: topk, bottomk, limitk and count_values."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.model.errors import ExecutionError
from barograph.model.labels import Labels
from barograph.model.sample import BoolArray, FloatArray
from barograph.promql.aggregations import Grouping, whole_parameter
from barograph.promql.ast import Span
from barograph.promql.explain import explained
from barograph.promql.gaps import shared_mask
from barograph.promql.grid import Grid
from barograph.promql.grouping import Groups
from barograph.promql.heaps import keep_best
from barograph.promql.naming import empty_vector, is_label_name, merge_rows, presence, quoted, take_rows
from barograph.promql.nodes import ScalarNode, VectorNode
from barograph.promql.numbers import plain
from barograph.promql.run import Run
from barograph.promql.value import StepVector

_CELLS_AT_ONCE = 500_000
"""Values that are ranked at once: some milliseconds, and some megabytes."""
_CHECK_EVERY = 1024
"""Labels that are made between two looks at the time."""
Keys = NDArray[np.float64] | NDArray[np.complex128]


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """`topk` and `bottomk`: the k rows of each group with the largest or smallest value at each step."""

    largest: bool
    count: ScalarNode
    inner: VectorNode
    grouping: Grouping
    span: Span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        counts = whole_parameter(run, grid, self.count)
        vector = self.inner.vector(run, grid)
        run.check()
        if not vector.labels or (counts < 1).all():
            return empty_vector(grid.steps)
        groups = self.grouping.groups(vector)
        values, present = groups.arrange(vector)
        if run.is_instant and grid.steps == 1:
            order = self._ordered(values[:, 0], None if present is None else present[:, 0], int(counts[0]), groups)
            return take_rows(vector, [groups.row(place) for place in order])
        shared = shared_mask(vector.present)
        mask = np.empty(values.shape, dtype=np.bool_)
        for first, last in groups.slices():
            here = None if present is None or shared is not None else present[first:last]
            size = max(1, _CELLS_AT_ONCE // (last - first))
            for step in range(0, grid.steps, size):
                run.check()
                some = slice(step, step + size)
                there = None if here is None else here[:, some]
                mask[first:last, some] = self._chosen(values[first:last, some], there, counts[some])
        if shared is not None:
            mask &= shared
        if groups.order is not None:
            arranged, mask = mask, np.empty_like(mask)
            mask[groups.order] = arranged
        return StepVector(vector.labels, vector.values, mask)

    def _keys(self, values: FloatArray, present: BoolArray | None) -> Keys:
        """Return sort keys, the best first: NaN behind all numbers, what is absent behind NaN."""
        keys = -values if self.largest else values
        if present is None and not np.isnan(values).any():
            return keys
        # complex numbers sort by real part first: 0 for numbers, 1 for NaN, 2 for what is absent
        ranked = np.empty(values.shape, dtype=np.complex128)
        ranked.real = np.isnan(values)
        if present is not None:
            ranked.real[~present] = 2.0
        ranked.imag = np.where(ranked.real > 0, 0.0, keys)
        return ranked

    def _chosen(self, values: FloatArray, present: BoolArray | None, counts: FloatArray) -> BoolArray:
        """Mark the chosen rows of one group at each step."""
        size = len(values)
        if (counts >= size).all():
            return np.ones(values.shape, np.bool_) if present is None else present
        keys = self._keys(values, present)
        ranks = np.sort(keys, axis=0)
        last = np.clip(counts, 1, size).astype(np.intp) - 1
        steps = np.arange(values.shape[1])
        edge = ranks[last, steps]
        mask: BoolArray = (keys <= edge) & (counts >= 1)
        if present is not None:
            mask &= present
        # where the best left out equals the worst chosen one, it matters in which order they came
        tied = np.flatnonzero(
            (last + 1 < size) & (ranks[np.minimum(last + 1, size - 1), steps] == edge) & (counts >= 1)
        )
        if len(tied):
            ranked = values[:, tied] if self.largest else -values[:, tied]
            here = None if present is None else present[:, tied]
            mask[:, tied] = keep_best(ranked, here, np.minimum(counts[tied], size).astype(np.int64))
        return mask

    def _ordered(self, values: FloatArray, present: BoolArray | None, count: int, groups: Groups) -> list[int]:
        order = np.argsort(self._keys(values, present), kind="stable").tolist()
        kept: list[int] = []
        counts = np.array([float(count)])
        for first, last in groups.slices():
            here = None if present is None else present[first:last, np.newaxis]
            chosen = self._chosen(values[first:last, np.newaxis], here, counts)[:, 0]
            kept.extend(place for place in order if first <= place < last and chosen[place - first])
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`limitk`: the first k rows of each group at each step."""

    count: ScalarNode
    inner: VectorNode
    grouping: Grouping
    span: Span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        counts = whole_parameter(run, grid, self.count)
        vector = self.inner.vector(run, grid)
        if not vector.labels:
            return empty_vector(grid.steps)
        groups = self.grouping.groups(vector)
        here = presence(vector)
        mask = np.zeros(here.shape, dtype=np.bool_)
        for first, last in groups.slices():
            rows = [groups.row(place) for place in range(first, last)]
            mask[rows] = here[rows] & (np.cumsum(here[rows], axis=0) <= counts)
        return StepVector(vector.labels, vector.values, mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountValues:
    """`count_values`: for each group and distinct value a row that counts it, the value as a label."""

    label: str
    inner: VectorNode
    grouping: Grouping
    span: Span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        if not is_label_name(self.label):
            raise ExecutionError(f"invalid label name {quoted(self.label)}")
        vector = self.inner.vector(run, grid)
        groups = self.grouping.groups(vector)
        labels: list[Labels] = []
        rows: list[FloatArray] = []
        values, present = groups.arrange(vector)
        for key, (first, last) in zip(groups.labels, groups.slices(), strict=True):
            run.check()
            mine = values[first:last]
            here = np.ones(mine.shape, np.bool_) if present is None else present[first:last]
            distinct, which = np.unique(mine[here], return_inverse=True)
            run.charge_points(len(distinct) * grid.steps)
            steps = np.broadcast_to(np.arange(grid.steps), mine.shape)[here]
            counts = np.bincount(which * grid.steps + steps, minlength=len(distinct) * grid.steps)
            rows.append(counts.reshape(len(distinct), grid.steps).astype(np.float64))
            for number, value in enumerate(distinct.tolist()):
                if number % _CHECK_EVERY == 0:
                    run.check()
                labels.append(key.with_labels({self.label: plain(value)}))
        if not labels:
            return empty_vector(grid.steps)
        counted = np.concatenate(rows)
        result = StepVector(tuple(labels), counted, counted > 0)
        return result if len(set(labels)) == len(labels) else merge_rows(result, per_step=True)
