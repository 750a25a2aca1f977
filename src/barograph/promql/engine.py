"""The door of the query language: text and time in, matrices out. Called by the web, rules and the command line.

An engine keeps plans by text, so that an expression asked again costs no parsing and no work on labels. It may be
used by several threads at once. It does no I/O but through its `Querier`.
"""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from barograph.model.clock import Clock
from barograph.model.errors import LimitError, QueryError, ResolutionError, TypeMismatchError
from barograph.model.protocols import Querier
from barograph.promql.ast import Expr, ValueType
from barograph.promql.cancel import Cancel
from barograph.promql.config import QueryConfig
from barograph.promql.explain import Trace
from barograph.promql.finish import Finisher, raw_matrix
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.grid import Grid
from barograph.promql.naming import writable
from barograph.promql.parser.parse import parse
from barograph.promql.plan import Plan, make_plan
from barograph.promql.run import Run, Selections
from barograph.promql.value import QueryResult, QueryStats, RawMatrix, StepScalar, StepVector, StringValue
from barograph.promql.walk import Selection, survey

_PLANS_KEPT = 1_000
_PLANS_BYTES = 32 << 20
"""What the plans that are kept may take together; measured by the next three, which are about right."""
_PLAN_BYTES = 1_500
_CHARACTER_BYTES = 80
_SERIES_BYTES = 300
_SAMPLES_PER_POINT = 16
"""A sample takes some nanoseconds to be read and looked at, a point of the answer a tenth of a microsecond."""
_LEAF_POINTS = 200
"""What asking the store takes whatever it finds; also what finding out how much that is takes."""
_SAMPLES_PER_MS = 0.001
"""Assumed of series that were never read: a sample a second."""


