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
from barograph.promql.naming import empty_vector, is_label_name, merge_rows, presence, quoted, take_rows
from barograph.promql.nodes import ScalarNode, VectorNode
from barograph.promql.numbers import plain
from barograph.promql.run import Run
from barograph.promql.value import StepVector

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
            mask[first:last] = self._chosen(values[first:last], here, counts)
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
        size, first = len(values), int(counts[0])
        if (counts >= size).all():
            return np.ones(values.shape, np.bool_) if present is None else present
        keys = self._keys(values, present)
        if present is None and first > 0 and (counts == first).all():
            worst = np.partition(keys, first - 1, axis=0)[first - 1]
            mask: BoolArray = keys <= worst
            ties = np.flatnonzero(mask.sum(axis=0) != first)
            if len(ties):
                mask[:, ties] = _best(keys[:, ties], counts[ties])
            return mask
        mask = _best(keys, counts)
        return mask if present is None else mask & present

    def _ordered(self, values: FloatArray, present: BoolArray | None, count: int, groups: Groups) -> list[int]:
        order = np.argsort(self._keys(values, present), kind="stable").tolist()
        kept: list[int] = []
        for first, last in groups.slices():
            inside = [place for place in order if first <= place < last and (present is None or present[place])]
            kept.extend(inside[:count])
        return kept


def _best(keys: Keys, counts: FloatArray) -> BoolArray:
    """Mark the rows with the smallest keys; of equal ones the earlier."""
    order = np.argsort(keys, axis=0, kind="stable")
    mask = np.zeros(keys.shape, dtype=np.bool_)
    np.put_along_axis(mask, order, np.arange(len(keys))[:, None] < counts, axis=0)
    return mask


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
            for value in np.unique(mine[here]).tolist():
                same = (np.isnan(mine) if np.isnan(value) else mine == value) & here
                labels.append(key.with_labels({self.label: plain(value)}))
                rows.append(same.sum(axis=0).astype(np.float64))
                run.charge(grid.steps)
        if not labels:
            return empty_vector(grid.steps)
        counted = np.stack(rows)
        result = StepVector(tuple(labels), counted, counted > 0)
        return result if len(set(labels)) == len(labels) else merge_rows(result, per_step=True)
