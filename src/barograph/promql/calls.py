"""Nodes of function calls: one for each form that a table entry can have."""

from dataclasses import dataclass, field

import numpy as np

from barograph.model.errors import ExecutionError
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import BoolArray, FloatArray
from barograph.model.series import SeriesGroup
from barograph.promql.aggregations import warn_quantile
from barograph.promql.ast import Span
from barograph.promql.explain import explained
from barograph.promql.functions.entry import Arguments, OverTime, Pointwise, ToScalar, ToVector
from barograph.promql.gaps import over_group
from barograph.promql.grid import Grid
from barograph.promql.memo import Memo
from barograph.promql.naming import DUPLICATES
from barograph.promql.nodes import Ranges
from barograph.promql.numbers import fixed
from barograph.promql.run import Run
from barograph.promql.selectors import RangeSelector
from barograph.promql.value import StepVector

_COUNTER_ENDINGS = ("_total", "_sum", "_count", "_bucket")
_NO_COUNTER = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Annotates what is treated as a counter and is not named like one."""

    memo: Memo[dict[str, list[int]]] = field(default_factory=Memo)

    def inform(self, vector: StepVector, run: Run, span: Span) -> None:
        """Annotate each such name that has a value; `span` is what to blame."""

        def suspects() -> dict[str, list[int]]:
            rows: dict[str, list[int]] = {}
            for row, one in enumerate(vector.labels):
                if one.name and not one.name.endswith(_COUNTER_ENDINGS):
                    rows.setdefault(one.name, []).append(row)
            return rows

        for name, rows in self.memo.get((vector.labels,), suspects).items():
            if vector.present is None or vector.present[rows].any():
                run.inform(f'{_NO_COUNTER}: "{name}"', span)


@dataclass(frozen=True, slots=True)
class ScalarCall:
    """A function that gives a scalar."""

    form: ToScalar
    arguments: Arguments

    def scalar(self, run: Run, grid: Grid) -> FloatArray:
        """See `ScalarNode`."""
        return self.form.function(self.arguments, run, grid)


@dataclass(frozen=True, slots=True)
class VectorCall:
    """A function that does all by itself."""

    form: ToVector
    arguments: Arguments

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        return self.arguments.call.span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        run.check()
        return self.form.function(self.arguments, run, grid)


@dataclass(frozen=True, slots=True)
class PointwiseCall:
    """A function of single values."""

    form: Pointwise
    arguments: Arguments

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        return self.arguments.call.span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        vector = self.arguments.vectors[0].vector(run, grid)
        run.check()
        params = [node.scalar(run, grid) for node in self.arguments.scalars]
        values = self.form.function(vector.values, *params)
        return self.arguments.names.vector(StepVector(vector.labels, values, vector.present), run, per_step=True)


@dataclass(frozen=True, slots=True)
class WindowCall:
    """A function of a range vector."""

    form: OverTime
    arguments: Arguments
    suspicion: Suspicion = field(default_factory=Suspicion)

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        return self.arguments.call.span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        params = self._params(run, grid)
        node = self.arguments.ranges[0]
        if not self.form.keeps_name and isinstance(node, RangeSelector) and not node.has_one_name:
            self._refuse_collision(node, run, grid, params)
        if self.form.from_tiers is not None and isinstance(node, RangeSelector):
            vector = node.over_tiers(run, grid, self.form.from_tiers)
            if vector is not None:
                return self._finished(vector, run)
        if self.form.newest_only and isinstance(node, RangeSelector):
            return self._evaluate(node.newest(run, grid), run, grid, params)
        return self._evaluate(node.ranges(run, grid), run, grid, params)

    def _evaluate(self, ranges: Ranges, run: Run, grid: Grid, params: tuple[FloatArray, ...]) -> StepVector:
        function = (self.form.kernel, self.form.minimum, params)

        def apply(group: SeriesGroup) -> tuple[FloatArray, BoolArray | None]:
            run.check()
            return over_group(run, group, ranges.ends, ranges.range_ms, function)

        vector = self.arguments.assembler.assemble(run, ranges.groups, apply, grid.steps)
        if self.form.takes_quantile and vector.labels:
            met = slice(None) if vector.present is None else np.any(vector.present, axis=0)
            warn_quantile(run, params[0][met], self.arguments.call.args[0].span)
        return self._finished(vector, run)

    def _finished(self, vector: StepVector, run: Run) -> StepVector:
        if self.form.expects_counter:
            self.suspicion.inform(vector, run, self.arguments.call.args[0].span)
        return vector if self.form.keeps_name else self.arguments.names.vector(vector, run, per_step=False)

    def _params(self, run: Run, grid: Grid) -> tuple[FloatArray, ...]:
        params = tuple(node.scalar(run, grid) for node in self.arguments.scalars)
        if self.form.takes_fractions:
            for param, what in zip(params, ("smoothing", "trend"), strict=True):
                outside = (param < 0) | (param > 1)
                if outside.any():
                    shown = fixed(float(param[np.argmax(outside)]))
                    raise ExecutionError(f"invalid {what} factor. Expected: 0 <= {what[0]}f <= 1, got: {shown}")
        return (*params, grid.times_s) if self.form.takes_times else params

    def _refuse_collision(self, node: RangeSelector, run: Run, grid: Grid, params: tuple[FloatArray, ...]) -> None:
        """Find out from labels alone, and two series, that names are missing to tell series apart.

        Reading everything first would cost a second for what fails in the end.
        """
        if run.config.delayed_name_removal:
            return
        seen: dict[Labels, Labels] = {}
        for labels in node.labels(run, grid):
            other = seen.setdefault(labels.drop((METRIC_NAME,)), labels)
            if other is not labels and all(self._has_result(node, run, grid, params, one) for one in (other, labels)):
                raise ExecutionError(DUPLICATES, *self.span)

    def _has_result(
        self, node: RangeSelector, run: Run, grid: Grid, params: tuple[FloatArray, ...], labels: Labels
    ) -> bool:
        function = (self.form.kernel, self.form.minimum, params)
        ranges = node.only(run, grid, labels)
        for group in ranges.groups:
            for row, one in enumerate(group.labels):
                if one == labels:
                    only = SeriesGroup(
                        labels=(one,),
                        timestamps_ms=group.timestamps_ms,
                        values=group.values[row : row + 1],
                        has_absent=group.has_absent,
                        has_stale=group.has_stale,
                        step_ms=group.step_ms,
                    )
                    _, present = over_group(run, only, ranges.ends, ranges.range_ms, function)
                    return present is None or bool(present.any())
        return False
