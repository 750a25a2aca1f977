"""Groups that share interval and offset, evaluated one after the other at one instant.

What rules record is written a *stage* at a time: a stage ends before a rule that reads what an earlier one of it has
recorded, so that each rule sees the results of those before it, and still hundreds of rules make one row of the store.
"""

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from barograph.model.alert import RuleAlert
from barograph.model.clock import Clock
from barograph.model.crossings import Crossings, Hit, Limit
from barograph.model.errors import BarographError, QueryError, QueryTimeoutError
from barograph.model.labels import EMPTY, METRIC_NAME
from barograph.model.matcher import MatchOp
from barograph.model.protocols import Appender
from barograph.model.units import Duration
from barograph.promql.engine import Engine, Prepared
from barograph.promql.run import Selections
from barograph.promql.value import QueryResult, StepScalar, StepVector
from barograph.rules.alerting import ALERT_SERIES, AlertingRule
from barograph.rules.columns import Sheet
from barograph.rules.group import AnyRule, Group, Runnable
from barograph.rules.state import Health, Rows
from barograph.rules.together import Together, put_together

_log = logging.getLogger(__name__)
_NO_VECTOR = "rule result is not a vector or scalar"


class Budget(Protocol):
    """How much time there is. Asked before each rule."""

    def left_s(self) -> float:
        """Return the seconds that a rule may take now."""
        ...

    def is_whole(self) -> bool:
        """Tell whether that is about as much as there ever is."""
        ...


@dataclass(slots=True, kw_only=True)
class Counts:
    """What evaluating has come to, since the start."""

    evaluations: int = 0
    failures: int = 0
    iterations: int = 0
    missed: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Bench:
    """What cohorts work with: everything is handed in, and used by one thread.

    Attributes:
        engine: Evaluates expressions.
        appender: Takes what is recorded.
        clock: For durations.
        budget: How long a rule may take.
        crossings: Tells of many limits at once what crosses them; None: every expression is evaluated.
        changed: Takes what changes of alerts.
        shared: Selections made at this tick: a selector that several rules have is read once.
        counts: What has been done.
        waits: Set where a rule cannot go on before it has a whole tick: what is behind it may.
    """

    engine: Engine
    appender: Appender
    clock: Clock
    budget: Budget
    changed: Callable[[RuleAlert], None]
    crossings: Crossings | None = None
    shared: Selections = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    waits: bool = False

    def rows(self, prepared: Prepared, at_ms: int) -> Rows:
        """Evaluate an expression."""
        result = self.engine.instant_of(prepared, at_ms, timeout_s=self.budget.left_s(), shared=self.shared)
        return rows_of(result)

    def forget(self, names: frozenset[str]) -> None:
        """Drop selections that may have to do with series of these names, which have just been written."""
        for key in list(self.shared):
            found = next((m.value for m in key[0] if m.name == METRIC_NAME and m.op is MatchOp.EQUAL), None)
            if found is None or found in names:
                del self.shared[key]


@dataclass(slots=True, eq=False)
class Stage:
    """Rules that are written together."""

    sheet: Sheet
    rules: list[tuple[Group, Runnable]] = field(default_factory=list)
    limits: tuple[Limit, ...] = ()
    """Those of its rules that are limits, in order."""
    together: dict[int, tuple[Together, int]] = field(default_factory=dict)
    """Of its rules that are evaluated together: with which, and at which place among them."""
    recorded: set[str] = field(default_factory=set)