@dataclass(slots=True, eq=False)
class Prepared:
    """An expression's plan and what evaluating it has taught. Made by `Engine.prepare`."""

    plan: Plan
    finisher: Finisher = field(default_factory=Finisher)
    series: int | None = None
    samples_per_ms: float = 0.0

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes: the text makes nodes, and each series that it met is remembered in some."""
        return _PLAN_BYTES + _CHARACTER_BYTES * len(self.plan.text) + _SERIES_BYTES * (self.series or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    timeout_s: float | None = None
    lookback_ms: int | None = None
    cancel: Cancel | None = None
    shared: Selections | None = None
    explain: bool = False


class Engine:
    """Evaluates expressions over a store."""

    def __init__(self, querier: Querier, config: QueryConfig, clock: Clock) -> None:
        self._querier = querier
        self._config = config
        self._clock = clock
        self._plans: dict[str, Prepared] = {}
        self._plans_bytes = 0
        self._lock = threading.Lock()

    @property
    def config(self) -> QueryConfig:
        """The limits it keeps to."""
        return self._config

    def check(self, text: str) -> ValueType:
        """Parse and plan an expression without evaluating it; return its type.

        Raises:
            QueryError: It is refused; the error says where and why.
        """
        return self._known(text).plan.type

    def instant(  # noqa: PLR0913  the parameters of the API's query
        self,
        text: str,
        time_ms: int,
        *,
        timeout_s: float | None = None,
        lookback_ms: int | None = None,
        cancel: Cancel | None = None,
        explain: bool = False,
    ) -> QueryResult:
        """Evaluate an expression at one instant.

        Args:
            text: The expression.
            time_ms: The instant.
            timeout_s: A shorter time limit than the configured one.
            lookback_ms: Another lookback than the configured one.
            cancel: A token that ends the evaluation early.
            explain: Have the result say what each part did.

        Raises:
            QueryError: It is refused, over a limit, out of time or cancelled.
        """
        options = _Options(timeout_s=timeout_s, lookback_ms=lookback_ms, cancel=cancel, explain=explain)
        return self._evaluate(self._known(text), Grid(time_ms, 0, 1), options)

    def range(  # noqa: PLR0913  the parameters of the API's query_range
        self,
        text: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        *,
        timeout_s: float | None = None,
        lookback_ms: int | None = None,
        cancel: Cancel | None = None,
        explain: bool = False,
    ) -> QueryResult:
        """Evaluate an expression at each step from start to end (inclusive); rows are ordered by labels.

        Raises:
            QueryError: As `instant`, and where the expression's type has no value at each step.
        """
        grid = self._grid(start_ms, end_ms, step_ms)
        known = self._known(text)
        if known.plan.type not in (ValueType.SCALAR, ValueType.VECTOR):
            raise TypeMismatchError(
                f"invalid expression type {known.plan.type.value!r} for range query, must be scalar or instant vector",
                *known.plan.expr.span,
            )
        options = _Options(timeout_s=timeout_s, lookback_ms=lookback_ms, cancel=cancel, explain=explain)
        return self._evaluate(known, grid, options)

    def instant_many(
        self, texts: Sequence[str], time_ms: int, *, timeout_s: float | None = None, cancel: Cancel | None = None
    ) -> list[QueryResult | QueryError]:
        """Evaluate several expressions at one instant; equal selections are read once.

        Returns:
            For each text its result, or the error that refused it: one bad expression does not cost the others.
        """
        options = _Options(timeout_s=timeout_s, cancel=cancel, shared={})
        grid = Grid(time_ms, 0, 1)
        results: list[QueryResult | QueryError] = []
        for text in texts:
            try:
                results.append(self._evaluate(self._known(text), grid, options))
            except QueryError as error:
                results.append(error)
        return results

    def prepare(self, text: str) -> Prepared:
        """Parse and plan an expression that the caller keeps, so that nothing else that is asked can push it out.

        Raises:
            QueryError: It is refused; the error says where and why.
        """
        return self._make(text)

    def prepare_tree(self, expr: Expr) -> Prepared:
        """Plan a checked tree that has no text, which errors then cannot point into."""
        return Prepared(make_plan("", expr))

    def instant_of(
        self, prepared: Prepared, time_ms: int, *, timeout_s: float | None = None, shared: Selections | None = None
    ) -> QueryResult:
        """Evaluate a prepared expression at one instant.

        Args:
            prepared: It.
            time_ms: The instant.
            timeout_s: A shorter time limit than the configured one.
            shared: Selections that other expressions have made; what this one makes is added.

        Raises:
            QueryError: As `instant`.
        """
        return self._evaluate(prepared, Grid(time_ms, 0, 1), _Options(timeout_s=timeout_s, shared=shared))

    def cost_estimate(
        self, text: str, start_ms: int, end_ms: int, step_ms: int = 0, *, enough: float = math.inf
    ) -> int:
        """Estimate what an evaluation will cost, in points of its answer: a sample costs a small part of one.

        Exact enough to choose between the event loop and a thread; cheap for an expression evaluated before.

        Args:
            text: The expression.
            start_ms: The first step.
            end_ms: The last step.
            step_ms: Their distance; 0 where there is one.
            enough: What is more than this is not told apart: a text of many selectors is not looked at to its end.
        """
        known = self._known(text)
        steps = (end_ms - start_ms) // step_ms + 1 if step_ms > 0 else 1
        leaves, cost = survey(known.plan.expr, int(self._config.subquery_step), end_ms - start_ms, steps)
        if known.series is not None:
            span_ms = max((end_ms - start_ms + self._reach_ms(leaf) for leaf in leaves), default=0)
            cost += known.samples_per_ms * span_ms / _SAMPLES_PER_POINT + known.series * steps
        cost += _LEAF_POINTS * len(leaves)
        for leaf in leaves:
            if cost > enough:
                break
            points, reach_ms = leaf.points, self._reach_ms(leaf)
            if known.series is None:
                points += (end_ms - start_ms + reach_ms) * _SAMPLES_PER_MS / _SAMPLES_PER_POINT + steps
            if points:
                cost += self._querier.count(leaf.matchers, start_ms - reach_ms, end_ms) * points
        return int(cost)

    def _reach_ms(self, leaf: Selection) -> int:
        return int(self._config.lookback) if leaf.range_ms is None else leaf.range_ms

    def _grid(self, start_ms: int, end_ms: int, step_ms: int) -> Grid:
        if step_ms <= 0:
            raise QueryError(f"step must be greater than 0, not {step_ms} ms")
        if end_ms < start_ms:
            raise QueryError(f"end ({end_ms} ms) must not be before start ({start_ms} ms)")
        steps = (end_ms - start_ms) // step_ms + 1
        if steps > self._config.max_points:
            raise ResolutionError("steps", steps, self._config.max_points, "query.max_points")
        return Grid(start_ms, step_ms, steps)

    def _known(self, text: str) -> Prepared:
        known = self._plans.get(text)
        if known is not None:
            return known
        known = self._make(text)
        with self._lock:
            if text not in self._plans:  # another thread may have been faster
                self._plans[text] = known
                self._plans_bytes += known.size_bytes
                self._forget_oldest()
        return known

    def _forget_oldest(self) -> None:
        """Forget plans until the others fit. The lock is held."""
        while len(self._plans) > 1 and (len(self._plans) > _PLANS_KEPT or self._plans_bytes > _PLANS_BYTES):
            # one stays, however large; dictionaries keep their order, and what is asked at every tick soon comes back
            self._plans_bytes -= self._plans.pop(next(iter(self._plans))).size_bytes

    def _learn(self, known: Prepared, run: Run, span_ms: int) -> None:
        """Note what an evaluation has taught of a plan, which grows by the series that it met."""
        with self._lock:
            before = known.size_bytes
            known.series = run.series
            known.samples_per_ms = run.samples / max(1, span_ms)
            if self._plans.get(known.plan.text) is known:
                self._plans_bytes += known.size_bytes - before
                self._forget_oldest()

    def _make(self, text: str) -> Prepared:
        if len(text) > self._config.max_query_length:
            raise LimitError("characters", len(text), self._config.max_query_length, "query.max_query_length")
        return Prepared(make_plan(text, parse(text, SIGNATURES)))

    def _evaluate(self, known: Prepared, grid: Grid, options: _Options) -> QueryResult:
        started_s = self._clock.monotonic_s()
        limit_s = self._config.timeout.seconds
        timeout_s = limit_s if options.timeout_s is None else min(options.timeout_s, limit_s)
        run = Run(
            querier=self._querier,
            config=self._config,
            clock=self._clock,
            text=known.plan.text,
            grid=grid,
            lookback_ms=int(self._config.lookback) if options.lookback_ms is None else options.lookback_ms,
            deadline_s=started_s + timeout_s,
            cancel=options.cancel,
            shared=options.shared,
            trace=Trace(known.plan.text, grid.steps, self._clock) if options.explain else None,
        )
        with np.errstate(all="ignore"):
            value = _value(known, run, grid)
        duration_s = self._clock.monotonic_s() - started_s
        self._learn(known, run, grid.end_ms - grid.start_ms + run.lookback_ms)
        return QueryResult(
            value=value,
            times_ms=grid.times_ms,
            warnings=tuple(run.warnings),
            infos=tuple(run.infos),
            stats=QueryStats(
                samples=run.samples,
                series=run.series,
                buckets=run.buckets,
                tiers_ms=tuple(sorted(run.tiers_ms)),
                duration_s=duration_s,
            ),
            explained=None if run.trace is None else run.trace.finish(duration_s),
        )


def _value(known: Prepared, run: Run, grid: Grid) -> StepVector | StepScalar | StringValue | RawMatrix:
    plan = known.plan
    if plan.vector is not None:
        return known.finisher.vector(plan.vector.vector(run, grid), run)
    if plan.scalar is not None:
        return StepScalar(plan.scalar.scalar(run, grid))
    if plan.ranges is not None:
        return raw_matrix(plan.ranges.ranges(run, grid))
    assert plan.string is not None
    return StringValue(writable(plan.string))
