"""Aggregations that make one value of each group at each step: from sum and count to stddev and quantile."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from barograph.model.errors import ExecutionError
from barograph.model.sample import BoolArray, FloatArray
from barograph.promql.ast import Span
from barograph.promql.explain import explained
from barograph.promql.gaps import shared_mask
from barograph.promql.grid import Grid
from barograph.promql.grouping import Groups, group_rows
from barograph.promql.memo import Memo
from barograph.promql.naming import empty_vector
from barograph.promql.nodes import ScalarNode, VectorNode
from barograph.promql.numbers import general
from barograph.promql.quantiles import quantile_of
from barograph.promql.run import Run
from barograph.promql.selectors import InstantSelector
from barograph.promql.summing import mean_rows, patterns, sum_rows
from barograph.promql.value import StepVector

Reduction = Callable[[Groups, FloatArray, BoolArray | None], FloatArray]
"""Values and mask `[rows, steps]` in group order -> `[groups, steps]`; where a group is absent the value is free."""


def _sum(groups: Groups, values: FloatArray, present: BoolArray | None) -> FloatArray:
    return sum_rows(values if present is None else np.where(present, values, 0.0), groups.starts)


def _avg(groups: Groups, values: FloatArray, present: BoolArray | None) -> FloatArray:
    return mean_rows(values, groups.starts, groups.sizes, present)


def _min(groups: Groups, values: FloatArray, present: BoolArray | None) -> FloatArray:
    known = values if present is None else np.where(present, values, np.nan)
    return np.asarray(np.fmin.reduceat(known, groups.starts, axis=0))


def _max(groups: Groups, values: FloatArray, present: BoolArray | None) -> FloatArray:
    known = values if present is None else np.where(present, values, np.nan)
    return np.asarray(np.fmax.reduceat(known, groups.starts, axis=0))


def _count(groups: Groups, values: FloatArray, present: BoolArray | None) -> FloatArray:
    if present is None:
        return np.broadcast_to(groups.sizes[:, None].astype(np.float64), (len(groups.labels), values.shape[1]))
    return np.add.reduceat(present, groups.starts, axis=0, dtype=np.int64).astype(np.float64)


def _group(groups: Groups, values: FloatArray, present: BoolArray | None) -> FloatArray:
    return np.broadcast_to(np.float64(1.0), (len(groups.labels), values.shape[1]))


def _stdvar(groups: Groups, values: FloatArray, present: BoolArray | None) -> FloatArray:
    counts = _count(groups, values, present)
    # distances to a row of the group first: equal values must give exactly 0
    base = np.repeat(np.minimum.reduceat(_known(values, present, np.inf), groups.starts, axis=0), groups.sizes, axis=0)
    spread = _known(values - base, present, 0.0)
    mean = np.repeat(np.add.reduceat(spread, groups.starts, axis=0) / counts, groups.sizes, axis=0)
    squares = _known((spread - mean) ** 2, present, 0.0)
    return np.asarray(np.add.reduceat(squares, groups.starts, axis=0) / counts)


def _stddev(groups: Groups, values: FloatArray, present: BoolArray | None) -> FloatArray:
    return np.sqrt(_stdvar(groups, values, present))


def _known(values: FloatArray, present: BoolArray | None, otherwise: float) -> FloatArray:
    return values if present is None else np.where(present, values, otherwise)


REDUCTIONS: dict[str, Reduction] = {
    "sum": _sum,
    "avg": _avg,
    "min": _min,
    "max": _max,
    "count": _count,
    "group": _group,
    "stdvar": _stdvar,
    "stddev": _stddev,
}

_COUNTING = frozenset({"count", "group"})
_COUNT_LIMIT = 2.0**63
_BAD_QUANTILE = "quantile value should be between 0 and 1, got"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """`by` or `without`, with the groups of the rows seen last."""

    names: tuple[str, ...]
    without: bool
    memo: Memo[Groups] = field(default_factory=Memo)

    def groups(self, vector: StepVector) -> Groups:
        """Return the groups of a vector's rows."""
        return self.memo.get((vector.labels,), lambda: group_rows(vector.labels, self.names, without=self.without))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce:
    """An aggregation without parameter."""

    op: str
    inner: VectorNode
    grouping: Grouping
    span: Span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        if self.op in _COUNTING and isinstance(self.inner, InstantSelector):
            vector = self.inner.presence(run, grid)
        else:
            vector = self.inner.vector(run, grid)
        run.check()
        if not vector.labels:
            return empty_vector(grid.steps)
        groups = self.grouping.groups(vector)
        shared = shared_mask(vector.present)
        if shared is not None:
            # all rows come and go together: groups do too, and what is absent need not be left out
            values, _ = groups.arrange(StepVector(vector.labels, vector.values))
            reduced = REDUCTIONS[self.op](groups, values, None)
            return StepVector(groups.labels, reduced, np.broadcast_to(shared, reduced.shape))
        values, present = groups.arrange(vector)
        return StepVector(groups.labels, REDUCTIONS[self.op](groups, values, present), group_presence(groups, present))


def group_presence(groups: Groups, present: BoolArray | None) -> BoolArray | None:
    """Tell where any row of a group is present: `[groups, steps]`, or None where that is everywhere."""
    if present is None:
        return None
    mask = np.logical_or.reduceat(present, groups.starts, axis=0)
    return None if mask.all() else mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """`quantile(phi, v)`."""

    phi: ScalarNode
    inner: VectorNode
    grouping: Grouping
    span: Span
    phi_span: Span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        phi = self.phi.scalar(run, grid)
        warn_quantile(run, phi, self.phi_span)
        vector = self.inner.vector(run, grid)
        run.check()
        if not vector.labels:
            return empty_vector(grid.steps)
        groups = self.grouping.groups(vector)
        values, present = groups.arrange(vector)
        result = np.empty((len(groups.labels), grid.steps))
        for group, (first, last) in enumerate(groups.slices()):
            if present is None:
                result[group] = quantile_of(values[first:last], phi)
                continue
            for rows, steps in patterns(present[first:last]):
                if rows.any():
                    result[group, steps] = quantile_of(values[first:last][rows][:, steps], phi[steps])
        return StepVector(groups.labels, result, group_presence(groups, present))


def warn_quantile(run: Run, phi: FloatArray, span: Span) -> None:
    """Annotate quantiles outside of 0 to 1: what is no number, the largest and the smallest."""
    if np.isnan(phi).any():
        run.warn(f"{_BAD_QUANTILE} NaN", span)
    for outside in (np.max(phi, initial=0.0, where=phi > 1), np.min(phi, initial=0.0, where=phi < 0)):
        if outside:
            run.warn(f"{_BAD_QUANTILE} {general(float(outside))}", span)


def whole_parameter(run: Run, grid: Grid, node: ScalarNode) -> FloatArray:
    """Evaluate the parameter of topk and its like: whole numbers at each step.

    Raises:
        ExecutionError: It is NaN at some step, or beyond what a count can be.
    """
    values = node.scalar(run, grid)
    if np.isnan(values).any():
        raise ExecutionError("Parameter value is NaN")
    if (values < 1).all():
        return values
    lowest, highest = float(values.min()), float(values.max())
    if lowest <= -_COUNT_LIMIT:
        raise ExecutionError(f"Scalar value {general(lowest)} underflows int64")
    if highest >= _COUNT_LIMIT:
        raise ExecutionError(f"Scalar value {general(highest)} overflows int64")
    return np.trunc(values)
