"""Selectors with `anchored` or `smoothed`, and the calls that take them.

They look up to a lookback beyond the ends of a window, so nothing here is answered from tiers. Made by the plan.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from barograph.model.errors import ExecutionError
from barograph.model.matcher import Matcher
from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.model.series import SeriesGroup
from barograph.promql.ast import Call, MatrixSelector, RangeMode, Span, VectorSelector
from barograph.promql.calls import Suspicion
from barograph.promql.durations import compile_duration
from barograph.promql.explain import explained
from barograph.promql.functions import boundaries as edges
from barograph.promql.functions.boundaries import Boundaries, boundaries, interpolated
from barograph.promql.gaps import Rows, complete
from barograph.promql.grid import Grid
from barograph.promql.naming import NameDropper
from barograph.promql.nodes import Ranges
from barograph.promql.run import Run
from barograph.promql.selectors import Assembler, Shift
from barograph.promql.value import StepVector

Kernel = Callable[[Boundaries], FloatArray]

_SMOOTHED: Mapping[str, Kernel] = {"delta": edges.delta, "increase": edges.increase, "rate": edges.rate}
_ANCHORED: Mapping[str, Kernel] = {"changes": edges.changes, **_SMOOTHED, "resets": edges.resets}
KERNELS: Mapping[RangeMode, Mapping[str, Kernel]] = {RangeMode.ANCHORED: _ANCHORED, RangeMode.SMOOTHED: _SMOOTHED}
"""What each kind of range can be given to; the reference page lists it."""
_COUNTERS = frozenset({"increase", "rate"})


def extended_kernel(mode: RangeMode, call: Call) -> Kernel:
    """Return the kernel of a function over an extended range.

    Raises:
        ExecutionError: The function takes no such range.
    """
    kernels = KERNELS[mode]
    kernel = kernels.get(call.function)
    if kernel is None:
        raise ExecutionError(
            f"{mode.value} modifier can only be used with: {', '.join(kernels)} - not with {call.function}", *call.span
        )
    return kernel


class ExtendedRange:
    """`name{matchers}[range] anchored` or `smoothed`."""

    __slots__ = ("_is_smoothed", "_matchers", "_range", "_shift", "span")

    has_one_name = True

    def __init__(self, expr: MatrixSelector) -> None:
        self.span: Span = expr.span
        self._matchers: tuple[Matcher, ...] = expr.selector.matchers
        self._range = compile_duration(expr.range, positive=True)
        self._shift = Shift(expr.selector)
        self._is_smoothed = expr.selector.mode is RangeMode.SMOOTHED

    def wide(self, run: Run, grid: Grid) -> Ranges:
        """Select what the windows need, and what lies a lookback around them."""
        ends, range_ms = self._shift.apply(run, grid), self._range(run.grid)
        after_ms = run.lookback_ms if self._is_smoothed else 0
        found = run.select(self._matchers, ends.start_ms - range_ms - run.lookback_ms + 1, ends.end_ms + after_ms)
        return Ranges(found.groups, ends, range_ms)

    def windows(
        self, run: Run, group: SeriesGroup, ends: Grid, range_ms: int
    ) -> Iterator[tuple[Rows, IntArray, Boundaries]]:
        """Give the rows, the steps and the windows of a group that have a result."""
        for rows, timestamps_ms, values, _ in complete(group):
            run.check()
            found = boundaries((timestamps_ms, values), ends, range_ms, run.lookback_ms, is_smoothed=self._is_smoothed)
            if found is not None:
                yield rows, *found

    @explained
    def ranges(self, run: Run, grid: Grid) -> Ranges:
        """Give the samples of the only window, with one at either end; see `RangeNode`.

        The sample at the start belongs to it, so the window is a millisecond longer than its range.
        """
        wide = self.wide(run, grid)
        groups: list[SeriesGroup] = []
        for group in wide.groups:
            for rows, _, window in self.windows(run, group, wide.ends, wide.range_ms):
                first, last = window.inside()
                kept = slice(int(first[0]), int(last[0]) + 1)
                left, right = window.left(is_counter=False), window.right(is_counter=False)
                stamps = (window.starts_ms, window.timestamps_ms[kept], window.ends_ms)
                groups.append(
                    SeriesGroup(
                        labels=group.labels if isinstance(rows, slice) else tuple(group.labels[row] for row in rows),
                        timestamps_ms=np.concatenate(stamps),
                        values=np.concatenate((left[:, :1], window.values[:, kept], right[:, :1]), axis=1),
                        has_absent=False,
                        has_stale=False,
                        step_ms=0,
                    )
                )
        return Ranges(tuple(groups), wide.ends, wide.range_ms + 1)


@dataclass(frozen=True, slots=True, eq=False)
class ExtendedCall:
    """A function of an extended range."""

    kernel: Kernel
    node: ExtendedRange
    call: Call
    names: NameDropper = field(default_factory=NameDropper)
    assembler: Assembler = field(default_factory=Assembler)
    suspicion: Suspicion = field(default_factory=Suspicion)

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        return self.call.span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        ranges = self.node.wide(run, grid)

        def apply(group: SeriesGroup) -> tuple[FloatArray, BoolArray | None]:
            shape = (len(group.labels), grid.steps)
            values, present = np.zeros(shape), np.zeros(shape, np.bool_)
            for rows, steps, window in self.node.windows(run, group, ranges.ends, ranges.range_ms):
                places = np.ix_(np.arange(shape[0])[rows], steps)
                values[places], present[places] = self.kernel(window), True
            return values, present

        vector = self.assembler.assemble(run, ranges.groups, apply, grid.steps)
        if self.call.function in _COUNTERS:
            self.suspicion.inform(vector, run, self.call.args[0].span)
        return self.names.vector(vector, run, per_step=False)


class SmoothedSelector:
    """`name{matchers} smoothed`: at each step what lies between the samples before and after it."""

    __slots__ = ("_assembler", "_matchers", "_shift", "span")

    def __init__(self, selector: VectorSelector) -> None:
        self.span: Span = selector.span
        self._matchers = selector.matchers
        self._shift = Shift(selector)
        self._assembler = Assembler()

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        ends = self._shift.apply(run, grid)
        lookback_ms = run.lookback_ms
        found = run.select(self._matchers, ends.start_ms - lookback_ms + 1, ends.end_ms + lookback_ms)

        def apply(group: SeriesGroup) -> tuple[FloatArray, BoolArray | None]:
            shape = (len(group.labels), ends.steps)
            values, present = np.zeros(shape), np.zeros(shape, np.bool_)
            for rows, timestamps_ms, samples, _ in complete(group):
                run.check()
                if not len(timestamps_ms):
                    continue
                made, here = _at(timestamps_ms, samples, ends.times_ms, lookback_ms)
                places = np.ix_(np.arange(shape[0])[rows], np.flatnonzero(here))
                values[places], present[places] = made[:, here], True
            return values, present

        return self._assembler.assemble(run, found.groups, apply, grid.steps)


def _at(timestamps_ms: IntArray, values: FloatArray, at_ms: IntArray, lookback_ms: int) -> tuple[FloatArray, BoolArray]:
    """Return the values at some instants, and at which there is any: the newest sample's where none comes after."""
    before = timestamps_ms.searchsorted(at_ms, "right") - 1
    after = np.minimum(before + 1, len(timestamps_ms) - 1)
    held = np.maximum(before, 0)
    here = (before >= 0) & (timestamps_ms[held] > at_ms - lookback_ms)
    is_between = (timestamps_ms[held] < at_ms) & (timestamps_ms[after] > at_ms)
    is_between &= timestamps_ms[after] <= at_ms + lookback_ms
    stamps = (timestamps_ms[held], timestamps_ms[after])
    line = interpolated((values[:, held], values[:, after]), stamps, at_ms, is_counter=False)
    return np.where(is_between, line, values[:, held]), here