class Cohort:
    """Some groups of one interval and offset.

    Args:
        groups: They.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = tuple(groups)
        self.interval_ms, self.offset_ms = groups[0].interval_ms, groups[0].offset_ms
        self.planned_ms = 0
        """The newest instant that was planned; 0 before the first."""
        self.written_ms = 0
        """The newest instant of which its series are in the store, as far as is known."""
        self.stages = self._staged()

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from others."""
        return self.interval_ms, self.offset_ms

    def evaluate(self, at_ms: int, bench: Bench) -> Generator[None]:
        """Evaluate every rule once, with a chance to pause after each."""
        bench.counts.iterations += len(self.groups)
        gap_ms = at_ms - self.written_ms
        if gap_ms < 0 or gap_ms > max(bench.engine.config.lookback.ms - 1, self.interval_ms):
            self._bring_forward(at_ms, bench)
        began: dict[Group, float] = {}
        for stage in self.stages:
            crossed = self._crossed(stage, at_ms, bench)
            found: dict[Together, Sequence[Sequence[Hit]] | None] = {}
            for place, (group, runnable) in enumerate(stage.rules):
                if group not in began:
                    began[group] = bench.clock.monotonic_s()
                    group.evaluated_ms, group.took_s = at_ms, 0.0
                if runnable.limit is not None:
                    hits = next(crossed)
                else:
                    hits = self._hits(stage.together.get(place), found, at_ms, bench)
                if hits is not None and not hits and _is_idle(runnable.rule, at_ms, bench):
                    continue
                yield from self._evaluate(group, runnable, hits, at_ms, bench)
                group.took_s = bench.clock.monotonic_s() - began[group]
                yield
            self._flush(stage, at_ms, bench)
        self.written_ms = at_ms

    def _bring_forward(self, at_ms: int, bench: Bench) -> None:
        """Write the alerts that fire just before an evaluation that no longer sees them, after a stop or a sleep.

        What goes on until a second limit is passed asks `ALERTS` whether it fires: it must not end by itself.
        """
        for stage in self.stages:
            again = Sheet(stage.sheet.source)
            for _, runnable in stage.rules:
                if isinstance(runnable.rule, AlertingRule) and runnable.rule.alerts:
                    runnable.rule.lay_out()
                    again.add(runnable.rule.columns)
            batch = again.batch(at_ms - self.offset_ms - 1)
            if batch is None:
                continue
            try:
                bench.appender.append(batch, own=True)
            except BarographError as error:
                _log.warning("alerts of before a stop could not be written again: %s", error)
        bench.forget(frozenset(ALERT_SERIES))

    def _crossed(self, stage: Stage, at_ms: int, bench: Bench) -> Iterator[Sequence[Hit] | None]:
        """Tell of each rule of a stage that is a limit what crosses it; None where its expression must be asked."""
        if bench.crossings is None or not stage.limits:
            return iter([None] * len(stage.limits))
        try:
            lookback_ms = bench.engine.config.lookback.ms
            return iter(bench.crossings.crossed(stage.limits, at_ms - self.offset_ms, lookback_ms))
        except BarographError as error:
            # each rule is evaluated, and says what is wrong
            _log.debug("limits could not be looked at together: %s", error)
            return iter([None] * len(stage.limits))

    def _hits(
        self,
        place: tuple[Together, int] | None,
        found: dict[Together, Sequence[Sequence[Hit]] | None],
        at_ms: int,
        bench: Bench,
    ) -> Sequence[Hit] | None:
        """Return what a rule gives that is evaluated with others, with all of them when it is the first."""
        if place is None:
            return None
        together, number = place
        if together not in found:
            left_s = bench.budget.left_s()
            found[together] = together.hits(bench.engine, at_ms - self.offset_ms, left_s, bench.shared)
        each = found[together]
        return None if each is None else each[number]

    def shift(self, by_ms: int, changed: Callable[[RuleAlert], None]) -> None:
        """Move the ages of alerts along with a clock that was set."""
        for group in self.groups:
            for runnable in group.rules:
                if isinstance(runnable.rule, AlertingRule):
                    runnable.rule.shift(by_ms, changed)

    def miss(self, count: int, bench: Bench) -> None:
        """Count iterations that are passed over."""
        bench.counts.missed += count * len(self.groups)
        for group in self.groups:
            group.missed += count

    def _staged(self) -> list[Stage]:
        stages: list[Stage] = []
        for group in self.groups:
            for runnable in group.rules:
                reads = runnable.reads
                last = stages[-1].recorded if stages else set()
                if not stages or (last if reads is None else last & reads):
                    stages.append(Stage(Sheet(self._source(len(stages)))))
                stages[-1].rules.append((group, runnable))
                stages[-1].recorded |= runnable.rule.recorded
                stages[-1].sheet.add(runnable.rule.columns)
        for stage in stages:
            limits = (runnable.limit for _, runnable in stage.rules)
            stage.limits = tuple(limit for limit in limits if limit is not None)
            stage.together = put_together([runnable.part for _, runnable in stage.rules])
        return stages

    def _source(self, number: int) -> str:
        offset = f"-{Duration(self.offset_ms)}" if self.offset_ms else ""
        return f"rules/{Duration(self.interval_ms)}{offset}/{number}"

    def _evaluate(
        self, group: Group, runnable: Runnable, hits: Sequence[Hit] | None, at_ms: int, bench: Bench
    ) -> Iterator[None]:
        """Evaluate one rule, by what crosses its limit where that is known; what it raises is its own and told."""
        rule = runnable.rule
        started_s = bench.clock.monotonic_s()
        bench.counts.evaluations += 1
        try:
            if hits is None:
                rows = yield from self._rows(runnable, at_ms - self.offset_ms, bench)
            else:
                rows = Rows(tuple([labels for labels, _ in hits]), np.array([value for _, value in hits], np.float64))
            if isinstance(rule, AlertingRule):
                yield from rule.evaluate(rows, at_ms, bench.changed, group.spec.limit)
            else:
                rule.evaluate(rows, group.spec.limit)
        except BarographError as error:
            self._fail(rule, str(error), bench)
        except Exception as error:
            _log.exception("rule %s of group %s could not be evaluated", rule.name.rule, rule.name.group)
            self._fail(rule, f"{type(error).__name__}: {error}", bench)
        else:
            rule.status.health, rule.status.last_error = Health.OK, ""
        rule.status.evaluated_ms = at_ms
        rule.status.took_s = bench.clock.monotonic_s() - started_s

    def _rows(self, runnable: Runnable, at_ms: int, bench: Bench) -> Generator[None, None, Rows]:
        """Return what the expression gives; a first try that had little time is made again with more."""
        if not bench.budget.is_whole():
            try:
                return bench.rows(runnable.prepared, at_ms)
            except QueryTimeoutError:
                while not bench.budget.is_whole():
                    bench.waits = True
                    yield
        return bench.rows(runnable.prepared, at_ms)

    def _fail(self, rule: AnyRule, message: str, bench: Bench) -> None:
        bench.counts.failures += 1
        rule.columns.skip()
        status = rule.status
        if status.health is not Health.ERR:
            _log.warning("rule %s of group %s in %s: %s", rule.name.rule, rule.name.group, rule.name.file, message)
        status.health, status.last_error, status.failures = Health.ERR, message, status.failures + 1

    def _flush(self, stage: Stage, at_ms: int, bench: Bench) -> None:
        """Write what a stage has recorded."""
        batch = stage.sheet.batch(at_ms - self.offset_ms)
        if batch is None:
            return
        try:
            bench.appender.append(batch, own=True)
        except BarographError as error:
            for _, runnable in stage.rules:
                if runnable.rule.columns.series:
                    self._fail(runnable.rule, f"what it gives could not be written: {error}", bench)
        bench.forget(frozenset(stage.recorded))


def _is_idle(rule: AnyRule, at_ms: int, bench: Bench) -> bool:
    """Note the evaluation of a rule without alerts whose limit nothing crosses: that is all there is to it."""
    if rule.status.health is not Health.OK or not isinstance(rule, AlertingRule) or not rule.is_idle:
        return False
    rule.status.evaluated_ms, rule.status.took_s = at_ms, 0.0
    bench.counts.evaluations += 1
    return True


def rows_of(result: QueryResult) -> Rows:
    """Return the rows of an instant query's result.

    Raises:
        QueryError: It is no vector and no scalar.
    """
    value = result.value
    if isinstance(value, StepVector):
        return Rows(value.labels, value.values[:, 0])
    if isinstance(value, StepScalar):
        return Rows((EMPTY,), np.array(value.values))
    raise QueryError(_NO_VECTOR)
